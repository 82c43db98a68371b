/*
 * Client networks, an IPv4 address or the /64 of an IPv6 one each, and what was seen of them: which accounts logged
 * in well from there and on how many days, how much they sent from there, and at which accounts logging in failed.
 *
 * An account that is raised (flagged, disabled) speaks for no network, but for those that it used before it was
 * taken. Who speaks for a network keeps it off the list (addresses.h), so nothing that an attacker can do
 * without a password makes one speak, and what he does with one does not before some days are over.
 *
 * Everything is bounded. Those whom networks are known by are kept apart from failures, which anybody can make as
 * many of as he has addresses: failing does not push out who speaks for a network.
 */
#ifndef SENDWATCH_RESPONDERS_NETWORKS_H
#define SENDWATCH_RESPONDERS_NETWORKS_H

#include "base/clock.h"
#include "base/pack.h"

#define NETWORK_VISITORS 8
#define NETWORK_FAILED   64 /* different accounts that are told apart */

/* An account at a network. */
struct visitor {
	uint64_t account; /* hash; 0: nobody */
	usec_t first, last;
	usec_t pardoned;    /* until then it speaks for the network, whatever it did: a person released it */
	uint32_t days;      /* different ones */
	uint32_t sent, bad; /* recipients since it came back, and those of them that speak against it */
};

struct network {
	uint8_t address[16];
	struct visitor visitors[NETWORK_VISITORS];
};

struct failures {
	uint8_t address[16];
	usec_t first, last;
	uint64_t failed[NETWORK_FAILED]; /* hashes of accounts */
	uint64_t domains[3];
	uint32_t count, domain_count;
	uint32_t tries;
};

struct networks;

struct networks *networks_new(void);
void networks_free(struct networks **networks);

/* The network of a client's ADDRESS (base/span.h: 16 bytes), in place. */
void network_of(uint8_t address[16]);
bool network_is_v4(const uint8_t address[16]);
/* "203.0.113.9", "2001:db8:1:2::/64". */
void network_text(const uint8_t address[16], char into[64]);

/* Failures with no pause longer than WINDOW belong together. */
const struct failures *networks_failed(struct networks *networks, const uint8_t address[16], uint64_t account,
				       uint64_t domain, usec_t when, uint32_t tries, usec_t window);

/* ACCOUNT logged in, or sent; its visitor is told, to be counted on. */
struct visitor *networks_visited(struct networks *networks, const uint8_t address[16], uint64_t account,
				 uint64_t domain, usec_t when);

/* NULL where it is not known. */
const struct network *networks_find(const struct networks *networks, const uint8_t address[16]);
const struct network *networks_next(const struct networks *networks, const struct network *after);
struct visitor *network_visitor(const struct network *network, uint64_t account);

/* ACCOUNT is in others' hands since SINCE; or, USEC_NEVER, is not. */
void networks_raise(struct networks *networks, uint64_t account, usec_t since);
usec_t networks_raised(const struct networks *networks, uint64_t account);

/* What speaks for a network at a time: NULL where nothing does. */
struct network_question {
	usec_t since; /* when what is held against it began */
	usec_t now;
	int64_t shared;  /* so many accounts that are not raised make a network everybody's */
	int64_t carrier; /* so many in its /24 (/48), of five domains, a carrier's */
};
const char *networks_speaks(const struct networks *networks, const uint8_t address[16],
			    const struct network_question *question);

/* How many accounts that are not raised logged in from there lately. */
unsigned networks_good(const struct networks *networks, const uint8_t address[16], usec_t now);

/* When watching began; USEC_NEVER where nothing was seen yet. */
usec_t networks_began(const struct networks *networks);

void networks_pack(const struct networks *networks, struct text *into);
bool networks_unpack(struct networks *networks, struct unpack *from);

#endif
