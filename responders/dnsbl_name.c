/*
 * Addresses are handled as sixteen bytes, as base/span.h gives them: one of IPv4 as ::ffff:a.b.c.d. That the
 * test entries of IPv6 are such addresses too (::ffff:127.0.0.2) is why their family is told by their spelling.
 */
#define _GNU_SOURCE
#include "responders/dnsbl_name.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <sys/socket.h>

static const uint8_t dnsbl_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

const char *dnsbl_test_listed(bool six)
{
	return six ? "::ffff:127.0.0.2" : "127.0.0.2";
}

const char *dnsbl_test_clear(bool six)
{
	return six ? "::ffff:127.0.0.1" : "127.0.0.1";
}

bool dnsbl_address(struct span text, char into[DNSBL_ADDRESS], bool *six_r)
{
	uint8_t address[16];
	bool six = memchr(text.at, ':', text.len) != NULL;

	if (!span_to_address(text, address))
		return false;
	if (inet_ntop(six ? AF_INET6 : AF_INET, six ? address : address + 12, into, DNSBL_ADDRESS) == NULL)
		return false;
	*six_r = six;
	return true;
}

bool dnsbl_zone(struct span text, char into[DNSBL_NAME])
{
	while (span_starts(text, SPAN(".")))
		text = span_from(text, 1);
	while (span_ends(text, SPAN(".")))
		text.len--;
	/* 64: what an IPv6 address takes in front of it. */
	if (text.len == 0 || text.len >= DNSBL_NAME - 64 - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_' || c == '.'))
			return false;
		into[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	into[text.len] = '\0';
	return true;
}

bool dnsbl_name(const char *address, const char *zone, char into[DNSBL_NAME])
{
	static const char digits[] = "0123456789abcdef";
	bool six = strchr(address, ':') != NULL;
	uint8_t bytes[16];
	size_t len = 0, room = strlen(zone);

	if (!span_to_address(span_of(address), bytes) || room + 65 > DNSBL_NAME)
		return false;
	if (!six)
		len = (size_t)snprintf(into, DNSBL_NAME, "%u.%u.%u.%u.", bytes[15], bytes[14], bytes[13],
				       bytes[12]);
	for (size_t i = 16; six && i-- > 0;) {
		into[len++] = digits[bytes[i] & 15];
		into[len++] = '.';
		into[len++] = digits[bytes[i] >> 4];
		into[len++] = '.';
	}
	memcpy(into + len, zone, room + 1);
	return true;
}

struct dnsbl_block {
	uint8_t at[16];
	unsigned bits;
};

static bool dnsbl_within(const uint8_t address[16], const struct dnsbl_block *block, size_t from)
{
	for (unsigned i = 0; i < block->bits; i++) {
		unsigned mask = 0x80U >> (i % 8);

		if (((address[from + i / 8] ^ block->at[i / 8]) & mask) != 0)
			return false;
	}
	return true;
}

bool dnsbl_is_public(const uint8_t address[16])
{
	/* RFC 6890 and its kin: private, shared, local, for examples, for groups, for later. */
	static const struct dnsbl_block four[] = {
		{ { 0 }, 8 },         { { 10 }, 8 },       { { 100, 64 }, 10 },      { { 127 }, 8 },
		{ { 169, 254 }, 16 }, { { 172, 16 }, 12 }, { { 192, 0, 0 }, 24 },    { { 192, 0, 2 }, 24 },
		{ { 192, 168 }, 16 }, { { 198, 18 }, 15 }, { { 198, 51, 100 }, 24 }, { { 203, 0, 113 }, 24 },
		{ { 224 }, 3 },
	};
	static const struct dnsbl_block global = { { 0x20 }, 3 };
	static const struct dnsbl_block six[] = {
		{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 },
		{ { 0x20, 0x02 }, 16 },
		{ { 0x20, 0x01, 0x00, 0x00 }, 32 },
	};

	if (memcmp(address, dnsbl_mapped, sizeof(dnsbl_mapped)) == 0) {
		for (size_t i = 0; i < sizeof(four) / sizeof(four[0]); i++)
			if (dnsbl_within(address, &four[i], 12))
				return false;
		return true;
	}
	for (size_t i = 0; i < sizeof(six) / sizeof(six[0]); i++)
		if (dnsbl_within(address, &six[i], 0))
			return false;
	return dnsbl_within(address, &global, 0);
}

void dnsbl_own_addresses(struct text *list)
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *at = all; at != NULL; at = at->ifa_next) {
		char words[DNSBL_ADDRESS];
		uint8_t bytes[16];
		const void *address;

		if (at->ifa_addr == NULL ||
		    (at->ifa_addr->sa_family != AF_INET && at->ifa_addr->sa_family != AF_INET6))
			continue;
		address = at->ifa_addr->sa_family == AF_INET
				  ? (const void *)&((const struct sockaddr_in *)(const void *)at->ifa_addr)
					    ->sin_addr
				  : (const void *)&((const struct sockaddr_in6 *)(const void *)at->ifa_addr)
					    ->sin6_addr;
		if (inet_ntop(at->ifa_addr->sa_family, address, words, sizeof(words)) != NULL &&
		    span_to_address(span_of(words), bytes) && dnsbl_is_public(bytes))
			text_add_format(list, "%s ", words);
	}
	freeifaddrs(all);
}
