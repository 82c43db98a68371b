/* Hash and record, one after another, behind their number and size. */
#include "base/map_pack.h"

void map_pack(const struct map *map, size_t size, struct text *into)
{
	pack_number(into, size);
	pack_number(into, map == NULL ? 0 : map_stats(map).count);
	if (map == NULL)
		return;
	for (const void *record = map_oldest(map); record != NULL; record = map_newer(map, record)) {
		pack_number(into, map_hash(record));
		text_add(into, (struct span){ record, size });
	}
}

bool map_unpack(struct map *map, size_t size, bool (*sound)(void *record), struct unpack *from)
{
	uint64_t same = unpack_number(from), count = unpack_number(from);

	if (same != size || count > from->rest.len / size)
		from->broken = true;
	for (uint64_t i = 0; i < count && !from->broken; i++) {
		uint64_t hash = unpack_number(from);
		void *record;

		if (from->rest.len < size)
			from->broken = true;
		if (from->broken)
			break;
		record = map_add(map, hash);
		memcpy(record, from->rest.at, size);
		from->rest = span_from(from->rest, size);
		if (sound != NULL && !sound(record))
			from->broken = true;
	}
	return !from->broken;
}
