/*
 * Where a byte stands in the next word or two: what memchr answers, without a call, for the fields that a line is cut
 * into. A word of Exim's costs 20 instructions so, 45 by memchr; where hundreds of bytes are passed, memchr is better.
 *
 * 16 bytes a step by the compiler's vectors, which every x86-64 and every ARM of 64 bits has. Nothing is read behind
 * the text: its last step overlaps the one before.
 */
#ifndef SENDWATCH_BASE_NEAR_H
#define SENDWATCH_BASE_NEAR_H

#include "base/span.h"

#include <endian.h>

#define NEAR_STEP ((size_t)16)

typedef uint8_t near_bytes __attribute__((vector_size(16)));
typedef uint16_t near_pairs __attribute__((vector_size(16)));
typedef uint8_t near_halves __attribute__((vector_size(8)));

/* Is any of 16 bytes not zero? */
static inline bool near_any(near_bytes bytes)
{
	uint64_t halves[2];

	memcpy(halves, &bytes, sizeof(halves));
	return (halves[0] | halves[1]) != 0;
}

/* Four bits for each of 16 bytes, the first in the lowest place: is it A or B? */
static inline __attribute__((always_inline)) uint64_t near_mask(const char *at, char a, char b)
{
	uint64_t mask = 0;
#if __BYTE_ORDER == __LITTLE_ENDIAN
	near_bytes bytes;
	near_halves halves;

	memcpy(&bytes, at, sizeof(bytes));
	bytes = (near_bytes)((bytes == (uint8_t)a) | (bytes == (uint8_t)b));
	halves = __builtin_convertvector((near_pairs)bytes >> 4, near_halves);
	memcpy(&mask, &halves, sizeof(mask));
#else
	for (unsigned i = 0; i < NEAR_STEP; i++)
		mask |= (uint64_t)(at[i] == a || at[i] == b ? 15 : 0) << (4 * i);
#endif
	return mask;
}

/* The same for texts of which the first byte is A, and the one LEN further B. */
static inline __attribute__((always_inline)) uint64_t near_pairs_mask(const char *at, char a, size_t len,
								      char b)
{
	return near_mask(at, a, a) & near_mask(at + len, b, b);
}

/* Where A or B first stands in TEXT, or TEXT.len where neither does. */
static inline __attribute__((always_inline)) size_t span_near_either(struct span text, char a, char b)
{
	size_t at = 0, last = text.len - NEAR_STEP;
	uint64_t mask;

	if (text.len < NEAR_STEP) {
		while (at < text.len && text.at[at] != a && text.at[at] != b)
			at++;
		return at;
	}
	for (; at < last; at += NEAR_STEP) {
		mask = near_mask(text.at + at, a, b);
		if (mask != 0)
			return at + (unsigned)__builtin_ctzll(mask) / 4;
	}
	mask = near_mask(text.at + last, a, b);
	return mask == 0 ? text.len : last + (unsigned)__builtin_ctzll(mask) / 4;
}

/* Where C first stands in TEXT, or TEXT.len where it does not. */
static inline __attribute__((always_inline)) size_t span_near(struct span text, char c)
{
	return span_near_either(text, c, c);
}

#endif
