/*
 * Who is restricted, what is counted, and that an answer comes at once whatever else is going on.
 *
 * alone: it is measured how long answers take.
 */
#define _GNU_SOURCE
#include "responders/restrictions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NOW (INT64_C(1790000000) * USEC_SECOND)

static struct restriction_options options = { .text_disabled = (char[]){ "suspended" },
					      .text_throttled = (char[]){ "later" } };
static const struct account_rules rules = { .default_domain = SPAN_INIT("example.com"), .fold_case = true };

static struct policy_answer ask(struct restrictions *all, usec_t now, const char *state, const char *user,
				const char *instance, uint64_t count)
{
	const struct policy_request request = { .protocol_state = span_of(state),
						.sasl_username = span_of(user),
						.instance = span_of(instance),
						.recipient_count = count };
	struct policy_answer answer = { .action = POLICY_DUNNO };

	restrictions_decide(all, now, &request, &answer);
	return answer;
}

static void test_refused_and_held(void **state)
{
	struct restrictions *all = restrictions_new(&options, &rules);
	const struct policy_request local = { .local_user = SPAN("web2"), .protocol_state = SPAN("RCPT") };
	struct policy_answer answer = { .action = POLICY_DUNNO };

	(void)state;
	assert_int_equal(ask(all, NOW, "RCPT", "bob@example.com", "1", 0).action, POLICY_DUNNO);
	restrictions_set(all, SPAN("bob@example.com"), &(struct restriction){ .kind = RESTRICTION_REJECT });
	restrictions_set(all, SPAN("eve@example.com"), &(struct restriction){ .kind = RESTRICTION_HOLD });
	restrictions_set(all, SPAN("local:web2"), &(struct restriction){ .kind = RESTRICTION_REJECT });
	answer = ask(all, NOW, "MAIL", "bob@example.com", "1", 0);
	assert_int_equal(answer.action, POLICY_REJECT);
	assert_string_equal(answer.text, "suspended");
	/* Other ways to write the same login, and one that only looks like a local user. */
	assert_int_equal(ask(all, NOW, "RCPT", "BOB@Example.Com", "1", 0).action, POLICY_REJECT);
	assert_int_equal(ask(all, NOW, "RCPT", "bob", "1", 0).action, POLICY_REJECT);
	assert_int_equal(ask(all, NOW, "RCPT", "eve@example.com", "1", 0).action, POLICY_HOLD);
	assert_int_equal(ask(all, NOW, "RCPT", "local:web2", "1", 0).action, POLICY_DUNNO);
	assert_int_equal(ask(all, NOW, "RCPT", "", "1", 0).action, POLICY_DUNNO);
	answer.action = POLICY_DUNNO;
	restrictions_decide(all, NOW, &local, &answer);
	assert_int_equal(answer.action, POLICY_REJECT);
	assert_int_equal(restrictions_get(all, SPAN("bob@example.com")).kind, RESTRICTION_REJECT);

	restrictions_set(all, SPAN("bob@example.com"), &(struct restriction){ .kind = RESTRICTION_NONE });
	assert_int_equal(ask(all, NOW, "RCPT", "bob@example.com", "1", 0).action, POLICY_DUNNO);
	assert_int_equal(restrictions_get(all, SPAN("bob@example.com")).kind, RESTRICTION_NONE);
	restrictions_free(&all);
	assert_null(all);
}

static void throttle(struct restrictions *all, int64_t an_hour)
{
	restrictions_set(all, SPAN("bob@example.com"),
			 &(struct restriction){ .kind = RESTRICTION_THROTTLE, .an_hour = an_hour });
}

/* How many of COUNT recipients are let through. */
static int admitted(struct restrictions *all, usec_t now, const char *instance, int count)
{
	int good = 0;

	for (int i = 0; i < count; i++)
		good += ask(all, now, "RCPT", "bob@example.com", instance, 0).action == POLICY_DUNNO;
	return good;
}

static void test_throttle_by_recipients(void **state)
{
	struct restrictions *all = restrictions_new(&options, &rules);
	struct policy_answer answer;

	(void)state;
	throttle(all, 20);
	assert_int_equal(admitted(all, NOW, "a", 12), 12);
	assert_int_equal(admitted(all, NOW + 20 * USEC_MINUTE, "b", 12), 8);
	answer = ask(all, NOW + 21 * USEC_MINUTE, "RCPT", "bob@example.com", "b", 0);
	assert_int_equal(answer.action, POLICY_DEFER);
	assert_string_equal(answer.text, "later");
	assert_int_equal(ask(all, NOW, "RCPT", "eve@example.com", "e", 0).action, POLICY_DUNNO);
	/* What is older than an hour makes room; at no time are there more than 20 within one. */
	assert_int_equal(admitted(all, NOW + 64 * USEC_MINUTE, "c", 30), 12);
	assert_int_equal(admitted(all, NOW + 84 * USEC_MINUTE, "d", 30), 8);
	assert_int_equal(admitted(all, NOW + 40 * USEC_MINUTE, "d", 30),
			 0); /* a clock set back opens nothing */
	assert_int_equal(admitted(all, NOW + USEC_DAY, "f", 30), 20);
	/* A state that changes does not begin the hour anew. */
	throttle(all, 25);
	assert_int_equal(admitted(all, NOW + USEC_DAY, "g", 30), 5);
	restrictions_free(&all);
}

static void test_throttle_is_exact_at_data(void **state)
{
	struct restrictions *all = restrictions_new(&options, &rules);

	(void)state;
	throttle(all, 10);
	/* Ten were let through, and the mail server itself refused seven of them. */
	assert_int_equal(admitted(all, NOW, "a", 10), 10);
	assert_int_equal(ask(all, NOW, "DATA", "bob@example.com", "a", 3).action, POLICY_DUNNO);
	assert_int_equal(admitted(all, NOW, "b", 10), 7);
	assert_int_equal(ask(all, NOW, "DATA", "bob@example.com", "b", 7).action, POLICY_DUNNO);
	assert_int_equal(ask(all, NOW, "DATA", "bob@example.com", "b", 7).action, POLICY_DEFER);
	restrictions_free(&all);

	/* Asked at DATA alone: the whole message or none of it. */
	all = restrictions_new(&options, &rules);
	throttle(all, 10);
	assert_int_equal(ask(all, NOW, "DATA", "bob@example.com", "x", 6).action, POLICY_DUNNO);
	assert_int_equal(ask(all, NOW, "DATA", "bob@example.com", "y", 6).action, POLICY_DEFER);
	assert_int_equal(ask(all, NOW, "DATA", "bob@example.com", "z", 4).action, POLICY_DUNNO);
	assert_int_equal(ask(all, NOW, "DATA", "bob@example.com", "w", UINT64_MAX).action, POLICY_DEFER);
	restrictions_free(&all);
}

/* Several messages at the same time, as a mail program with two connections sends them: each counts once. */
static void test_throttle_counts_side_by_side(void **state)
{
	struct restrictions *all = restrictions_new(&options, &rules);

	(void)state;
	throttle(all, 10);
	assert_int_equal(admitted(all, NOW, "a", 4), 4);
	assert_int_equal(admitted(all, NOW, "b", 5), 5);
	assert_int_equal(ask(all, NOW, "DATA", "bob@example.com", "a", 4).action, POLICY_DUNNO);
	/* Two of its five were refused by the mail server itself. */
	assert_int_equal(ask(all, NOW, "DATA", "bob@example.com", "b", 3).action, POLICY_DUNNO);
	assert_int_equal(admitted(all, NOW, "c", 5), 3);
	restrictions_free(&all);
}

/* A main thread that does nothing but change the table, or, while CALM, nothing but compute. */
static atomic_bool stop, calm;

static void *busy(void *context)
{
	struct restrictions *all = context;
	char name[32];

	for (unsigned i = 0; !stop; i++) {
		snprintf(name, sizeof(name), "u%u@example.com", i % 50000);
		if (!calm)
			restrictions_set(all, span_of(name),
					 &(struct restriction){ .kind = RESTRICTION_REJECT });
	}
	return NULL;
}

/* How many of 500 answers took more than 5 ms. */
static int slow_answers(int fd)
{
	int slow = 0;

	for (int i = 0; i < 500; i++) {
		static const char request[] = "request=smtpd_access_policy\nprotocol_state=RCPT\n"
					      "sasl_username=bob@example.com\n\n";
		char answer[256] = "";
		usec_t from = clock_monotonic();

		assert_int_equal(write(fd, request, sizeof(request) - 1), sizeof(request) - 1);
		assert_true(read(fd, answer, sizeof(answer) - 1) > 0);
		assert_string_equal(answer, "action=554 5.7.1 suspended\n\n");
		slow += clock_monotonic() - from > 5000 ? 1 : 0;
	}
	return slow;
}

static void test_answers_while_all_is_busy(void **state)
{
	char path[] = "/tmp/sendwatch-restrict-XXXXXX";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct restrictions *all = restrictions_new(&options, &rules);
	struct policy_options service = { .address = address.sun_path };
	struct error error;
	struct policy *policy;
	pthread_t thread;
	bool well = false;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_non_null(mkdtemp(path));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/policy", path);
	policy = policy_start(&service, restrictions_decide, all, &error);
	assert_non_null(policy);
	restrictions_set(all, SPAN("bob@example.com"), &(struct restriction){ .kind = RESTRICTION_REJECT });
	assert_int_equal(pthread_create(&thread, NULL, busy, all), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	/* A busy machine takes the processor away, too: as often while nobody changes the table. */
	for (int round = 0; round < 20 && !well; round++) {
		int slow, slow_anyhow;

		calm = true;
		slow_anyhow = slow_answers(fd);
		calm = false;
		slow = slow_answers(fd);
		well = slow <= 5 + 2 * slow_anyhow;
	}
	assert_true(well);
	stop = true;
	pthread_join(thread, NULL);
	close(fd);
	policy_stop(&policy);
	restrictions_free(&all);
	rmdir(path);
}

static void test_mode(void **state)
{
	struct restriction_options wrong = { .mode = (char[]){ "0999" } };
	struct restriction_options good = { .mode = (char[]){ "0600" } };
	struct error error;
	unsigned mode = 0;

	(void)state;
	assert_false(restriction_mode(&wrong, &mode, &error));
	assert_true(restriction_mode(&good, &mode, &error));
	assert_int_equal(mode, 0600);
}

#define ADDRESS_SIZE 32

static char *copy(const char *from, char into[ADDRESS_SIZE])
{
	if (from == NULL)
		return NULL;
	snprintf(into, ADDRESS_SIZE, "%s", from);
	return into;
}

/* A second one would take the first one's socket away, however it is written. */
static void test_two_sockets(void **state)
{
	static const struct {
		const char *policy, *socketmap;
		bool good;
	} rows[] = {
		{ "/run/a.sock", "/run/b.sock", true },
		{ "/run/a.sock", "unix:/run/b.sock", true },
		{ "/run/a.sock", NULL, true },
		{ NULL, "/run/a.sock", true },
		{ "/run/a.sock", "/run/a.sock", false },
		{ "/run/a.sock", "unix:/run/a.sock", false },
		{ "unix:/run/a.sock", "/run/a.sock", false },
		{ "inet:127.0.0.1:10031", "inet:127.0.0.1:10031", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char address[ADDRESS_SIZE], socketmap[ADDRESS_SIZE];
		struct restriction_options two = { 0 };
		struct error error = { "" };
		unsigned mode;

		two.address = copy(rows[i].policy, address);
		two.socketmap = copy(rows[i].socketmap, socketmap);
		if (restriction_mode(&two, &mode, &error) != rows[i].good)
			fail_msg("row %zu: %s", i, error.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_and_held),
		cmocka_unit_test(test_throttle_by_recipients),
		cmocka_unit_test(test_throttle_is_exact_at_data),
		cmocka_unit_test(test_throttle_counts_side_by_side),
		cmocka_unit_test(test_answers_while_all_is_busy),
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_two_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
