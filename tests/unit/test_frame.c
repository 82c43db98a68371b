/* Stamps, years and zones; golden lines (test_golden) hold whole frames. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/zone.h"
#include "parsers/frame.h"
#include "parsers/stamp.h"
#include "parsers/year.h"

static usec_t at(const char *text)
{
	usec_t time;

	assert_true(clock_parse(span_of(text), &time));
	return time;
}

static void test_stamp_lengths(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{ "Nov 21 16:29:42 x", 15 },
		{ "Nov  1 16:29:42 x", 15 },
		{ "Nov 1 16:29:42 x", 14 },
		{ "Nov 1 16:29:42", 14 },
		{ "Nov 21 16:29:60 x", 15 },
		{ "Nov 21 16:29:42.123456789 x", 25 },
		{ "2026 Nov 21 16:29:42.1 x", 22 },
		{ "2026-11-21T16:29:42Z", 20 },
		{ "2026-11-21T16:29:42.5+01:00 x", 27 },
		{ "2026-11-21T16:29:42,5-0330 x", 26 },
		{ "2026-11-21 16:29:42 +0100 x", 25 },
		{ "2026-11-21 16:29:42 +01 x", 19 },
		{ "1795278582.1 x", 12 },
		{ "Sat 2026-11-21 16:29:42 UTC x", 27 },
		/* none of these is a stamp */
		{ "Nov 32 16:29:42 x", 0 },
		{ "Feb 30 16:29:42 x", 0 },
		{ "Nov 21 24:29:42 x", 0 },
		{ "Nov 21 16:60:42 x", 0 },
		{ "nov 21 16:29:42 x", 0 },
		{ "2026-13-21T16:29:42Z", 0 },
		{ "2026-11-21X16:29:42Z", 0 },
		{ "17952785821234 x", 0 },
		{ "Nov 21", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stamp stamp;

		if (stamp_read(span_of(rows[i].text), &stamp) != rows[i].len)
			fail_msg("\"%s\" has not %zu bytes of stamp", rows[i].text, rows[i].len);
	}
}

static void test_zone_rows(void **state)
{
	static const struct {
		const char *zone, *wall, *after, *time;
	} rows[] = {
		{ "UTC", "2026-07-01T12:00:00Z", NULL, "2026-07-01T12:00:00Z" },
		{ "+02:00", "2026-07-01T12:00:00Z", NULL, "2026-07-01T10:00:00Z" },
		{ "-0330", "2026-07-01T12:00:00Z", NULL, "2026-07-01T15:30:00Z" },
		{ "Europe/Berlin", "2026-01-15T12:00:00Z", NULL, "2026-01-15T11:00:00Z" },
		{ "Europe/Berlin", "2026-07-15T12:00:00Z", NULL, "2026-07-15T10:00:00Z" },
		/* by the rule, far behind what the table lists */
		{ "Europe/Berlin", "2090-07-15T12:00:00Z", NULL, "2090-07-15T10:00:00Z" },
		/* twice: the first, unless the log has been later */
		{ "Europe/Berlin", "2026-10-25T02:30:00Z", NULL, "2026-10-25T00:30:00Z" },
		{ "Europe/Berlin", "2026-10-25T02:30:00Z", "2026-10-25T00:29:00Z", "2026-10-25T00:30:00Z" },
		{ "Europe/Berlin", "2026-10-25T02:30:00Z", "2026-10-25T00:34:00Z", "2026-10-25T00:30:00Z" },
		{ "Europe/Berlin", "2026-10-25T02:30:00Z", "2026-10-25T00:59:59Z", "2026-10-25T01:30:00Z" },
		/* left out */
		{ "Europe/Berlin", "2026-03-29T02:30:00Z", NULL, "2026-03-29T01:30:00Z" },
		/* the other half of the world has summer in January */
		{ "America/Santiago", "2026-01-15T12:00:00Z", NULL, "2026-01-15T15:00:00Z" },
		{ "America/Santiago", "2026-07-15T12:00:00Z", NULL, "2026-07-15T16:00:00Z" },
		{ "Australia/Lord_Howe", "2026-07-15T12:00:00Z", NULL, "2026-07-15T01:30:00Z" },
		{ "Asia/Kolkata", "2026-07-15T12:00:00Z", NULL, "2026-07-15T06:30:00Z" },
	};
	struct error error;

	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		skip();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct zone *zone = zone_open(rows[i].zone, &error);
		char text[CLOCK_TEXT_SIZE];

		if (zone == NULL)
			fail_msg("%s", error.text);
		clock_text(zone_time(zone, at(rows[i].wall),
				     rows[i].after == NULL ? USEC_NEVER : at(rows[i].after)),
			   text);
		assert_string_equal(text, rows[i].time);
		zone_free(&zone);
	}
}

static void test_zone_names(void **state)
{
	static const char *const names[] = { "Europe/Nowhere", "../../../etc/passwd", "/etc/passwd",
					     "+99:00",         "Europe/../UTC",       "." };
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		error.text[0] = '\0';
		assert_null(zone_open(names[i], &error));
		assert_true(error.text[0] != '\0');
	}
}

/* TZ as tzset(3) has it, in which more than a name may stand. */
static void test_zone_of_the_environment(void **state)
{
	static const struct {
		const char *tz, *time; /* of 12:00 on 15 July by the walls */
	} rows[] = {
		{ ":/usr/share/zoneinfo/Europe/Berlin", "2026-07-15T10:00:00Z" },
		{ "/usr/share/zoneinfo/Europe/Berlin", "2026-07-15T10:00:00Z" },
		{ ":Europe/Berlin", "2026-07-15T10:00:00Z" },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-15T10:00:00Z" },
		{ "<+03>-3", "2026-07-15T09:00:00Z" },
		{ "UTC0", "2026-07-15T12:00:00Z" },
		{ ":/etc/passwd", NULL },
		{ "nonsense", NULL },
	};
	const char *was = getenv("TZ");
	char *before = was == NULL ? NULL : strdup(was);
	struct error error;

	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		skip();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct zone *zone;
		char text[CLOCK_TEXT_SIZE];

		setenv("TZ", rows[i].tz, 1);
		zone = zone_open(NULL, &error);
		assert_int_equal(zone != NULL, rows[i].time != NULL);
		if (zone != NULL)
			assert_string_equal(
				clock_text(zone_time(zone, at("2026-07-15T12:00:00Z"), USEC_NEVER), text),
				rows[i].time);
		zone_free(&zone);
	}
	if (before == NULL)
		unsetenv("TZ");
	else
		setenv("TZ", before, 1);
	free(before);
}

static int year_of(const struct years *start, const char *last, int month, int day)
{
	struct years years = *start;

	if (last != NULL)
		years_note(&years, at(last));
	return years_place(&years, (struct civil){ .month = month, .day = day });
}

static void test_years(void **state)
{
	const struct years archive = { .bound = at("2026-03-05T12:00:00Z"), .last = USEC_NEVER };
	const struct years growing = { .bound = archive.bound, .growing = true, .last = USEC_NEVER };
	const struct years december = { .bound = at("2026-12-30T12:00:00Z"), .last = USEC_NEVER };
	const struct years told = { .first = 2019, .bound = archive.bound, .last = USEC_NEVER };
	const struct years blind = { .bound = USEC_NEVER, .last = USEC_NEVER };

	(void)state;
	assert_int_equal(year_of(&archive, NULL, 3, 5), 2026);
	assert_int_equal(year_of(&archive, NULL, 3, 6), 2026); /* a zone ahead of ours */
	assert_int_equal(year_of(&archive, NULL, 3, 9), 2025);
	assert_int_equal(year_of(&archive, NULL, 12, 31), 2025);
	assert_int_equal(year_of(&archive, NULL, 2, 29), 2024);
	assert_int_equal(year_of(&told, NULL, 12, 31), 2019);
	assert_int_equal(year_of(&archive, "2025-12-31T23:59:59Z", 1, 1), 2026);
	assert_int_equal(year_of(&archive, "2026-01-01T00:00:05Z", 12, 31), 2025);
	assert_int_equal(year_of(&archive, "2025-08-01T00:00:00Z", 2, 1), 2026); /* a rest of months */
	assert_int_equal(year_of(&archive, "2026-03-01T00:00:00Z", 2, 1), 2026); /* 2027 is to come */
	assert_int_equal(year_of(&growing, "2026-12-31T23:59:59Z", 1, 1), 2027);
	assert_int_equal(year_of(&growing, "2026-12-31T23:59:59Z", 12, 20), 2026);
	assert_int_equal(year_of(&blind, "2026-12-31T23:59:59Z", 1, 1), 2027);
	/* opened at the end of a year, and silent over its turn */
	assert_int_equal(year_of(&december, "2026-12-30T12:00:00Z", 1, 4), 2027);
	assert_int_equal(year_of(&december, "2026-12-30T12:00:00Z", 2, 4), 2026);
	/* a bound that lines have passed binds no more */
	assert_int_equal(year_of(&archive, "2026-12-31T23:59:59Z", 1, 1), 2027);
}

/* Asking for a line's time, once or twice, changes nothing of what is cut afterwards. */
static void test_time_before_cut(void **state)
{
	static const char *const lines[] = {
		"Oct 25 02:59:59 mx1 a: x",
		"Oct 25 02:00:00 mx1 a: x",
		"Oct 25 02:10:00 mx1 a: x",
		"Dec 31 23:59:59 mx1 a: x",
		"Jan  1 00:00:00 mx1 a: x",
		"Jan  1 00:00:01.5 mx1 a: x",
		"2027-01-01T00:00:02+01:00 mx1 a: x",
		"Jan  1 00:00:03 mx1 exim[7]: [1/2] 2027-01-01 00:00:03 1vMOct-00064A-1J ",
		"Jan  1 00:00:03 mx1 exim[7]: [2/2] Completed",
	};
	struct framer_options options = { .timezone = "Europe/Berlin", .year = 2026, .written = USEC_NEVER };
	struct error error;
	struct framer *plain, *asked;

	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		skip();
	plain = framer_new(&options, &error);
	asked = framer_new(&options, &error);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct frame a, b;
		usec_t time = framer_time(asked, span_of(lines[i]));

		assert_true(framer_time(asked, span_of(lines[i])) == time);
		assert_true(framer_cut(plain, span_of(lines[i]), &a));
		assert_true(framer_cut(asked, span_of(lines[i]), &b));
		assert_true(a.time == b.time && span_equal(a.text, b.text));
		assert_true(framer_cut(asked, span_of(lines[i]), &b));
		assert_true(a.time == b.time && span_equal(a.text, b.text));
	}
	framer_free(&plain);
	framer_free(&asked);
}

/* One line by a clock that was wrong is of the time of a line before it, and no other line is. */
static void test_a_clock_that_was_wrong(void **state)
{
	static const struct {
		const char *line, *time;
	} rows[] = {
		{ "2026-01-05T10:00:00Z mx1 a: x", "2026-01-05T10:00:00Z" },
		{ "2136-01-05T10:00:01Z mx1 a: x", "2026-01-05T10:00:00Z" },
		{ "2136-01-05T10:00:02Z mx1 a: x", "2026-01-05T10:00:00Z" },
		{ "2026-01-05T10:00:03Z mx1 a: x", "2026-01-05T10:00:03Z" },
		{ "Jan  5 10:00:04 mx1 a: x", "2026-01-05T10:00:04Z" },
		/* What is past may have rested for long. */
		{ "2026-05-05T11:00:00Z mx1 a: x", "2026-05-05T11:00:00Z" },
	};
	struct framer_options options = { .timezone = "UTC", .written = at("2026-05-06T00:00:00Z") };
	struct error error;
	struct framer *framer = framer_new(&options, &error);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame frame;

		assert_true(framer_cut(framer, span_of(rows[i].line), &frame));
		assert_true(frame.time == at(rows[i].time));
	}
	framer_free(&framer);
	/* The first line has nothing that it could be wrong against. */
	framer = framer_new(&options, &error);
	assert_true(framer_time(framer, span_of(rows[1].line)) == at("2136-01-05T10:00:01Z"));
	framer_free(&framer);
}

static void same_frame(const struct frame *a, const struct frame *b)
{
	assert_int_equal(a->time, b->time);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->repeat, b->repeat);
	assert_true(span_equal(a->host, b->host) && (a->host.at == NULL) == (b->host.at == NULL));
	assert_true(span_equal(a->tag, b->tag));
	assert_true(span_equal(a->text, b->text));
}

/* A stamp and host that are those of the line before mean what they would mean after any other line. */
static void test_the_same_head_means_the_same(void **state)
{
	static const char *const lines[] = {
		"Nov 21 16:29:42 mx1 postfix/smtpd[2044]: connect from a[192.0.2.1]",
		"Nov 21 16:29:42 mx1 postfix/smtpd[2044]: connect from a[192.0.2.1]",
		"Nov 21 16:29:42 mx1 postfix/smtpd[2044]: x\r",
		"Nov 21 16:29:42 mx1 ",
		"Nov 21 16:29:42 mx1",
		"Nov 21 16:29:42 mx1  postfix/qmgr[12]: x",
		"Nov 21 16:29:42 mx1 no tag at all",
		"Nov 21 16:29:42 mx12 postfix/qmgr[12]: x",
		"Nov 21 16:29:42  mx1 postfix/qmgr[12]: x",
		"Nov 21 16:29:42 postfix/qmgr[12]: x",
		"Nov 21 16:29:42 postfix/qmgr[12]: y",
		"Nov 21 16:29:43 mx1 exim[77]: 2026-11-21 16:29:43 1vMrzM-00000001Kpd-2EZO Completed",
		"Nov 21 16:29:43 mx1 exim[77]: 2026-11-21 16:29:44 1vMrzM-00000001Kpd-2EZO Completed",
		"Nov 21 16:29:43 mx1 dovecot: x",
		"<22>Nov 21 16:29:43 mx1 dovecot: x",
		"<22>Nov 21 16:29:43 mx1 dovecot: x",
		"2026-11-21T16:29:43+01:00 mx1 dovecot: x",
		"2026-11-21T16:29:43+01:00 mx1 dovecot: x",
		"2026-11-21 16:29:43 mx1 postfix/qmgr[12]: x",
		"2026-11-21 16:29:43 mx1 postfix/qmgr[12]: x",
		"2026-11-21 16:29:44 1vMOct-00064A-1J <= a@b.test",
		"2026-11-21 16:29:44 1vMOct-00064A-1J => a@b.test",
		"2026-11-21 16:29:44 [77] 1vMOct-00064A-1J => a@b.test",
		"2026-11-21 16:29:44 1vMOct-00064A-1J Completed",
		"2026-11-21 16:29:44 +0100 1vMOct-00064A-1J Completed",
		"2026-11-21 16:29:44 mx1 postfix/qmgr[12]: x",
		"2026-11-21 16:29:44 a: b: c",
		"2026-11-21 16:29:44 a b: c",
		"2026-11-21 16:29:44 ",
		"2026-11-21 16:29:44",
	};
	const struct framer_options options = { .year = 2026,
						.timezone = "Europe/Berlin",
						.written = USEC_NEVER };
	struct error error;
	struct framer *kept, *plain;
	struct frame one, other;

	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		skip();
	kept = framer_new(&options, &error);
	plain = framer_new(&options, &error);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		bool cut = framer_cut(kept, span_of(lines[i]), &one);

		assert_true(framer_cut(plain, SPAN("Nov 21 16:29:41 elsewhere a[1]: b"), &other));
		assert_int_equal(framer_cut(plain, span_of(lines[i]), &other), cut);
		if (cut)
			same_frame(&one, &other);
	}
	framer_free(&kept);
	framer_free(&plain);
}

/* "tag[12]:", byte by byte: how long the tag is, and the pid, or the whole and 0. */
static size_t plain_tag(const char *token, uint32_t *pid_r)
{
	size_t end = strlen(token), open = end < 2 ? 0 : end - 2;
	char *stop;

	*pid_r = 0;
	if (end < 4 || token[open] != ']')
		return end - 1;
	while (open > 0 && token[open] != '[')
		open--;
	if (token[open] != '[' || end - 2 - open - 1 < 1 || end - 2 - open - 1 > 9 ||
	    strspn(token + open + 1, "0123456789") != end - 2 - open - 1)
		return end - 1;
	*pid_r = (uint32_t)strtoul(token + open + 1, &stop, 10);
	return open;
}

static void test_pids_of_any_length(void **state)
{
	static const char letters[] = "0123456789012345678901234567890123456789[[]a/\xff";
	const struct framer_options options = { .year = 2026, .timezone = "UTC", .written = USEC_NEVER };
	struct error error;
	struct framer *framer = framer_new(&options, &error);
	uint32_t seed = 1, pids = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		char line[64] = "Nov 21 16:29:42 mx1 p", *token = line + 20;
		size_t len = 1, tag;
		struct frame frame;
		uint32_t pid;

		seed = seed * 1664525 + 1013904223;
		if ((seed >> 9) % 2 == 0)
			token[len++] = '[';
		for (size_t most = len + (seed >> 10) % 14; len < most; len++) {
			seed = seed * 1664525 + 1013904223;
			token[len] = letters[(seed >> 8) % (sizeof(letters) - 1)];
		}
		memcpy(token + len, "]:", 3);
		tag = plain_tag(token, &pid);
		memcpy(token + len + 2, " x", 3);
		assert_true(framer_cut(framer, span_of(line), &frame));
		assert_int_equal(frame.tag.len, tag);
		assert_int_equal(frame.pid, pid);
		pids += pid != 0;
	}
	assert_in_range(pids, 10000, 190000);
	framer_free(&framer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stamp_lengths),
		cmocka_unit_test(test_zone_rows),
		cmocka_unit_test(test_zone_names),
		cmocka_unit_test(test_zone_of_the_environment),
		cmocka_unit_test(test_years),
		cmocka_unit_test(test_time_before_cut),
		cmocka_unit_test(test_a_clock_that_was_wrong),
		cmocka_unit_test(test_the_same_head_means_the_same),
		cmocka_unit_test(test_pids_of_any_length),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
