/*
 * Addresses, hosts and queue ids as Postfix writes them. A stranger chooses addresses: since Postfix 3.5
 * a local part that needs it is logged in quotes, so an address ends at the ">" after its closing quote.
 * Host names are checked by Postfix before they are logged, and HELO names have " <>()\";@" replaced by
 * "?", so neither can hold what separates fields.
 *
 * Limits: Postfix before 3.5 logs addresses without quotes. Such an address that holds ">" cannot be told
 * from the end of the field where the line's other end is a stranger's too (results); it is cut short.
 */
#define _GNU_SOURCE
#include "parsers/field.h"

#include "base/near.h"

#include <endian.h>

#define QUEUE_ID_HEX  1 /* a digit of short ids */
#define QUEUE_ID_LONG 2 /* of long ones: digits and consonants */

static const uint8_t queue_id_classes[256] = {
	['0'] = 3, ['1'] = 3, ['2'] = 3, ['3'] = 3, ['4'] = 3, ['5'] = 3, ['6'] = 3, ['7'] = 3, ['8'] = 3,
	['9'] = 3, ['A'] = 1, ['B'] = 3, ['C'] = 3, ['D'] = 3, ['E'] = 1, ['F'] = 3, ['G'] = 2, ['H'] = 2,
	['J'] = 2, ['K'] = 2, ['L'] = 2, ['M'] = 2, ['N'] = 2, ['P'] = 2, ['Q'] = 2, ['R'] = 2, ['S'] = 2,
	['T'] = 2, ['V'] = 2, ['W'] = 2, ['X'] = 2, ['Y'] = 2, ['Z'] = 2, ['b'] = 2, ['c'] = 2, ['d'] = 2,
	['f'] = 2, ['g'] = 2, ['h'] = 2, ['j'] = 2, ['k'] = 2, ['l'] = 2, ['m'] = 2, ['n'] = 2, ['p'] = 2,
	['q'] = 2, ['r'] = 2, ['s'] = 2, ['t'] = 2, ['v'] = 2, ['w'] = 2, ['x'] = 2, ['y'] = 2, ['z'] = 2,
};

/* How many of 16 bytes are digits of short ids, up to the first that is none. */
static size_t queue_id_hex(const unsigned char *at)
{
	near_bytes bytes, others;
	uint64_t halves[2];

	memcpy(&bytes, at, sizeof(bytes));
	others = (near_bytes)((bytes - '0' >= 10) & (bytes - 'A' >= 6));
	memcpy(halves, &others, sizeof(halves));
	if (halves[0] != 0)
		return (size_t)__builtin_ctzll(le64toh(halves[0])) / 8;
	return halves[1] != 0 ? 8 + (size_t)__builtin_ctzll(le64toh(halves[1])) / 8 : 16;
}

static size_t queue_id_length(struct span text)
{
	const unsigned char *at = (const unsigned char *)text.at;
	unsigned classes = QUEUE_ID_HEX | QUEUE_ID_LONG;
	size_t len = 0;

	/* Most ids are short ones before a colon, and all their bytes are asked about at once: a third of the time. */
	if (text.len >= 16 && (queue_id_classes[at[0]] & QUEUE_ID_HEX) != 0) {
		len = queue_id_hex(at);
		if (len < 16 && queue_id_classes[at[len]] == 0)
			return len < 5 ? 0 : len;
		len = 0;
	}
	/* Long ids have ten bytes or more, and the first eight are asked about at once: half the time. */
	if (text.len >= 8 && queue_id_classes[at[1]] != 0) {
		unsigned all = queue_id_classes[at[0]] & queue_id_classes[at[1]] & queue_id_classes[at[2]] &
			       queue_id_classes[at[3]] & queue_id_classes[at[4]] & queue_id_classes[at[5]] &
			       queue_id_classes[at[6]] & queue_id_classes[at[7]];

		if (all != 0) {
			classes = all;
			len = 8;
		}
	}
	for (; len < text.len && len < 24; len++) {
		unsigned both = classes & queue_id_classes[at[len]];

		if (both == 0)
			break;
		classes = both;
	}
	if (len < 5 || ((classes & QUEUE_ID_HEX) == 0 && len < 10))
		return 0;
	return len;
}

bool field_queue_id(struct span *rest, struct span *id_r)
{
	size_t len = queue_id_length(*rest);

	if (len == 0 || (len < rest->len && rest->at[len] != ':'))
		return false;
	*id_r = span_head(*rest, len);
	*rest = span_from(*rest,
			  len + (len < rest->len && len + 1 < rest->len && rest->at[len + 1] == ' ' ? 2 : 1));
	return true;
}

bool field_is_queue_id(struct span text)
{
	return text.len > 0 && queue_id_length(text) == text.len;
}

/* The length of a quoted string at the front, 0 where none is closed and followed by "@" or ">". */
static size_t field_quoted(struct span text)
{
	for (size_t i = 1; i < text.len; i++) {
		if (text.at[i] == '\\')
			i++;
		else if (text.at[i] == '"')
			return i + 1 < text.len && (text.at[i + 1] == '@' || text.at[i + 1] == '>') ? i + 1
												    : 0;
	}
	return 0;
}

bool field_address(struct span *rest, struct span *address_r)
{
	size_t quoted, end;

	if (rest->len == 0)
		return false;
	if (rest->at[0] != '<') {
		end = span_find(*rest, SPAN(", "));
		*address_r = span_head(*rest, end);
		*rest = span_from(*rest, end);
		return true;
	}
	quoted = rest->len > 1 && rest->at[1] == '"' ? field_quoted(span_from(*rest, 1)) : 0;
	end = 1 + quoted + span_near(span_from(*rest, 1 + quoted), '>');
	if (end == rest->len)
		return false;
	*address_r = (struct span){ rest->at + 1, end - 1 };
	*rest = span_from(*rest, end + 1);
	return true;
}

size_t field_same_address(struct span text, struct span address)
{
	size_t len = 0, i = 0;
	bool quoted = address.len > 0 && address.at[0] == '"';

	if (span_starts(text, address))
		return address.len;
	if (!quoted)
		return 0;
	for (i = 1; i < address.len; i++) {
		char c = address.at[i];

		if (quoted && c == '"') {
			quoted = false;
			continue;
		}
		if (quoted && c == '\\' && i + 1 < address.len)
			c = address.at[++i];
		if (len >= text.len || text.at[len] != c)
			return 0;
		len++;
	}
	return len;
}

bool field_queued_as(struct span reply, struct span *id_r)
{
	struct span id;
	size_t len;

	if (!span_cut_last(&reply, SPAN("queued as "), &id))
		return false;
	len = queue_id_length(id);
	if (len == 0 || (len < id.len && id.at[len] != ' ' && id.at[len] != ')' && id.at[len] != ';'))
		return false;
	*id_r = span_head(id, len);
	return true;
}

bool field_host(struct span *rest, struct field_host *host_r)
{
	struct field_host host = { .port = { NULL, 0 } };
	struct span left = *rest;
	size_t open = span_near_either(left, '[', ' '), close, digits = 0;

	if (open == left.len || left.at[open] != '[')
		return false;
	host.name = span_head(left, open);
	left = span_from(left, open + 1);
	close = span_near(left, ']');
	if (close == left.len)
		return false;
	host.ip = span_head(left, close);
	left = span_from(left, close + 1);
	span_skip(&host.ip, SPAN("IPv6:"));
	if (left.len > 1 && left.at[0] == ':') {
		while (digits + 1 < left.len && left.at[digits + 1] >= '0' && left.at[digits + 1] <= '9')
			digits++;
		if (digits > 0) {
			host.port = (struct span){ left.at + 1, digits };
			left = span_from(left, digits + 1);
		} else {
			span_skip(&left,
				  SPAN(":unknown")); /* of a client that XCLIENT or a lost connection hides */
		}
	}
	*rest = left;
	*host_r = host;
	return true;
}

/* NAME"value>" at the very end of TEXT, where the value holds none of the bytes that HELO cannot. */
static bool tail_plain(struct span *text, struct span name, struct span *value_r)
{
	size_t at = text->len;

	if (at == 0 || text->at[at - 1] != '>')
		return false;
	at--;
	while (at > 0 && text->at[at - 1] != '<' && text->at[at - 1] != '>' && text->at[at - 1] != ' ')
		at--;
	if (!span_ends(span_head(*text, at), name))
		return false;
	*value_r = (struct span){ text->at + at, text->len - at - 1 };
	*text = span_head(*text, at - name.len);
	return true;
}

/* Does an address as logged fill TEXT, from behind its "<" to before its ">"? */
static bool tail_is_address(struct span text)
{
	size_t quoted = text.len > 0 && text.at[0] == '"' ? field_quoted(text) : 0;

	for (size_t i = quoted; i < text.len; i++)
		if (text.at[i] == '"' || text.at[i] == '<' || text.at[i] == '>' || text.at[i] == ' ')
			return false;
	return true;
}

/* NAME"address>" at the end. The last NAME that leaves a whole address counts, else the first of all. */
static bool tail_address(struct span *text, struct span name, struct span *address_r)
{
	struct span head = *text, tail, first = { NULL, 0 };
	size_t cut = 0;

	if (text->len == 0 || text->at[text->len - 1] != '>')
		return false;
	while (span_cut_last(&head, name, &tail)) {
		first = (struct span){ tail.at, (size_t)(text->at + text->len - 1 - tail.at) };
		cut = head.len;
		if (tail_is_address(first))
			break;
	}
	if (first.at == NULL)
		return false;
	*address_r = first;
	*text = span_head(*text, cut);
	return true;
}

/*
 * " sasl_username=<name>" behind a HELO, or behind a protocol where there was none. postscreen, which puts
 * commas between its fields and does not clean HELO names, knows of no logins.
 */
static bool tail_login(struct span *text, struct field_tail *tail)
{
	struct span head = *text, name;

	if (text->len == 0 || text->at[text->len - 1] != '>' ||
	    !span_cut_last(&head, SPAN(" sasl_username=<"), &name))
		return false;
	tail->login = span_head(name, name.len - 1);
	if (!tail_plain(&head, SPAN(" helo=<"), &tail->helo) && !span_ends(head, SPAN(" proto=ESMTP")) &&
	    !span_ends(head, SPAN(" proto=SMTP")))
		goto no;
	if (head.len == 0 || head.at[head.len - 1] == ',')
		goto no;
	*text = head;
	return true;
no:
	tail->login = tail->helo = (struct span){ NULL, 0 };
	return false;
}

/* " proto=ESMTP" at the end. */
static void tail_protocol(struct span *text, struct field_tail *tail)
{
	struct span head = *text, protocol;

	if (!span_cut_last(&head, SPAN(" proto="), &protocol) || protocol.len > 10 ||
	    memchr(protocol.at, '>', protocol.len) != NULL || memchr(protocol.at, ' ', protocol.len) != NULL)
		return;
	tail->protocol = protocol;
	*text = head;
}

static void tail_comma(struct span *text)
{
	if (text->len > 0 && (text->at[text->len - 1] == ',' || text->at[text->len - 1] == ';'))
		text->len--;
}

bool field_tail(struct span *text, struct field_tail *tail_r)
{
	struct field_tail tail = { .login = { NULL, 0 } };
	struct span left = *text;

	if (!tail_plain(&left, SPAN(" helo=<"), &tail.helo))
		tail_login(&left, &tail);
	tail_comma(&left);
	tail_protocol(&left, &tail);
	tail_comma(&left);
	tail_address(&left, SPAN(" to=<"), &tail.recipient);
	tail_comma(&left);
	tail_address(&left, SPAN(" from=<"), &tail.sender);
	if (left.len == text->len)
		return false;
	tail_comma(&left);
	*text = left;
	*tail_r = tail;
	return true;
}
