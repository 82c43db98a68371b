/* Numbers and times as people say them. */
#include "commands/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect(struct text *got, const char *wanted)
{
	assert_string_equal(got->at, wanted);
	text_clear(got);
}

static void test_numbers(void **state)
{
	struct text text = { 0 };

	(void)state;
	words_count(&text, 0);
	expect(&text, "0");
	words_count(&text, 999);
	expect(&text, "999");
	words_count(&text, 1000);
	expect(&text, "1,000");
	words_count(&text, UINT64_C(12345678));
	expect(&text, "12,345,678");
	words_counted(&text, 1, "account");
	expect(&text, "1 account");
	words_counted(&text, 0, "account");
	expect(&text, "0 accounts");
	words_bytes(&text, 999);
	expect(&text, "999 bytes");
	words_bytes(&text, 1500);
	expect(&text, "1.5 kB");
	words_bytes(&text, UINT64_C(518000000));
	expect(&text, "518 MB");
	text_free(&text);
}

static void test_times(void **state)
{
	static const struct {
		usec_t duration;
		const char *wanted;
	} rows[] = {
		{ 0, "0 s" },
		{ USEC_SECOND * 59, "59 s" },
		{ USEC_MINUTE, "1 min" },
		{ USEC_MINUTE * 59 + USEC_SECOND * 30, "59 min 30 s" },
		{ USEC_HOUR + USEC_SECOND * 30, "1 h" },
		{ USEC_HOUR * 23 + USEC_MINUTE * 59, "23 h 59 min" },
		{ USEC_DAY, "1 day" },
		{ USEC_DAY * 7 + USEC_HOUR * 3 + USEC_MINUTE, "7 days 3 h" },
		{ -USEC_HOUR, "0 s" },
	};
	struct text text = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		words_duration(&text, rows[i].duration);
		expect(&text, rows[i].wanted);
	}
	words_time(&text, clock_from_civil((struct civil){ 2026, 11, 1, 3, 4, 5 }) + 999999);
	expect(&text, "2026-11-01 03:04:05");
	text_free(&text);
}

static void test_odds(void **state)
{
	static const struct {
		double decibans;
		const char *wanted;
	} rows[] = {
		{ 10, "about 10 to 1" },           { 31.4, "about 1,400 to 1" },
		{ 22.2, "about 170 to 1" },        { 0, "about 1 to 1" },
		{ -3, "less than even" },          { 61, "over 1,000,000 to 1" },
		{ 59.99, "about 1,000,000 to 1" },
	};
	struct text text = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		words_odds(&text, rows[i].decibans);
		expect(&text, rows[i].wanted);
	}
	text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_numbers), cmocka_unit_test(test_times),
					    cmocka_unit_test(test_odds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
