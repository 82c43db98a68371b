/* Where a client address is: as hashes, the way that records keep it. */
#ifndef SENDWATCH_DETECTORS_ORIGIN_H
#define SENDWATCH_DETECTORS_ORIGIN_H

#include "detectors/geo.h"
#include "parsers/attempt.h"

struct origin {
	uint32_t client, subnet, network, country; /* 0: not known */
};

#define ORIGINS_KEPT 512 /* 32 KiB: as many clients as a busy server has at once */

/*
 * Answers are kept by the address as it was written: who sends more than one message is asked about once. All
 * zeros at first.
 */
struct origins {
	const struct geo *geo; /* NULL: no countries */
	struct {
		char text[39]; /* the longest address */
		uint8_t len;   /* 0: free */
		uint32_t kind;
		struct origin origin;
	} kept[ORIGINS_KEPT];
};

struct origin origins_find(struct origins *origins, struct span client, enum account_kind kind);

#endif
