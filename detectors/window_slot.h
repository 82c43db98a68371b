/*
 * The slots of windows, for windows.c alone. Their counters have 15 bits until one of the account's needs more,
 * and then all 32: the four slots in which each recipient counts are most of what a replay waits for from
 * memory, and so they are half as large.
 */
#ifndef SENDWATCH_DETECTORS_WINDOW_SLOT_H
#define SENDWATCH_DETECTORS_WINDOW_SLOT_H

#include "detectors/windows.h"

#define NARROW_MOST 0x7fff

/* Four counters to a word of 64 bits. */
#define NARROW_WORDS (COUNTERS / 4)

struct slot_narrow {
	uint32_t key;
	uint16_t n[COUNTERS];
};

struct slot_wide {
	uint32_t key;
	uint32_t n[COUNTERS];
};

static inline size_t slot_size(const struct windows *windows)
{
	return windows->wide ? sizeof(struct slot_wide) : sizeof(struct slot_narrow);
}

/* Either kind begins with its key. */
static inline uint32_t *slot_at(const struct windows *windows, unsigned number)
{
	return (void *)((char *)windows->slots + number * slot_size(windows));
}

static inline uint32_t slot_key(const struct windows *windows, unsigned number)
{
	return *slot_at(windows, number);
}

/* A slot's key: its horizon, and which of that horizon's widths since 1970 it is. The newer has the higher one. */
#define KEY_BITS 30 /* minutes since 1970 take 25 */

static inline uint32_t key_of(enum horizon horizon, uint32_t place)
{
	return (uint32_t)horizon << KEY_BITS | place;
}

static inline enum horizon key_horizon(uint32_t key)
{
	return (enum horizon)(key >> KEY_BITS);
}

static inline uint32_t key_place(uint32_t key)
{
	return key & ((UINT32_C(1) << KEY_BITS) - 1);
}

/* Keep track of the newest slot of each horizon: NUMBER is new, or stands where it did not. */
void slot_note(struct windows *windows, unsigned number);

uint32_t slot_counter(const struct windows *windows, unsigned number, enum counter counter);

/* Add what the slot has to INTO. */
void slot_sum(const struct windows *windows, unsigned number, struct counts *into);

/* What is to be added to some slots. */
struct slot_more {
	const struct counts *counts;
	uint64_t narrow[NARROW_WORDS];
	bool fits; /* into 16 bits */
};

void slot_more(struct slot_more *more, const struct counts *counts);

/* All slots become wide where this one has no room for MORE. */
void slot_add(struct windows *windows, unsigned number, const struct slot_more *more);

#endif
