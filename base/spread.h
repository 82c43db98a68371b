/*
 * How a duration spreads: counts by upper bounds from 0.1 ms to 10 s, and the sum. Zeroed at start; whoever shares
 * one between threads locks it.
 */
#ifndef SENDWATCH_BASE_SPREAD_H
#define SENDWATCH_BASE_SPREAD_H

#include "base/clock.h"

#define SPREAD_BOUNDS 16

struct spread {
	uint64_t counts[SPREAD_BOUNDS + 1]; /* each of its own range; the last: over all bounds */
	uint64_t sum;                       /* microseconds */
};

/* The upper bound of range I, in microseconds, inclusive. */
usec_t spread_bound(unsigned i);

void spread_add(struct spread *spread, usec_t took);
uint64_t spread_count(const struct spread *spread);

#endif
