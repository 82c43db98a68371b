/* Where a client address is: as hashes, the way that records keep it. */
#ifndef SENDWATCH_DETECTORS_ORIGIN_H
#define SENDWATCH_DETECTORS_ORIGIN_H

#include "detectors/geo.h"
#include "parsers/attempt.h"

struct origin {
	uint32_t client, subnet, network, country; /* 0: not known */
};

/* The last answer is kept: the recipients of a message follow each other. */
struct origins {
	const struct geo *geo; /* NULL: no countries */
	char text[48];
	size_t len;
	enum account_kind kind;
	struct origin last;
};

struct origin origins_find(struct origins *origins, struct span client, enum account_kind kind);

#endif
