/*
 * Searching and cutting borrowed text. Everything rests on memchr and memmem of the C library,
 * which are vectorised; nothing here looks at a byte twice without need.
 */
#define _GNU_SOURCE
#include "base/span.h"

#include "base/near.h"

#include <arpa/inet.h>
#include <strings.h>

#define SPAN_SHORT 512 /* in longer texts, whatever they repeat, memmem is the faster one */

bool span_cut(struct span *rest, char sep, struct span *head_r)
{
	const char *hit = rest->len == 0 ? NULL : memchr(rest->at, sep, rest->len);

	if (hit == NULL)
		return false;
	*head_r = (struct span){ rest->at, (size_t)(hit - rest->at) };
	rest->at = hit + 1;
	rest->len -= head_r->len + 1;
	return true;
}

bool span_cut_text(struct span *rest, struct span sep, struct span *head_r)
{
	size_t at = span_find(*rest, sep);

	if (at == rest->len)
		return false;
	*head_r = span_head(*rest, at);
	*rest = span_from(*rest, at + sep.len);
	return true;
}

bool span_cut_last(struct span *head, struct span sep, struct span *tail_r)
{
	size_t at = span_find_last(*head, sep);

	if (at == head->len)
		return false;
	*tail_r = span_from(*head, at + sep.len);
	*head = span_head(*head, at);
	return true;
}

/*
 * NEEDLE in a short TEXT with 16 places for it or more. Its first and its last byte are looked for at 16 places at
 * once: memmem prepares a table for the needle, and took 500 instructions for a line's first 80 bytes.
 */
static size_t span_find_short(struct span text, struct span needle)
{
	size_t to_last = needle.len - 1, last = text.len - to_last - NEAR_STEP, at = 0;

	for (;;) {
		uint64_t mask = near_pairs_mask(text.at + at, needle.at[0], to_last, needle.at[to_last]);

		while (mask != 0) {
			unsigned place = (unsigned)__builtin_ctzll(mask) / 4;

			if (memcmp(text.at + at + place, needle.at, needle.len) == 0)
				return at + place;
			mask &= ~(UINT64_C(15) << (4 * place));
		}
		if (at == last)
			return text.len;
		at = at + NEAR_STEP < last ? at + NEAR_STEP : last;
	}
}

size_t span_find(struct span text, struct span needle)
{
	if (needle.len == 0 || needle.len > text.len)
		return text.len;
	if (text.len > SPAN_SHORT || text.len - needle.len < NEAR_STEP - 1) {
		const char *hit = memmem(text.at, text.len, needle.at, needle.len);

		return hit == NULL ? text.len : (size_t)(hit - text.at);
	}
	return span_find_short(text, needle);
}

size_t span_find_last(struct span text, struct span needle)
{
	if (needle.len == 0 || needle.len > text.len)
		return text.len;
	for (size_t at = text.len - needle.len + 1; at-- > 0;) {
		const char *hit = memrchr(text.at, needle.at[0], at + 1);

		if (hit == NULL)
			return text.len;
		at = (size_t)(hit - text.at);
		if (needle.len == 1 || memcmp(hit, needle.at, needle.len) == 0)
			return at;
	}
	return text.len;
}

struct span span_trim(struct span text)
{
	while (text.len > 0 && strchr(" \t\r\n", text.at[0]) != NULL && text.at[0] != '\0')
		text = span_from(text, 1);
	while (text.len > 0 && strchr(" \t\r\n", text.at[text.len - 1]) != NULL &&
	       text.at[text.len - 1] != '\0')
		text.len--;
	return text;
}

bool span_equal_nocase(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.at, b.at, a.len) == 0);
}

size_t span_find_nocase(struct span text, struct span needle)
{
	if (needle.len == 0 || needle.len > text.len)
		return text.len;
	/* The first letter, before anything is called: a twentieth of a replay of Exim's log. */
	for (size_t at = 0; at + needle.len <= text.len; at++)
		if (((text.at[at] ^ needle.at[0]) & ~0x20) == 0 &&
		    span_equal_nocase((struct span){ text.at + at, needle.len }, needle))
			return at;
	return text.len;
}

bool span_to_u64(struct span text, uint64_t *number_r)
{
	uint64_t number = 0;

	if (text.len == 0 || text.len > 20)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned)(unsigned char)text.at[i] - '0';

		/* Nineteen digits always fit, and a division for each would be half of the time. */
		if (digit > 9 || (i >= 19 && number > (UINT64_MAX - digit) / 10))
			return false;
		number = number * 10 + digit;
	}
	*number_r = number;
	return true;
}

/* Four numbers to 255 without leading zeros, as inet_pton has it, at a tenth of the price. */
bool span_to_v4(struct span text, uint8_t address_r[4])
{
	const char *at = text.at, *end;
	uint8_t address[4];

	if (text.len == 0)
		return false;
	end = at + text.len;
	for (unsigned i = 0; i < 4; i++) {
		unsigned number, digit;

		if (i > 0 && (at == end || *at++ != '.'))
			return false;
		if (at == end || (number = (unsigned)(unsigned char)*at++ - '0') > 9)
			return false;
		for (unsigned more = number == 0 ? 0 : 2;
		     more > 0 && at < end && (digit = (unsigned)(unsigned char)*at - '0') < 10; more--, at++)
			number = number * 10 + digit;
		if (number > 255)
			return false;
		address[i] = (uint8_t)number;
	}
	if (at != end)
		return false;
	memcpy(address_r, address, sizeof(address));
	return true;
}

bool span_to_address(struct span text, uint8_t address_r[16])
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	char copy[INET6_ADDRSTRLEN];
	uint8_t found[16], v4[4];

	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	if (span_to_v4(text, v4)) {
		memcpy(address_r, mapped, sizeof(mapped));
		memcpy(address_r + sizeof(mapped), v4, sizeof(v4));
		return true;
	}
	if (memchr(text.at, ':', text.len) == NULL)
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET6, copy, found) != 1)
		return false;
	memcpy(address_r, found, sizeof(found));
	return true;
}
