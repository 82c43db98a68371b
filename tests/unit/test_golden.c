/*
 * Golden lines: tests/golden/WHAT/NAME.lines holds pairs of a log line and what must be read from it, as
 * JSON. A new bug is two lines more. "-" stands for no frame at all. Blank lines and comments ("# ")
 * are skipped; "# year: 2026", "# timezone: Europe/Berlin" and "# written: 2026-11-21T00:00:00Z" before
 * the first line tell the framer what it cannot know. All lines of one file go through one framer.
 *
 *	build/tests/unit/test_golden print FILE      the file, with the answers as they are now
 *	build/tests/unit/test_golden read < LOG      answers to every line of a log
 */
#define _GNU_SOURCE
#include "base/text.h"
#include "parsers/parser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void golden_string(struct text *out, const char *name, struct span value)
{
	if (value.at == NULL)
		return;
	text_add_format(out, "%s\"%s\":\"", out->len > 1 ? "," : "", name);
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.at[i];

		if (c == '"' || c == '\\')
			text_add_format(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			text_add_format(out, "\\u%04x", c);
		else
			text_add(out, (struct span){ value.at + i, 1 });
	}
	text_add(out, SPAN("\""));
}

static void golden_number(struct text *out, const char *name, int64_t value, int64_t absent)
{
	if (value != absent)
		text_add_format(out, "%s\"%s\":%lld", out->len > 1 ? "," : "", name, (long long)value);
}

static void golden_name(struct text *out, const char *name, const char *value, bool present)
{
	if (present)
		golden_string(out, name, span_of(value));
}

static void golden_frame(struct text *out, const struct frame *frame)
{
	char time[CLOCK_TEXT_SIZE];

	golden_name(out, "time", clock_text(frame->time, time), true);
	golden_string(out, "host", frame->host);
	golden_string(out, "tag", frame->tag);
	golden_number(out, "pid", frame->pid, 0);
	golden_number(out, "repeat", frame->repeat, 1);
	golden_string(out, "text", frame->text);
}

static void golden_event(struct text *out, const struct event *event)
{
	golden_name(out, "kind", event_kind_name(event->kind), true);
	golden_name(out, "outcome", event_outcome_name(event->outcome), event->outcome != OUTCOME_UNKNOWN);
	golden_name(out, "phase", event_phase_name(event->phase), event->phase != PHASE_UNKNOWN);
	golden_number(out, "local", event->local, 0);
	golden_number(out, "internal_client", event->internal_client, 0);
	golden_number(out, "reply_joined", event->reply_joined, 0);
	golden_number(out, "repeat", event->repeat, 1);
	golden_number(out, "uid", event->uid, -1);
	golden_number(out, "size", event->size, -1);
	golden_number(out, "nrcpt", event->nrcpt, -1);
	golden_string(out, "program", event->program);
	for (size_t i = 0; i < EVENT_TEXTS; i++)
		golden_string(out, event_text_name(i), event_text(event, i));
}

/* What a line is read as. FRAMES: only its frame. */
static void golden_answer(struct framer *framer, bool frames, struct span line, struct text *out)
{
	struct frame frame;
	struct event event;

	text_clear(out);
	if (!framer_cut(framer, line, &frame)) {
		text_add(out, SPAN("-"));
		return;
	}
	text_add(out, SPAN("{"));
	if (frames) {
		golden_frame(out, &frame);
	} else {
		parser_read(&frame, &event);
		golden_event(out, &event);
	}
	text_add(out, SPAN("}"));
}

/* NULL where the file's zone is not known here, since no zones came along. */
static struct framer *golden_framer(char *const *lines)
{
	struct framer_options options = { .timezone = "UTC", .written = USEC_NEVER, .year = 0 };
	static char zone[64];
	struct framer *framer;
	struct error error;

	for (; *lines != NULL && (*lines)[0] == '#'; lines++) {
		struct span line = span_of(*lines);

		sscanf(*lines, "# year: %d", &options.year);
		if (sscanf(*lines, "# timezone: %63s", zone) == 1)
			options.timezone = zone;
		if (span_skip(&line, SPAN("# written: ")))
			assert_true(clock_parse(line, &options.written));
		if (span_equal(line, SPAN("# growing")))
			options.growing = true;
	}
	if (options.written == USEC_NEVER && options.year == 0)
		options.year = 2026;
	framer = framer_new(&options, &error);
	if (framer == NULL && access("/usr/share/zoneinfo/Europe/Berlin", R_OK) == 0)
		fail_msg("%s", error.text);
	return framer;
}

/* The lines of a file, NULL behind the last. */
static char **golden_lines(const char *path)
{
	char **lines = NULL, *line = NULL;
	size_t count = 0, room = 0;
	ssize_t len;
	FILE *file = fopen(path, "re");

	if (file == NULL)
		fail_msg("%s: cannot be read", path);
	while ((len = getline(&line, &room, file)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		lines = realloc(lines, (count + 2) * sizeof(*lines));
		lines[count++] = strdup(line);
		lines[count] = NULL;
	}
	free(line);
	fclose(file);
	assert_non_null(lines);
	return lines;
}

static bool golden_skipped(const char *line)
{
	return line[0] == '\0' || strncmp(line, "# ", 2) == 0;
}

/* Compares, or prints with PRINT. Returns how many answers differ. */
static unsigned golden_file(const char *path, bool print)
{
	char **lines = golden_lines(path);
	struct framer *framer = golden_framer(lines);
	struct text answer = { .at = NULL };
	unsigned wrong = 0;
	bool frames = strstr(path, "/frame/") != NULL;

	if (framer == NULL)
		print_message("%s: is left out: its time zone is not known here\n", path);
	for (size_t i = 0; framer != NULL && lines[i] != NULL; i++) {
		if (print)
			puts(lines[i]);
		if (golden_skipped(lines[i]))
			continue;
		golden_answer(framer, frames, span_of(lines[i]), &answer);
		if (print)
			puts(answer.at);
		if (lines[i + 1] != NULL && (lines[i + 1][0] == '{' || strcmp(lines[i + 1], "-") == 0) &&
		    strncmp(lines[i + 1], "{\"log\"", 6) != 0) {
			i++;
			if (!print && strcmp(answer.at, lines[i]) != 0) {
				print_error("%s:%zu:\n  must be %s\n  is      %s\n", path, i + 1, lines[i],
					    answer.at);
				wrong++;
			}
		} else if (!print) {
			print_error("%s:%zu: no answer below this line\n", path, i + 1);
			wrong++;
		}
	}
	text_free(&answer);
	framer_free(&framer);
	for (size_t i = 0; lines[i] != NULL; i++)
		free(lines[i]);
	free(lines);
	return wrong;
}

static void golden_folder(const char *pattern)
{
	unsigned wrong = 0;
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		wrong += golden_file(found.gl_pathv[i], false);
	globfree(&found);
	assert_int_equal(wrong, 0);
}

static void test_frames(void **state)
{
	(void)state;
	golden_folder("tests/golden/frame/*.lines");
}

static void test_postfix(void **state)
{
	(void)state;
	golden_folder("tests/golden/postfix/*.lines");
}

static void test_exim(void **state)
{
	(void)state;
	golden_folder("tests/golden/exim/*.lines");
}

static void test_dovecot(void **state)
{
	(void)state;
	golden_folder("tests/golden/dovecot/*.lines");
}

static void test_filters(void **state)
{
	(void)state;
	golden_folder("tests/golden/filter/*.lines");
}

static int golden_read_log(void)
{
	struct framer_options options = { .timezone = "UTC", .written = clock_now() };
	struct error error;
	struct framer *framer = framer_new(&options, &error);
	struct text answer = { .at = NULL };
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while (framer != NULL && (len = getline(&line, &room, stdin)) > 0) {
		if (line[len - 1] == '\n')
			len--;
		golden_answer(framer, false, (struct span){ line, (size_t)len }, &answer);
		printf("%.*s\n%s\n", (int)len, line, answer.at);
	}
	text_free(&answer);
	framer_free(&framer);
	free(line);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),  cmocka_unit_test(test_postfix), cmocka_unit_test(test_exim),
		cmocka_unit_test(test_dovecot), cmocka_unit_test(test_filters),
	};

	if (argc == 3 && strcmp(argv[1], "print") == 0) {
		golden_file(argv[2], true);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "read") == 0)
		return golden_read_log();
	return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
