/*
 * A bounded table from a 64-bit hash to records of one fixed size, in the order in which they were last
 * used: where it is full, the oldest makes room and is counted. Records never move, so a pointer to one
 * is good until it is removed or evicted; its slot number is a shorter name for it.
 *
 * Hash with hash_text where strangers choose the key (its seed keeps collisions out of their hands), with
 * hash_stable only where the order of eviction must not depend on the run. Keys that share all 64 bits are
 * told apart by `same` alone; without it they are one.
 */
#ifndef SENDWATCH_BASE_MAP_H
#define SENDWATCH_BASE_MAP_H

#include "base/span.h"

#define MAP_NONE UINT32_MAX /* no slot */

struct map_options {
	size_t record_size; /* bytes; records are aligned to 8 and zeroed when added */
	uint32_t most;      /* records at once; 0 means 2^31 */
	/* Is KEY this record's? NULL: the hash decides. */
	bool (*same)(const void *record, struct span key);
	/* The oldest goes to make room; it is still whole and in the table. May not change the map. */
	void (*evicted)(void *context, void *record);
	void *context;
};

struct map_stats {
	uint32_t count;
	uint64_t added, evicted;
	size_t bytes; /* all that the table holds from the system */
};

struct map;

struct map *map_new(const struct map_options *options);
void map_free(struct map **map); /* calls nobody: walk it before where records own memory */

/* NULL where there is none. KEY is only given to `same`. Does not make the record newer. */
void *map_find(const struct map *map, uint64_t hash, struct span key);

/* A new record, the newest, zeroed. The caller has seen that there is none of this key. */
void *map_add(struct map *map, uint64_t hash);

/* Ask the processor for what map_find will read first, some work ahead of it. */
void map_prefetch(const struct map *map, uint64_t hash);

void map_touch(struct map *map, void *record); /* now it is the newest */
void map_remove(struct map *map, void *record);

uint64_t map_hash(const void *record);

/* Walk from the oldest to the newest; NULL at the end. Get the next one before removing this one. */
void *map_oldest(const struct map *map);
void *map_newer(const struct map *map, const void *record);

/* A record's slot, and back. A slot is used again after its record is gone. */
uint32_t map_slot(const struct map *map, const void *record);
void *map_at(const struct map *map, uint32_t slot);

struct map_stats map_stats(const struct map *map);

#endif
