/*
 * Counting in slots of any width of counters.
 */
#include "detectors/window_slot.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(COUNTERS % 8 == 0, "counters of any width fill whole words");

static const uint32_t most_of[] = { UINT8_MAX, UINT16_MAX, UINT32_MAX }; /* by width */

/* The bytes of one slot's counters. */
static inline size_t counters_size(const struct windows *windows)
{
	return (size_t)COUNTERS << windows->width;
}

static inline char *slot_at(const struct windows *windows, unsigned number)
{
	return (char *)slot_counters(windows) + number * counters_size(windows);
}

uint32_t slot_counter(const struct windows *windows, unsigned number, enum counter counter)
{
	const void *slot = slot_at(windows, number);

	switch (windows->width) {
	case 0:
		return ((const uint8_t *)slot)[counter];
	case 1:
		return ((const uint16_t *)slot)[counter];
	default:
		return ((const uint32_t *)slot)[counter];
	}
}

/* There is room for COUNT. */
static void slot_set(struct windows *windows, unsigned number, unsigned counter, uint32_t count)
{
	void *slot = slot_at(windows, number);

	switch (windows->width) {
	case 0:
		((uint8_t *)slot)[counter] = (uint8_t)count;
		break;
	case 1:
		((uint16_t *)slot)[counter] = (uint16_t)count;
		break;
	default:
		((uint32_t *)slot)[counter] = count;
	}
}

void slot_sum(const struct windows *windows, unsigned number, struct counts *into)
{
	const void *slot = slot_at(windows, number);

	if (windows->width == 0) {
		for (int i = 0; i < COUNTERS; i++)
			into->n[i] += ((const uint8_t *)slot)[i];
	} else if (windows->width == 1) {
		for (int i = 0; i < COUNTERS; i++)
			into->n[i] += ((const uint16_t *)slot)[i];
	} else {
		for (int i = 0; i < COUNTERS; i++)
			into->n[i] += ((const uint32_t *)slot)[i];
	}
}

/* Keys and counters, in memory of their own for ROOM slots. */
static void slots_make(struct windows *windows, unsigned room, unsigned width)
{
	windows->room = (uint8_t)room;
	windows->width = (uint8_t)width;
	windows->slots = room == 0
				 ? NULL
				 : memory_grow(NULL, room, sizeof(*windows->slots) + counters_size(windows));
}

void slots_resize(struct windows *windows, unsigned room)
{
	struct windows was = *windows;

	assert(room >= was.used && room <= WINDOW_SLOTS);
	slots_make(windows, room, was.width);
	if (was.used > 0) {
		memcpy(windows->slots, was.slots, was.used * sizeof(*was.slots));
		memcpy(slot_counters(windows), slot_counters(&was), was.used * counters_size(&was));
	}
	free(was.slots);
}

static void slots_widen(struct windows *windows)
{
	struct windows was = *windows;

	slots_make(windows, was.room, was.width + 1U);
	assert(was.used > 0 && windows->slots != NULL); /* one of them is to be written to */
	memcpy(windows->slots, was.slots, was.used * sizeof(*was.slots));
	for (unsigned i = 0; i < was.used; i++)
		for (unsigned counter = 0; counter < COUNTERS; counter++)
			slot_set(windows, i, counter, slot_counter(&was, i, (enum counter)counter));
	free(was.slots);
}

void slot_add(struct windows *windows, unsigned number, enum counter counter, uint32_t more)
{
	uint32_t count = slot_counter(windows, number, counter);

	while (windows->width < 2 && more > most_of[windows->width] - count)
		slots_widen(windows);
	slot_set(windows, number, counter, count + more);
}

static inline uint64_t word_at(const char *words, size_t number)
{
	uint64_t word;

	memcpy(&word, words + number * sizeof(word), sizeof(word));
	return word;
}

/*
 * As words of 64 bits, with as many counters to each as it has: where none of either side has its highest bit, no sum
 * passes its room. False, and nothing added, elsewhere. A tenth of the instructions that one by one would take.
 */
static bool slot_merge_words(struct windows *windows, unsigned into, unsigned from)
{
	static const uint64_t highest[] = { UINT64_C(0x8080808080808080), UINT64_C(0x8000800080008000),
					    UINT64_C(0x8000000080000000) };
	size_t words = counters_size(windows) / sizeof(uint64_t);
	char *to = slot_at(windows, into);
	const char *more = slot_at(windows, from);
	uint64_t all = 0;

	for (size_t i = 0; i < words; i++)
		all |= word_at(to, i) | word_at(more, i);
	if ((all & highest[windows->width]) != 0)
		return false;
	for (size_t i = 0; i < words; i++) {
		uint64_t sum = word_at(to, i) + word_at(more, i);

		memcpy(to + i * sizeof(sum), &sum, sizeof(sum));
	}
	return true;
}

void slot_merge(struct windows *windows, unsigned into, unsigned from)
{
	if (slot_merge_words(windows, into, from))
		return;
	for (unsigned counter = 0; counter < COUNTERS; counter++) {
		uint32_t more = slot_counter(windows, from, (enum counter)counter);

		if (more > 0)
			slot_add(windows, into, (enum counter)counter, more);
	}
}

void slot_move(struct windows *windows, unsigned to, unsigned from)
{
	windows->slots[to] = windows->slots[from];
	if (windows->width == 0)
		memcpy(slot_at(windows, to), slot_at(windows, from), COUNTERS);
	else
		memcpy(slot_at(windows, to), slot_at(windows, from), counters_size(windows));
}

void slot_insert(struct windows *windows, unsigned number, uint32_t key)
{
	size_t behind = windows->used - number;

	assert(windows->used < windows->room);
	if (behind > 0) {
		memmove(windows->slots + number + 1, windows->slots + number,
			behind * sizeof(*windows->slots));
		memmove(slot_at(windows, number + 1), slot_at(windows, number),
			behind * counters_size(windows));
	}
	windows->slots[number] = key;
	if (windows->width == 0)
		memset(slot_at(windows, number), 0, COUNTERS);
	else
		memset(slot_at(windows, number), 0, counters_size(windows));
	windows->used++;
}

void windows_make(struct windows *windows, uint8_t room)
{
	*windows = (struct windows){ 0 };
	slots_make(windows, room, 0);
}

void windows_put(struct windows *windows, uint32_t key)
{
	slot_insert(windows, windows->used, key);
}

void windows_set(struct windows *windows, enum counter counter, uint32_t count)
{
	assert(windows->used > 0);
	slot_add(windows, windows->used - 1U, counter, count);
}

void windows_prefetch(const struct windows *windows)
{
	if (windows->used == 0)
		return;
	__builtin_prefetch(windows->slots + windows->used - 1);
	__builtin_prefetch(slot_at(windows, windows->used - 1U));
}

size_t windows_bytes(const struct windows *windows)
{
	return windows->room * (sizeof(*windows->slots) + counters_size(windows));
}
