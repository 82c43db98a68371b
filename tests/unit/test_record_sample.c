/* Of who wrote to more than are remembered one by one: lists are known again, whatever their length, others are not. */
#include "detectors/record.h"
#include "detectors/record_sample.h"

#include "base/hash.h"
#include "base/text.h"
#include "detectors/record_pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define START (USEC_DAY * 20000)

static uint32_t address(uint32_t number)
{
	return (uint32_t)hash_stable((struct span){ (const char *)&number, sizeof(number) });
}

/* One message each to COUNT addresses from FIRST on; how many of them are called strangers. */
static uint32_t issue(struct record *record, usec_t time, uint32_t first, uint32_t count)
{
	uint32_t strangers = 0;
	struct habit_day day;

	if (record_due(record, time))
		record_close(record, time, 18, &day);
	for (uint32_t i = 0; i < count; i++) {
		const struct delta delta = {
			.kind = DELTA_ATTEMPT,
			.time = time + i * USEC_SECOND,
			.count = 1,
			.elsewhere = true,
			.outcome = COUNT_DELIVERED,
			.message = i + 1,
			.recipient = address(first + i),
		};
		struct applied applied;

		record_apply(record, &delta, &applied);
		strangers += applied.stranger;
	}
	return strangers;
}

static void test_readers_are_known_whatever_their_number(void **state)
{
	static const uint32_t lists[] = { 100, 300, 400, 600, 1200, 5000, 40000 };

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct record record = { .hash = 5 };

		assert_int_equal(issue(&record, START, 0, lists[i]), lists[i]);
		for (int week = 1; week < 5; week++)
			assert_true(issue(&record, START + week * 7 * USEC_DAY, 0, lists[i]) <=
				    lists[i] / 10);
		record_free(&record);
	}
}

/* Another list of the same account's is new, and told so from its first address on: it is another day. */
static void test_another_list_is_of_strangers(void **state)
{
	struct record record = { .hash = 5 };

	(void)state;
	issue(&record, START, 0, 5000);
	issue(&record, START + 7 * USEC_DAY, 0, 5000);
	assert_int_equal(issue(&record, START + 8 * USEC_DAY, 10000, 30), 30);
	assert_true(issue(&record, START + 9 * USEC_DAY, 20000, 3000) > 2990);
	/* On the same day it is noticed after a few. */
	issue(&record, START + 14 * USEC_DAY, 0, 2000);
	assert_true(issue(&record, START + 14 * USEC_DAY + USEC_HOUR, 30000, 1000) > 800);
	record_free(&record);
}

/* Readers of whom a tenth is new with each issue. */
static void test_the_share_of_new_ones_is_right(void **state)
{
	struct record record = { .hash = 5 };
	uint32_t strangers = 0;

	(void)state;
	for (uint32_t week = 0; week < 21; week++) {
		uint32_t found = issue(&record, START + week * 7 * USEC_DAY, week * 300, 3000);

		strangers += week == 0 ? 0 : found;
	}
	assert_in_range(strangers, 20 * 200, 20 * 400);
	record_free(&record);
}

/* Whoever knows one reader gains little by choosing strangers that are not in the sample. */
static void test_one_reader_does_not_vouch_for_a_list(void **state)
{
	struct record_sample sample;
	uint32_t inside = 0, known = 0, asked = 0;

	(void)state;
	sample_begin(&sample, NULL, 0);
	for (uint32_t i = 0; i < 2000; i++)
		sample_add(&sample, address(i));
	while (!sample_knows(&sample, address(inside)))
		inside++;
	for (uint32_t i = 100000; asked < 2000; i++) {
		if (address(i) >> (32 - sample.level) == 0)
			continue;
		asked++;
		known += sample_knows(&sample, address(i));
	}
	assert_true(known > 0 && known <= 4U << sample.level);
}

static void test_it_is_about_as_many_as_there_were(void **state)
{
	struct record record = { .hash = 5 };

	(void)state;
	issue(&record, START, 0, 200);
	assert_in_range(record_correspondents(&record), 190, 200);
	issue(&record, START + USEC_DAY, 0, 20000);
	assert_in_range(record_correspondents(&record), 16000, 24000);
	record_free(&record);
}

static void test_what_is_flagged_teaches_nothing(void **state)
{
	struct record record = { .hash = 5 };

	(void)state;
	issue(&record, START, 0, 1000);
	record.standing.state = STATE_FLAGGED;
	issue(&record, START + USEC_HOUR, 10000, 5000);
	record.standing.state = STATE_NORMAL;
	assert_true(issue(&record, START + 3 * USEC_DAY, 10000, 1000) > 990);
	assert_true(issue(&record, START + 4 * USEC_DAY, 0, 1000) < 100);
	record_free(&record);
}

static void test_it_is_kept_with_the_record(void **state)
{
	struct record record = { .hash = 5 }, other = { .hash = 5 };
	struct text once = { 0 }, twice = { 0 };

	(void)state;
	issue(&record, START, 0, 3000);
	record_pack(&record, &once);
	assert_true(record_unpack(&other, text_span(&once)));
	record_pack(&other, &twice);
	assert_int_equal(once.len, twice.len);
	assert_memory_equal(once.at, twice.at, once.len);
	assert_int_equal(record_bytes(&record) - windows_bytes(&record.windows),
			 record_bytes(&other) - windows_bytes(&other.windows));
	assert_true(issue(&other, START + USEC_DAY, 0, 3000) < 300);
	record_free(&record);
	record_free(&other);
	text_free(&once);
	text_free(&twice);
}

static void test_what_cannot_be_is_not_sound(void **state)
{
	struct record_sample sample, bad;

	(void)state;
	sample_begin(&sample, NULL, 0);
	for (uint32_t i = 0; i < 1000; i++)
		sample_add(&sample, address(i));
	assert_true(sample_sound(&sample));
	for (int way = 0; way < 6; way++) {
		uint32_t at = 0;

		bad = sample;
		while (bad.hashes[at] == 0)
			at++;
		switch (way) {
		case 0:
			bad.level = SAMPLE_LEVELS + 1;
			break;
		case 1:
			bad.level = 0;
			break;
		case 2:
			bad.used++;
			break;
		case 3:
			bad.covered = UINT16_MAX;
			break;
		case 4: /* outside */
			bad.hashes[at] |= UINT32_C(1) << 31;
			break;
		default: /* in another's bucket */
			bad.hashes[at] ^= 1;
		}
		assert_false(sample_sound(&bad));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers_are_known_whatever_their_number),
		cmocka_unit_test(test_another_list_is_of_strangers),
		cmocka_unit_test(test_the_share_of_new_ones_is_right),
		cmocka_unit_test(test_one_reader_does_not_vouch_for_a_list),
		cmocka_unit_test(test_it_is_about_as_many_as_there_were),
		cmocka_unit_test(test_what_is_flagged_teaches_nothing),
		cmocka_unit_test(test_it_is_kept_with_the_record),
		cmocka_unit_test(test_what_cannot_be_is_not_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
