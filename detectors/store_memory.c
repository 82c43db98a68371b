/*
 * The store of one server and of every replay: records in a bounded table, by the hash of the account's
 * name. Hashes are stable rather than seeded, so that eviction and walks go the same way in every run; where
 * two names share one, which can be made so, a second hash that nobody else knows tells them apart, or
 * where that could be made too, the names themselves.
 */
#include "detectors/store.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

static_assert(sizeof(struct record) == 5 * 64 - 16,
	      "a record and what the map has of it are whole lines of the cache");

struct store_memory {
	struct store store;
	struct map *map;
	uint64_t applied;
	bool evicted; /* somebody made room: notes may be of records that are others' now */
};

static struct store_memory *memory_of(struct store *store)
{
	return (struct store_memory *)store;
}

/* The name itself stands elsewhere, and waiting for it was a twentieth of judging: only unusual ones are compared. */
static bool same_account(const void *record, struct span key)
{
	const struct record *account = record;

	return account->check == hash_text(key) &&
	       (hash_text_is_secret(key.len) || span_equal(span_of(account->name), key));
}

static void record_evicted(void *context, void *record)
{
	struct store *store = context;

	memory_of(store)->evicted = true;
	if (store->evicted != NULL)
		store->evicted(store->context, record);
	record_free(record);
}

static struct record *memory_record(struct store *store, struct span account, bool make)
{
	struct map *map = memory_of(store)->map;
	uint64_t hash = hash_stable(account);
	struct record *record = map_find(map, hash, account);

	if (record == NULL && make) {
		record = map_add(map, hash);
		record->name = memory_copy(account);
		record->hash = hash;
		record->check = hash_text(account);
		record->place = map_slot(map, record);
	}
	return record;
}

static void memory_soon(const struct store *store, struct span account)
{
	map_prefetch(((const struct store_memory *)store)->map, hash_stable(account));
}

/*
 * The attempts of a message follow its submission: its account's name need not be hashed, looked for in the table and
 * compared again each time, which is 150 instructions and three lines of memory. Once somebody had to make room,
 * which takes millions of accounts, nothing is made of notes any more.
 */
static struct record *memory_noted(struct store *store, struct span account, uint32_t *note)
{
	const struct store_memory *memory = memory_of(store);
	struct record *record;

	if (*note != 0 && !memory->evicted)
		return map_at(memory->map, *note - 1);
	record = memory_record(store, account, true);
	*note = record->place + 1;
	return record;
}

static void memory_apply(struct store *store, struct record *record, const struct delta *delta,
			 uint32_t source, uint64_t position, struct applied *applied_r)
{
	(void)source; /* lines are read once here: a restart resumes where the snapshot ends */
	(void)position;
	memory_of(store)->applied++;
	/* Who was used lately is among the newest: moving it to the very front touches three more. */
	if (delta->time >= record->now + STORE_ORDER)
		map_touch(memory_of(store)->map, record);
	record_apply(record, delta, applied_r);
}

static void memory_keep(struct store *store, struct record *record)
{
	(void)store;
	(void)record; /* it is kept where it stands */
}

static struct record *memory_next(struct store *store, const struct record *after)
{
	struct map *map = memory_of(store)->map;

	return after == NULL ? map_oldest(map) : map_newer(map, after);
}

static struct store_stats memory_stats(const struct store *store)
{
	const struct store_memory *memory = (const struct store_memory *)store;
	struct map_stats stats = map_stats(memory->map);

	return (struct store_stats){
		.records = stats.count,
		.evicted = stats.evicted,
		.applied = memory->applied,
		.bytes = stats.bytes,
	};
}

static void memory_free_all(struct store *store)
{
	struct store_memory *memory = memory_of(store);

	for (struct record *record = map_oldest(memory->map); record != NULL;
	     record = map_newer(memory->map, record))
		record_free(record);
	map_free(&memory->map);
	free(memory);
}

static const struct store_calls memory_calls = {
	.name = "memory",
	.record = memory_record,
	.noted = memory_noted,
	.apply = memory_apply,
	.keep = memory_keep,
	.next = memory_next,
	.stats = memory_stats,
	.free = memory_free_all,
	.soon = memory_soon,
};

struct store *store_memory_new(uint32_t most)
{
	struct store_memory *memory = memory_new(1, sizeof(*memory));
	struct map_options options = {
		.record_size = sizeof(struct record),
		.most = most,
		.same = same_account,
		.evicted = record_evicted,
		.context = memory,
	};

	memory->store.calls = &memory_calls;
	memory->map = map_new(&options);
	return &memory->store;
}
