/*
 * Three bytes of the needle, its first, its middle and its last, are compared with the text at 64 places in one step,
 * by the compiler's vectors of 16 bytes, which every x86-64 and every ARM of 64 bits has. A step in which some place
 * has all three is looked at byte by byte.
 */
#define _GNU_SOURCE
#include "base/seek.h"

#define WIDTH 16
#define STEP  ((size_t)4 * WIDTH)

typedef uint8_t vector __attribute__((vector_size(WIDTH)));
typedef uint64_t halves __attribute__((vector_size(WIDTH)));

static inline vector vector_at(const char *at)
{
	vector bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return bytes;
}

static inline vector vector_of(char byte)
{
	return (vector){ 0 } + (uint8_t)byte;
}

struct wanted_bytes {
	vector first, middle, last;
	size_t to_middle, to_last;
};

static inline vector seek_here(const struct wanted_bytes *wanted, const char *at)
{
	return (vector)(vector_at(at) == wanted->first) &
	       (vector)(vector_at(at + wanted->to_last) == wanted->last) &
	       (vector)(vector_at(at + wanted->to_middle) == wanted->middle);
}

/* Has any of the 64 places from AT on all three bytes? */
static inline bool seek_step(const struct wanted_bytes *wanted, const char *at)
{
	halves any = (halves)(seek_here(wanted, at) | seek_here(wanted, at + WIDTH) |
			      seek_here(wanted, at + 2 * WIDTH) | seek_here(wanted, at + 3 * WIDTH));

	return (any[0] | any[1]) != 0;
}

const char *seek(const char *at, size_t len, struct span needle)
{
	size_t to_last = needle.len - 1, from = 0;
	const struct wanted_bytes wanted = { vector_of(needle.at[0]), vector_of(needle.at[to_last / 2]),
					     vector_of(needle.at[to_last]), to_last / 2, to_last };

	for (; len >= STEP + to_last && from <= len - STEP - to_last; from += STEP) {
		if (!seek_step(&wanted, at + from))
			continue;
		for (const char *place = at + from; place < at + from + STEP; place++)
			if (*place == needle.at[0] && memcmp(place, needle.at, needle.len) == 0)
				return place;
	}
	return from >= len ? NULL : memmem(at + from, len - from, needle.at, needle.len);
}
