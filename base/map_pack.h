/*
 * A table as bytes, for this same program on this same machine to read again: its records as they stand in
 * memory, which must hold no pointers, in the order of their use.
 */
#ifndef SENDWATCH_BASE_MAP_PACK_H
#define SENDWATCH_BASE_MAP_PACK_H

#include "base/map.h"
#include "base/pack.h"

/* SIZE is that of the map's records. MAP may be NULL: an empty one. */
void map_pack(const struct map *map, size_t size, struct text *into);

/* Into MAP, which is empty. SOUND may refuse (and mend) a record. On failure the map has some of them. */
bool map_unpack(struct map *map, size_t size, bool (*sound)(void *record), struct unpack *from);

#endif
