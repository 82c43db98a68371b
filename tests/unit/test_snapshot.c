/* Snapshots: what comes back is what was written, and nothing but a whole one is taken. */
#define _GNU_SOURCE
#include "commands/options.h"
#include "commands/resume.h"
#include "commands/snapshot.h"

#include "base/memory.h"
#include "base/save.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <unistd.h>

#define START (USEC_DAY * 20370)

static char folder[] = "/tmp/sendwatch-snapshot-XXXXXX";
static char path[64];
static struct options options;

/* What a snapshot is made of, and read into. */
struct known {
	struct store *store;
	struct judge *judge;
	struct health *health;
};

static void hear(void *context, const struct verdict *verdict)
{
	(void)context;
	(void)verdict;
}

static struct known known_new(void)
{
	const struct judge_sink sink = { NULL, hear };
	struct known known = { .store = store_memory_new(1000) };

	known.judge = judge_new(&options.judge, known.store, &sink);
	known.health = health_new(&options.health, hear, NULL);
	return known;
}

static void known_free(struct known *known)
{
	judge_free(&known->judge);
	health_free(&known->health);
	store_free(&known->store);
}

/* Two accounts, one of them with a trail and a state. */
static void teach(struct known *known)
{
	for (int i = 0; i < 60; i++) {
		char queue_id[16], to[32];
		struct envelope envelope = { .time = START + i * USEC_MINUTE,
					     .account_kind = ACCOUNT_LOGIN,
					     .account = i % 10 == 0 ? SPAN("ann@example.com")
								    : SPAN("bob@example.com"),
					     .client_ip = SPAN("203.0.113.9"),
					     .host = SPAN("mx1"),
					     .queue_id = { queue_id, 0 },
					     .nrcpt = 1 };
		struct attempt attempt = { .envelope = &envelope,
					   .time = envelope.time,
					   .direction = DIRECTION_OUTBOUND,
					   .provider = SPAN("google"),
					   .recipient = { to, 0 },
					   .meaning.class = i % 3 == 0 ? REPLY_CONTENT_SPAM : REPLY_DELIVERED,
					   .outcome = i % 3 == 0 ? OUTCOME_BOUNCED : OUTCOME_DELIVERED };

		envelope.queue_id.len = (size_t)snprintf(queue_id, sizeof(queue_id), "Q%d", i);
		attempt.recipient.len = (size_t)snprintf(to, sizeof(to), "p%d@there.example", i);
		judge_submitted(known->judge, &envelope, 0, (uint64_t)i);
		judge_attempt(known->judge, &attempt, ATTEMPT_FIRST);
		health_attempt(known->health, &attempt, ATTEMPT_FIRST);
	}
}

static void write_one(struct text *bytes)
{
	struct known known = known_new();
	struct error error;

	teach(&known);
	assert_true(
		snapshot_write(path, SPAN("open 5 6\n\npositions"), known.judge, true, known.health, &error));
	assert_true(save_read(path, 1024 * 1024, bytes, &error));
	known_free(&known);
}

static void test_what_was_known_is_known_again(void **state)
{
	struct known known = known_new();
	struct text bytes = { 0 }, again = { 0 };
	struct snapshot snapshot;
	struct error error;

	(void)state;
	write_one(&bytes);
	assert_int_equal(snapshot_open(path, &snapshot, &error), SNAPSHOT_GOOD);
	assert_true(span_equal(snapshot.text, SPAN("open 5 6\n\npositions")));
	assert_true(snapshot_restore(&snapshot, known.judge, known.health));
	assert_true(snapshot_write(path, snapshot.text, known.judge, true, known.health, &error));
	snapshot_close(&snapshot);
	assert_true(save_read(path, 1024 * 1024, &again, &error));
	assert_true(span_equal(text_span(&bytes), text_span(&again)));
	assert_int_equal(judge_stats(known.judge).accounts, 2);
	known_free(&known);
	text_free(&bytes);
	text_free(&again);
}

/* Cut short at every length, and with a bit turned over in every byte. */
static void test_nothing_but_a_whole_one_is_taken(void **state)
{
	struct text bytes = { 0 };
	struct error error;

	(void)state;
	write_one(&bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		struct snapshot snapshot = { .whole = span_head(text_span(&bytes), len) };

		if (snapshot_parse(&snapshot, path, &error))
			fail_msg("taken when cut to %zu of %zu bytes", len, bytes.len);
	}
	for (size_t at = 0; at < bytes.len; at++) {
		struct snapshot snapshot = { .whole = text_span(&bytes) };

		bytes.at[at] ^= (char)(1 << at % 8);
		if (snapshot_parse(&snapshot, path, &error))
			fail_msg("taken with byte %zu of %zu turned over", at, bytes.len);
		bytes.at[at] ^= (char)(1 << at % 8);
	}
	text_add(&bytes, SPAN("x"));
	assert_false(snapshot_parse(&(struct snapshot){ .whole = text_span(&bytes) }, path, &error));
	text_free(&bytes);
}

static void test_what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *content, *words;
	} rows[] = {
		{ "", "snapshot: empty" },
		{ "sendwatch snapshot 1 x\n", "not a snapshot of this version" },
		{ "sendwatch snapshot 2 0000000000000001 0 0000000000000000\n", "of another version" },
		{ "mail log\n", "not a snapshot of this version" },
	};
	struct snapshot snapshot;
	struct error error;

	(void)state;
	assert_int_equal(snapshot_open(path, &snapshot, &error), SNAPSHOT_NONE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(save_whole(path, span_of(rows[i].content), 0600, &error));
		assert_int_equal(snapshot_open(path, &snapshot, &error), SNAPSHOT_BAD);
		if (strstr(error.text, rows[i].words) == NULL)
			fail_msg("row %zu: %s", i, error.text);
	}
}

static void test_the_text_is_read_or_refused(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "open 5 6\n\npositions", true }, { "open 0 0\n\n", true },  { "open 5 6\n", false },
		{ "open 5\n\n", false },           { "open x 6\n\n", false }, { "", false },
		{ "open 5 6\nmark\n\n", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct resume resume = { .marks = NULL };

		if (resume_parse(span_of(rows[i].text), &resume) != rows[i].good)
			fail_msg("row %zu", i);
		resume_free(&resume);
	}
}

static int begin(void **state)
{
	(void)state;
	settings_defaults(options_sections(), &options);
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/snapshot", folder);
	return 0;
}

static int clear(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static int end(void **state)
{
	(void)state;
	settings_free(options_sections(), &options);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_what_was_known_is_known_again, clear),
		cmocka_unit_test_teardown(test_nothing_but_a_whole_one_is_taken, clear),
		cmocka_unit_test_teardown(test_what_is_wrong_is_said, clear),
		cmocka_unit_test(test_the_text_is_read_or_refused),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
