/*
 * The policy service, asked over real sockets.
 *
 * alone: the slowest answer of a thousand is measured.
 */
#define _GNU_SOURCE
#include "responders/policy.h"

#include "tests/unit/client.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define CLIENTS 1000

static void decide(void *context, usec_t now, const struct policy_request *request,
		   struct policy_answer *answer)
{
	(void)context;
	assert_true(now > 0);
	if (span_equal(request->sasl_username, SPAN("bob@example.com"))) {
		answer->action = POLICY_REJECT;
		snprintf(answer->text, sizeof(answer->text), "Account\nsuspended");
	} else if (span_equal(request->local_user, SPAN("web2"))) {
		answer->action = POLICY_DEFER;
	}
}

static struct policy *start(unsigned clients)
{
	struct policy_options options = { .address = client_path, .clients = clients };
	struct error error;
	struct policy *policy = policy_start(&options, decide, NULL, &error);

	if (policy == NULL)
		fail_msg("%s", error.text);
	return policy;
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void answers_reject_defer_and_dunno(void **state)
{
	static const struct {
		const char *request, *answer;
	} rows[] = {
		{ "request=smtpd_access_policy\nsasl_username=bob@example.com\n\n",
		  "action=554 5.7.1 Account suspended\n\n" },
		{ "request=smtpd_access_policy\nlocal_user=web2\n\n", "action=450 4.7.1\n\n" },
		{ "request=smtpd_access_policy\nsasl_username=anna@example.com\n\n", "action=DUNNO\n\n" },
		{ "request=smtpd_access_policy\nsasl_username=\n\n", "action=DUNNO\n\n" },
		/* A second name does not win over the first. */
		{ "request=smtpd_access_policy\nsasl_username=anna@example.com\nsasl_username=bob@example.com\n\n",
		  "action=DUNNO\n\n" },
	};
	struct policy *policy = start(0);
	int fd = client_dial();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char heard[128];

		say(fd, rows[i].request);
		client_hear(fd, heard, strlen(rows[i].answer));
		assert_string_equal(heard, rows[i].answer);
	}
	close(fd);
	policy_stop(&policy);
	assert_null(policy);
}

static void joins_a_request_that_comes_in_pieces(void **state)
{
	struct policy *policy = start(0);
	int fd = client_dial();
	char heard[64];

	(void)state;
	say(fd, "request=smtpd_access");
	say(fd, "_policy\nsasl_username=x\n");
	say(fd, "\nrequest=smtpd_access_policy\n\n");
	assert_int_equal(client_hear(fd, heard, 28), 28);
	assert_string_equal(heard, "action=DUNNO\n\naction=DUNNO\n\n");
	close(fd);
	policy_stop(&policy);
}

static void hangs_up_on_what_is_no_request(void **state)
{
	struct policy *policy = start(0);
	char heard[64], *flood = malloc(70000);
	int fd = client_dial();

	(void)state;
	say(fd, "GET / HTTP/1.1\n\n");
	assert_int_equal(client_hear(fd, heard, 1), 0);
	close(fd);
	fd = client_dial();
	memset(flood, 'x', 70000);
	(void)send(fd, flood, 70000, MSG_NOSIGNAL);
	assert_int_equal(client_hear(fd, heard, 1), 0);
	close(fd);
	free(flood);
	/* And goes on with the others. */
	fd = client_dial();
	say(fd, "request=smtpd_access_policy\n\n");
	assert_int_equal(client_hear(fd, heard, 14), 14);
	close(fd);
	policy_stop(&policy);
}

/* A thousand clients ask at once, and all are answered. The slowest answer's microseconds. */
static usec_t ask_a_thousand(void)
{
	struct policy *policy = start(0);
	int *fds = calloc(CLIENTS, sizeof(int));
	struct policy_stats stats;

	for (int i = 0; i < CLIENTS; i++)
		fds[i] = client_dial();
	for (int i = 0; i < CLIENTS; i++)
		say(fds[i], i % 2 == 0 ? "request=smtpd_access_policy\nsasl_username=bob@example.com\n\n"
				       : "request=smtpd_access_policy\nsasl_username=anna@example.com\n\n");
	for (int i = 0; i < CLIENTS; i++) {
		char heard[64];

		client_hear(fds[i], heard, i % 2 == 0 ? 36 : 14);
		assert_string_equal(heard, i % 2 == 0 ? "action=554 5.7.1 Account suspended\n\n"
						      : "action=DUNNO\n\n");
		close(fds[i]);
	}
	free(fds);
	stats = policy_stats(policy);
	assert_int_equal(stats.requests, CLIENTS);
	assert_int_equal(stats.refused, CLIENTS / 2);
	policy_stop(&policy);
	return (usec_t)stats.slowest;
}

static void serves_a_thousand_at_once(void **state)
{
	struct rlimit files;
	usec_t slowest = USEC_DAY;

	(void)state;
	/* Both ends are in this process. */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	if (files.rlim_max < 3 * CLIENTS)
		skip();
	files.rlim_cur = files.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	/* A busy machine may take the processor away in the middle of one round, but hardly of ten. */
	for (int round = 0; round < 10 && slowest >= 5000; round++)
		slowest = ask_a_thousand();
	assert_in_range(slowest, 0, 4999);
}

static void refuses_more_clients_than_it_may_have(void **state)
{
	struct policy *policy = start(2);

	(void)state;
	client_third_is_refused("request=smtpd_access_policy\n\n", "action=DUNNO\n\n");
	policy_stop(&policy);
}

/* Without a descriptor for one more they are hung up on, not left in the queue while the service spins. */
static void turns_away_whom_it_has_no_descriptor_for(void **state)
{
	struct policy *policy = start(10);
	int a = client_dial(), next, b, c;
	struct rlimit files, few;
	char heard[32];

	(void)state;
	say(a, "request=smtpd_access_policy\n\n");
	assert_int_equal(client_hear(a, heard, 14), 14);
	next = dup(a);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	few = files;
	few.rlim_cur = (rlim_t)next + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	b = client_dial();
	assert_int_equal(poll(&(struct pollfd){ .fd = b, .events = POLLIN }, 1, 120000), 1);
	assert_int_equal(read(b, heard, 1), 0);
	say(a, "request=smtpd_access_policy\n\n");
	assert_int_equal(client_hear(a, heard, 14), 14);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	c = client_dial();
	say(c, "request=smtpd_access_policy\n\n");
	assert_int_equal(client_hear(c, heard, 14), 14);
	close(a);
	close(b);
	close(c);
	policy_stop(&policy);
}

static void says_why_it_cannot_listen(void **state)
{
	static const char *const bad[] = { "inet:localhost",
					   "inet:127.0.0.1:99999",
					   "inet:300.0.0.1:1",
					   "10031",
					   "127.0.0.1:10031",
					   "unix:private/sendwatch",
					   "",
					   "/nonexistent/folder/socket" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct policy_options options = { .address = bad[i] };
		struct error error = { "" };

		assert_null(policy_start(&options, decide, NULL, &error));
		assert_true(error.text[0] != '\0');
	}
}

/* A watch that is started by mistake beside the one that is there goes away again; the first must not notice. */
static void takes_nobody_s_socket_away(void **state)
{
	struct policy_options options = { .address = client_path };
	struct policy *first = start(0);
	struct error error = { "" };
	char heard[64];
	int fd;

	(void)state;
	assert_null(policy_open(&options, &error));
	assert_non_null(strstr(error.text, "another program listens there"));
	fd = client_dial();
	say(fd, "request=smtpd_access_policy\n\n");
	assert_int_equal(client_hear(fd, heard, 14), 14);
	close(fd);
	policy_stop(&first);
}

/* What a killed one left is no reason to stay away. */
static void takes_the_place_of_one_that_is_gone(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct policy *policy;

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", client_path);
	assert_int_equal(bind(left, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(left, 1), 0);
	close(left);
	policy = start(0);
	close(client_dial());
	policy_stop(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_reject_defer_and_dunno),
		cmocka_unit_test(joins_a_request_that_comes_in_pieces),
		cmocka_unit_test(hangs_up_on_what_is_no_request),
		cmocka_unit_test(serves_a_thousand_at_once),
		cmocka_unit_test(refuses_more_clients_than_it_may_have),
		cmocka_unit_test(turns_away_whom_it_has_no_descriptor_for),
		cmocka_unit_test(says_why_it_cannot_listen),
		cmocka_unit_test(takes_nobody_s_socket_away),
		cmocka_unit_test(takes_the_place_of_one_that_is_gone),
	};

	return cmocka_run_group_tests(tests, client_folder_made, client_folder_gone);
}
