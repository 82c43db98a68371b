/*
 * Multiply-and-fold hashing, eight bytes a step: the 128-bit product of two mixed words, its halves
 * xored. Not a cryptographic hash; the seed keeps an attacker from choosing colliding queue ids.
 */
#define _GNU_SOURCE
#include "base/hash.h"

#include <endian.h>
#include <sys/random.h>

/* Odd constants with balanced bits: the fractions of the golden ratio and of the square root of 3. */
#define HASH_A UINT64_C(0x9e3779b97f4a7c15)
#define HASH_B UINT64_C(0xbb67ae8584caa73b)

__extension__ typedef unsigned __int128 hash_wide;

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	hash_wide product = (hash_wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_word(const char *at, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, at, len < sizeof(word) ? len : sizeof(word));
	return le64toh(word);
}

static uint64_t hash_run(uint64_t seed, struct span text)
{
	uint64_t hash = hash_fold(seed ^ HASH_A, text.len ^ HASH_B);
	const char *at = text.at;
	size_t left = text.len;

	while (left >= 8) {
		hash = hash_fold(hash ^ hash_word(at, 8), HASH_B);
		at += 8;
		left -= 8;
	}
	if (left > 0)
		hash = hash_fold(hash ^ hash_word(at, left), HASH_B);
	return hash_fold(hash, HASH_A);
}

uint64_t hash_text(struct span text)
{
	static uint64_t seed;

	if (seed == 0 && getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		seed = HASH_B;
	return hash_run(seed | 1, text);
}

uint64_t hash_stable(struct span text)
{
	return hash_run(0, text);
}

uint64_t hash_stable_more(uint64_t hash, struct span text)
{
	return hash_run(hash, text);
}
