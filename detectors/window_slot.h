/*
 * The slots of windows, for windows.c alone. Counters have one byte until one of the account's needs more, then two,
 * and then four: what an account has is most of what a replay waits for from memory.
 */
#ifndef SENDWATCH_DETECTORS_WINDOW_SLOT_H
#define SENDWATCH_DETECTORS_WINDOW_SLOT_H

#include "detectors/windows.h"

/*
 * A slot's key: the minute since 1970 in which it begins, and how narrow it is. So keys are in the order of time, and
 * a slot stands before those that it will take in.
 */
static inline uint32_t key_of(uint32_t minute, enum horizon horizon)
{
	return minute << 2 | (HORIZON_7D - horizon);
}

static inline uint32_t key_minute(uint32_t key)
{
	return key >> 2;
}

/* The shortest that had it in reach when it was last looked at. */
static inline enum horizon key_horizon(uint32_t key)
{
	return (enum horizon)(HORIZON_7D - (key & 3));
}

/* Where the counters of all slots begin. */
static inline void *slot_counters(const struct windows *windows)
{
	return windows->slots + windows->room;
}

uint32_t slot_counter(const struct windows *windows, unsigned number, enum counter counter);

/* Add what the slot has to INTO. */
void slot_sum(const struct windows *windows, unsigned number, struct counts *into);

/* Add to one counter of a slot. All become wider where it has no room for that. */
void slot_add(struct windows *windows, unsigned number, enum counter counter, uint32_t more);

/* Add the counts of slot FROM to those of slot INTO. */
void slot_merge(struct windows *windows, unsigned into, unsigned from);

/* Slot FROM, with its key, to the place of slot TO. */
void slot_move(struct windows *windows, unsigned to, unsigned from);

/* An empty one at NUMBER; those from there on move up. There is room. */
void slot_insert(struct windows *windows, unsigned number, uint32_t key);

/* Room for so many, or for those that there are; all that there are stay. */
void slots_resize(struct windows *windows, unsigned room);

#endif
