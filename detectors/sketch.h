/*
 * About how many different things were seen within any time up to a week: HyperLogLog whose registers know when.
 * 4,096 registers: the standard error is 1.6 % (1.04 / 64). Two sketches merge, in any order.
 *
 * Time is counted in units of five minutes; a horizon reaches as many whole ones and the running one.
 */
#ifndef SENDWATCH_DETECTORS_SKETCH_H
#define SENDWATCH_DETECTORS_SKETCH_H

#include "base/clock.h"
#include "base/pack.h"

#define SKETCH_UNIT (5 * USEC_MINUTE)

struct sketch;

struct sketch *sketch_new(void);
void sketch_free(struct sketch **sketch);

/* HASH was seen at TIME. What is more than a week older than the newest is not taken. */
void sketch_meet(struct sketch *sketch, uint32_t hash, usec_t time);

/* About how many between NOW - LENGTH and NOW. */
double sketch_count(const struct sketch *sketch, usec_t now, usec_t length);

void sketch_merge(struct sketch *into, const struct sketch *other);

/* Nothing of the last week, at NOW? */
bool sketch_idle(const struct sketch *sketch, usec_t now);

size_t sketch_bytes(void);
void sketch_pack(const struct sketch *sketch, struct text *into);

/* NULL, and FROM broken, where these are no sketch's bytes. */
struct sketch *sketch_unpack(struct unpack *from);

#endif
