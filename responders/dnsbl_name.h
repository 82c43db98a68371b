/*
 * How an address is asked for at a blocklist (RFC 5782): its octets, or nibbles, from the last to the first,
 * before the zone's name. And which of this machine's addresses are worth asking for.
 */
#ifndef SENDWATCH_RESPONDERS_DNSBL_NAME_H
#define SENDWATCH_RESPONDERS_DNSBL_NAME_H

#include "base/text.h"

#define DNSBL_ADDRESS 46  /* the longest address as text, with its NUL */
#define DNSBL_NAME    256 /* of DNS */

/* The entries that every list has, and must not have; ADDRESS as text. */
const char *dnsbl_test_listed(bool six);
const char *dnsbl_test_clear(bool six);

/* ADDRESS in its one true spelling. False where it is none. */
bool dnsbl_address(struct span text, char into[DNSBL_ADDRESS], bool *six_r);

/* A zone's name without dots around it. False where it is none. */
bool dnsbl_zone(struct span text, char into[DNSBL_NAME]);

/* What to ask for. ADDRESS was accepted by dnsbl_address. False where it is too long for DNS. */
bool dnsbl_name(const char *address, const char *zone, char into[DNSBL_NAME]);

/* Is it an address that strangers can see? */
bool dnsbl_is_public(const uint8_t address[16]);

/* The public addresses of this machine's interfaces, a blank behind each. */
void dnsbl_own_addresses(struct text *list);

#endif
