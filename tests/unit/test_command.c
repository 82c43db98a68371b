/*
 * Commands: what each exit status means, and that one that hangs is killed with all it started, also while
 * nobody reads its standard input.
 */
#define _GNU_SOURCE
#include "base/memory.h"
#include "responders/command.h"
#include "responders/mail.h"
#include "tests/unit/scratch.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>

static struct answer last;
static int answers;

static void done(void *context, const struct answer *answer)
{
	(void)context;
	last = *answer;
	answers++;
}

static void test_statuses(void **state)
{
	static const struct {
		const char *script;
		enum fate fate;
		int status;
		const char *back;
	} rows[] = {
		{ "#!/bin/sh\ncat > /dev/null\necho good\n", FATE_DELIVERED, 0, "good" },
		{ "#!/bin/sh\nexit 75\n", FATE_LATER, 75, "" },
		{ "#!/bin/sh\necho bad >&2\nexit 3\n", FATE_REFUSED, 3, "bad" },
		{ "#!/bin/sh\nkill -SEGV $$\n", FATE_LATER, 139, "" },
		{ "#!/no/such/interpreter\n", FATE_REFUSED, 127, NULL },
		{ "#!/bin/sh\nsleep 600 & wait\n", FATE_LATER, 137, "" },
		{ "#!/bin/sh\nexec cat /dev/zero\n", FATE_LATER, 137, NULL },
	};
	const struct responder_calls calls = { .done = done };
	char *big = memory_new(300001, 1);

	(void)state;
	memset(big, 'x', 300000);
	scratch_make();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *path = memory_copy(span_of(scratch_path("run")));
		struct command_options options = { .run = { &path, 1 } };
		const struct parcel parcel = { .number = i, .id = "x", .body = big };
		struct error error = { "" };
		struct target *target;

		options.telling.name = path;
		/* What is to end by itself has the time that a busy machine takes. */
		options.timeout = rows[i].status == 137 ? 2 * USEC_SECOND : USEC_MINUTE;
		scratch_write("run", rows[i].script);
		assert_int_equal(chmod(path, 0700), 0);
		target = responder_command.open(&options, &calls, &error);
		if (target == NULL)
			fail_msg("%s", error.text);
		answers = 0;
		responder_command.send(target, &parcel);
		assert_int_equal(answers, 0);
		while (answers == 0) {
			struct pollfd wait = { .fd = responder_command.fd(target), .events = POLLIN };

			assert_true(poll(&wait, 1, 120000) > 0);
			responder_command.run(target);
		}
		if (last.number != i || last.fate != rows[i].fate || last.status != rows[i].status ||
		    !last.ran || (rows[i].back != NULL && strcmp(last.back, rows[i].back) != 0))
			fail_msg("row %zu: %s, %d, %s", i, last.words, last.status, last.back);
		responder_command.close(&target);
		free(path);
	}
	free(big);
	scratch_remove();
}

/* What cannot be started for want of descriptors is tried again: it is no answer of the program. */
static void test_no_descriptors(void **state)
{
	const struct responder_calls calls = { .done = done };
	char *path = memory_copy(SPAN("/bin/true"));
	struct command_options options = { .run = { &path, 1 }, .timeout = USEC_MINUTE };
	const struct parcel parcel = { .number = 1, .id = "x", .body = "{}" };
	struct rlimit before, few = { 4, 4 };
	struct error error;
	struct target *target;

	(void)state;
	options.telling.name = path;
	target = responder_command.open(&options, &calls, &error);
	assert_non_null(target);
	answers = 0;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	responder_command.send(target, &parcel);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	responder_command.run(target);
	assert_int_equal(answers, 1);
	assert_int_equal(last.fate, FATE_LATER);
	assert_non_null(strstr(last.back, "/bin/true: "));
	responder_command.close(&target);
	free(path);
}

/* A parcel that was damaged on disk: nobody is told of nothing. */
static void test_damaged_mail(void **state)
{
	const struct responder_calls calls = { .done = done };
	char *path;
	struct mail_options options = { .owner = true,
					.timeout = USEC_MINUTE,
					.from = (char[]){ "a@example.com" } };
	const struct parcel parcel = { .number = 1, .id = "x", .body = "{\"type\":\"verd" };
	struct error error;
	struct target *target;

	(void)state;
	scratch_make();
	scratch_write("run", "#!/bin/sh\ncat > /dev/null\n");
	path = memory_copy(span_of(scratch_path("run")));
	assert_int_equal(chmod(path, 0700), 0);
	options.sendmail = options.telling.name = path;
	target = responder_mail.open(&options, &calls, &error);
	if (target == NULL)
		fail_msg("%s", error.text);
	answers = 0;
	responder_mail.send(target, &parcel);
	for (int i = 0; i < 1000 && answers == 0; i++) {
		struct pollfd wait = { .fd = responder_mail.fd(target), .events = POLLIN };

		(void)poll(&wait, 1, 100);
		responder_mail.run(target);
	}
	assert_int_equal(answers, 1);
	assert_int_equal(last.fate, FATE_REFUSED);
	responder_mail.close(&target);
	free(path);
	scratch_remove();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_statuses),
					    cmocka_unit_test(test_no_descriptors),
					    cmocka_unit_test(test_damaged_mail) };

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
