/* What the program says of itself: levels, systemd's prefixes, and complaints that do not flood. */
#define _GNU_SOURCE
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char *said;
static size_t said_len;
static FILE *out;

static void open_log(int level, bool journald)
{
	const struct log_options options = { .level = level };

	out = open_memstream(&said, &said_len);
	log_open(&options, out, journald);
}

static void expect(const char *wanted)
{
	fclose(out);
	assert_string_equal(said, wanted);
	free(said);
}

static void test_levels(void **state)
{
	(void)state;
	open_log(2, false);
	log_say(0, LOG_LEVEL_INFO, "starts");
	log_say(0, LOG_LEVEL_DEBUG, "nobody asked");
	log_say(0, LOG_LEVEL_WARNING, "a\nb \x1b[2J");
	log_say(0, LOG_LEVEL_ERROR, "bad");
	expect("sendwatch: starts\nsendwatch: warning: a\\x0ab \\x1b[2J\nsendwatch: error: bad\n");
	open_log(0, true);
	log_say(0, LOG_LEVEL_WARNING, "not that loud");
	log_say(0, LOG_LEVEL_ERROR, "journald reads the level");
	expect("<3>journald reads the level\n");
}

static void test_mutes(void **state)
{
	(void)state;
	open_log(2, false);
	for (int i = 0; i < 5; i++)
		log_say(i, LOG_LEVEL_WARNING, "queue %d is odd", i);
	log_say(5, LOG_LEVEL_WARNING, "something else");
	log_say(USEC_MINUTE + 1, LOG_LEVEL_WARNING, "queue %d is odd", 9);
	for (int i = 0; i < 2; i++)
		log_say(0, LOG_LEVEL_INFO, "news are never muted");
	expect("sendwatch: warning: queue 0 is odd\nsendwatch: warning: something else\n"
	       "sendwatch: warning: queue 9 is odd (and 4 more like it)\n"
	       "sendwatch: news are never muted\nsendwatch: news are never muted\n");
}

static void test_who_listens_is_answered(void **state)
{
	(void)state;
	open_log(2, false);
	for (int i = 0; i < 3; i++) {
		log_listen();
		log_say(i, LOG_LEVEL_ERROR, "the settings stay as they were");
		log_say(i, LOG_LEVEL_ERROR, "the settings stay as they were");
	}
	expect("sendwatch: error: the settings stay as they were\n"
	       "sendwatch: error: the settings stay as they were (and 1 more like it)\n"
	       "sendwatch: error: the settings stay as they were (and 1 more like it)\n");
}

static void test_clock_set_back(void **state)
{
	(void)state;
	open_log(2, false);
	log_say(USEC_DAY, LOG_LEVEL_WARNING, "the disk is full");
	log_say(1, LOG_LEVEL_WARNING, "the disk is full");
	log_say(2, LOG_LEVEL_WARNING, "the disk is full");
	expect("sendwatch: warning: the disk is full\nsendwatch: warning: the disk is full\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_levels), cmocka_unit_test(test_mutes),
					    cmocka_unit_test(test_who_listens_is_answered),
					    cmocka_unit_test(test_clock_set_back) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
