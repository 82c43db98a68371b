/*
 * The seed of hashes is drawn anew in every run; what is said of a log may not depend on it. Here the draw is
 * in the test's hands: the same lines are judged under many seeds, each in a process of its own.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "tests/unit/ledger_lines.h"

#define SEEDS   24
#define ALIASES 60
#define LEGS    400

static uint64_t seed;

/* In place of the system's. */
ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
	(void)flags;
	memset(buffer, 0, length);
	memcpy(buffer, &seed, length < sizeof(seed) ? length : sizeof(seed));
	return (ssize_t)length;
}

/* One message to many aliases of one address; and many that come back from a filter while others are open. */
static struct text lines_new(void)
{
	struct text text = { .ceiling = 1 << 22 };

	text_add(
		&text,
		span_of(P("smtpd",
			  "AAAAAAAA01: client=x[192.0.2.7], sasl_method=PLAIN, sasl_username=bob@example.com")
				P("cleanup", "AAAAAAAA01: message-id=<first@example.com>") P(
					"qmgr",
					"AAAAAAAA01: from=<bob@example.com>, size=100, nrcpt=60 (queue active)")));
	for (int i = 0; i < ALIASES; i++)
		text_add_format(
			&text,
			P("smtp",
			  "AAAAAAAA01: to=<x@r.example>, orig_to=<alias%d@example.com>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)"),
			i);
	for (int i = 0; i < LEGS; i++) {
		text_add_format(
			&text,
			P("smtpd",
			  "B%07X: client=x[192.0.2.7], sasl_method=PLAIN, sasl_username=user%d@example.com"),
			i, i);
		text_add_format(&text, P("cleanup", "B%07X: message-id=<m%d@example.com>"), i, i);
		text_add_format(
			&text,
			P("qmgr", "B%07X: from=<user%d@example.com>, size=100, nrcpt=1 (queue active)"), i,
			i);
	}
	for (int i = 0; i < LEGS; i++) {
		text_add_format(&text, P("smtpd", "C%07X: client=localhost[127.0.0.1]"), i);
		text_add_format(&text, P("cleanup", "C%07X: message-id=<m%d@example.com>"), i, i);
		text_add_format(
			&text,
			P("qmgr", "C%07X: from=<user%d@example.com>, size=100, nrcpt=1 (queue active)"), i,
			i);
		text_add_format(
			&text,
			P("smtp",
			  "B%07X: to=<y%d@r.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as C%07X)"),
			i, i, i);
		text_add_format(
			&text,
			P("smtp",
			  "C%07X: to=<y%d@r.example>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)"),
			i, i);
	}
	return text;
}

/* A hash of all that is told under SEED. */
static uint64_t told_under(const char *lines, uint64_t with)
{
	uint64_t hash = 0;
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct ledger_options options = ledger_options_plain();
		struct text told;

		seed = with;
		told = ledger_tells(&options, ">+~=", lines);
		hash = hash_stable(text_span(&told));
		_exit(write(ends[1], &hash, sizeof(hash)) == (ssize_t)sizeof(hash) ? 0 : 1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &hash, sizeof(hash)), sizeof(hash));
	close(ends[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	return hash;
}

static void test_seed(void **state)
{
	struct text lines = lines_new();
	uint64_t first;

	(void)state;
	first = told_under(lines.at, 1);
	for (uint64_t i = 2; i < SEEDS; i++)
		assert_int_equal(told_under(lines.at, i * UINT64_C(0x9e3779b97f4a7c15)), first);
	text_free(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
