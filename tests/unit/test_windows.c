/* Windows: what they count, when they forget, and that order does not matter. */
#include "detectors/windows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define START (USEC_DAY * 20000)

static const struct counts one = { .n = { [COUNT_RECIPIENTS] = 1, [COUNT_STRANGERS] = 1 } };

static void test_each_horizon_forgets_in_its_time(void **state)
{
	static const struct {
		usec_t later;
		uint32_t expected[HORIZONS];
	} rows[] = {
		{ 0, { 1, 1, 1, 1 } },
		{ 4 * USEC_MINUTE, { 1, 1, 1, 1 } },
		{ 6 * USEC_MINUTE, { 0, 1, 1, 1 } },
		{ 59 * USEC_MINUTE, { 0, 1, 1, 1 } },
		{ 66 * USEC_MINUTE, { 0, 0, 1, 1 } },
		{ 24 * USEC_HOUR, { 0, 0, 1, 1 } },
		{ 26 * USEC_HOUR, { 0, 0, 0, 1 } },
		{ 7 * USEC_DAY, { 0, 0, 0, 1 } },
		{ 8 * USEC_DAY, { 0, 0, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct windows windows = { 0 };
		struct counts sums[HORIZONS];

		windows_add(&windows, START, START, &one);
		windows_sum(&windows, START + rows[i].later, sums);
		for (int h = 0; h < HORIZONS; h++)
			assert_int_equal(sums[h].n[COUNT_RECIPIENTS], rows[i].expected[h]);
		windows_free(&windows);
	}
}

static void test_a_late_line_counts_in_its_own_slot(void **state)
{
	struct windows windows = { 0 };
	struct counts sums[HORIZONS];

	(void)state;
	windows_add(&windows, START, START, &one);
	windows_add(&windows, START, START - 30 * USEC_MINUTE, &one);
	windows_add(&windows, START, START - 9 * USEC_DAY, &one);
	windows_sum(&windows, START, sums);
	assert_int_equal(sums[HORIZON_5M].n[COUNT_RECIPIENTS], 1);
	assert_int_equal(sums[HORIZON_1H].n[COUNT_RECIPIENTS], 2);
	assert_int_equal(sums[HORIZON_7D].n[COUNT_RECIPIENTS], 2);
	assert_true(windows_since(&windows, START, HORIZON_1H, COUNT_STRANGERS) <= START - 30 * USEC_MINUTE);
	windows_free(&windows);
}

static void test_a_busy_month_takes_no_more_slots_than_the_windows_have(void **state)
{
	struct windows windows = { 0 };
	struct counts sums[HORIZONS];

	(void)state;
	for (int minute = 0; minute < 30 * 24 * 60; minute++)
		windows_add(&windows, START + minute * USEC_MINUTE, START + minute * USEC_MINUTE, &one);
	windows_sum(&windows, START + (30 * 24 * 60 - 1) * USEC_MINUTE, sums);
	assert_int_equal(sums[HORIZON_5M].n[COUNT_RECIPIENTS], 6);
	assert_int_equal(sums[HORIZON_1H].n[COUNT_RECIPIENTS], 65);
	assert_int_equal(sums[HORIZON_24H].n[COUNT_RECIPIENTS], 25 * 60);
	assert_int_equal(sums[HORIZON_7D].n[COUNT_RECIPIENTS], 8 * 24 * 60);
	assert_true(windows.used <= 52);
	assert_int_equal(windows_hours(&windows, START + (30 * 24 * 60 - 1) * USEC_MINUTE, COUNT_STRANGERS),
			 25);
	windows_trim(&windows, START + 60 * USEC_DAY);
	assert_null(windows.slots);
}

/* Counters that grow past 16 bits, and past 32, are what plain sums are. */
static void test_counts_of_any_size_are_exact(void **state)
{
	static const uint32_t steps[] = { 1,      0x7ffe,  1,     0x7fff,     0x8000, 3,
					  0xffff, 0x10000, 70000, 0x7fffffff, 9 };
	struct windows windows = { 0 };
	uint32_t plain = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct counts more = { .n = { [COUNT_MESSAGES] = steps[i], [COUNT_ABROAD] = 1 } };
		usec_t now = START + (usec_t)i * 20 * USEC_SECOND;
		struct counts sums[HORIZONS];

		windows_add(&windows, now, now, &more);
		plain += steps[i];
		windows_sum(&windows, now, sums);
		for (int h = 0; h < HORIZONS; h++) {
			assert_int_equal(sums[h].n[COUNT_MESSAGES], plain);
			assert_int_equal(sums[h].n[COUNT_ABROAD], i + 1);
			assert_int_equal(sums[h].n[COUNT_STRANGERS], 0);
		}
	}
	assert_true(windows.wide);
	windows_free(&windows);
	assert_false(windows.wide);
}

static uint32_t random_of(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Narrow slots and wide ones are the same but for their room: late lines, forgetting and keeping included. */
static void test_both_widths_count_alike(void **state)
{
	struct windows narrow = { 0 }, wide = { .wide = true };
	uint32_t seed = 1;
	usec_t now = START;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct counts more = { { 0 } }, one_sum[HORIZONS], other_sum[HORIZONS];
		usec_t late = random_of(&seed) % 8 == 0 ? random_of(&seed) % 90 * USEC_MINUTE : 0;

		now += random_of(&seed) % 40 * USEC_SECOND;
		more.n[random_of(&seed) % COUNTERS] = random_of(&seed) % 5;
		windows_add(&narrow, now, now - late, &more);
		windows_add(&wide, now, now - late, &more);
		if (i % 1000 == 999) {
			windows_trim(&narrow, now);
			windows_trim(&wide, now);
		}
		windows_sum(&narrow, now, one_sum);
		windows_sum(&wide, now, other_sum);
		assert_memory_equal(one_sum, other_sum, sizeof(one_sum));
		assert_int_equal(narrow.used, wide.used);
		for (unsigned at = 0; i % 100 == 0 && at < narrow.used; at++) {
			struct counts one_slot, other_slot;

			assert_int_equal(windows_at(&narrow, at, &one_slot),
					 windows_at(&wide, at, &other_slot));
			assert_memory_equal(&one_slot, &other_slot, sizeof(one_slot));
		}
	}
	assert_false(narrow.wide);
	assert_true(windows_bytes(&narrow) < windows_bytes(&wide) * 6 / 10);
	windows_free(&narrow);
	windows_free(&wide);
}

/* What is late, trimmed or used again is counted where a plain list of all that happened has it. */
static void test_sums_are_those_of_a_plain_list(void **state)
{
	static const usec_t widths[HORIZONS] = { USEC_MINUTE, 5 * USEC_MINUTE, USEC_HOUR, USEC_DAY };
	static const int64_t slots[HORIZONS] = { 5, 12, 24, 7 };
	static usec_t times[4000];
	struct windows windows = { 0 };
	uint32_t seed = 7;
	usec_t now = START;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		struct counts sums[HORIZONS];

		now += random_of(&seed) % (random_of(&seed) % 16 == 0 ? 2000 : 3) * USEC_MINUTE;
		times[i] = now - (random_of(&seed) % 4 == 0 ? random_of(&seed) % 9000 * USEC_MINUTE : 0);
		windows_add(&windows, now, times[i], &one);
		if (random_of(&seed) % 64 == 0)
			windows_trim(&windows, now);
		assert_true(windows_sound(&windows, now));
		windows_sum(&windows, now, sums);
		for (int h = 0; h < HORIZONS; h++) {
			uint32_t plain = 0;

			for (int j = 0; j <= i; j++)
				plain += times[j] / widths[h] + slots[h] >= now / widths[h];
			assert_int_equal(sums[h].n[COUNT_RECIPIENTS], plain);
		}
	}
	windows_free(&windows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_horizon_forgets_in_its_time),
		cmocka_unit_test(test_a_late_line_counts_in_its_own_slot),
		cmocka_unit_test(test_a_busy_month_takes_no_more_slots_than_the_windows_have),
		cmocka_unit_test(test_counts_of_any_size_are_exact),
		cmocka_unit_test(test_both_widths_count_alike),
		cmocka_unit_test(test_sums_are_those_of_a_plain_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
