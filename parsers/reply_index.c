/*
 * Literals hang in a table by a hash of their first three bytes; each place of the text looks its own
 * three bytes up, and most find an empty bucket.
 */
#include "parsers/reply_index.h"

#include "base/memory.h"
#include "parsers/reply_literal.h"

#include <assert.h>
#include <stdlib.h>

#define INDEX_BUCKETS 8192

struct index_entry {
	char at[REPLY_LITERAL_MAX];
	uint8_t len;
	uint16_t rule;
	uint16_t bucket;
};

struct reply_index {
	struct index_entry *entries;
	size_t count, room, unsure_count;
	uint16_t first[INDEX_BUCKETS + 1]; /* entries[first[b]] up to entries[first[b + 1]] are in bucket b */
	struct reply_candidates unsure;
};

static inline uint16_t index_hash(const char *at)
{
	uint32_t three = (uint32_t)(unsigned char)at[0] | (uint32_t)(unsigned char)at[1] << 8 |
			 (uint32_t)(unsigned char)at[2] << 16;

	return (uint16_t)((three * UINT32_C(2654435761)) >> 19);
}

_Static_assert(INDEX_BUCKETS == 1 << 13, "index_hash gives 13 bits");

struct reply_index *reply_index_new(void)
{
	return memory_new(1, sizeof(struct reply_index));
}

void reply_index_free(struct reply_index **index)
{
	if (*index == NULL)
		return;
	free((*index)->entries);
	free(*index);
	*index = NULL;
}

void reply_index_add(struct reply_index *index, size_t rule, struct span pattern)
{
	struct reply_literals literals;

	assert(rule < REPLY_RULES_MAX);
	reply_literals_of(pattern, &literals);
	if (literals.count == 0) {
		index->unsure.bits[rule / 64] |= UINT64_C(1) << (rule % 64);
		index->unsure_count++;
		return;
	}
	for (size_t i = 0; i < literals.count; i++) {
		if (index->count == index->room) {
			index->room = index->room == 0 ? 1024 : index->room * 2;
			index->entries = memory_grow(index->entries, index->room, sizeof(*index->entries));
		}
		struct index_entry *entry = &index->entries[index->count++];

		memcpy(entry->at, literals.items[i].at, REPLY_LITERAL_MAX);
		entry->len = literals.items[i].len;
		entry->rule = (uint16_t)rule;
		entry->bucket = index_hash(entry->at);
	}
}

/* Sorted by counting: the entries of a bucket stay in the order in which they were added. */
void reply_index_seal(struct reply_index *index)
{
	struct index_entry *sorted = memory_grow(NULL, index->count, sizeof(*sorted));
	uint16_t sum = 0;

	assert(index->count < UINT16_MAX);
	for (size_t i = 0; i < index->count; i++)
		index->first[index->entries[i].bucket]++;
	/* The last place of each bucket, from which it is filled downwards. */
	for (size_t bucket = 0; bucket <= INDEX_BUCKETS; bucket++)
		index->first[bucket] = sum = (uint16_t)(sum + index->first[bucket]);
	for (size_t i = index->count; i-- > 0;)
		sorted[--index->first[index->entries[i].bucket]] = index->entries[i];
	free(index->entries);
	index->entries = sorted;
	index->room = index->count;
}

void reply_index_find(const struct reply_index *index, struct span text, struct reply_candidates *found_r)
{
	*found_r = index->unsure;
	for (size_t i = 0; i + REPLY_LITERAL_MIN <= text.len; i++) {
		uint16_t bucket = index_hash(text.at + i);

		for (size_t e = index->first[bucket]; e < index->first[bucket + 1]; e++) {
			const struct index_entry *entry = &index->entries[e];

			if (entry->len <= text.len - i && memcmp(entry->at, text.at + i, entry->len) == 0)
				found_r->bits[entry->rule / 64] |= UINT64_C(1) << (entry->rule % 64);
		}
	}
}

size_t reply_index_unsure(const struct reply_index *index)
{
	return index->unsure_count;
}
