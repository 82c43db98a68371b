/* What keeps sendwatch from acting, and for how long it acts. */
#define _GNU_SOURCE
#include "responders/brakes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define NOW (INT64_C(1790000000) * USEC_SECOND)

static char *patterns[] = { (char[]){ "postmaster@*" }, (char[]){ "*@bank.example" } };

static struct brakes_options defaults(void)
{
	return (struct brakes_options){ .protect = { patterns, 2 },
					.an_hour = 3,
					.share = 0.01,
					.at_most_old = 15 * USEC_MINUTE,
					.release_after = USEC_DAY,
					.growth = 2,
					.release_longest = 5 * USEC_DAY,
					.forget_after = 90 * USEC_DAY };
}

static struct brakes_question about(const char *account)
{
	return (struct brakes_question){
		.account = span_of(account), .now = NOW, .time = NOW, .disabling = true, .active = 1000
	};
}

static void test_brakes(void **state)
{
	struct brakes_options options = defaults();
	struct brakes *brakes = brakes_new(&options);
	struct brakes_question question = about("bob@example.com");
	char words[200];

	(void)state;
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_NONE);
	assert_string_equal(words, "");
	question.time = NOW - 16 * USEC_MINUTE;
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_OLD);
	question = about("Postmaster@example.com");
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_PROTECTED);
	question = about("x@bank.example");
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_PROTECTED);
	options.dry_run = true;
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_PROTECTED);
	question = about("bob@example.com");
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_DRY_RUN);
	brakes_free(&brakes);
	assert_null(brakes);
}

static void test_caps(void **state)
{
	struct brakes_options options = defaults();
	struct brakes *brakes = brakes_new(&options);
	struct brakes_question question = about("bob@example.com");
	char words[200];

	(void)state;
	brakes_disabled(brakes, SPAN("a@example.com"), NOW - USEC_HOUR);
	brakes_disabled(brakes, SPAN("b@example.com"), NOW - 50 * USEC_MINUTE);
	brakes_disabled(brakes, SPAN("c@example.com"), NOW - 10 * USEC_MINUTE);
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_NONE);
	brakes_disabled(brakes, SPAN("d@example.com"), NOW);
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_HOUR);
	question.disabling = false; /* a throttle harms nobody for long */
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_NONE);
	question.disabling = true;
	question.now = question.time = NOW + 11 * USEC_MINUTE;
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_NONE);
	question.at_rest = 10;
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_SHARE);
	question.at_rest = 9;
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_NONE);
	/* On a small server one may be disabled, and not two. */
	question.active = 12;
	question.at_rest = 0;
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_NONE);
	question.at_rest = 1;
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_SHARE);
	brakes_free(&brakes);

	/* A restart does not open the hour anew. */
	brakes = brakes_new(&options);
	for (int i = 0; i < 3; i++)
		brakes_remember(brakes, SPAN("a@example.com"), 1, NOW - USEC_MINUTE);
	question = about("bob@example.com");
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_HOUR);
	brakes_free(&brakes);
}

static void test_release_grows(void **state)
{
	struct brakes_options options = defaults();
	struct brakes *brakes = brakes_new(&options);
	struct span bob = SPAN("bob@example.com");

	(void)state;
	assert_int_equal(brakes_disabled(brakes, bob, NOW), NOW + USEC_DAY);
	assert_int_equal(brakes_disabled(brakes, bob, NOW), NOW + 2 * USEC_DAY);
	assert_int_equal(brakes_disabled(brakes, bob, NOW), NOW + 4 * USEC_DAY);
	assert_int_equal(brakes_disabled(brakes, bob, NOW), NOW + 5 * USEC_DAY);
	assert_int_equal(brakes_times(brakes, bob), 4);
	assert_int_equal(brakes_disabled(brakes, bob, NOW + 91 * USEC_DAY), NOW + 92 * USEC_DAY);
	assert_int_equal(brakes_times(brakes, SPAN("eve@example.com")), 0);
	brakes_remember(brakes, SPAN("eve@example.com"), 2, NOW);
	assert_int_equal(brakes_disabled(brakes, SPAN("eve@example.com"), NOW + USEC_DAY),
			 NOW + 5 * USEC_DAY);
	options.release_after = 0;
	assert_int_equal(brakes_disabled(brakes, bob, NOW), USEC_NEVER);
	brakes_free(&brakes);
}

static void test_exempt(void **state)
{
	struct brakes_options options = defaults();
	struct brakes *brakes = brakes_new(&options);
	struct brakes_question question = about("bob@example.com");
	char words[200];

	(void)state;
	brakes_exempt(brakes, question.account, NOW + 1);
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_EXEMPT);
	assert_non_null(strstr(words, "exempt until 2026-"));
	question.now++;
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_NONE);
	brakes_exempt(brakes, question.account, NOW + USEC_DAY);
	brakes_exempt(brakes, question.account, USEC_NEVER);
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_NONE);
	brakes_free(&brakes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_brakes),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_release_grows),
		cmocka_unit_test(test_exempt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
