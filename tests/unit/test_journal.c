/* The journal: whole lines, rotated by size, and a memory of what was acted on that outlives the process. */
#define _GNU_SOURCE
#include "base/save.h"
#include "responders/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/journal-XXXXXX";
static char file[sizeof(folder) + 32];

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/journal-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/v.ndjson", folder);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "", ".1", ".2", ".3" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char path[sizeof(file) + 8];

		snprintf(path, sizeof(path), "%s%s", file, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static void expect_file(const char *path, const char *wanted)
{
	struct text text = { 0 };
	struct error error;

	assert_true(save_read(path, 100000, &text, &error));
	assert_string_equal(text.at, wanted);
	text_free(&text);
}

/* The journal's, in the place of the C library's. */
static int syncs;

int fdatasync(int fd)
{
	assert_true(fd >= 0);
	syncs++;
	return 0;
}

/* What is gathered waits for the disk together, whatever comes first: a sync, another line, a new file, the end. */
static void test_gathered_lines_are_synced_together(void **state)
{
	struct journal_options options = { .file = file, .rotate_at = 100, .keep = 2 };
	struct error error = { "" };
	struct journal *journal = journal_open(&options, &error);

	(void)state;
	assert_non_null(journal);
	syncs = 0;
	assert_true(journal_verdict(journal, "a", "{}", &error));
	assert_int_equal(syncs, 1);
	journal_gather(journal, true);
	for (int i = 0; i < 10; i++)
		assert_true(journal_verdict(journal, "b", "{}", &error));
	journal_gather(journal, false);
	assert_int_equal(syncs, 1);
	assert_true(journal_sync(journal, &error));
	assert_int_equal(syncs, 2);
	assert_true(journal_sync(journal, &error));
	assert_int_equal(syncs, 2);
	journal_gather(journal, true);
	assert_true(journal_verdict(journal, "c", "{}", &error));
	journal_gather(journal, false);
	assert_true(journal_verdict(journal, "d", "{}", &error));
	assert_int_equal(syncs, 3);
	assert_true(journal_sync(journal, &error));
	assert_int_equal(syncs, 3);
	journal_gather(journal, true);
	for (int i = 0; i < 40; i++) /* a file holds 33 of them */
		assert_true(journal_verdict(journal, "e", "{}", &error));
	assert_int_equal(syncs, 4);
	journal_close(&journal);
	assert_int_equal(syncs, 5);
}

static void test_acted_once(void **state)
{
	struct journal_options options = { .file = file, .rotate_at = 100000, .keep = 2 };
	struct error error = { "" };
	struct journal *journal = journal_open(&options, &error);

	(void)state;
	assert_non_null(journal);
	assert_int_equal(journal_knows(journal, "a1"), JOURNAL_NEW);
	assert_true(journal_verdict(journal, "a1", "{\"type\":\"verdict\",\"id\":\"a1\",\"x\":1}", &error));
	assert_int_equal(journal_knows(journal, "a1"), JOURNAL_WRITTEN);
	assert_true(journal_response(journal, 0, "a1", "queued", NULL, 2, &error));
	assert_true(journal_verdict(journal, "b2", "{\"type\":\"server\",\"id\":\"b2\"}", &error));
	assert_true(journal_response(journal, USEC_SECOND, "b2", "delivered", "ops", 1, &error));
	journal_close(&journal);
	expect_file(
		file,
		"{\"type\":\"verdict\",\"id\":\"a1\",\"x\":1}\n"
		"{\"type\":\"response\",\"time\":\"1970-01-01T00:00:00Z\",\"id\":\"a1\",\"action\":\"queued\","
		"\"targets\":2}\n"
		"{\"type\":\"server\",\"id\":\"b2\"}\n"
		"{\"type\":\"response\",\"time\":\"1970-01-01T00:00:01Z\",\"id\":\"b2\","
		"\"action\":\"delivered\",\"target\":\"ops\",\"tries\":1}\n");
	journal = journal_open(&options, &error);
	assert_int_equal(journal_knows(journal, "a1"), JOURNAL_ACTED);
	assert_int_equal(journal_knows(journal, "b2"), JOURNAL_WRITTEN);
	assert_int_equal(journal_knows(journal, "c3"), JOURNAL_NEW);
	journal_close(&journal);
}

static void test_interrupted_line(void **state)
{
	struct journal_options options = { .file = file, .rotate_at = 100000, .keep = 2 };
	struct error error = { "" };
	struct journal *journal;

	(void)state;
	assert_true(save_whole(
		file, SPAN("{\"type\":\"verdict\",\"id\":\"a1\"}\n{\"type\":\"verdict\",\"id\":\"b2\""), 0600,
		&error));
	journal = journal_open(&options, &error);
	assert_int_equal(journal_knows(journal, "a1"), JOURNAL_WRITTEN);
	assert_int_equal(journal_knows(journal, "b2"), JOURNAL_NEW);
	assert_true(journal_verdict(journal, "b2", "{2}", &error));
	assert_true(journal_verdict(journal, "c3", "{3}", &error));
	journal_close(&journal);
	expect_file(file,
		    "{\"type\":\"verdict\",\"id\":\"a1\"}\n{\"type\":\"verdict\",\"id\":\"b2\"\n{2}\n{3}\n");
}

static void test_rotation(void **state)
{
	struct journal_options options = { .file = file, .rotate_at = 12, .keep = 2 };
	struct error error = { "" };
	struct journal *journal = journal_open(&options, &error);
	char path[sizeof(file) + 8];

	(void)state;
	for (int i = 0; i < 5; i++) {
		char line[16];

		snprintf(line, sizeof(line), "{line-%d}", i);
		assert_true(journal_verdict(journal, "x", line, &error));
	}
	journal_close(&journal);
	expect_file(file, "{line-4}\n");
	snprintf(path, sizeof(path), "%s.1", file);
	expect_file(path, "{line-3}\n");
	snprintf(path, sizeof(path), "%s.2", file);
	expect_file(path, "{line-2}\n");
	snprintf(path, sizeof(path), "%s.3", file);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_put_away_by_another(void **state)
{
	struct journal_options options = { .file = file, .rotate_at = 100000, .keep = 2 };
	struct error error = { "" };
	struct journal *journal = journal_open(&options, &error);
	char path[sizeof(file) + 8];

	(void)state;
	snprintf(path, sizeof(path), "%s.1", file);
	assert_true(journal_verdict(journal, "a", "{1}", &error));
	assert_int_equal(rename(file, path), 0);
	assert_true(journal_verdict(journal, "b", "{2}", &error));
	expect_file(path, "{1}\n");
	expect_file(file, "{2}\n");
	/* ... and another one stands in its place. */
	assert_int_equal(rename(file, path), 0);
	assert_true(save_whole(file, SPAN("{0}\n"), 0600, &error));
	assert_true(journal_verdict(journal, "c", "{3}", &error));
	assert_int_equal(journal_knows(journal, "a"), JOURNAL_WRITTEN);
	journal_close(&journal);
	expect_file(path, "{2}\n");
	expect_file(file, "{0}\n{3}\n");
}

static void test_no_file(void **state)
{
	struct journal_options none = { .file = NULL },
			       bad = { .file = (char[]){ "/proc/nonexistent/x" }, .rotate_at = 1 };
	struct error error = { "" };
	struct journal *journal = journal_open(&none, &error);

	(void)state;
	assert_true(journal_verdict(journal, "a", "{}", &error));
	assert_int_equal(journal_knows(journal, "a"), JOURNAL_WRITTEN);
	journal_close(&journal);
	assert_null(journal_open(&bad, &error));
	assert_string_equal(error.text, "/proc/nonexistent/x: No such file or directory");
}

/* Replaced whole, with the mode that it had; what cannot be written leaves the old one. */
static void test_save(void **state)
{
	struct error error = { "" };
	struct stat found;
	struct text text = { 0 };

	(void)state;
	assert_true(save_whole(file, SPAN("one"), 0600, &error));
	assert_int_equal(chmod(file, 0644), 0);
	assert_true(save_whole(file, SPAN("two"), 0600, &error));
	assert_int_equal(stat(file, &found), 0);
	assert_int_equal(found.st_mode & 0777, 0644);
	expect_file(file, "two");
	assert_false(save_whole("/proc/nonexistent/x", SPAN("one"), 0600, &error));
	assert_false(save_read(file, 2, &text, &error));
	assert_int_equal(text.len, 0);
	text_free(&text);
	assert_true(save_remove(file, &error));
	assert_int_equal(access(file, F_OK), -1);
	assert_true(save_remove(file, &error));
}

static bool told(const struct journal *journal, const char *account, enum account_state state, usec_t time,
		 bool late, const char *expected)
{
	char id[VERDICT_ID_SIZE] = "other";
	bool found = journal_told(journal, span_of(account), state, time, late, id);

	assert_string_equal(id, found ? expected : "other");
	return found;
}

/* A verdict about eve@x, with REST at the end of its line. */
static void tell(struct journal *journal, const char *id, const char *time, const char *state,
		 const char *rest)
{
	struct text json = { 0 };
	struct error error;

	text_add_format(&json,
			"{\"type\":\"verdict\",\"id\":\"%s\",\"time\":\"%s\",\"account\":\"eve@x\","
			"\"state\":\"%s\",%s}",
			id, time, state, rest);
	assert_true(journal_verdict(journal, id, json.at, &error));
	text_free(&json);
}

/* Found again by another line after a kill: the same while nothing ended it, and within an hour of the log. */
static void test_what_was_told_is_known_under_another_id(void **state)
{
	const struct journal_options options = { .file = file, .rotate_at = 1 << 20, .keep = 2 };
	struct error error;
	struct journal *journal = journal_open(&options, &error);
	usec_t time;

	(void)state;
	assert_true(clock_parse(SPAN("2026-11-17T01:00:00Z"), &time));
	tell(journal, "a1", "2026-11-17T01:00:00Z", "flagged", "\"host\":null");
	tell(journal, "a2", "2026-11-17T01:10:00Z", "disabled", "\"late\":true");
	for (int turn = 0; turn < 2; turn++) {
		assert_true(told(journal, "eve@x", STATE_FLAGGED, time + USEC_MINUTE, false, "a1"));
		assert_true(told(journal, "eve@x", STATE_FLAGGED, time - USEC_MINUTE, false, "a1"));
		assert_true(told(journal, "eve@x", STATE_FLAGGED, time, true, "a1"));
		assert_true(told(journal, "eve@x", STATE_DISABLED, time, true, "a2"));
		/* Told too late to be acted on: what is in time is told anew. */
		assert_false(told(journal, "eve@x", STATE_DISABLED, time, false, ""));
		assert_false(told(journal, "eve@x", STATE_WATCH, time, false, ""));
		assert_false(told(journal, "eve@x", STATE_NORMAL, time, false, ""));
		assert_false(told(journal, "bob@x", STATE_FLAGGED, time, false, ""));
		assert_false(told(journal, "eve@x", STATE_FLAGGED, time + 2 * USEC_HOUR, false, ""));
		journal_close(&journal);
		journal = journal_open(&options, &error);
	}
	journal_verdict(journal, "b1",
			"{\"type\":\"act\",\"id\":\"b1\",\"action\":\"released\",\"account\":\"eve@x\"}",
			&error);
	assert_false(told(journal, "eve@x", STATE_FLAGGED, time, false, ""));
	journal_close(&journal);
}

/* Less than it was: should it rise again, that is another verdict. */
static void test_what_ended_is_told_anew(void **state)
{
	const struct journal_options options = { .file = file, .rotate_at = 1 << 20, .keep = 2 };
	struct error error;
	struct journal *journal = journal_open(&options, &error);
	usec_t time;

	(void)state;
	assert_true(clock_parse(SPAN("2026-11-17T01:00:00Z"), &time));
	tell(journal, "a1", "2026-11-17T01:00:00Z", "flagged", "\"host\":null");
	assert_true(told(journal, "eve@x", STATE_FLAGGED, time, false, "a1"));
	tell(journal, "a2", "2026-11-17T01:10:00Z", "watch", "\"host\":null");
	assert_true(told(journal, "eve@x", STATE_WATCH, time, false, "a2"));
	assert_false(told(journal, "eve@x", STATE_FLAGGED, time, false, ""));
	tell(journal, "a3", "2026-11-17T01:20:00Z", "normal", "\"host\":null");
	assert_false(told(journal, "eve@x", STATE_WATCH, time, false, ""));
	journal_close(&journal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_gathered_lines_are_synced_together, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_acted_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_interrupted_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rotation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_put_away_by_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_save, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_ended_is_told_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_was_told_is_known_under_another_id, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
