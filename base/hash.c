/*
 * Multiply-and-fold hashing, eight bytes a step: the 128-bit product of two mixed words, its halves
 * xored. Not a cryptographic hash; the seed keeps an attacker from choosing colliding queue ids.
 */
#define _GNU_SOURCE
#include "base/hash.h"

#include <endian.h>
#include <sys/random.h>

static inline uint64_t hash_word(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return le64toh(word);
}

static inline uint64_t hash_half(const char *at)
{
	uint32_t half;

	memcpy(&half, at, sizeof(half));
	return le32toh(half);
}

/*
 * The last LEFT bytes (1 to 7) of a text of LEN, as the low bytes of a word: by loads of fixed width that
 * overlap, since a copy of any length is a call of memcpy, which took a third of all hashing.
 */
static inline uint64_t hash_rest(const char *at, size_t left, size_t len)
{
	if (len >= 8)
		return hash_word(at + left - 8) >> (64 - 8 * left);
	if (left >= 4)
		return hash_half(at) | hash_half(at + left - 4) << (8 * (left - 4));
	return (uint64_t)(unsigned char)at[0] | (uint64_t)(unsigned char)at[left / 2] << (8 * (left / 2)) |
	       (uint64_t)(unsigned char)at[left - 1] << (8 * (left - 1));
}

static uint64_t hash_run(uint64_t seed, struct span text)
{
	uint64_t hash = hash_fold(seed ^ HASH_A, text.len ^ HASH_B);
	const char *at = text.at;
	size_t left = text.len;

	while (left >= 8) {
		hash = hash_fold(hash ^ hash_word(at), HASH_B);
		at += 8;
		left -= 8;
	}
	if (left > 0)
		hash = hash_fold(hash ^ hash_rest(at, left, text.len), HASH_B);
	return hash_fold(hash, HASH_A);
}

/* Two words of a text that overlap where it is short, each behind a secret of its own. */
static inline uint64_t hash_pair(struct span text, size_t from, uint64_t one, uint64_t two)
{
	const char *begin = text.at + from, *end = text.at + text.len - from;

	return hash_fold(hash_word(begin) ^ one, hash_word(end - 8) ^ two);
}

/*
 * Of 8 to 32 bytes, as ids, hosts and accounts have: two words or four, so that nobody can tell which texts collide.
 * Two or three multiplications in place of four to six that wait for each other.
 */
static inline uint64_t hash_short(const uint64_t seeds[2], struct span text)
{
	uint64_t both = hash_pair(text, 0, seeds[0], seeds[1]);

	if (text.len > 16)
		both ^= hash_pair(text, 8, seeds[0] ^ HASH_B, seeds[1] ^ HASH_B);
	return hash_fold(both ^ text.len, HASH_A);
}

uint64_t hash_text(struct span text)
{
	static uint64_t seeds[2];

	if (seeds[0] == 0) {
		if (getrandom(seeds, sizeof(seeds[0]), 0) != (ssize_t)sizeof(seeds[0]))
			seeds[0] = HASH_B;
		seeds[0] |= 1;
		seeds[1] = hash_fold(seeds[0] ^ HASH_A, HASH_B);
	}
	return hash_text_is_secret(text.len) ? hash_short(seeds, text) : hash_run(seeds[0], text);
}

uint64_t hash_stable(struct span text)
{
	return hash_run(0, text);
}

uint64_t hash_stable_more(uint64_t hash, struct span text)
{
	return hash_run(hash, text);
}
