/*
 * A fast 64-bit hash of text, seeded once a process run where the table faces attackers (hash_text), and
 * one that is the same in every run and on every machine (hash_stable: ids, remembered recipients).
 */
#ifndef SENDWATCH_BASE_HASH_H
#define SENDWATCH_BASE_HASH_H

#include "base/span.h"

#include <stdint.h>

/* Odd constants with balanced bits: the fractions of the golden ratio and of the square root of 3. */
#define HASH_A UINT64_C(0x9e3779b97f4a7c15)
#define HASH_B UINT64_C(0xbb67ae8584caa73b)

__extension__ typedef unsigned __int128 hash_wide;

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	hash_wide product = (hash_wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t hash_text(struct span text);
uint64_t hash_stable(struct span text);

/*
 * Of a text of LEN bytes, is each factor in hash_text a secret? Then nobody can make two that share it. Others are
 * mixed by known numbers: two of them that share hash_stable, which can be made, may share this too.
 */
static inline bool hash_text_is_secret(size_t len)
{
	return len >= 8 && len <= 32;
}

/*
 * hash_stable of eight zeros and 1 to 8 bytes, which LAST has from its lowest on: as IPv4 addresses begin as those of
 * IPv6. Half of it is known when it is compiled.
 */
static inline uint64_t hash_stable_zeros(uint64_t last, size_t count)
{
	uint64_t zeros = hash_fold(hash_fold(HASH_A, (8 + count) ^ HASH_B), HASH_B);

	return hash_fold(hash_fold(zeros ^ last, HASH_B), HASH_A);
}

/* The stable hash of several texts in a row: start from 0, feed the result back in. */
uint64_t hash_stable_more(uint64_t hash, struct span text);

#endif
