/*
 * Open addressing over eight-byte cells: the upper half of the hash, and the slot of the record. A probe
 * reads one cache line of cells in most cases and no record but the right one. Cells are put by the top
 * bits of what they hold, so that growing needs no record either; removing shifts back what was pushed on,
 * which leaves no tombstones behind.
 *
 * Records stand in chunks that never move. The order of use is a doubly linked list of slots inside them.
 * At most three quarters of the cells are taken.
 */
#include "base/map.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

#define MAP_CHUNK_BYTES ((size_t)64 * 1024)
#define MAP_FIRST_BITS  6
#define MAP_MOST        (UINT32_C(1) << 31)

struct map_cell {
	uint32_t tag;  /* the upper half of the hash */
	uint32_t slot; /* MAP_NONE: free */
};

/* Stands before each record. A free slot chains to the next free one by `newer`. */
struct map_node {
	uint64_t hash;
	uint32_t newer, older;
};

struct map {
	struct map_options options;
	struct map_cell *cells;
	unsigned bits;      /* 2^bits cells */
	unsigned home_bits; /* 32 - bits: how far down the top bits of a tag are */
	uint32_t mask;      /* of the cells' numbers */
	uint32_t chunk_count;
	char **chunks;
	unsigned chunk_bits; /* 2^chunk_bits records in a chunk */
	uint32_t chunk_mask; /* of their numbers in it */
	size_t stride;       /* bytes from record to record */
	uint32_t count;
	uint32_t slots;     /* ever given out: those above are untouched */
	uint32_t free_slot; /* first of the chain, or MAP_NONE */
	uint32_t newest, oldest;
	uint64_t added, evicted;
};

static inline struct map_node *map_node_at(const struct map *map, uint32_t slot)
{
	return (void *)(map->chunks[slot >> map->chunk_bits] +
			(size_t)(slot & map->chunk_mask) * map->stride);
}

static inline struct map_node *map_node_of(const void *record)
{
	union {
		const void *from;
		struct map_node *to;
	} cast = { .from = record };

	return cast.to - 1;
}

static inline uint32_t map_home(const struct map *map, uint32_t tag)
{
	return tag >> map->home_bits;
}

static void map_cells_new(struct map *map, unsigned bits)
{
	size_t count = (size_t)1 << bits;

	map->bits = bits;
	map->home_bits = 32 - bits;
	map->mask = (uint32_t)(count - 1);
	map->cells = memory_grow(NULL, count, sizeof(*map->cells));
	memset(map->cells, 0xff, count * sizeof(*map->cells));
}

struct map *map_new(const struct map_options *options)
{
	struct map *map = memory_new(1, sizeof(*map));

	assert(options->record_size > 0);
	map->options = *options;
	if (map->options.most == 0 || map->options.most > MAP_MOST)
		map->options.most = MAP_MOST;
	map->stride = sizeof(struct map_node) + (options->record_size + 7) / 8 * 8;
	while ((map->stride << (map->chunk_bits + 1)) <= MAP_CHUNK_BYTES)
		map->chunk_bits++;
	map->chunk_mask = (UINT32_C(1) << map->chunk_bits) - 1;
	map->free_slot = map->newest = map->oldest = MAP_NONE;
	map_cells_new(map, MAP_FIRST_BITS);
	return map;
}

void map_free(struct map **map)
{
	if (*map == NULL)
		return;
	for (uint32_t i = 0; i < (*map)->chunk_count; i++)
		free((*map)->chunks[i]);
	free((*map)->chunks);
	free((*map)->cells);
	free(*map);
	*map = NULL;
}

void map_prefetch(const struct map *map, uint64_t hash)
{
	__builtin_prefetch(&map->cells[map_home(map, (uint32_t)(hash >> 32))]);
}

/* SAME: as in the options; NULL where the hash decides. */
static inline __attribute__((always_inline)) void *map_look(const struct map *map, uint64_t hash,
							    struct span key,
							    bool (*same)(const void *, struct span))
{
	uint32_t tag = (uint32_t)(hash >> 32);

	for (uint32_t at = map_home(map, tag);; at = (at + 1) & map->mask) {
		struct map_cell cell = map->cells[at];
		struct map_node *node;

		if (cell.slot == MAP_NONE)
			return NULL;
		if (cell.tag != tag)
			continue;
		node = map_node_at(map, cell.slot);
		if (node->hash == hash && (same == NULL || same(node + 1, key)))
			return node + 1;
	}
}

static __attribute__((noinline)) void *map_find_same(const struct map *map, uint64_t hash, struct span key)
{
	return map_look(map, hash, key, map->options.same);
}

/* Where nothing is called, as for messages, it takes half the instructions: so that is compiled by itself. */
void *map_find(const struct map *map, uint64_t hash, struct span key)
{
	return map->options.same == NULL ? map_look(map, hash, key, NULL) : map_find_same(map, hash, key);
}

static void map_cell_put(struct map *map, struct map_cell cell)
{
	uint32_t at = map_home(map, cell.tag);

	while (map->cells[at].slot != MAP_NONE)
		at = (at + 1) & map->mask;
	map->cells[at] = cell;
}

static void map_grow(struct map *map)
{
	struct map_cell *old = map->cells;
	size_t count = (size_t)1 << map->bits;

	map_cells_new(map, map->bits + 1);
	for (size_t i = 0; i < count; i++)
		if (old[i].slot != MAP_NONE)
			map_cell_put(map, old[i]);
	free(old);
}

/* Free the cell of SLOT, then move up those behind it that were pushed past their home by it. */
static void map_cell_drop(struct map *map, uint32_t tag, uint32_t slot)
{
	uint32_t mask = map->mask, hole = map_home(map, tag);

	while (map->cells[hole].slot != slot)
		hole = (hole + 1) & mask;
	for (uint32_t at = (hole + 1) & mask; map->cells[at].slot != MAP_NONE; at = (at + 1) & mask) {
		uint32_t home = map_home(map, map->cells[at].tag);

		if (((at - home) & mask) >= ((at - hole) & mask)) {
			map->cells[hole] = map->cells[at];
			hole = at;
		}
	}
	map->cells[hole].slot = MAP_NONE;
}

static void map_link_newest(struct map *map, struct map_node *node, uint32_t slot)
{
	node->newer = MAP_NONE;
	node->older = map->newest;
	if (map->newest != MAP_NONE)
		map_node_at(map, map->newest)->newer = slot;
	else
		map->oldest = slot;
	map->newest = slot;
}

static void map_unlink(struct map *map, const struct map_node *node)
{
	if (node->newer != MAP_NONE)
		map_node_at(map, node->newer)->older = node->older;
	else
		map->newest = node->older;
	if (node->older != MAP_NONE)
		map_node_at(map, node->older)->newer = node->newer;
	else
		map->oldest = node->newer;
}

/* A slot is not stored with its record: the newer neighbour knows it. */
static inline uint32_t map_node_slot(const struct map *map, const struct map_node *node)
{
	return node->newer == MAP_NONE ? map->newest : map_node_at(map, node->newer)->older;
}

static uint32_t map_slot_new(struct map *map)
{
	uint32_t slot = map->free_slot;

	if (slot != MAP_NONE) {
		map->free_slot = map_node_at(map, slot)->newer;
		return slot;
	}
	slot = map->slots++;
	if (slot >> map->chunk_bits == map->chunk_count) {
		if ((map->chunk_count & (map->chunk_count - 1)) == 0)
			map->chunks = memory_grow(map->chunks,
						  map->chunk_count == 0 ? 1 : 2 * map->chunk_count,
						  sizeof(*map->chunks));
		map->chunks[map->chunk_count++] = memory_lines(map->stride << map->chunk_bits);
	}
	return slot;
}

void *map_add(struct map *map, uint64_t hash)
{
	struct map_node *node;
	uint32_t slot;

	if (map->count >= map->options.most) {
		void *oldest = map_oldest(map);

		if (map->options.evicted != NULL)
			map->options.evicted(map->options.context, oldest);
		map_remove(map, oldest);
		map->evicted++;
	}
	if (map->bits < 32 && (uint64_t)map->count * 4 >= (UINT64_C(3) << map->bits))
		map_grow(map);
	slot = map_slot_new(map);
	node = map_node_at(map, slot);
	memset(node, 0, map->stride);
	node->hash = hash;
	map_link_newest(map, node, slot);
	map_cell_put(map, (struct map_cell){ (uint32_t)(hash >> 32), slot });
	map->count++;
	map->added++;
	return node + 1;
}

void map_touch(struct map *map, void *record)
{
	struct map_node *node = map_node_of(record);
	uint32_t slot;

	if (node->newer == MAP_NONE)
		return;
	slot = map_node_slot(map, node);
	map_unlink(map, node);
	map_link_newest(map, node, slot);
}

void map_remove(struct map *map, void *record)
{
	struct map_node *node = map_node_of(record);
	uint32_t slot = map_node_slot(map, node);

	assert(map->count > 0);
	map_cell_drop(map, (uint32_t)(node->hash >> 32), slot);
	map_unlink(map, node);
	node->newer = map->free_slot;
	map->free_slot = slot;
	map->count--;
}

uint64_t map_hash(const void *record)
{
	return map_node_of(record)->hash;
}

void *map_oldest(const struct map *map)
{
	return map->oldest == MAP_NONE ? NULL : map_at(map, map->oldest);
}

void *map_newer(const struct map *map, const void *record)
{
	uint32_t newer = map_node_of(record)->newer;

	return newer == MAP_NONE ? NULL : map_at(map, newer);
}

uint32_t map_slot(const struct map *map, const void *record)
{
	return map_node_slot(map, map_node_of(record));
}

void *map_at(const struct map *map, uint32_t slot)
{
	assert(slot < map->slots);
	return map_node_at(map, slot) + 1;
}

struct map_stats map_stats(const struct map *map)
{
	return (struct map_stats){
		.count = map->count,
		.added = map->added,
		.evicted = map->evicted,
		.bytes = sizeof(*map) + (sizeof(*map->cells) << map->bits) +
			 (size_t)map->chunk_count * ((map->stride << map->chunk_bits) + sizeof(*map->chunks)),
	};
}
