/* The bounded table against a plain array that does the same slowly, and its promises one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/map.h"

struct record {
	uint64_t key;
	uint64_t value;
};

static bool record_same(const void *record, struct span key)
{
	uint64_t want;

	memcpy(&want, key.at, sizeof(want));
	return ((const struct record *)record)->key == want;
}

static struct span key_span(const uint64_t *key)
{
	union {
		const uint64_t *from;
		const char *to;
	} cast = { .from = key };

	return (struct span){ cast.to, sizeof(*key) };
}

/* Only 16 different hashes in the upper half, so that cells are pushed on and shifted back all the time. */
static uint64_t poor_hash(uint64_t key)
{
	return (key % 16) * UINT64_C(0x1111111100000001);
}

static void behaves_like_a_plain_list(void **state)
{
	enum { KEYS = 300, STEPS = 60000 };
	struct map *map = map_new(
		&(struct map_options){ .record_size = sizeof(struct record), .same = record_same });
	uint64_t shadow[KEYS] = { 0 }, random = 7;
	uint32_t count = 0;

	(void)state;
	for (uint64_t step = 1; step <= STEPS; step++) {
		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		uint64_t key = (random >> 33) % KEYS;
		struct record *record = map_find(map, poor_hash(key), key_span(&key));

		assert_int_equal(record != NULL, shadow[key] != 0);
		if (record == NULL) {
			record = map_add(map, poor_hash(key));
			assert_int_equal(record->value, 0);
			*record = (struct record){ key, step };
			shadow[key] = step;
			count++;
		} else if ((random >> 20) % 2 == 0) {
			assert_int_equal(record->value, shadow[key]);
			map_remove(map, record);
			shadow[key] = 0;
			count--;
		} else {
			map_touch(map, record);
		}
		assert_int_equal(map_stats(map).count, count);
	}
	map_free(&map);
	assert_null(map);
}

struct gone {
	uint64_t keys[8];
	size_t count;
};

static void note_gone(void *context, void *record)
{
	struct gone *gone = context;

	if (gone->count < 8)
		gone->keys[gone->count] = ((struct record *)record)->key;
	gone->count++;
}

static void evicts_the_longest_unused(void **state)
{
	struct gone gone = { .count = 0 };
	struct map *map = map_new(&(struct map_options){
		.record_size = sizeof(struct record), .most = 3, .evicted = note_gone, .context = &gone });
	struct record *first;

	(void)state;
	for (uint64_t key = 1; key <= 3; key++)
		((struct record *)map_add(map, key << 32))->key = key;
	first = map_find(map, UINT64_C(1) << 32, (struct span){ NULL, 0 });
	map_touch(map, first);
	((struct record *)map_add(map, UINT64_C(4) << 32))->key = 4;
	((struct record *)map_add(map, UINT64_C(5) << 32))->key = 5;
	assert_int_equal(gone.count, 2);
	assert_int_equal(gone.keys[0], 2);
	assert_int_equal(gone.keys[1], 3);
	assert_int_equal(map_stats(map).evicted, 2);
	assert_ptr_equal(map_oldest(map), first);
	assert_int_equal(((struct record *)map_newer(map, first))->key, 4);
	assert_null(map_find(map, UINT64_C(2) << 32, (struct span){ NULL, 0 }));
	map_free(&map);
}

static void records_stay_where_they_are(void **state)
{
	enum { MANY = 100000 };
	struct map *map = map_new(&(struct map_options){ .record_size = sizeof(struct record) });
	struct record *first = map_add(map, 1);
	size_t found = 0;

	(void)state;
	first->key = 42;
	for (uint64_t key = 2; key <= MANY; key++) {
		uint64_t hash = hash_stable(key_span(&key));

		((struct record *)map_add(map, hash))->key = key;
	}
	assert_int_equal(first->key, 42);
	assert_ptr_equal(map_find(map, 1, (struct span){ NULL, 0 }), first);
	for (uint64_t key = 2; key <= MANY; key++) {
		uint64_t hash = hash_stable(key_span(&key));
		struct record *record = map_find(map, hash, (struct span){ NULL, 0 });

		assert_non_null(record);
		assert_int_equal(map_hash(record), hash);
		assert_ptr_equal(map_at(map, map_slot(map, record)), record);
		found += record->key == key;
	}
	assert_int_equal(found, MANY - 1);
	/* 16 bytes of order and 8 to 22 of cells a record, beside the record itself. */
	assert_true(map_stats(map).bytes < MANY * (sizeof(struct record) + 40));
	map_free(&map);
}

static void slots_are_used_again(void **state)
{
	struct map *map = map_new(&(struct map_options){ .record_size = 1 });
	size_t bytes;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		map_add(map, i << 40);
	bytes = map_stats(map).bytes;
	for (uint64_t i = 1000; i < 100000; i++) {
		map_remove(map, map_oldest(map));
		map_add(map, i << 40);
	}
	assert_int_equal(map_stats(map).bytes, bytes);
	assert_int_equal(map_stats(map).count, 1000);
	map_free(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behaves_like_a_plain_list),
		cmocka_unit_test(evicts_the_longest_unused),
		cmocka_unit_test(records_stay_where_they_are),
		cmocka_unit_test(slots_are_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
