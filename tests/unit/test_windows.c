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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_horizon_forgets_in_its_time),
		cmocka_unit_test(test_a_late_line_counts_in_its_own_slot),
		cmocka_unit_test(test_a_busy_month_takes_no_more_slots_than_the_windows_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
