/* The parts of a case: counts that widen, stretches that close, who shares an address, fields of a CSV. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "commands/case_folder.h"

#include <stdio.h>

#define NOON (INT64_C(1795003200) * USEC_SECOND)

static uint64_t series_sum(const struct case_series *series)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < series->count; i++)
		for (int kind = 0; kind < CHART_KINDS; kind++)
			sum += series->buckets[i].n[kind];
	return sum;
}

/* Whatever comes, in whatever order: none is lost, buckets stay in order, on the grid, and few. */
static void test_series(void **state)
{
	static const usec_t steps[] = { USEC_SECOND, 7 * USEC_MINUTE, 5 * USEC_HOUR, 3 * USEC_DAY };

	(void)state;
	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		struct case_series series = { 0 };

		for (int i = 0; i < 2000; i++)
			case_series_add(&series, NOON + (i % 3 == 0 ? i - 3 : i) * steps[s],
					(enum chart_kind)(i % CHART_KINDS));
		assert_int_equal(series_sum(&series), 2000);
		assert_true(series.count <= CASE_BUCKETS);
		for (size_t i = 0; i < series.count; i++) {
			assert_int_equal(series.buckets[i].time % series.width, 0);
			assert_true(i == 0 || series.buckets[i - 1].time < series.buckets[i].time);
		}
		case_series_widen(&series, 7 * USEC_DAY);
		assert_int_equal(series_sum(&series), 2000);
		case_series_add(&series, -1, CHART_SPAM);
		assert_int_equal(series_sum(&series), 2000);
		case_series_free(&series);
	}
}

static void test_tally(void **state)
{
	struct case_tally tally = { 0 };

	(void)state;
	for (int i = 0; i < 10; i++) {
		case_tally_add(&tally, SPAN("b"), CHART_SPAM, 2);
		case_tally_add(&tally, i < 5 ? SPAN("a") : SPAN("c"), CHART_DELIVERED, 2);
	}
	case_tally_sort(&tally);
	assert_int_equal(tally.count, 2);
	assert_string_equal(tally.rows[0].name, "b");
	assert_int_equal(tally.rows[0].n[CHART_SPAM], 10);
	assert_int_equal(tally.rows[1].sum, 5);
	assert_int_equal(tally.rest, 5);
	case_tally_free(&tally);
}

/* Far apart stays apart: of many stretches, those with the shortest gaps become one. */
static void test_stretches(void **state)
{
	struct case_client client = { .first = USEC_NEVER, .last = USEC_NEVER };
	struct chart_span spans[CASE_PARTS / 2];
	struct case_lane lane = { { 0 } };
	size_t count;

	(void)state;
	case_client_seen(&client, NOON);
	case_client_seen(&client, NOON + USEC_MINUTE);
	case_client_seen(&client, NOON - USEC_MINUTE); /* late */
	assert_int_equal(client.stretch_count, 1);
	assert_int_equal(client.first, NOON - USEC_MINUTE);
	for (int i = 1; i <= 3 * CASE_STRETCHES; i++)
		case_client_seen(&client, NOON + i * 10 * USEC_MINUTE);
	case_client_seen(&client, NOON + USEC_DAY);
	assert_int_equal(client.stretch_count, CASE_STRETCHES);
	assert_int_equal(client.stretches[0].from, NOON / USEC_SECOND);
	assert_int_equal(client.stretches[CASE_STRETCHES - 1].from, (NOON + USEC_DAY) / USEC_SECOND);
	assert_true(case_lane_add(&lane, &client, NOON + USEC_DAY - USEC_HOUR, NOON + USEC_DAY + USEC_HOUR));
	count = case_lane_spans(&lane, NOON + USEC_DAY - USEC_HOUR, NOON + USEC_DAY + USEC_HOUR, spans);
	assert_int_equal(count, 1);
	assert_true(spans[0].from <= NOON + USEC_DAY && spans[0].until >= NOON + USEC_DAY);
	assert_false(case_lane_add(&lane, &client, NOON + 2 * USEC_DAY, NOON + 3 * USEC_DAY));
	assert_false(case_lane_add(&lane, &client, NOON, NOON));
}

static void test_shared(void **state)
{
	struct case_shared *shared = case_shared_new();
	struct case_sharers sharers;
	char name[32];

	(void)state;
	for (int i = 0; i < 20; i++) {
		int len = snprintf(name, sizeof(name), "user%d@x", i);

		case_shared_used(shared, SPAN("192.0.2.1"), (struct span){ name, (size_t)len });
		case_shared_failed(shared, SPAN("192.0.2.2"), (struct span){ name, (size_t)len });
		case_shared_used(shared, SPAN("192.0.2.3"), SPAN("one@x"));
	}
	case_shared_used(shared, SPAN(""), SPAN("nowhere@x"));
	case_shared_of(shared, SPAN("192.0.2.1"), &sharers);
	assert_int_equal(sharers.count, CASE_SHARERS);
	assert_true(sharers.more);
	assert_string_equal(sharers.accounts[0], "user0@x");
	case_shared_of(shared, SPAN("192.0.2.2"), &sharers);
	assert_int_equal(sharers.count, 0);
	assert_in_range(sharers.tried, 15, 26);
	case_shared_of(shared, SPAN("192.0.2.3"), &sharers);
	assert_int_equal(sharers.count, 1);
	assert_false(sharers.more);
	case_shared_of(shared, SPAN("192.0.2.4"), &sharers);
	assert_int_equal(sharers.count + sharers.tried, 0);
	case_shared_free(&shared);
}

static void test_csv(void **state)
{
	static const struct {
		struct span field;
		const char *wanted;
	} rows[] = {
		{ SPAN_INIT(""), "\"\"" },
		{ SPAN_INIT("bob@example.com"), "\"bob@example.com\"" },
		{ SPAN_INIT("a,b\"c\""), "\"a,b\"\"c\"\"\"" },
		{ SPAN_INIT("=1+1"), "\"'=1+1\"" },
		{ SPAN_INIT("  =1+1"), "\"'  =1+1\"" },
		{ SPAN_INIT("+49"), "\"'+49\"" },
		{ SPAN_INIT("-1"), "\"'-1\"" },
		{ SPAN_INIT("@SUM(A1)"), "\"'@SUM(A1)\"" },
		{ SPAN_INIT("\xef\xbc\x9d"
			    "1"),
		  "\"'\xef\xbc\x9d"
		  "1\"" },
		{ SPAN_INIT("\tx\r\ny"), "\"\\x09x\\x0d\\x0ay\"" },
		{ SPAN_INIT("\xff"), "\"\\xff\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text out = { .at = NULL };

		case_csv_field(&out, rows[i].field);
		assert_string_equal(out.at, rows[i].wanted);
		text_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_series), cmocka_unit_test(test_tally), cmocka_unit_test(test_stretches),
		cmocka_unit_test(test_shared), cmocka_unit_test(test_csv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
