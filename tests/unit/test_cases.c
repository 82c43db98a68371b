/* Open cases come back from their file as they were, and a broken file is refused. */
#define _GNU_SOURCE
#include "responders/cases.h"

#include "base/save.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <unistd.h>

#define NOW (INT64_C(1790000000) * USEC_SECOND)

static char folder[] = "/tmp/sendwatch-cases-XXXXXX";
static char path[64];
static const struct brakes_options options = { .release_after = USEC_DAY,
					       .growth = 2,
					       .release_longest = 30 * USEC_DAY,
					       .forget_after = 90 * USEC_DAY };

static struct cases *open_cases(struct brakes *brakes)
{
	struct error error;
	struct cases *cases = cases_open(path, brakes, &error);

	if (cases == NULL)
		fail_msg("%s", error.text);
	return cases;
}

static void test_comes_back(void **state)
{
	struct brakes *brakes = brakes_new(&options);
	struct cases *cases = open_cases(brakes);
	struct open_case *bob = cases_make(cases, SPAN("bob@example.com"));
	struct open_case *eve = cases_make(cases, SPAN("eve@example.com"));
	struct error error;

	(void)state;
	bob->restriction.kind = RESTRICTION_REJECT;
	bob->since = NOW;
	bob->until = brakes_disabled(brakes, SPAN("bob@example.com"), NOW);
	snprintf(bob->cause, sizeof(bob->cause), "0123456789abcdef");
	case_done(bob, SPAN("deny"), SPAN(""));
	case_done(bob, SPAN("queue"), SPAN("4F2K3L 5A1B2C"));
	case_done(bob, SPAN("queue"), SPAN("6B7C8D"));
	eve->restriction = (struct restriction){ .kind = RESTRICTION_THROTTLE, .an_hour = 100 };
	brakes_exempt(brakes, SPAN("news@example.com"), NOW + USEC_HOUR);
	assert_true(cases_save(cases, brakes, &error));
	cases_close(&cases);
	brakes_free(&brakes);

	brakes = brakes_new(&options);
	cases = open_cases(brakes);
	bob = cases_find(cases, SPAN("bob@example.com"));
	assert_non_null(bob);
	assert_int_equal(bob->restriction.kind, RESTRICTION_REJECT);
	assert_int_equal(bob->since, NOW);
	assert_int_equal(bob->until, NOW + USEC_DAY);
	assert_string_equal(bob->cause, "0123456789abcdef");
	assert_int_equal(bob->deed_count, 2);
	assert_string_equal(bob->deeds[0].adapter, "deny");
	assert_string_equal(bob->deeds[0].ids, "");
	assert_string_equal(bob->deeds[1].ids, "4F2K3L 5A1B2C 6B7C8D");
	eve = cases_find(cases, SPAN("eve@example.com"));
	assert_non_null(eve);
	assert_int_equal(eve->restriction.an_hour, 100);
	assert_int_equal(eve->until, USEC_NEVER);
	assert_int_equal(cases_disabled(cases), 1);
	assert_int_equal(brakes_times(brakes, SPAN("bob@example.com")), 1);

	cases_end(cases, &bob);
	assert_null(bob);
	assert_null(cases_find(cases, SPAN("bob@example.com")));
	assert_int_equal(cases_disabled(cases), 0);
	cases_close(&cases);
	brakes_free(&brakes);
}

/* As after a restart. */
static void start_anew(struct cases **cases, struct brakes **brakes, const struct brakes_options *bound)
{
	struct error error;

	assert_true(cases_save(*cases, *brakes, &error));
	cases_close(cases);
	brakes_free(brakes);
	*brakes = brakes_new(bound);
	*cases = open_cases(*brakes);
}

/* What another server did counts against no hour here, also after a restart. */
static void test_heard_of(void **state)
{
	struct brakes_options bound = options;
	struct brakes *brakes = brakes_new(&bound);
	struct cases *cases;
	struct brakes_question question = {
		.account = SPAN("bob@example.com"), .now = NOW, .time = NOW, .disabling = true, .active = 1000
	};
	char words[200];

	(void)state;
	unlink(path);
	cases = open_cases(brakes);
	bound.an_hour = 2;
	bound.share = 1;
	bound.at_most_old = USEC_HOUR;
	(void)brakes_disabled(brakes, SPAN("own@example.com"), NOW);
	brakes_hear(brakes, SPAN("eve@example.com"), 2, NOW);
	brakes_hear(brakes, SPAN("ann@example.com"), 1, NOW);
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_NONE);
	start_anew(&cases, &brakes, &bound);
	assert_int_equal(brakes_times(brakes, SPAN("eve@example.com")), 2);
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_NONE);
	(void)brakes_disabled(brakes, SPAN("eve@example.com"), NOW);
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_HOUR);
	start_anew(&cases, &brakes, &bound);
	assert_int_equal(brakes_ask(brakes, &question, words), BRAKE_HOUR);
	cases_close(&cases);
	brakes_free(&brakes);
	unlink(path);
}

static void test_broken_files(void **state)
{
	static const char *const broken[] = {
		"",
		"something else\n",
		"sendwatch cases 1\nnonsense\n",
		"sendwatch cases 1\ncase a reject 0 1 2\n",   /* a word short */
		"sendwatch cases 1\ncase a reject 0 1 x -\n", /* a time that is none */
		"sendwatch cases 1\ndeed a queue 4F2K3L\n",   /* of no case */
		"sendwatch cases 1\npast a 99999999999 1 -\n",
		"sendwatch cases 1\ncase  reject 0 1 2 -\n",
		"sendwatch cases 1\ncase a rejekt 0 1 2 -\n", /* nothing would be in force */
	};
	struct brakes *brakes = brakes_new(&options);
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		assert_true(save_whole(path, span_of(broken[i]), 0600, &error));
		if (cases_open(path, brakes, &error) != NULL)
			fail_msg("taken: %s", broken[i]);
	}
	unlink(path);
	brakes_free(&brakes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back),
		cmocka_unit_test(test_heard_of),
		cmocka_unit_test(test_broken_files),
	};
	int failed;

	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/cases", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(folder);
	return failed;
}
