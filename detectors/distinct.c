/*
 * A table of hashes with the minute in which each was last seen, open to the next free place, and never more than
 * three quarters full. One that has to grow forgets first what is older than a week.
 */
#include "detectors/distinct.h"

#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define ROOM_FIRST 8 /* 64 bytes: most accounts have fewer clients in a week */
#define ROOM_MOST \
	256 /* 2 KiB: where there are more, a sketch's 1.6 % are less than the difference that matters */
#define WEEK (7U * 24 * 60) /* minutes */

static_assert(DISTINCT_EXACT == ROOM_MOST / 4 * 3, "a table is at most three quarters full");

struct distinct_seen {
	uint32_t hash; /* 0: free */
	uint32_t last; /* minutes since 1970 */
};

/* The place of HASH, or the free one where it would be. The table has a free one. */
static struct distinct_seen *place_of(const struct distinct *distinct, uint32_t hash)
{
	unsigned mask = distinct->room - 1U, at = (hash * 0x9e3779b9U >> 16) & mask;

	while (distinct->seen[at].hash != 0 && distinct->seen[at].hash != hash)
		at = (at + 1) & mask;
	return &distinct->seen[at];
}

static void seen_put(struct distinct *distinct, const struct distinct_seen *seen)
{
	struct distinct_seen *place = place_of(distinct, seen->hash);

	distinct->used = (uint16_t)(distinct->used + (place->hash == 0));
	if (place->hash == 0 || place->last < seen->last)
		*place = *seen;
}

/* A table of ROOM with those that were seen FROM that minute on. */
static void table_rebuild(struct distinct *distinct, unsigned room, uint32_t from)
{
	struct distinct_seen *old = distinct->seen;
	unsigned count = distinct->room;

	distinct->seen = room == 0 ? NULL : memory_new(room, sizeof(*old));
	distinct->room = (uint16_t)room;
	distinct->used = 0;
	for (unsigned i = 0; i < count; i++)
		if (old[i].hash != 0 && old[i].last >= from)
			seen_put(distinct, &old[i]);
	free(old);
}

static unsigned table_recent(const struct distinct *distinct, uint32_t from)
{
	unsigned count = 0;

	for (unsigned i = 0; i < distinct->room; i++)
		count += distinct->seen[i].hash != 0 && distinct->seen[i].last >= from;
	return count;
}

/* The smallest room in which COUNT are at most three quarters. */
static unsigned room_for(unsigned count)
{
	unsigned room = ROOM_FIRST;

	while (count > room / 4 * 3)
		room *= 2;
	return count == 0 ? 0 : room;
}

/* From here on about as many. */
static void sketch_begin(struct distinct *distinct)
{
	distinct->sketch = sketch_new();
	for (unsigned i = 0; i < distinct->room; i++)
		if (distinct->seen[i].hash != 0)
			sketch_meet(distinct->sketch, distinct->seen[i].hash,
				    distinct->seen[i].last * USEC_MINUTE);
	free(distinct->seen);
	distinct->seen = NULL;
	distinct->room = distinct->used = 0;
}

/* Make room for one more, seen at MINUTE. */
static void table_grow(struct distinct *distinct, uint32_t minute)
{
	uint32_t from = minute < WEEK ? 0 : minute - WEEK;
	unsigned kept = table_recent(distinct, from);

	if (kept < DISTINCT_EXACT)
		table_rebuild(distinct, room_for(kept + 1), from);
	else
		sketch_begin(distinct);
}

void distinct_meet(struct distinct *distinct, uint32_t hash, usec_t time)
{
	const struct distinct_seen seen = { hash, clock_minute(time) };

	if (hash == 0)
		return;
	if (distinct->room > 0 && place_of(distinct, hash)->hash == hash) {
		seen_put(distinct, &seen);
		return;
	}
	if (distinct->sketch == NULL && distinct->used >= distinct->room / 4 * 3)
		table_grow(distinct, seen.last);
	if (distinct->sketch != NULL)
		sketch_meet(distinct->sketch, hash, time);
	else
		seen_put(distinct, &seen);
}

struct distinct_count distinct_count(const struct distinct *distinct, usec_t now, enum horizon horizon)
{
	usec_t from = now - horizon_length(horizon);

	if (distinct->sketch != NULL)
		return (struct distinct_count){
			(uint32_t)lround(sketch_count(distinct->sketch, now, horizon_length(horizon))), true
		};
	return (struct distinct_count){ table_recent(distinct, clock_minute(from)), false };
}

void distinct_merge(struct distinct *into, const struct distinct *other)
{
	for (unsigned i = 0; i < other->room; i++)
		distinct_meet(into, other->seen[i].hash, other->seen[i].last * USEC_MINUTE);
	if (other->sketch == NULL)
		return;
	if (into->sketch == NULL)
		sketch_begin(into);
	sketch_merge(into->sketch, other->sketch);
}

void distinct_trim(struct distinct *distinct, usec_t now)
{
	uint32_t from = clock_minute(now - horizon_length(HORIZON_7D));

	if (distinct->sketch != NULL && sketch_idle(distinct->sketch, now))
		sketch_free(&distinct->sketch);
	if (distinct->room > 0)
		table_rebuild(distinct, room_for(table_recent(distinct, from)), from);
}

void distinct_free(struct distinct *distinct)
{
	free(distinct->seen);
	sketch_free(&distinct->sketch);
	*distinct = (struct distinct){ 0 };
}

size_t distinct_bytes(const struct distinct *distinct)
{
	return distinct->room * sizeof(*distinct->seen) + (distinct->sketch == NULL ? 0 : sketch_bytes());
}

/* --- bytes --- */

/*
 * From behind a free place on, around the table: put back in this order each finds the place that it had, and the
 * same packs to the same. DISTINCT_EXACT + 1 says: a sketch.
 */
void distinct_pack(const struct distinct *distinct, struct text *into)
{
	unsigned free_at = 0;

	if (distinct->sketch != NULL) {
		pack_number(into, DISTINCT_EXACT + 1);
		sketch_pack(distinct->sketch, into);
		return;
	}
	pack_number(into, distinct->used);
	while (distinct->room > 0 && distinct->seen[free_at].hash != 0)
		free_at++;
	for (unsigned i = 0; i < distinct->room; i++) {
		const struct distinct_seen *seen = &distinct->seen[(free_at + i) & (distinct->room - 1U)];

		if (seen->hash == 0)
			continue;
		pack_number(into, seen->hash);
		pack_number(into, seen->last);
	}
}

bool distinct_unpack(struct distinct *distinct, struct unpack *from)
{
	unsigned count = (unsigned)unpack_bounded(from, DISTINCT_EXACT + 1);

	if (count == DISTINCT_EXACT + 1) {
		distinct->sketch = sketch_unpack(from);
		return !from->broken;
	}
	if (count > 0) {
		distinct->room = (uint16_t)room_for(count);
		distinct->seen = memory_new(distinct->room, sizeof(*distinct->seen));
	}
	for (unsigned i = 0; i < count && !from->broken; i++) {
		struct distinct_seen seen = { (uint32_t)unpack_bounded(from, UINT32_MAX), 0 };

		seen.last = (uint32_t)unpack_bounded(from, UINT32_MAX);
		/* One twice, or nothing, was never packed. */
		if (seen.hash == 0 || place_of(distinct, seen.hash)->hash != 0)
			from->broken = true;
		else
			seen_put(distinct, &seen);
	}
	if (from->broken)
		distinct_free(distinct);
	return !from->broken;
}
