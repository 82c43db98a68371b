/* The windows of others' rules: at which event each fires. */
#include "commands/backtest_meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define START (USEC_DAY * 20370 + 59 * USEC_MINUTE) /* a minute before one o'clock */

/* COUNT events, one every STEP, each another thing or each the same: the number at which it fires, 0 never. */
struct row {
	const char *what;
	struct meter_law law;
	int count;
	usec_t step;
	bool same;
	int fires;
};

static const struct row rows[] = {
	{ "101 in an hour", { METER_SLIDING, USEC_HOUR, 101 }, 200, 30 * USEC_SECOND, true, 101 },
	{ "100 in an hour are not 101", { METER_SLIDING, USEC_HOUR, 101 }, 300, 36 * USEC_SECOND, true, 0 },
	{ "as many as the window holds", { METER_SLIDING, USEC_HOUR, 100 }, 300, 36 * USEC_SECOND, true, 100 },
	{ "at once", { METER_SLIDING, USEC_MINUTE, 11 }, 11, 0, true, 11 },
	/* One before the hour, then from 1 on again. */
	{ "begins anew with the hour", { METER_TUMBLING, USEC_HOUR, 50 }, 200, USEC_MINUTE, true, 51 },
	{ "never within one hour", { METER_TUMBLING, USEC_HOUR, 61 }, 300, USEC_MINUTE, true, 0 },
	/* Smoothed: 120 an hour come to 100 when 1 - exp(-t) is 100/120, after 1.8 h. */
	{ "smoothed", { METER_RATE, USEC_HOUR, 100 }, 400, 30 * USEC_SECOND, true, 216 },
	{ "smoothed under the limit", { METER_RATE, USEC_HOUR, 100 }, 2000, 40 * USEC_SECOND, true, 0 },
	{ "different ones", { METER_DISTINCT, USEC_DAY, 6 }, 20, USEC_HOUR, false, 6 },
	{ "the same one", { METER_DISTINCT, USEC_DAY, 2 }, 500, USEC_MINUTE, true, 0 },
	{ "different ones, forgotten", { METER_DISTINCT, USEC_DAY, 3 }, 50, 13 * USEC_HOUR, false, 0 },
	{ "all fail", { METER_FAILURES, USEC_HOUR, 5 }, 20, USEC_MINUTE, false, 5 },
	{ "too few an hour", { METER_FAILURES, USEC_HOUR, 5 }, 50, 20 * USEC_MINUTE, false, 0 },
};

static void test_each_fires_at_its_event(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct meter meter = { 0 };
		int fired = 0;

		for (int n = 1; n <= row->count; n++)
			if (meter_add(&meter, &row->law, START + (n - 1) * row->step,
				      row->same ? 7 : (uint32_t)n))
				fired = fired == 0 ? n : -1;
		if (abs(fired - row->fires) > (row->law.kind == METER_RATE ? 3 : 0))
			fail_msg("%s: fired at %d, not at %d", row->what, fired, row->fires);
		meter_free(&meter);
	}
}

static void test_few_failures_among_many_are_none(void **state)
{
	const struct meter_law law = { METER_FAILURES, USEC_HOUR, 5 };
	struct meter meter = { 0 };
	int fired = 0;

	(void)state;
	for (int n = 0; n < 100; n++)
		fired += meter_add(&meter, &law, START + n * USEC_SECOND, n % 10 == 3);
	assert_int_equal(fired, 0);
	for (int n = 0; n < 40; n++)
		fired += meter_add(&meter, &law, START + (100 + n) * USEC_SECOND, 1);
	assert_int_equal(fired, 1);
	meter_free(&meter);
}

static void test_most_of_it_leads(void **state)
{
	static const uint32_t who[] = { 1, 2, 2, 3, 2, 4, 2, 2 };
	struct meter meter = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++)
		meter_vote(&meter, who[i]);
	assert_int_equal(meter.leader, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_fires_at_its_event),
		cmocka_unit_test(test_few_failures_among_many_are_none),
		cmocka_unit_test(test_most_of_it_leads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
