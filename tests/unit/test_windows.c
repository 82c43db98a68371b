/* Windows: what they count, when they forget, and that order does not matter. */
#include "detectors/windows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define START (USEC_DAY * 20000)

#define ONE (MARK(COUNT_RECIPIENTS) | MARK(COUNT_STRANGERS))

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

		windows_add(&windows, START, START, ONE, 1);
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
	windows_add(&windows, START, START, ONE, 1);
	windows_add(&windows, START, START - 30 * USEC_MINUTE, ONE, 1);
	windows_add(&windows, START, START - 9 * USEC_DAY, ONE, 1);
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
		windows_add(&windows, START + minute * USEC_MINUTE, START + minute * USEC_MINUTE, ONE, 1);
	windows_sum(&windows, START + (30 * 24 * 60 - 1) * USEC_MINUTE, sums);
	assert_int_equal(sums[HORIZON_5M].n[COUNT_RECIPIENTS], 6);
	assert_int_equal(sums[HORIZON_1H].n[COUNT_RECIPIENTS], 65);
	assert_int_equal(sums[HORIZON_24H].n[COUNT_RECIPIENTS], 25 * 60);
	assert_int_equal(sums[HORIZON_7D].n[COUNT_RECIPIENTS], 8 * 24 * 60);
	assert_true(windows.used <= WINDOW_SLOTS);
	assert_int_equal(windows_hours(&windows, START + (30 * 24 * 60 - 1) * USEC_MINUTE, COUNT_STRANGERS),
			 25);
	windows_trim(&windows, START + 60 * USEC_DAY);
	assert_null(windows.slots);
}

/* Counters that grow past 8 bits, past 16 and past 32 are what plain sums are. */
static void test_counts_of_any_size_are_exact(void **state)
{
	static const uint32_t steps[] = { 1,      0x7e,   2, 0xfe,   1,       0x100, 0x7ffe,     1,
					  0x7fff, 0x8000, 3, 0xffff, 0x10000, 70000, 0x7fffffff, 9 };
	struct windows windows = { 0 };
	uint32_t plain = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		usec_t now = START + (usec_t)i * 17 * USEC_SECOND;
		struct counts sums[HORIZONS];

		windows_add(&windows, now, now, MARK(COUNT_SUBMITTED) | MARK(COUNT_ABROAD), steps[i]);
		plain += steps[i];
		windows_sum(&windows, now, sums);
		for (int h = 0; h < HORIZONS; h++) {
			assert_int_equal(sums[h].n[COUNT_SUBMITTED], plain);
			assert_int_equal(sums[h].n[COUNT_ABROAD], i + 1);
			assert_int_equal(sums[h].n[COUNT_STRANGERS], 0);
		}
	}
	assert_int_equal(windows.width, 2);
	windows_free(&windows);
	assert_int_equal(windows.width, 0);
}

static uint32_t random_of(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Slots are the same but for their room, whatever their width: late lines, forgetting and keeping included. */
/* One by one past what a byte holds: whichever of them is full first, all are counted. */
static void test_counters_rise_one_by_one(void **state)
{
	const uint32_t first = MARK(COUNT_RECIPIENTS) | MARK(COUNT_DELIVERED) | MARK(COUNT_AWAY);
	struct windows windows = { 0 };
	struct counts sums[HORIZONS];

	(void)state;
	for (uint32_t i = 0; i < 700; i++)
		windows_add(&windows, START, START,
			    i < 200 ? first : first | MARK(COUNT_MESSAGES) | MARK(COUNT_INVALID), 1);
	windows_sum(&windows, START, sums);
	for (enum counter i = 0; i < COUNTERS; i++) {
		uint32_t wanted = (first >> i & 1) != 0                       ? 700
				  : i == COUNT_MESSAGES || i == COUNT_INVALID ? 500
									      : 0;

		assert_int_equal(sums[HORIZON_5M].n[i], wanted);
	}
	windows_free(&windows);
}

static void test_all_widths_count_alike(void **state)
{
	struct windows narrow = { 0 }, wide[2] = { { .width = 1 }, { .width = 2 } };
	uint32_t seed = 1;
	usec_t now = START;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct counts one_sum[HORIZONS], other_sum[HORIZONS];
		usec_t late = random_of(&seed) % 8 == 0 ? random_of(&seed) % 90 * USEC_MINUTE : 0;
		uint32_t marks = MARK(random_of(&seed) % COUNTERS) | MARK(random_of(&seed) % COUNTERS);
		uint32_t count = random_of(&seed) % 5;

		now += random_of(&seed) % 40 * USEC_SECOND;
		windows_add(&narrow, now, now - late, marks, count);
		if (i % 1000 == 999)
			windows_trim(&narrow, now);
		windows_sum(&narrow, now, one_sum);
		for (size_t w = 0; w < 2; w++) {
			windows_add(&wide[w], now, now - late, marks, count);
			if (i % 1000 == 999)
				windows_trim(&wide[w], now);
			windows_sum(&wide[w], now, other_sum);
			assert_memory_equal(one_sum, other_sum, sizeof(one_sum));
			assert_int_equal(narrow.used, wide[w].used);
			for (unsigned one_at = 0, other_at = 0; i % 100 == 0;) {
				struct counts one_slot, other_slot;
				uint32_t one_key = 0, other_key = 0;
				bool more = windows_next(&narrow, now, &one_at, &one_key, &one_slot);

				assert_int_equal(
					windows_next(&wide[w], now, &other_at, &other_key, &other_slot),
					more);
				assert_int_equal(one_key, other_key);
				if (!more)
					break;
				assert_memory_equal(&one_slot, &other_slot, sizeof(one_slot));
			}
		}
	}
	/* The busiest day had more than a byte holds, and less than two. */
	assert_int_equal(narrow.width, 1);
	assert_int_equal(wide[1].width, 2);
	windows_free(&narrow);
	windows_free(&wide[0]);
	windows_free(&wide[1]);
}

/* --- against a plain list of all that happened --- */

struct happened {
	usec_t time;
	uint32_t marks;
};

static const usec_t widths[HORIZONS] = { USEC_MINUTE, 5 * USEC_MINUTE, USEC_HOUR, USEC_DAY };
static const int64_t slots[HORIZONS] = { 5, 12, 24, 7 };

static bool reaches(usec_t now, usec_t time, int h)
{
	return time / widths[h] + slots[h] >= now / widths[h];
}

/* Kept elsewhere and fetched back they are the same, and no more than a horizon of each width has. */
static void copy_is_the_same(const struct windows *windows, usec_t now)
{
	struct counts counts, sums[HORIZONS], copied[HORIZONS];
	struct windows copy;
	unsigned at = 0;
	uint32_t key;

	windows_make(&copy, (uint8_t)windows_count(windows, now));
	while (windows_next(windows, now, &at, &key, &counts)) {
		windows_put(&copy, key);
		for (int c = 0; c < COUNTERS; c++)
			if (counts.n[c] > 0)
				windows_set(&copy, (enum counter)c, counts.n[c]);
	}
	assert_int_equal(copy.used, copy.room);
	assert_true(copy.used <= 52);
	assert_true(windows_sound(&copy, now));
	windows_sum(windows, now, sums);
	windows_sum(&copy, now, copied);
	assert_memory_equal(sums, copied, sizeof(sums));
	windows_free(&copy);
}

static void sums_are_the_lists(const struct windows *windows, usec_t now, const struct happened *list,
			       int count)
{
	struct counts sums[HORIZONS], plain[HORIZONS] = { { { 0 } } };
	usec_t since[HORIZONS] = { USEC_NEVER, USEC_NEVER, USEC_NEVER, USEC_NEVER };

	for (int j = 0; j < count; j++)
		for (int h = 0; h < HORIZONS; h++) {
			usec_t start = list[j].time / widths[h] * widths[h];

			if (!reaches(now, list[j].time, h))
				continue;
			for (int c = 0; c < COUNTERS; c++)
				plain[h].n[c] += list[j].marks >> c & 1;
			if ((list[j].marks & MARK(COUNT_STRANGERS)) != 0 &&
			    (since[h] == USEC_NEVER || start < since[h]))
				since[h] = start;
		}
	windows_sum(windows, now, sums);
	assert_memory_equal(sums, plain, sizeof(sums));
	for (int h = 0; h < HORIZONS; h++)
		assert_int_equal(windows_since(windows, now, (enum horizon)h, COUNT_STRANGERS), since[h]);
}

static void series_are_the_lists(const struct windows *windows, usec_t now, const struct happened *list,
				 int count)
{
	struct counts series[WINDOW_SERIES], plain[WINDOW_SERIES];
	uint32_t hours = 0;

	for (int h = 0; h < HORIZONS; h++) {
		size_t length = windows_series(windows, now, (enum horizon)h, series);

		assert_int_equal(length, slots[h] + 1);
		memset(plain, 0, sizeof(plain));
		for (int j = 0; j < count; j++) {
			int64_t age = now / widths[h] - list[j].time / widths[h];

			for (int c = 0; c < COUNTERS && age <= slots[h]; c++)
				plain[slots[h] - age].n[c] += list[j].marks >> c & 1;
		}
		assert_memory_equal(series, plain, length * sizeof(*series));
		for (size_t i = 0; h == HORIZON_24H && i < length; i++)
			hours += plain[i].n[COUNT_STRANGERS] > 0;
	}
	assert_int_equal(windows_hours(windows, now, COUNT_STRANGERS), hours);
}

/* The day of NOW: of an earlier one, its first hours may be parts of the day by now. */
static void day_is_the_lists(const struct windows *windows, usec_t now, const struct happened *list,
			     int count)
{
	struct counts day, plain = { { 0 } };
	struct window_hours hours = windows_hours_of(windows, (uint32_t)(now / USEC_DAY)), expected = { 0 };
	uint32_t strangers[24] = { 0 };

	for (int j = 0; j < count; j++) {
		size_t hour = (size_t)(list[j].time / USEC_HOUR % 24);

		if (list[j].time / USEC_DAY != now / USEC_DAY)
			continue;
		for (int c = 0; c < COUNTERS; c++)
			plain.n[c] += list[j].marks >> c & 1;
		if ((list[j].marks & MARK(COUNT_STRANGERS)) != 0) {
			expected.strangers |= UINT32_C(1) << hour;
			strangers[hour]++;
		}
		if ((list[j].marks & (MARK(COUNT_MESSAGES) | MARK(COUNT_RECIPIENTS))) != 0)
			expected.active |= UINT32_C(1) << hour;
	}
	for (size_t hour = 0; hour < 24; hour++)
		if (strangers[hour] > expected.top)
			expected.top = strangers[hour];
	windows_day(windows, (uint32_t)(now / USEC_DAY), &day);
	assert_memory_equal(&day, &plain, sizeof(day));
	assert_memory_equal(&hours, &expected, sizeof(hours));
	for (int c = 0; c < COUNTERS; c++)
		assert_int_equal(windows_that_day(windows, now, (enum counter)c), plain.n[c] > 0);
}

/* What is late, made wider, trimmed or used again is counted where a plain list of all that happened has it. */
static void test_sums_are_those_of_a_plain_list(void **state)
{
	static struct happened list[4000];
	struct windows windows = { 0 };
	uint32_t seed = 7;
	usec_t now = START;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		/* Busy weeks, and some that are hardly used. */
		uint32_t pause = i % 800 < 500 ? 3 : 400;

		now += random_of(&seed) % (random_of(&seed) % 16 == 0 ? 2000 : pause) * USEC_MINUTE;
		list[i].time = now - (random_of(&seed) % 4 == 0 ? random_of(&seed) % 9000 * USEC_MINUTE : 0);
		list[i].marks = MARK(random_of(&seed) % COUNTERS) |
				MARK(COUNT_STRANGERS + random_of(&seed) % 2);
		windows_add(&windows, now, list[i].time, list[i].marks, 1);
		if (random_of(&seed) % 64 == 0)
			windows_trim(&windows, now);
		assert_true(windows_sound(&windows, now));
		sums_are_the_lists(&windows, now, list, i + 1);
		if (i % 8 == 0) {
			series_are_the_lists(&windows, now, list, i + 1);
			day_is_the_lists(&windows, now, list, i + 1);
			copy_is_the_same(&windows, now);
		}
	}
	windows_free(&windows);
}

/* Bytes from outside that windows_add would not have made are told. */
static void test_windows_that_nobody_counted_are_not_sound(void **state)
{
	static const struct {
		uint32_t minutes[2];
		uint32_t narrow[2];
		bool sound;
	} rows[] = {
		{ { 28800000, 28800001 }, { 3, 3 }, true },  { { 28800000, 28800000 }, { 0, 3 }, true },
		{ { 28800000, 28800000 }, { 3, 3 }, false }, { { 28800001, 28800000 }, { 3, 3 }, false },
		{ { 28800000, 28800001 }, { 3, 2 }, false }, { { 28800000, 28800010 }, { 1, 1 }, false },
		{ { 28800000, 28800060 }, { 1, 1 }, true },  { { 28800000, 28800060 }, { 0, 0 }, false },
		{ { 28800000, 28801500 }, { 3, 3 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct windows windows;

		windows_make(&windows, 2);
		for (size_t j = 0; j < 2; j++)
			windows_put(&windows, rows[i].minutes[j] << 2 | rows[i].narrow[j]);
		assert_int_equal(windows_sound(&windows, START + 100 * USEC_MINUTE), rows[i].sound);
		windows_free(&windows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_horizon_forgets_in_its_time),
		cmocka_unit_test(test_a_late_line_counts_in_its_own_slot),
		cmocka_unit_test(test_a_busy_month_takes_no_more_slots_than_the_windows_have),
		cmocka_unit_test(test_counts_of_any_size_are_exact),
		cmocka_unit_test(test_counters_rise_one_by_one),
		cmocka_unit_test(test_all_widths_count_alike),
		cmocka_unit_test(test_sums_are_those_of_a_plain_list),
		cmocka_unit_test(test_windows_that_nobody_counted_are_not_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
