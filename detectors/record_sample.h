/*
 * A sample of the addresses that an account wrote to, for accounts that wrote to more than are remembered one by one:
 * the readers of a newsletter, of whom each would be forgotten just before the next issue.
 *
 * In the sample is who has so many of the hash's first bits zero: one more whenever it is full, so that it has room
 * for as many as there are. Whoever is outside is taken for what the last one inside turned out to be: sent
 * to a list that was written to before, the sample knows all of its own; sent to others, none. So the number of
 * strangers is right to a few of those who stand for one, though which ones is guessed.
 */
#ifndef SENDWATCH_DETECTORS_RECORD_SAMPLE_H
#define SENDWATCH_DETECTORS_RECORD_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#define SAMPLE_ROOM   512 /* in buckets: detectors/bucket.h */
#define SAMPLE_LEVELS 12  /* one of 4,096 at most: lists of a million */

struct record_sample {
	uint16_t used;
	uint16_t covered; /* how many more, outside, are known as the last one inside was; 0: it was a stranger */
	uint32_t level;               /* bits that are zero */
	uint32_t hashes[SAMPLE_ROOM]; /* 0 is empty */
};

/* Begin with those that are remembered one by one: COUNT hashes, of which 0 is none. */
void sample_begin(struct record_sample *sample, const uint32_t *hashes, unsigned count);

/* Has the account, as far as can be told, written to HASH? It is asked in the order in which it writes. */
bool sample_knows(struct record_sample *sample, uint32_t hash);

void sample_add(struct record_sample *sample, uint32_t hash);

/* Another day begins: who is written to next is not known by whom the last one was. */
void sample_rest(struct record_sample *sample);

/* How many addresses it stands for, about. */
uint32_t sample_count(const struct record_sample *sample);

/* Could these have come about by the above? For samples that were read from outside. */
bool sample_sound(const struct record_sample *sample);

#endif
