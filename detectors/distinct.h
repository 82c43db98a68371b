/*
 * How many different things (clients, recipient domains ...) were seen within each horizon: exact while there are
 * few, and about as many (sketch.h, standard error 1.6 %) once there were more than DISTINCT_EXACT within a week.
 *
 * All zeros is an empty one. Empty it takes no memory of its own, eight bytes a thing while exact and no more than
 * some 48 KiB ever.
 */
#ifndef SENDWATCH_DETECTORS_DISTINCT_H
#define SENDWATCH_DETECTORS_DISTINCT_H

#include "detectors/sketch.h"
#include "detectors/windows.h"

#define DISTINCT_EXACT 192

struct distinct {
	struct distinct_seen *seen; /* a table by hash; owned */
	uint16_t room, used;
	struct sketch *sketch; /* in its place, once there were many; owned */
};

struct distinct_count {
	uint32_t count;
	bool about;
};

/* HASH was seen at TIME; 0 is nothing. */
void distinct_meet(struct distinct *distinct, uint32_t hash, usec_t time);

struct distinct_count distinct_count(const struct distinct *distinct, usec_t now, enum horizon horizon);

void distinct_merge(struct distinct *into, const struct distinct *other);

/* Forget what no horizon at NOW reaches, and give back its memory. */
void distinct_trim(struct distinct *distinct, usec_t now);
void distinct_free(struct distinct *distinct);
size_t distinct_bytes(const struct distinct *distinct);

void distinct_pack(const struct distinct *distinct, struct text *into);

/* Into an empty one; false, and FROM broken, where the bytes are not a packed one's. */
bool distinct_unpack(struct distinct *distinct, struct unpack *from);

#endif
