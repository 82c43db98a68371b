/*
 * Replay: what is given, in which order, under which source and position, and what is said about files
 * that are missing, cut or rubbish. Stamps are ISO to the second; the callback reads the first 20 bytes.
 */
#define _GNU_SOURCE
#include "scratch.h"

#include "base/memory.h"
#include "base/text.h"
#include "collector/collector.h"

static struct text said;  /* troubles, one a line */
static struct text given; /* lines, one a line */
static unsigned timed, opened, closed;
static uint64_t last_position;
static uint32_t last_source;

static void *replay_opened(void *context, const char *path, usec_t written)
{
	(void)context, (void)path, (void)written;
	opened++;
	return memory_copy(span_of(path));
}

static usec_t replay_time(void *file, struct span line)
{
	usec_t time;

	assert_non_null(file);
	timed++;
	return clock_parse(span_head(line, 20), &time) ? time : USEC_NEVER;
}

static void replay_closed(void *context, void *file)
{
	(void)context;
	closed++;
	free(file);
}

static void replay_trouble(void *context, const char *words)
{
	(void)context;
	text_add(&said, span_of(words));
	text_add(&said, SPAN("\n"));
}

static const struct collector_calls replay_calls = {
	.opened = replay_opened,
	.time = replay_time,
	.closed = replay_closed,
	.trouble = replay_trouble,
};

static void (*meanwhile)(void); /* after the plan is made, before the first line; once */

static void rotate(void)
{
	assert_int_equal(unlink(scratch_path("mail.log.2")), 0);
	scratch_move("mail.log.1", "mail.log.2");
	assert_true(scratch_pack("gzip", "mail.log.2"));
	scratch_move("mail.log", "mail.log.1");
	scratch_write("mail.log", "2026-11-01T10:00:07Z g\n");
}

static struct collector_stats replay_run(const char *const *names, unsigned threads)
{
	const char *logs[16];
	struct collector *collector;
	struct collector_stats stats;
	struct error error = { "" };
	struct line line;
	size_t count = 0;

	for (; names[count] != NULL; count++)
		logs[count] = scratch_path(names[count]);
	text_clear(&said);
	text_clear(&given);
	timed = opened = closed = 0;
	collector = collector_replay_threads(logs, count, threads, &replay_calls, &error);
	if (collector == NULL) {
		print_error("%s\n", error.text);
		fail();
	}
	if (meanwhile != NULL)
		meanwhile();
	meanwhile = NULL;
	while (collector_next(collector, &line) == COLLECTED_LINE) {
		assert_non_null(collector_opened(collector));
		assert_non_null(collector_source_name(collector, line.source));
		text_add(&given, line.text);
		text_add(&given, SPAN("\n"));
		last_position = line.position;
		last_source = line.source;
	}
	assert_int_equal(collector_next(collector, &line), COLLECTED_END);
	stats = collector_stats(collector);
	collector_close(&collector);
	assert_int_equal(opened, closed);
	return stats;
}

#define RUN(...) replay_run((const char *const[]){ __VA_ARGS__, NULL }, 2)

static void replay_expect(const char *lines)
{
	assert_string_equal(given.at == NULL ? "" : given.at, lines);
}

#define T(second) "2026-11-01T10:00:" second "Z "

static void files_are_read_in_time_order_whatever_order_they_are_named_in(void **state)
{
	(void)state;
	scratch_write("mail.log", T("05") "e\n" T("06") "f\n");
	scratch_write("mail.log.1", T("03") "c\n" T("04") "d\n");
	scratch_write("mail.log.2", T("01") "a\n" T("02") "b\n");
	assert_true(scratch_pack("gzip", "mail.log.2"));
	RUN("mail.log", "mail.log.2.gz", "mail.log.1");
	replay_expect(T("01") "a\n" T("02") "b\n" T("03") "c\n" T("04") "d\n" T("05") "e\n" T("06") "f\n");
	assert_int_equal(last_source, 0);
	assert_int_equal(last_position, 6 * 23);
}

static void logs_are_merged_by_time_and_ties_keep_the_order_of_sources(void **state)
{
	(void)state;
	scratch_write("two.log", T("02") "c\n" T("02") "d\n" T("09") "h\n");
	scratch_write("one.log",
		      T("01") "a\n" T("02") "b\n" T("05") "e\nno stamp\n" T("04") "back\n" T("07") "g\n");
	RUN("two.log", "one.log");
	replay_expect(T("01") "a\n" T("02") "b\n" T("02") "c\n" T("02") "d\n" T("05") "e\nno stamp\n" T(
		"04") "back\n" T("07") "g\n" T("09") "h\n");
	RUN("one.log", "two.log");
	replay_expect(T("01") "a\n" T("02") "b\n" T("02") "c\n" T("02") "d\n" T("05") "e\nno stamp\n" T(
		"04") "back\n" T("07") "g\n" T("09") "h\n");
}

static void one_log_alone_asks_for_no_times_after_the_plan(void **state)
{
	(void)state;
	scratch_write("mail.log", T("05") "e\n" T("06") "f\n");
	scratch_write("mail.log.1", T("03") "c\n" T("04") "d\n");
	RUN("mail.log", "mail.log.1");
	assert_int_equal(timed, 3); /* the first line of each, and the last of the youngest */
	RUN("mail.log");
	assert_int_equal(timed, 1);
}

static void a_file_named_twice_is_read_once(void **state)
{
	(void)state;
	scratch_write("mail.log", T("05") "e\n");
	assert_int_equal(symlink("mail.log", scratch_path("link.log")), 0);
	assert_int_equal(link(scratch_path("mail.log"), scratch_path("hard.log")), 0);
	RUN("mail.log", "mail.log", "*.log", "link.log", "{mail,hard}.log");
	replay_expect(T("05") "e\n");
}

static void what_cannot_be_read_is_named_and_the_rest_is_read(void **state)
{
	struct collector_stats stats;

	(void)state;
	scratch_write("mail.log", T("05") "e\n");
	assert_int_equal(mkdir(scratch_path("folder"), 0755), 0);
	scratch_write("old.log.Z", "\x1f\x9d\x90 and more");
	stats = RUN("gone.log", "mail.log", "folder", "none*.log", "old.log.Z");
	replay_expect(T("05") "e\n");
	assert_int_equal(stats.files_failed, 4);
	assert_int_equal(stats.files, 1);
	assert_non_null(strstr(said.at, "/gone.log: No such file or directory\n"));
	assert_non_null(strstr(said.at, "/folder: is a folder; name the logs in it"));
	assert_non_null(strstr(said.at, "/none*.log: no file has such a name\n"));
	assert_non_null(strstr(said.at, "/old.log.Z: is a compress archive, which this build cannot read\n"));
}

static void a_rotation_meanwhile_changes_nothing(void **state)
{
	(void)state;
	scratch_write("mail.log", T("05") "e\n" T("06") "f\n");
	scratch_write("mail.log.1", T("03") "c\n" T("04") "d\n");
	scratch_write("mail.log.2", T("01") "a\n");
	meanwhile = rotate;
	RUN("mail.log", "mail.log.2", "mail.log.1");
	replay_expect(T("01") "a\n" T("03") "c\n" T("04") "d\n" T("05") "e\n" T("06") "f\n");
	assert_int_equal(said.len, 0);
}

static void nothing_to_read_is_an_error(void **state)
{
	const char *gone = scratch_path("gone.log");
	struct error error = { "" };

	(void)state;
	assert_null(collector_replay(&gone, 1, &replay_calls, &error));
	assert_non_null(strstr(error.text, "/gone.log: No such file or directory"));
	assert_null(collector_replay(NULL, 0, &replay_calls, &error));
	assert_string_equal(error.text, "no log is named");
}

static void a_cut_archive_gives_its_whole_lines_then_its_name_and_the_byte(void **state)
{
	struct collector_stats stats;
	struct text all = { 0 };
	size_t len;
	char *bytes;

	(void)state;
	for (unsigned i = 0; i < 20000; i++)
		text_add_format(&all, T("01") "line %u of many %u\n", i, i * 2654435761u);
	scratch_put("mail.log.1", all.at, all.len, O_TRUNC);
	assert_true(scratch_pack("gzip", "mail.log.1"));
	bytes = scratch_read("mail.log.1.gz", &len);
	scratch_put("mail.log.1.gz", bytes, len / 2, O_TRUNC);
	free(bytes);
	scratch_write("mail.log", T("05") "after\n");
	stats = RUN("mail.log.1.gz", "mail.log");
	assert_int_equal(stats.files_failed, 1);
	assert_true(stats.lines > 5000 && stats.lines < 15000);
	assert_non_null(strstr(said.at, "/mail.log.1.gz: gzip archive is cut short at byte "));
	assert_true(span_ends(text_span(&given), SPAN("\n" T("05") "after\n")));
	given.len -= sizeof(T("05") "after\n") - 1;
	assert_true(span_starts(text_span(&all), text_span(&given)));
	text_free(&all);
}

static void rubbish_is_skipped_and_counted(void **state)
{
	struct collector_stats stats;
	struct text all = { 0 };

	(void)state;
	text_add(&all, SPAN("first\r\n"));
	for (size_t i = 0; i < 65537; i++)
		text_add(&all, SPAN("x"));
	text_add(&all, SPAN("\nsecond\nwith\0nul\n"));
	for (size_t i = 0; i < 200000; i++)
		text_add(&all, SPAN("\0"));
	text_add(&all, SPAN("third\n"));
	for (size_t i = 0; i < 300000; i++)
		text_add(&all, SPAN("y"));
	text_add(&all, SPAN("\n\nlast without newline"));
	scratch_put("mail.log", all.at, all.len, O_TRUNC);
	text_free(&all);
	stats = RUN("mail.log");
	replay_expect("first\nsecond\nthird\n\nlast without newline\n");
	assert_int_equal(stats.skipped_long, 2);
	assert_int_equal(stats.skipped_binary, 2);
	assert_int_equal(stats.lines, 5);
}

static void a_line_of_64_KiB_is_a_line_wherever_blocks_end(void **state)
{
	struct collector_stats stats;
	struct text all = { 0 };

	(void)state;
	for (unsigned line = 0; line < 9; line++) {
		for (size_t i = 0; i < 65536; i++)
			text_add(&all, SPAN("z"));
		text_add(&all, SPAN("\r\n"));
	}
	scratch_put("mail.log", all.at, all.len, O_TRUNC);
	stats = RUN("mail.log");
	assert_int_equal(stats.lines, 9);
	assert_int_equal(stats.skipped_long, 0);
	assert_true(scratch_pack("gzip", "mail.log"));
	stats = RUN("mail.log.gz");
	assert_int_equal(stats.lines, 9);
	text_free(&all);
}

static void a_rotation_left_uncompressed_beside_its_archive_is_read_once(void **state)
{
	size_t len;
	char *bytes;

	(void)state;
	scratch_write("mail.log.2", T("01") "a\n" T("02") "b\n");
	bytes = scratch_read("mail.log.2", &len);
	assert_true(scratch_pack("gzip", "mail.log.2"));
	scratch_put("mail.log.2", bytes, len, 0);
	free(bytes);
	RUN("mail.log.2", "mail.log.2.gz");
	replay_expect(T("01") "a\n" T("02") "b\n");
	assert_non_null(strstr(said.at, "/mail.log.2.gz: left out, the same is there uncompressed\n"));
}

/* The same line over and over is what short logs of two servers may share; four kilobytes of it are a copy. */
static void a_copy_of_a_log_is_told(void **state)
{
	struct text all = { 0 };

	(void)state;
	scratch_write("mx1.log", T("01") "a\n");
	scratch_write("mx2.log", T("01") "a\n");
	RUN("mx1.log", "mx2.log");
	assert_int_equal(said.len, 0);
	for (size_t i = 0; i < 400; i++)
		text_add(&all, SPAN(T("01") "a\n"));
	scratch_put("mail.log.bak", all.at, all.len, O_TRUNC);
	text_add(&all, SPAN(T("02") "b\n"));
	scratch_put("mail.log", all.at, all.len, O_TRUNC);
	text_free(&all);
	RUN("mail.log*");
	assert_non_null(strstr(said.at, "counted twice"));
}

static void rotations_of_one_log_are_one_source_by_every_custom(void **state)
{
	static const char *const names[] = {
		"mail.log.3.gz", "mail.log-20261101.gz", "mail.log.20261121-163203.gz", "mail.log.1",
		"mail.log",
	};
	char line[64];

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		snprintf(line, sizeof(line), "2026-11-01T10:00:%02zuZ x\n", i);
		scratch_write(names[i], line); /* the names lie: what it is, the bytes say */
	}
	scratch_write("mail.err", T("09") "y\n");
	RUN("mail.log*", "mail.err");
	assert_int_equal(last_source, 1);
	RUN("mail.log*");
	assert_int_equal(last_source, 0);
	assert_int_equal(last_position, 5 * 23);
}

static void standard_input_is_read_plain_and_packed(void **state)
{
	static const char *const names[] = { "input", "input.gz" };

	(void)state;
	scratch_write("mail.log", T("02") "b\n" T("04") "d\n");
	for (size_t i = 0; i < 2; i++) {
		const char *logs[] = { scratch_path("mail.log"), "-" };
		struct error error;
		struct collector *collector;
		struct line line;
		int before = dup(STDIN_FILENO), input;

		scratch_write("input", T("01") "a\n" T("03") "c\n" T("05") "no newline");
		if (i == 1)
			assert_true(scratch_pack("gzip", "input"));
		input = open(scratch_path(names[i]), O_RDONLY | O_CLOEXEC);
		assert_int_equal(dup2(input, STDIN_FILENO), STDIN_FILENO);
		text_clear(&given);
		collector = collector_replay(logs, 2, &replay_calls, &error);
		assert_non_null(collector);
		while (collector_next(collector, &line) == COLLECTED_LINE) {
			text_add(&given, line.text);
			text_add(&given, SPAN("\n"));
		}
		collector_close(&collector);
		assert_int_equal(dup2(before, STDIN_FILENO), STDIN_FILENO);
		close(before);
		close(input);
		replay_expect(T("01") "a\n" T("02") "b\n" T("03") "c\n" T("04") "d\n" T("05") "no newline\n");
	}
}

/* Two logs of eight rotations each, of which two are not packed, by 0 to 3 threads. */
static void the_number_of_threads_changes_nothing(void **state)
{
	static const char *const names[] = { "a.log*", "b.log*", NULL };
	struct text first = { 0 };
	char name[32];

	(void)state;
	for (unsigned file = 0; file < 8; file++)
		for (unsigned log = 0; log < 2; log++) {
			struct text all = { 0 };

			for (unsigned i = 0; i < 6000; i++)
				text_add_format(&all, "2026-11-01T%02u:%02u:%02uZ %u %u %-40u\n", 8 - file,
						i / 100, i * (log + 1) / 3 % 60, log, file, i * 2654435761u);
			snprintf(name, sizeof(name), "%c.log.%u", 'a' + (char)log, file + 1);
			scratch_put(name, all.at, all.len, O_TRUNC);
			text_free(&all);
			assert_true(file < 2 || scratch_pack("gzip", name));
		}
	replay_run(names, 0);
	text_add(&first, text_span(&given));
	for (unsigned threads = 1; threads <= 3; threads++) {
		struct collector_stats stats = replay_run(names, threads);

		assert_int_equal(stats.lines, 16 * 6000);
		assert_int_equal(stats.bytes_read, stats.bytes_total);
		assert_true(span_equal(text_span(&first), text_span(&given)));
	}
	text_free(&first);
}

static void half_read_and_closed_leaves_nothing_behind(void **state)
{
	const char *logs[2];
	struct error error;
	struct collector *collector;
	struct line line;
	struct text all = { 0 };

	(void)state;
	for (unsigned i = 0; i < 200000; i++)
		text_add_format(&all, T("01") "%u\n", i);
	for (unsigned i = 0; i < 2; i++) {
		scratch_put(i == 0 ? "mail.log.1" : "mail.log.2", all.at, all.len, O_TRUNC);
		assert_true(scratch_pack("gzip", i == 0 ? "mail.log.1" : "mail.log.2"));
	}
	logs[0] = scratch_path("mail.log.1.gz");
	logs[1] = scratch_path("mail.log.2.gz");
	opened = closed = 0;
	collector = collector_replay_threads(logs, 2, 3, &replay_calls, &error);
	assert_non_null(collector);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(collector_next(collector, &line), COLLECTED_LINE);
	collector_close(&collector);
	assert_int_equal(opened, closed);
	text_free(&all);
}

static int replay_setup(void **state)
{
	(void)state;
	scratch_make();
	return 0;
}

static int replay_teardown(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, replay_setup, replay_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(files_are_read_in_time_order_whatever_order_they_are_named_in),
		ROW(logs_are_merged_by_time_and_ties_keep_the_order_of_sources),
		ROW(one_log_alone_asks_for_no_times_after_the_plan),
		ROW(a_file_named_twice_is_read_once),
		ROW(what_cannot_be_read_is_named_and_the_rest_is_read),
		ROW(a_rotation_meanwhile_changes_nothing),
		ROW(nothing_to_read_is_an_error),
		ROW(a_cut_archive_gives_its_whole_lines_then_its_name_and_the_byte),
		ROW(rubbish_is_skipped_and_counted),
		ROW(a_line_of_64_KiB_is_a_line_wherever_blocks_end),
		ROW(a_rotation_left_uncompressed_beside_its_archive_is_read_once),
		ROW(a_copy_of_a_log_is_told),
		ROW(rotations_of_one_log_are_one_source_by_every_custom),
		ROW(standard_input_is_read_plain_and_packed),
		ROW(the_number_of_threads_changes_nothing),
		ROW(half_read_and_closed_leaves_nothing_behind),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	text_free(&said);
	text_free(&given);
	return failed;
}
