/* How many different: exact while few, within the stated error when many, in every horizon, merged and as bytes. */
#include "base/hash.h"
#include "detectors/record.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const usec_t start = 20000 * USEC_DAY;

static uint32_t thing(uint64_t draw, uint64_t number)
{
	return (uint32_t)hash_stable_more(draw + 1, (struct span){ (const char *)&number, sizeof(number) }) |
	       1;
}

static void few_are_counted_exactly_in_every_horizon(void **state)
{
	struct distinct distinct = { 0 };
	static const struct {
		enum horizon horizon;
		uint32_t expected;
	} rows[] = { { HORIZON_5M, 5 }, { HORIZON_1H, 60 }, { HORIZON_24H, 190 }, { HORIZON_7D, 190 } };

	(void)state;
	/* One a minute, each three times. */
	for (uint32_t i = 0; i < 190; i++)
		for (int j = 0; j < 3; j++)
			distinct_meet(&distinct, i * 7 + 1, start + i * USEC_MINUTE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct distinct_count found = distinct_count(&distinct, start + 190 * USEC_MINUTE,
							     rows[i].horizon);

		assert_false(found.about);
		assert_int_equal(found.count, rows[i].expected);
	}
	distinct_free(&distinct);
}

static void what_is_older_than_a_week_makes_room(void **state)
{
	struct distinct distinct = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 3000; i++)
		distinct_meet(&distinct, i + 1, start + i * USEC_HOUR);
	assert_null(distinct.sketch);
	assert_int_equal(distinct_count(&distinct, start + 2999 * USEC_HOUR, HORIZON_7D).count, 169);
	distinct_trim(&distinct, start + 4000 * USEC_HOUR);
	assert_int_equal(distinct_bytes(&distinct), 0);
}

/*
 * COUNT within a day, another tenth of it in the last hour, drawn anew 20 times: how far off on the average, and
 * the mean square. The standard error of the latter's estimate from 20 draws is 16 %.
 */
static void error_over(double count, enum horizon horizon, double *bias_r, double *error_r)
{
	double sum = 0, squares = 0;
	const int draws = 20;

	for (int draw = 0; draw < draws; draw++) {
		struct distinct distinct = { 0 };
		double expected = horizon == HORIZON_1H ? ceil(count / 10) : count + ceil(count / 10), off;
		usec_t now = start + USEC_DAY;

		for (double i = 0; i < count; i++)
			distinct_meet(&distinct, thing((uint64_t)draw, (uint64_t)i),
				      start + 2 * USEC_HOUR + (usec_t)(i / count * 20 * USEC_HOUR));
		for (double i = 0; i < count / 10; i++)
			distinct_meet(&distinct, thing((uint64_t)draw, (uint64_t)(count + i)),
				      now - 50 * USEC_MINUTE + (usec_t)(i / count * 500 * USEC_MINUTE));
		off = distinct_count(&distinct, now, horizon).count / expected - 1;
		sum += off;
		squares += off * off;
		distinct_free(&distinct);
	}
	*bias_r = sum / draws;
	*error_r = sqrt(squares / draws);
}

static void many_are_told_within_the_stated_error(void **state)
{
	static const double counts[] = { 200, 500, 1000, 3000, 10000, 20000, 100000 };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (int horizon = HORIZON_1H; horizon <= HORIZON_7D; horizon++) {
			double bias, error;

			error_over(counts[i], (enum horizon)horizon, &bias, &error);
			/* 1.6 %, and of 20 draws three times what chance adds. */
			assert_true(error < 0.016 * 1.5);
			assert_true(fabs(bias) < 0.016 * 3 / sqrt(20));
		}
}

static void a_sketch_forgets_what_no_horizon_reaches(void **state)
{
	struct distinct distinct = { 0 };

	(void)state;
	/* Three weeks, a thousand new ones a day, in steps over and over around the clock of the runs. */
	for (uint32_t i = 0; i < 21000; i++)
		distinct_meet(&distinct, thing(0, i), start + i * (USEC_DAY / 1000));
	assert_non_null(distinct.sketch);
	assert_true(abs((int)distinct_count(&distinct, start + 21 * USEC_DAY, HORIZON_7D).count - 7000) <
		    7000 * 5 / 100);
	assert_true(abs((int)distinct_count(&distinct, start + 21 * USEC_DAY, HORIZON_24H).count - 1000) <
		    1000 * 5 / 100);
	assert_int_equal(distinct_count(&distinct, start + 29 * USEC_DAY, HORIZON_7D).count, 0);
	/* Silence for years. */
	distinct_meet(&distinct, 5, start + 1000 * USEC_DAY);
	assert_int_equal(distinct_count(&distinct, start + 1000 * USEC_DAY, HORIZON_7D).count, 1);
	distinct_trim(&distinct, start + 1008 * USEC_DAY + USEC_HOUR);
	assert_int_equal(distinct_bytes(&distinct), 0);
}

static void late_ones_count_where_they_belong(void **state)
{
	struct distinct forth = { 0 }, back = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		distinct_meet(&forth, thing(0, i), start + i * USEC_MINUTE);
		distinct_meet(&back, thing(0, 4999 - i), start + (4999 - i) * USEC_MINUTE);
	}
	for (int h = 0; h < HORIZONS; h++)
		assert_int_equal(distinct_count(&forth, start + 5000 * USEC_MINUTE, (enum horizon)h).count,
				 distinct_count(&back, start + 5000 * USEC_MINUTE, (enum horizon)h).count);
	distinct_free(&forth);
	distinct_free(&back);
}

static void two_that_merge_are_as_one(void **state)
{
	static const uint32_t rows[] = { 20, 300, 5000 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct distinct one = { 0 }, left = { 0 }, right = { 0 };

		for (uint32_t j = 0; j < rows[i]; j++) {
			usec_t time = start + j * 5 * (USEC_MINUTE / 10);

			distinct_meet(&one, thing(0, j), time);
			if (j % 3 != 0)
				distinct_meet(&left, thing(0, j), time);
			if (j % 3 != 1)
				distinct_meet(&right, thing(0, j), time);
		}
		distinct_merge(&left, &right);
		for (int h = 0; h < HORIZONS; h++) {
			struct distinct_count expected, found;
			usec_t now = start + rows[i] * 5 * (USEC_MINUTE / 10);

			expected = distinct_count(&one, now, (enum horizon)h);
			found = distinct_count(&left, now, (enum horizon)h);
			assert_int_equal(found.about, expected.about);
			assert_true(abs((int)found.count - (int)expected.count) <= (int)expected.count / 50);
		}
		distinct_free(&one);
		distinct_free(&left);
		distinct_free(&right);
	}
}

static void packed_they_come_back(void **state)
{
	(void)state;
	for (uint32_t count = 0; count < 5000; count = count * 3 + 1) {
		struct distinct before = { 0 }, after = { 0 };
		struct text once = { 0 };
		struct unpack from;

		for (uint32_t i = 0; i < count; i++)
			distinct_meet(&before, thing(0, i), start + i * USEC_MINUTE);
		distinct_pack(&before, &once);
		from = (struct unpack){ .rest = text_span(&once) };
		assert_true(distinct_unpack(&after, &from));
		assert_int_equal(from.rest.len, 0);
		for (int h = 0; h < HORIZONS; h++)
			assert_int_equal(
				distinct_count(&before, start + count * USEC_MINUTE, (enum horizon)h).count,
				distinct_count(&after, start + count * USEC_MINUTE, (enum horizon)h).count);
		/* Cut short anywhere it is refused. */
		for (size_t len = 0; len < once.len; len += 1 + once.len / 100) {
			struct distinct part = { 0 };

			from = (struct unpack){ .rest = span_head(text_span(&once), len) };
			assert_false(distinct_unpack(&part, &from));
			assert_int_equal(distinct_bytes(&part), 0);
		}
		distinct_free(&before);
		distinct_free(&after);
		text_free(&once);
	}
}

static void hostile_bytes_are_refused(void **state)
{
	static const struct span rows[] = {
		{ "\x02\x05\x09\x05\x0a", 5 },             /* the same twice */
		{ "\x01\x00\x09", 3 },                     /* nothing */
		{ "\xc2\x01\x05", 3 },                     /* more than there may be */
		{ "\xc1\x01\x05\x07", 4 },                 /* a sketch: seven runs of a register */
		{ "\xc1\x01\x05\x01\x05\x00", 6 },         /* a run of rank 0 */
		{ "\xc1\x01\x05\x01\x05\xb8", 6 },         /* longer than the hash has bits */
		{ "\xc1\x01\x05\x02\x05\x10\x04\x10", 8 }, /* older, and not longer */
		{ "\xc1\x01\x05\x02\x04\x08\x05\x10", 8 }, /* longer, and not older */
		{ "\xc1\x01\x05\x01\x06\x08", 6 },         /* of the future, or of long ago */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct distinct distinct = { 0 };
		struct text whole = { 0 };
		struct unpack from;

		/* Long enough: what is wrong is in the row. */
		text_add(&whole, rows[i]);
		for (int j = 0; j < 5000; j++)
			text_add(&whole, (struct span){ "", 1 });
		from = (struct unpack){ .rest = text_span(&whole) };
		assert_false(distinct_unpack(&distinct, &from));
		assert_true(from.broken);
		assert_int_equal(distinct_bytes(&distinct), 0);
		text_free(&whole);
	}
}

/* What a stranger wrote to is not shown beside windows that are empty. */
static void a_release_begins_to_count_anew(void **state)
{
	struct record record = { .name = NULL };
	struct applied applied;

	(void)state;
	for (uint32_t i = 0; i < 2 * RECORD_SEEN; i++) {
		const struct delta delta = { .kind = DELTA_ATTEMPT,
					     .time = start + i * USEC_SECOND,
					     .elsewhere = true,
					     .outcome = COUNT_DELIVERED,
					     .recipient = i + 1,
					     .client = i + 1,
					     .network = i + 1,
					     .domain = i + 1,
					     .distinct = true };

		record_apply(&record, &delta, &applied);
	}
	assert_int_equal(record_count(&record, DISTINCT_DOMAINS, HORIZON_24H).count, 2 * RECORD_SEEN);
	assert_true(record_count(&record, DISTINCT_CLIENTS, HORIZON_24H).count > RECORD_SEEN / 2);
	record_release(&record, record.now, record.now);
	for (int kind = 0; kind < DISTINCTS; kind++)
		assert_int_equal(record_count(&record, (enum distinct_kind)kind, HORIZON_7D).count, 0);
	record_free(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_are_counted_exactly_in_every_horizon),
		cmocka_unit_test(what_is_older_than_a_week_makes_room),
		cmocka_unit_test(many_are_told_within_the_stated_error),
		cmocka_unit_test(a_sketch_forgets_what_no_horizon_reaches),
		cmocka_unit_test(late_ones_count_where_they_belong),
		cmocka_unit_test(two_that_merge_are_as_one),
		cmocka_unit_test(packed_they_come_back),
		cmocka_unit_test(hostile_bytes_are_refused),
		cmocka_unit_test(a_release_begins_to_count_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
