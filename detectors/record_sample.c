/*
 * The bits that decide who is in the sample are the hash's first; its last ones choose the bucket.
 */
#include "detectors/record_sample.h"

#include "detectors/bucket.h"

#include <string.h>

#define FIRST_LEVEL 1 /* it begins when the others are full: half of them have room to spare */
/*
 * One inside stands for those outside until the next one inside, which is 2^level of them on average, and more than
 * four times as many once in fifty. Beyond that nobody is known, so that no list of strangers chosen to be outside is.
 */
#define COVERED     4U

static bool is_inside(const struct record_sample *sample, uint32_t hash)
{
	return (uint64_t)hash >> (32 - sample->level) == 0;
}

static uint32_t *bucket_of(struct record_sample *sample, uint32_t hash)
{
	return sample->hashes + bucket_first(SAMPLE_ROOM, hash);
}

/* One more bit: half of them go, and the rest of each bucket keep their order. */
static void sample_thin(struct record_sample *sample)
{
	sample->level++;
	sample->used = 0;
	for (uint32_t *bucket = sample->hashes; bucket < sample->hashes + SAMPLE_ROOM;
	     bucket += BUCKET_SIZE) {
		int kept = 0;

		for (int i = 0; i < BUCKET_SIZE; i++)
			if (bucket[i] != 0 && is_inside(sample, bucket[i]))
				bucket[kept++] = bucket[i];
		memset(bucket + kept, 0, (size_t)(BUCKET_SIZE - kept) * sizeof(*bucket));
		sample->used = (uint16_t)(sample->used + kept);
	}
}

void sample_begin(struct record_sample *sample, const uint32_t *hashes, unsigned count)
{
	*sample = (struct record_sample){ .level = FIRST_LEVEL };
	/* The newest of each bucket come first, and are to be first again. */
	for (unsigned i = count; i-- > 0;)
		if (hashes[i] != 0)
			sample_add(sample, hashes[i]);
}

bool sample_knows(struct record_sample *sample, uint32_t hash)
{
	bool known;

	if (!is_inside(sample, hash)) {
		known = sample->covered > 0;
		sample->covered = (uint16_t)(sample->covered - known);
		return known;
	}
	known = bucket_place(bucket_of(sample, hash), hash) < BUCKET_SIZE;
	sample->covered = (uint16_t)(known ? COVERED << sample->level : 0);
	return known;
}

void sample_add(struct record_sample *sample, uint32_t hash)
{
	uint32_t *bucket = bucket_of(sample, hash);
	int place;

	if (!is_inside(sample, hash))
		return;
	place = bucket_place(bucket, hash);
	if (place == BUCKET_SIZE) {
		while (bucket_is_full(bucket) && sample->level < SAMPLE_LEVELS)
			sample_thin(sample);
		if (!is_inside(sample, hash))
			return;
		place = BUCKET_SIZE - 1;
		sample->used = (uint16_t)(sample->used + (bucket[place] == 0));
	}
	bucket_renew(bucket, place, hash);
}

void sample_rest(struct record_sample *sample)
{
	sample->covered = 0;
}

uint32_t sample_count(const struct record_sample *sample)
{
	return (uint32_t)sample->used << sample->level;
}

bool sample_sound(const struct record_sample *sample)
{
	unsigned used = 0;

	if (sample->level < FIRST_LEVEL || sample->level > SAMPLE_LEVELS ||
	    sample->covered > COVERED << sample->level)
		return false;
	for (int i = 0; i < SAMPLE_ROOM; i++) {
		uint32_t hash = sample->hashes[i];

		used += hash != 0;
		/* In its bucket, and none behind an empty place. */
		if (hash != 0 && (!is_inside(sample, hash) ||
				  i / BUCKET_SIZE != (int)bucket_first(SAMPLE_ROOM, hash) / BUCKET_SIZE ||
				  (i % BUCKET_SIZE > 0 && sample->hashes[i - 1] == 0)))
			return false;
	}
	return used == sample->used;
}
