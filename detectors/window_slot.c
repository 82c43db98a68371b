/*
 * Counting in slots of either width. The compiler makes vectors of the loops over all counters; those of 16 bits
 * are narrowed once for the four slots that they go to.
 */
#include "detectors/window_slot.h"

#include "base/memory.h"
#include "base/seldom.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void slot_sum(const struct windows *windows, unsigned number, struct counts *into)
{
	const void *slot = slot_at(windows, number);

	if (windows->wide) {
		const struct slot_wide *wide = slot;

		for (int i = 0; i < COUNTERS; i++)
			into->n[i] += wide->n[i];
	} else {
		const struct slot_narrow *narrow = slot;

		for (int i = 0; i < COUNTERS; i++)
			into->n[i] += narrow->n[i];
	}
}

uint32_t slot_counter(const struct windows *windows, unsigned number, enum counter counter)
{
	const void *slot = slot_at(windows, number);

	return windows->wide ? ((const struct slot_wide *)slot)->n[counter]
			     : ((const struct slot_narrow *)slot)->n[counter];
}

static_assert(COUNTERS % 4 == 0, "narrow counters fill whole words");

void slot_more(struct slot_more *more, const struct counts *counts)
{
	uint16_t narrow[COUNTERS];
	uint32_t all = 0;

	more->counts = counts;
	for (int i = 0; i < COUNTERS; i++) {
		all |= counts->n[i];
		narrow[i] = (uint16_t)counts->n[i];
	}
	memcpy(more->narrow, narrow, sizeof(narrow));
	more->fits = all <= NARROW_MOST;
}

/*
 * Neither side is over NARROW_MOST, so that no sum passes 16 bits, and four of them are added as one word: a third
 * of the instructions that one by one would take. What is too much shows in the highest bit of the four.
 */
static bool narrow_add(struct slot_narrow *slot, const uint64_t more[NARROW_WORDS])
{
	uint64_t sums[NARROW_WORDS], all = 0;

	memcpy(sums, slot->n, sizeof(sums));
	for (int i = 0; i < NARROW_WORDS; i++) {
		sums[i] += more[i];
		all |= sums[i];
	}
	if ((all & UINT64_C(0x8000800080008000)) != 0)
		return false;
	memcpy(slot->n, sums, sizeof(sums));
	return true;
}

static void windows_widen(struct windows *windows)
{
	struct slot_wide *wide = memory_new(windows->room, sizeof(*wide));

	for (unsigned i = 0; i < windows->used; i++) {
		struct counts counts = { { 0 } };

		wide[i].key = windows_at(windows, i, &counts);
		memcpy(wide[i].n, counts.n, sizeof(counts.n));
	}
	free(windows->slots);
	windows->slots = wide;
	windows->wide = true;
}

static SELDOM void slot_add_wide(struct windows *windows, unsigned number, const struct counts *counts)
{
	struct slot_wide *wide;

	if (!windows->wide)
		windows_widen(windows);
	wide = (void *)slot_at(windows, number);
	for (int i = 0; i < COUNTERS; i++)
		wide->n[i] += counts->n[i];
}

void slot_add(struct windows *windows, unsigned number, const struct slot_more *more)
{
	if (windows->wide || !more->fits || !narrow_add((void *)slot_at(windows, number), more->narrow))
		slot_add_wide(windows, number, more->counts);
}

/* Slot NUMBER is there: is it the newest of its horizon? */
void slot_note(struct windows *windows, unsigned number)
{
	uint32_t key = slot_key(windows, number);
	uint8_t *last = &windows->last[key_horizon(key)];

	if (slot_key(windows, *last) < key || key_horizon(slot_key(windows, *last)) != key_horizon(key))
		*last = (uint8_t)number;
}

void windows_make(struct windows *windows, uint8_t room)
{
	*windows = (struct windows){ .room = room };
	windows->slots = room == 0 ? NULL : memory_new(room, sizeof(struct slot_narrow));
}

void windows_put(struct windows *windows, uint32_t key)
{
	assert(windows->used < windows->room);
	*slot_at(windows, windows->used) = key;
	slot_note(windows, windows->used++);
}

/* Each goes where it stays: gathered first and then added as vectors they were a tenth of a start. */
void windows_set(struct windows *windows, enum counter counter, uint32_t count)
{
	void *slot;

	assert(windows->used > 0);
	if (count > NARROW_MOST && !windows->wide)
		windows_widen(windows);
	slot = slot_at(windows, windows->used - 1U);
	if (windows->wide)
		((struct slot_wide *)slot)->n[counter] = count;
	else
		((struct slot_narrow *)slot)->n[counter] = (uint16_t)count;
}

uint32_t windows_at(const struct windows *windows, unsigned number, struct counts *counts_r)
{
	*counts_r = (struct counts){ { 0 } };
	slot_sum(windows, number, counts_r);
	return slot_key(windows, number);
}

/* A slot lies on two lines of the cache, most of the time. */
void windows_prefetch(const struct windows *windows)
{
	for (int h = 0; h < HORIZONS && windows->slots != NULL; h++) {
		const char *slot = (const void *)slot_at(windows, windows->last[h]);

		__builtin_prefetch(slot);
		__builtin_prefetch(slot + sizeof(struct slot_narrow) - 1);
	}
}

size_t windows_bytes(const struct windows *windows)
{
	return windows->room * slot_size(windows);
}
