/*
 * Sets of 32-bit hashes in buckets of eight, each with its newest first: how recipients are remembered. A set has a
 * power of two of places, eight at least; 0 is an empty place, and none stands before a hash.
 */
#ifndef SENDWATCH_DETECTORS_BUCKET_H
#define SENDWATCH_DETECTORS_BUCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BUCKET_SIZE 8

/* Which of ROOM places is the first of HASH's bucket? */
static inline unsigned bucket_first(unsigned room, uint32_t hash)
{
	return (hash & (room / BUCKET_SIZE - 1)) * BUCKET_SIZE;
}

/* Where HASH stands in BUCKET; BUCKET_SIZE where it does not. */
static inline int bucket_place(const uint32_t *bucket, uint32_t hash)
{
	int place = 0;

	while (place < BUCKET_SIZE && bucket[place] != hash)
		place++;
	return place;
}

static inline bool bucket_is_full(const uint32_t *bucket)
{
	return bucket[BUCKET_SIZE - 1] != 0;
}

/* HASH goes first; what stood in PLACE is gone, and what stood before that moves up. */
static inline void bucket_renew(uint32_t *bucket, int place, uint32_t hash)
{
	memmove(bucket + 1, bucket, (size_t)place * sizeof(*bucket));
	bucket[0] = hash;
}

#endif
