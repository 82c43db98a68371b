/*
 * What was open is known again after a start, whatever happens to the logs meanwhile. Here a log is rotated while it
 * is read again; that it is rotated at all times is tests/crash's business.
 */
#define _GNU_SOURCE
#include "scratch.h"

#include "base/memory.h"
#include "commands/arguments.h"
#include "commands/options.h"
#include "commands/resume.h"

#define FIRST \
	"2026-11-20T10:00:00.000001+00:00 mx1 postfix/submission/smtpd[7]: AAAAAAAA01: " \
	"client=x[192.0.2.7], sasl_method=PLAIN, sasl_username=ann@example.com\n" \
	"2026-11-20T10:00:00.100000+00:00 mx1 postfix/qmgr[7]: AAAAAAAA01: from=<ann@example.com>, " \
	"size=100, nrcpt=1 (queue active)\n"
#define SECOND \
	"2026-11-20T10:05:00.000001+00:00 mx1 postfix/submission/smtpd[7]: AAAAAAAA02: " \
	"client=x[192.0.2.7], sasl_method=PLAIN, sasl_username=bob@example.com\n" \
	"2026-11-20T10:05:00.100000+00:00 mx1 postfix/qmgr[7]: AAAAAAAA02: from=<bob@example.com>, " \
	"size=100, nrcpt=1 (queue active)\n"
#define SENT(second, queue_id) \
	"2026-11-20T10:06:0" second ".000001+00:00 mx1 postfix/smtp[7]: " queue_id ": to=<x@r.example>, " \
	"relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)\n" \
	"2026-11-20T10:06:0" second ".100000+00:00 mx1 postfix/qmgr[7]: " queue_id ": removed\n"

struct again {
	struct resume resume;
	struct pipeline *pipeline;
	void (*rotate)(void); /* at the first line that is read again; NULL: it was, or need not */
	struct text accounts; /* of the attempts */
};

static bool again_line(void *context, const struct line *line, usec_t time)
{
	struct again *again = context;

	if (again->resume.learning == NULL)
		return true;
	if (again->rotate != NULL)
		again->rotate();
	again->rotate = NULL;
	return resume_covers(&again->resume, line, time);
}

static bool again_goes_on(void *context)
{
	(void)context;
	return true;
}

static void again_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	struct again *again = context;

	if (stage == ATTEMPT_FIRST)
		text_add_format(&again->accounts, "%.*s ", (int)attempt->envelope->account.len,
				attempt->envelope->account.at);
}

/* Learn from LOG and its rotations up to the mark, then read what is in LOG by then. */
static void assert_known_of(const char *log, void (*rotate)(void), const char *accounts)
{
	struct again again = { .rotate = rotate };
	const struct pipeline_sink sink = { .context = &again, .line = again_line, .attempt = again_attempt };
	const struct arguments arguments = { .since = USEC_NEVER, .until = USEC_NEVER };
	struct text snapshot = { 0 };
	struct options options;
	struct error error;
	const struct resume_calls asks = { .goes_on = again_goes_on };
	struct collector_calls calls;
	struct collector *collector;

	assert_true(options_load(&arguments, &options, &error));
	again.pipeline = pipeline_new(&options, &sink, &error);
	assert_non_null(again.pipeline);
	text_add_format(&snapshot, "open 1795168800000001 1795168800000001\nmark 1795169100100000 1 %s\n\n",
			log);
	assert_true(resume_parse(text_span(&snapshot), &again.resume));
	resume_learn(&again.resume, again.pipeline, &log, 1, USEC_DAY, USEC_NEVER, &asks);
	assert_null(again.rotate);
	calls = pipeline_calls(again.pipeline);
	collector = collector_replay(&log, 1, &calls, &error);
	assert_non_null(collector);
	assert_int_equal(pipeline_run(again.pipeline, collector, 0), COLLECTED_END);
	collector_close(&collector);
	assert_string_equal(again.accounts.at == NULL ? "" : again.accounts.at, accounts);
	pipeline_free(&again.pipeline);
	resume_free(&again.resume);
	options_free(&options);
	text_free(&again.accounts);
	text_free(&snapshot);
}

static void assert_known(void (*rotate)(void), const char *accounts)
{
	assert_known_of(scratch_path("mail.log"), rotate, accounts);
}

static int put_logs(void **state)
{
	(void)state;
	scratch_make();
	scratch_write("mail.log.1", FIRST);
	scratch_write("mail.log", SECOND);
	return 0;
}

static int remove_logs(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

static void rotate_not(void)
{
	scratch_append("mail.log", SENT("1", "AAAAAAAA01") SENT("2", "AAAAAAAA02"));
}

static void rotate_create(void)
{
	scratch_move("mail.log.1", "mail.log.2");
	scratch_move("mail.log", "mail.log.1");
	scratch_write("mail.log", SENT("1", "AAAAAAAA01") SENT("2", "AAAAAAAA02"));
}

static void rotate_dateext(void)
{
	scratch_move("mail.log", "mail.log-20261120");
	scratch_write("mail.log", SENT("1", "AAAAAAAA01") SENT("2", "AAAAAAAA02"));
}

static void rotate_copy(void)
{
	scratch_move("mail.log.1", "mail.log.2");
	scratch_write("mail.log.1", SECOND);
	scratch_write("mail.log", SENT("1", "AAAAAAAA01") SENT("2", "AAAAAAAA02"));
}

static void rotate_remove(void)
{
	assert_int_equal(unlink(scratch_path("mail.log.1")), 0);
	rotate_not();
}

/* In mail.log itself the lines after the mark are read again by whoever follows; here they come once more. */
static void test_quiet(void **state)
{
	(void)state;
	assert_known(rotate_not, "ann@example.com bob@example.com ");
}

static void test_named_from_here(void **state)
{
	char *before = get_current_dir_name();

	(void)state;
	assert_int_equal(chdir(scratch_folder), 0);
	assert_known_of("mail.log", rotate_not, "ann@example.com bob@example.com ");
	assert_int_equal(chdir(before), 0);
	free(before);
}

static void test_create(void **state)
{
	(void)state;
	assert_known(rotate_create, "ann@example.com bob@example.com ");
}

static void test_dateext(void **state)
{
	(void)state;
	assert_known(rotate_dateext, "ann@example.com bob@example.com ");
}

static void test_copytruncate(void **state)
{
	(void)state;
	assert_known(rotate_copy, "ann@example.com bob@example.com ");
}

static void test_oldest_removed(void **state)
{
	(void)state;
	assert_known(rotate_remove, "ann@example.com bob@example.com ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_quiet, put_logs, remove_logs),
		cmocka_unit_test_setup_teardown(test_named_from_here, put_logs, remove_logs),
		cmocka_unit_test_setup_teardown(test_create, put_logs, remove_logs),
		cmocka_unit_test_setup_teardown(test_dateext, put_logs, remove_logs),
		cmocka_unit_test_setup_teardown(test_copytruncate, put_logs, remove_logs),
		cmocka_unit_test_setup_teardown(test_oldest_removed, put_logs, remove_logs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
