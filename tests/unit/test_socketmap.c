/* The socketmap: what is read, in pieces of any size; and asked over a real socket, with the real table behind it. */
#define _GNU_SOURCE
#include "responders/socketmap.h"

#include "base/text.h"
#include "responders/restrictions.h"
#include "tests/unit/client.h"

#include <stdlib.h>

static struct restriction_options texts = { .text_disabled = (char[]){ "Account suspended" },
					    .text_throttled = (char[]){ "later" } };
static const struct account_rules rules = { .default_domain = SPAN_INIT("example.com"),
					    .fold_case = true,
					    .fold_tags = true };

#define NO    "9:NOTFOUND ,"
#define YES   "30:OK 554 5.7.1 Account suspended,"
#define CLOSE "!"

/* What is sent on one connection, and what comes back; CLOSE where the connection ends then. */
static const struct {
	const char *send, *hear;
} rows[] = {
	{ "24:disabled bob@example.com,", YES },
	{ "12:disabled bob,", YES },
	{ "24:disabled BOB@Example.COM,", YES },
	{ "28:disabled bob+tag@example.com,", YES },
	{ "25:disabled anna@example.com,", NO },
	{ "24:disabled eve@example.com,", "25:OK HOLD Account suspended," },
	/* A table cannot count. */
	{ "26:disabled carla@example.com,", NO },
	/* Parts of an address, as check_sender_access asks of tables in files. */
	{ "20:disabled example.com,13:disabled bob@,21:disabled @example.com,", NO NO NO },
	{ "9:disabled ,", NO },
	{ "18:disabled bob@other,", NO },
	/* Other tables; keys with blanks, line ends and control bytes; names of other kinds of accounts. */
	{ "23:flagged bob@example.com,", NO },
	{ "4: bob,", NO },
	{ "13:disabled  bob,13:disabled bob ,16:disabled bob bob,", NO NO NO },
	{ "13:disabled bob\n,13:disabled bob\t,13:disabled \177bob,", NO NO NO },
	{ "19:disabled local:web2,23:disabled local\\x3aweb2@,", NO NO },
	{ "12:disabled \303\274\377,", NO },
	/* Many on one connection. */
	{ "12:disabled bob,13:disabled anna,12:disabled bob,", YES NO YES },
	{ "12:disabled bob,13:dis", YES },
	/* Hostile ones: what was asked before is answered. */
	{ "12:disabled bob,GET / HTTP/1.1\r\n", YES CLOSE },
	{ "12:disabled bob;", CLOSE },
	{ "012:disabled bob,", CLOSE },
	{ "0:,", CLOSE },
	{ ":disabled bob,", CLOSE },
	{ "-1:disabled bob,", CLOSE },
	{ " 12:disabled bob,", CLOSE },
	{ "8:disabled,", CLOSE },
	{ "11:disabled bob,", CLOSE },
	{ "8193:disabled bob", CLOSE },
	{ "9999:disabled bob", CLOSE },
	{ "99999", CLOSE },
	{ "18446744073709551628:disabled bob,", CLOSE },
	{ "8192:disabled bob", "" },
};

static struct restrictions *table(void)
{
	struct restrictions *all = restrictions_new(&texts, &rules);

	restrictions_set(all, SPAN("bob@example.com"), &(struct restriction){ .kind = RESTRICTION_REJECT });
	restrictions_set(all, SPAN("eve@example.com"), &(struct restriction){ .kind = RESTRICTION_HOLD });
	restrictions_set(all, SPAN("local:web2"), &(struct restriction){ .kind = RESTRICTION_REJECT });
	/* Names that a login with a blank or a control byte would get: the policy service refuses these. */
	restrictions_set(all, SPAN("bob\\x20bob@example.com"),
			 &(struct restriction){ .kind = RESTRICTION_REJECT });
	restrictions_set(all, SPAN("\\x7fbob@example.com"),
			 &(struct restriction){ .kind = RESTRICTION_REJECT });
	restrictions_set(all, SPAN("carla@example.com"),
			 &(struct restriction){ .kind = RESTRICTION_THROTTLE, .an_hour = 1 });
	return all;
}

/* Without a socket: SEND comes in pieces of PIECE bytes. */
static void hear_pieces(struct restrictions *all, struct span sent, size_t piece, struct text *heard_r)
{
	struct span rest = { sent.at, 0 };
	struct policy_request request;

	text_clear(heard_r);
	for (size_t at = 0; at < sent.len; at += piece) {
		enum policy_heard heard;

		rest.len += sent.len - at < piece ? sent.len - at : piece;
		while ((heard = socketmap_tongue.cut(&rest, &request)) == POLICY_WHOLE) {
			struct policy_answer answer = { .action = POLICY_DUNNO };
			char line[256];
			size_t len;

			restrictions_decide(all, USEC_SECOND, &request, &answer);
			len = socketmap_tongue.put(&answer, line, sizeof(line));
			text_add(heard_r, (struct span){ line, len });
		}
		if (heard == POLICY_NONSENSE) {
			text_add(heard_r, SPAN(CLOSE));
			return;
		}
	}
}

static void test_rows_in_pieces_of_any_size(void **state)
{
	struct restrictions *all = table();
	struct text heard = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t piece = 1; piece <= strlen(rows[i].send); piece++) {
			hear_pieces(all, span_of(rows[i].send), piece, &heard);
			if (!span_equal(text_span(&heard), span_of(rows[i].hear)))
				fail_msg("row %zu in pieces of %zu: %.*s", i, piece,
					 SPAN_ARGS(text_span(&heard)));
		}
	text_free(&heard);
	restrictions_free(&all);
}

/* The longest request there may be, the longest text, and a text that would be more than one line. */
static void test_the_longest(void **state)
{
	struct policy_answer answer = { .action = POLICY_REJECT };
	struct policy_request request;
	struct text text = { 0 };
	struct span rest;
	char line[sizeof(answer.text) + 56];

	(void)state;
	text_add_format(&text, "%d:disabled ", SOCKETMAP_LONGEST);
	for (int i = 9; i < SOCKETMAP_LONGEST; i++)
		text_add(&text, SPAN("x"));
	rest = text_span(&text);
	assert_int_equal(socketmap_tongue.cut(&rest, &request), POLICY_PART);
	assert_true(rest.at == text.at);
	text_add(&text, SPAN(","));
	rest = text_span(&text);
	assert_int_equal(socketmap_tongue.cut(&rest, &request), POLICY_WHOLE);
	assert_int_equal(rest.len, 0);
	assert_int_equal(request.sasl_username.len, SOCKETMAP_LONGEST - 9);
	memset(answer.text, 't', sizeof(answer.text) - 1);
	answer.text[sizeof(answer.text) - 1] = '\0';
	assert_int_equal(socketmap_tongue.put(&answer, line, sizeof(line)), 4 + 13 + 199 + 1);
	assert_memory_equal(line, "212:OK 554 5.7.1 ttt", 20);
	text_free(&text);
}

static void test_rows_over_a_socket(void **state)
{
	const struct policy_options options = { .address = client_path, .tongue = &socketmap_tongue };
	struct restrictions *all = table();
	struct error error;
	struct policy *map = policy_start(&options, restrictions_decide, all, &error);

	(void)state;
	if (map == NULL)
		fail_msg("%s", error.text);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span wanted = span_of(rows[i].hear);
		bool ends = span_ends(wanted, SPAN(CLOSE));
		char heard[256];
		int fd = client_dial();

		wanted.len -= ends ? 1 : 0;
		assert_true(send(fd, rows[i].send, strlen(rows[i].send), MSG_NOSIGNAL) > 0);
		/* Where it ends, one byte more is waited for, and does not come. */
		client_hear(fd, heard, wanted.len + (ends ? 1 : 0));
		if (!span_equal(span_of(heard), wanted))
			fail_msg("row %zu: %s", i, heard);
		close(fd);
	}
	assert_true(policy_stats(map).bad_requests >= 10);
	assert_true(policy_stats(map).slowest > 0);
	policy_stop(&map);
	restrictions_free(&all);
}

static void test_clients_are_bounded(void **state)
{
	const struct policy_options options = { .address = client_path,
						.tongue = &socketmap_tongue,
						.clients = 2 };
	struct restrictions *all = table();
	struct error error;
	struct policy *map = policy_start(&options, restrictions_decide, all, &error);

	(void)state;
	assert_non_null(map);
	client_third_is_refused("12:disabled bob,", YES);
	policy_stop(&map);
	restrictions_free(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_in_pieces_of_any_size),
		cmocka_unit_test(test_the_longest),
		cmocka_unit_test(test_rows_over_a_socket),
		cmocka_unit_test(test_clients_are_bounded),
	};

	return cmocka_run_group_tests(tests, client_folder_made, client_folder_gone);
}
