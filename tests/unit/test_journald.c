/*
 * Journals: their names, their entries as lines, exports of them; and real journal files, written by
 * systemd-journal-remote where that is installed, read once and followed through vacuum and restart.
 */
#define _GNU_SOURCE
#include "follower.h"

#include "collector/export.h"
#include "collector/journald.h"
#include "collector/journald_line.h"
#include "collector/journald_name.h"

#define REMOTE "/usr/lib/systemd/systemd-journal-remote"

static const struct {
	const char *log, *path, *space, *matches; /* matches NULL: refused, with `path` in the sentence */
} names[] = {
	{ "journal:", NULL, NULL, "SYSLOG_FACILITY=2" },
	{ "journal:since=1761966245", NULL, NULL, "SYSLOG_FACILITY=2" },
	{ "journal:unit=postfix@-.service+unit=dovecot", NULL, NULL,
	  "_SYSTEMD_UNIT=postfix@-.service _SYSTEMD_UNIT=dovecot.service" },
	{ "journal:/var/log/journal/remote+facility=local3+identifier=exim", "/var/log/journal/remote", NULL,
	  "SYSLOG_FACILITY=19 SYSLOG_IDENTIFIER=exim" },
	{ "journal:/srv/a+b/x.journal", "/srv/a+b/x.journal", NULL, "SYSLOG_FACILITY=2" },
	{ "journal:namespace=mail+facility=10", NULL, "mail", "SYSLOG_FACILITY=10" },
	{ "journal:postfix", "'postfix' is not understood", NULL, NULL },
	{ "journal:unit=", "'unit=' names nothing", NULL, NULL },
	{ "journal:facility=post", "'post' is no facility", NULL, NULL },
	{ "journal:since=yesterday", "'yesterday' is no time", NULL, NULL },
	{ "journal:/a+namespace=b", "one too many", NULL, NULL },
	{ "journal:unit=a+/b", NULL, NULL, "_SYSTEMD_UNIT=a+/b.service" },
};

static void names_say_which_journal_and_which_entries(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct journald_name name = { 0 };
		struct error error = { "" };
		struct text matches = { 0 };

		if (!journald_name_parse(names[i].log, &name, &error)) {
			if (names[i].matches != NULL || strstr(error.text, names[i].path) == NULL)
				fail_msg("%s: %s", names[i].log, error.text);
			continue;
		}
		for (size_t m = 0; m < name.count; m++)
			text_add_format(&matches, "%s%s", m == 0 ? "" : " ", name.matches[m]);
		assert_non_null(names[i].matches);
		assert_string_equal(matches.at, names[i].matches);
		assert_string_equal(name.path == NULL ? "" : name.path,
				    names[i].path == NULL ? "" : names[i].path);
		assert_string_equal(name.space == NULL ? "" : name.space,
				    names[i].space == NULL ? "" : names[i].space);
		text_free(&matches);
		journald_name_free(&name);
	}
}

static void a_reading_from_a_time_on_is_of_the_same_log(void **state)
{
	struct journald_name name;
	struct error error;

	(void)state;
	assert_true(journald_name_parse("journal:unit=postfix@-.service+since=1761966245", &name, &error));
	assert_string_equal(name.log, "journal:unit=postfix@-.service");
	assert_true(name.since == 1761966245 * USEC_SECOND);
	journald_name_free(&name);
}

static void what_a_sender_writes_stays_in_its_field(void **state)
{
	struct journald_fields fields = {
		.time = 1761966245123456,
		.host = SPAN("mx 1"),
		.identifier = SPAN("postfix/smtpd[1]: x"),
		.pid = SPAN("7\n8"),
		.message = SPAN("one\ntwo\x7f\tthree\n"),
	};
	struct text line = { 0 };

	(void)state;
	assert_true(journald_line(&fields, &line));
	assert_string_equal(line.at,
			    "2025-11-01T03:04:05.123456Z mx#0401 postfix/smtpd#1331#135#072#040x[7#0128]: "
			    "one#012two#177\tthree");
	text_clear(&line);
	fields = (struct journald_fields){ .time = 1761966245000000, .message = SPAN("words") };
	assert_true(journald_line(&fields, &line));
	assert_string_equal(line.at, "2025-11-01T03:04:05Z - unknown: words");
	fields.message = SPAN("\n");
	assert_false(journald_line(&fields, &line));
	text_free(&line);
}

#define ENTRY(usec, message) \
	"__REALTIME_TIMESTAMP=" usec \
	"\n__MONOTONIC_TIMESTAMP=1\n_BOOT_ID=0123456789abcdef0123456789abcdef\n" \
	"SYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=postfix/smtpd\n_PID=7\n_HOSTNAME=mx1\n" \
	"_SYSTEMD_UNIT=postfix@-.service\n" message "\n"
#define LINE(fraction, words) "2026-11-01T03:04:05." fraction "Z mx1 postfix/smtpd[7]: " words "\n"

static const char export_text[] = ENTRY("1793502245000001", "MESSAGE=one\n")
	ENTRY("1793502245000002", "MESSAGE\n\3\0\0\0\0\0\0\0t\no\n") ENTRY(
		"1793502245000003", "SECRET\n\x9\0\0\0\0\0\0\0MESSAGE=x\nMESSAGE=three\nMESSAGE=forged\n")
		ENTRY("1793502245000004",
		      "A_NAME_THAT_IS_LONGER_THAN_ANY_NAME_OF_A_FIELD_IN_A_JOURNAL_CAN_EVER_BE=x\n"
		      "MESSAGE=four\n") ENTRY("1793502245000005", "")
			ENTRY("1793502245000006", "_UID=1001\nMESSAGE=forged\n")
				ENTRY("1793502245000007", "_UID=105\nMESSAGE=seven\n")
					ENTRY("1793502245000008", "_UID=65534\nMESSAGE=eight\n");
static const char export_lines[] = LINE("000001", "one") LINE("000002", "t#012o") LINE("000003", "three")
	LINE("000004", "four") "2026-11-01T03:04:05.000006Z mx1 uid-1001[7]: forged\n" LINE("000007", "seven")
		LINE("000008", "eight");

static void exports_are_the_same_in_whatever_pieces_they_come(void **state)
{
	struct span whole = { export_text, sizeof(export_text) - 1 };

	(void)state;
	assert_true(export_is(whole));
	for (size_t piece = 1; piece < 40; piece++) {
		struct export *export = export_new();
		struct text lines = { 0 };

		for (size_t at = 0; at < whole.len; at += piece)
			export_feed(export, span_head(span_from(whole, at), piece), &lines);
		export_last(export, &lines);
		assert_string_equal(lines.at, export_lines);
		text_free(&lines);
		export_free(&export);
	}
}

static void an_export_is_read_like_a_log(void **state)
{
	struct collector_calls calls = { 0 };
	struct error error;
	struct collector *collector;
	struct line line;
	struct text lines = { 0 };
	const char *logs[1] = { scratch_path("mail.export") };

	(void)state;
	scratch_put("mail.export", export_text, sizeof(export_text) - 1, O_TRUNC);
	for (int packed = 0; packed < 2; packed++) {
		if (packed && scratch_pack("gzip", "mail.export"))
			logs[0] = scratch_path("mail.export.gz");
		collector = collector_replay(logs, 1, &calls, &error);
		assert_non_null(collector);
		while (collector_next(collector, &line) == COLLECTED_LINE)
			text_add_format(&lines, "%.*s\n", SPAN_ARGS(line.text));
		assert_string_equal(lines.at, export_lines);
		text_clear(&lines);
		collector_close(&collector);
	}
	text_free(&lines);
}

#ifdef HAVE_LIBSYSTEMD
/* ENTRIES, an export, as a journal of the scratch folder; they are freed. False where nothing can write one. */
static bool journal_put(const char *name, struct text *entries)
{
	char into[64], source[16] = "entries";
	int status;

	scratch_write(source, entries->at);
	text_free(entries);
	snprintf(into, sizeof(into), "--output=%s", name);
	status = scratch_run((const char *const[]){ REMOTE, into, source, NULL });
	if (status == 127)
		return false;
	assert_int_equal(status, 0);
	return true;
}

/* Entries of one unit, numbered, into a journal of the scratch folder. False where nothing can write one. */
static bool journal_write(const char *name, unsigned from, unsigned to, const char *unit)
{
	struct text entries = { 0 };

	for (unsigned i = from; i < to; i++)
		text_add_format(
			&entries,
			"__REALTIME_TIMESTAMP=%llu\n__MONOTONIC_TIMESTAMP=%u\n"
			"_BOOT_ID=0123456789abcdef0123456789abcdef\nSYSLOG_FACILITY=2\n"
			"SYSLOG_IDENTIFIER=mail\n_PID=7\n_HOSTNAME=mx1\n_SYSTEMD_UNIT=%s\nMESSAGE=%u\n\n",
			1793502245000000ULL + i, i + 1, unit, i);
	return journal_put(name, &entries);
}

static const char *journal_lines(unsigned from, unsigned to)
{
	static struct text lines;

	text_clear(&lines);
	text_add(&lines, SPAN(""));
	for (unsigned i = from; i < to; i++)
		text_add_format(&lines, "2026-11-01T03:04:05%s%06uZ mx1 mail[7]: %u\n", ".", i, i);
	return lines.at;
}

static struct follower follower;

static const char *journal_named(const char *name, const char *rest)
{
	static char log[256];

	snprintf(log, sizeof(log), "journal:%s%s", scratch_path(name), rest);
	return log;
}

#define WRITE_OR_SKIP(...) \
	do { \
		if (!journal_write(__VA_ARGS__)) \
			skip(); \
	} while (0)

static void a_journal_is_read_by_unit(void **state)
{
	struct collector_calls calls = { 0 };
	struct error error;
	struct line line;
	struct text lines = { 0 };
	struct collector *collector;
	const char *log = journal_named("", "+unit=postfix@-");

	(void)state;
	WRITE_OR_SKIP("a.journal", 1, 500, "postfix@-.service");
	WRITE_OR_SKIP("b.journal", 500, 510, "session-3.scope");
	WRITE_OR_SKIP("c.journal", 510, 600, "postfix@-.service");
	collector = collector_replay(&log, 1, &calls, &error);
	assert_non_null(collector);
	while (collector_next(collector, &line) == COLLECTED_LINE)
		text_add_format(&lines, "%.*s\n", SPAN_ARGS(line.text));
	collector_close(&collector);
	text_add_format(&lines, "%s", "");
	{
		struct text expected = { 0 };

		text_add(&expected, span_of(journal_lines(1, 500)));
		text_add(&expected, span_of(journal_lines(510, 600)));
		assert_string_equal(lines.at, expected.at);
		text_free(&expected);
	}
	text_free(&lines);
}

/* Each "TAG UID WORDS" is an entry; false where nothing can write one. */
static bool journal_say(const char *name, const char *const *says, size_t count)
{
	struct text entries = { 0 };
	char tag[32], words[32];
	unsigned uid;

	for (size_t i = 0; i < count; i++) {
		assert_int_equal(sscanf(says[i], "%31s %u %31s", tag, &uid, words), 3);
		text_add_format(&entries,
				"__REALTIME_TIMESTAMP=%llu\n__MONOTONIC_TIMESTAMP=%zu\n"
				"_BOOT_ID=0123456789abcdef0123456789abcdef\nSYSLOG_FACILITY=2\n"
				"SYSLOG_IDENTIFIER=%s\n_PID=7\n_UID=%u\n_HOSTNAME=mx1\n"
				"_SYSTEMD_UNIT=postfix@-.service\nMESSAGE=%s\n\n",
				1793502245000000ULL + i, i + 1, tag, uid, words);
	}
	return journal_put(name, &entries);
}

static void what_a_person_says_in_a_servers_name_is_left_out(void **state)
{
	static const char *const says[] = { "postfix/smtpd 105 one",    "postfix/smtpd 1001 forged",
					    "postfix/local 0 two",      "out/smtp 200001 forged",
					    "postfix/pipe 65534 three", "postfix/postdrop 1002 idle",
					    "dovecot 1000 idle",        "mail 1003 postfix/smtpd[9]:forged",
					    "dovecot 97 four" };

	(void)state;
	if (!journal_say("a.journal", says, sizeof(says) / sizeof(says[0])))
		skip();
	follower.options.start = COLLECTOR_START_BEGINNING;
	follower_start(&follower, journal_named("", "+unit=postfix@-"));
	follower_expect(&follower, "2026-11-01T03:04:05Z mx1 postfix/smtpd[7]: one\n"
				   "2026-11-01T03:04:05.000002Z mx1 postfix/local[7]: two\n"
				   "2026-11-01T03:04:05.000004Z mx1 postfix/pipe[7]: three\n"
				   "2026-11-01T03:04:05.000008Z mx1 dovecot[7]: four\n");
	assert_non_null(follower.said.at);
	assert_non_null(
		strstr(follower.said.at, "entries that uid 1001 wrote in a mail server's name are left out"));
}

static void its_newest_entry_tells_how_old_a_journal_is(void **state)
{
	struct journald_name name;
	struct journald *journal;
	struct error error;
	usec_t newest = 0;

	(void)state;
	WRITE_OR_SKIP("a.journal", 1, 4, "u.service");
	WRITE_OR_SKIP("b.journal", 4, 9, "other.service");
	for (int i = 0; i < 2; i++) {
		assert_true(journald_name_parse(journal_named("", i == 0 ? "+unit=u" : "+unit=none"), &name,
						&error));
		journal = journald_open(&name, &error);
		assert_non_null(journal);
		assert_int_equal(journald_newest(journal, &newest), i == 0);
		assert_true(newest == 1793502245000003);
		journald_close(&journal);
		journald_name_free(&name);
	}
}

static void a_journal_that_is_not_there_is_an_error(void **state)
{
	struct collector_live_options options = { 0 };
	struct collector_calls calls = { 0 };
	struct error error = { "" };
	const char *log = journal_named("nowhere", "");

	(void)state;
	assert_null(collector_live(&log, 1, &options, &calls, &error));
	assert_non_null(strstr(error.text, "cannot be opened: No such file or directory"));
	assert_null(collector_replay(&log, 1, &calls, &error));
	log = journal_named("", "");
	assert_null(collector_live(&log, 1, &options, &calls, &error));
	assert_non_null(strstr(error.text, "there is no journal that may be read"));
}

/* Whoever comes back goes on behind what was given, and counts on. */
static void a_followed_journal_is_given_once_through_restarts(void **state)
{
	struct text positions = { 0 };

	(void)state;
	WRITE_OR_SKIP("a.journal", 1, 4, "u.service");
	follower_start(&follower, journal_named("", ""));
	follower_drain(&follower);
	assert_int_equal(follower.given.len, 0);
	WRITE_OR_SKIP("a.journal", 4, 8, "u.service");
	follower_expect(&follower, journal_lines(4, 8));
	assert_int_equal(follower.late, 0);
	collector_positions(follower.collector, &positions);
	follower_kill(&follower);
	WRITE_OR_SKIP("b.journal", 8, 12, "u.service");
	follower.options.saved = text_span(&positions);
	follower_start(&follower, journal_named("", ""));
	follower_expect(&follower, journal_lines(4, 12));
	assert_int_equal(follower.late, 4);
	assert_null(follower.said.at);
	follower.options.saved = (struct span){ NULL, 0 };
	text_free(&positions);
}

/* From its end on, where nothing that is wanted was there yet: then all that comes is new, from the first on. */
static void what_comes_first_into_a_journal_without_mail_is_read(void **state)
{
	(void)state;
	WRITE_OR_SKIP("a.journal", 1, 4, "session-3.scope");
	follower_start(&follower, journal_named("", "+unit=u"));
	follower_drain(&follower);
	assert_int_equal(follower.given.len, 0);
	WRITE_OR_SKIP("a.journal", 4, 8, "u.service");
	follower_expect(&follower, journal_lines(4, 8));
	WRITE_OR_SKIP("b.journal", 8, 9, "u.service");
	follower_expect(&follower, journal_lines(4, 9));
}

static void what_was_vacuumed_before_it_was_read_is_said(void **state)
{
	struct text positions = { 0 };

	(void)state;
	WRITE_OR_SKIP("a.journal", 1, 4, "u.service");
	follower.options.start = COLLECTOR_START_BEGINNING;
	follower_start(&follower, journal_named("", ""));
	follower_expect(&follower, journal_lines(1, 4));
	collector_positions(follower.collector, &positions);
	follower_kill(&follower);
	WRITE_OR_SKIP("b.journal", 4, 8, "u.service");
	WRITE_OR_SKIP("c.journal", 8, 10, "u.service");
	assert_int_equal(remove(scratch_path("a.journal")), 0);
	assert_int_equal(remove(scratch_path("b.journal")), 0);
	text_free(&follower.given);
	follower.options.saved = text_span(&positions);
	follower_start(&follower, journal_named("", ""));
	follower_expect(&follower, journal_lines(8, 10));
	assert_non_null(follower.said.at);
	assert_non_null(strstr(follower.said.at, "removed before it was read"));
	follower.options.saved = (struct span){ NULL, 0 };
	text_free(&positions);
}

/* A line that was looked at and not given is given after a restart. */
static void a_journal_and_a_file_are_caught_up_with_in_order(void **state)
{
	struct text positions = { 0 };
	struct line line;

	(void)state;
	WRITE_OR_SKIP("a.journal", 1, 4, "u.service");
	scratch_write("mail.log", "2026-11-01T03:04:04Z a\n2026-11-01T03:04:07Z b\n");
	follower.options.start = COLLECTOR_START_BEGINNING;
	follower_start(&follower, journal_named("", ""), "mail.log");
	assert_int_equal(collector_next(follower.collector, &line), COLLECTED_LINE);
	assert_string_equal(collector_source_name(follower.collector, line.source) +
				    strlen(collector_source_name(follower.collector, line.source)) - 8,
			    "mail.log");
	collector_positions(follower.collector, &positions);
	follower_kill(&follower);
	follower.options.saved = text_span(&positions);
	follower_start(&follower, journal_named("", ""), "mail.log");
	follower_drain(&follower);
	text_free(&positions);
	text_add(&positions, span_of(journal_lines(1, 4)));
	text_add(&positions, SPAN("2026-11-01T03:04:07Z b\n"));
	assert_string_equal(follower.given.at, positions.at);
	follower.options.saved = (struct span){ NULL, 0 };
	text_free(&positions);
}

static int stop(void **state)
{
	(void)state;
	follower_free(&follower);
	scratch_remove();
	return 0;
}
#else
static int stop(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}
#endif

static int start(void **state)
{
	(void)state;
	scratch_make();
	return 0;
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(names_say_which_journal_and_which_entries),
		ROW(a_reading_from_a_time_on_is_of_the_same_log),
		ROW(what_a_sender_writes_stays_in_its_field),
		ROW(exports_are_the_same_in_whatever_pieces_they_come),
		ROW(an_export_is_read_like_a_log),
#ifdef HAVE_LIBSYSTEMD
		ROW(a_journal_is_read_by_unit),
		ROW(what_a_person_says_in_a_servers_name_is_left_out),
		ROW(its_newest_entry_tells_how_old_a_journal_is),
		ROW(a_journal_that_is_not_there_is_an_error),
		ROW(a_followed_journal_is_given_once_through_restarts),
		ROW(what_comes_first_into_a_journal_without_mail_is_read),
		ROW(what_was_vacuumed_before_it_was_read_is_said),
		ROW(a_journal_and_a_file_are_caught_up_with_in_order),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
