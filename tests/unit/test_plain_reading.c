/* What was made fast on the way from a line to its event, beside its plain version: both give the same. */
#define _GNU_SOURCE
#include "base/near.h"
#include "parsers/exim_id.h"
#include "parsers/field.h"
#include "parsers/parser.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

static void test_short_texts_compare_as_memcmp_does(void **state)
{
	char a[70], b[70];

	(void)state;
	memset(a, 'a', sizeof(a));
	memset(b, 'a', sizeof(b));
	for (size_t len = 0; len <= sizeof(a); len++)
		for (size_t at = 0; at < sizeof(a); at++) {
			b[at] = 'b';
			if (span_same_bytes(a, b, len) != (memcmp(a, b, len) == 0))
				fail_msg("%zu bytes, the %zuth another", len, at);
			b[at] = 'a';
		}
}

/* Each text in memory of its own, so that a sanitizer sees what is read behind it. */
static void test_bytes_are_found_as_memchr_finds_them(void **state)
{
	(void)state;
	for (size_t len = 0; len < 70; len++) {
		char *text = malloc(len + 1);

		assert_non_null(text);
		memset(text, 'a', len);
		for (size_t first = 0; first <= len; first++)
			for (size_t second = first; second <= len; second += 1 + len / 7) {
				char both[] = { ' ', '"' };

				if (second < len)
					text[second] = both[second % 2];
				if (first < len)
					text[first] = both[first % 2];
				if (span_near_either((struct span){ text, len }, ' ', '"') != first)
					fail_msg("%zu bytes, one of two the %zuth", len, first);
				for (unsigned i = 0; i < sizeof(both); i++) {
					const char *hit = len == 0 ? NULL : memchr(text, both[i], len);

					if (span_near((struct span){ text, len }, both[i]) !=
					    (hit == NULL ? len : (size_t)(hit - text)))
						fail_msg("%zu bytes, %c the %zuth or %zuth", len, both[i],
							 first, second);
				}
				memset(text, 'a', len);
			}
		free(text);
	}
	assert_int_equal(span_near((struct span){ NULL, 0 }, ' '), 0);
	assert_int_equal(span_near(SPAN("\xdf\x20\x5f\xa0 "), '\xa0'), 3);
}

/* Few letters, so that parts of the needle stand everywhere. */
static void test_texts_are_found_as_memmem_finds_them(void **state)
{
	uint32_t random = 1;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		char needle[80], *text;
		size_t len = (size_t)round % 150, needle_len = 1 + (size_t)round % 7;
		const char *hit;

		if (round % 16 == 0)
			needle_len = 1 + (size_t)round / 16 % sizeof(needle);
		text = malloc(len + 1);
		assert_non_null(text);
		for (size_t i = 0; i < len; i++)
			text[i] = (char)('a' + ((random = random * 1664525 + 1013904223) >> 24) % 3);
		for (size_t i = 0; i < needle_len; i++)
			needle[i] = (char)('a' + ((random = random * 1664525 + 1013904223) >> 24) % 3);
		if (needle_len > 8 && needle_len < len)
			memcpy(text + random % (len - needle_len + 1), needle, needle_len);
		hit = memmem(text, len, needle, needle_len);
		if (span_find((struct span){ text, len }, (struct span){ needle, needle_len }) !=
		    (hit == NULL ? len : (size_t)(hit - text)))
			fail_msg("%.*s in %.*s", (int)needle_len, needle, (int)len, text);
		free(text);
	}
}

static struct framer *new_framer(void)
{
	const struct framer_options options = { .year = 2026, .timezone = "UTC", .written = USEC_NEVER };
	struct error error;
	struct framer *framer = framer_new(&options, &error);

	assert_non_null(framer);
	return framer;
}

static bool same_place(struct span a, struct span b)
{
	return a.at == b.at && a.len == b.len;
}

/* LINE through a framer that has seen many lines, and through one that has seen none. */
static void compare_heads(struct framer *old, const char *line)
{
	struct framer *fresh = new_framer();
	struct frame plain, quick;
	struct event plain_event, quick_event;
	struct span text = span_of(line);

	assert_true(framer_cut(fresh, text, &plain));
	assert_true(framer_cut(old, text, &quick));
	if (plain.time != quick.time || plain.pid != quick.pid || plain.repeat != quick.repeat ||
	    !same_place(plain.host, quick.host) || !same_place(plain.tag, quick.tag) ||
	    !same_place(plain.text, quick.text))
		fail_msg("%s: tag %.*s, pid %u, text %.*s", line, SPAN_ARGS(quick.tag), quick.pid,
			 SPAN_ARGS(quick.text));
	parser_read(&plain, &plain_event);
	parser_read(&quick, &quick_event);
	if (plain_event.kind != quick_event.kind || plain_event.mta != quick_event.mta ||
	    !same_place(plain_event.program, quick_event.program) ||
	    plain_event.id_hash != quick_event.id_hash)
		fail_msg("%s: event %s of %.*s", line, event_kind_name(quick_event.kind),
			 SPAN_ARGS(quick_event.program));
	for (size_t i = 0; i < EVENT_TEXTS; i++)
		if (!same_place(event_text(&plain_event, i), event_text(&quick_event, i)))
			fail_msg("%s: %s is %.*s", line, event_text_name(i),
				 SPAN_ARGS(event_text(&quick_event, i)));
	framer_free(&fresh);
}

static void test_heads_that_came_before_are_cut_as_new_ones(void **state)
{
	static const char *const tags[] = { "postfix/smtpd",
					    "postfix/smtp",
					    "postfix/qmgr",
					    "postfix/local",
					    "postfix/lmtp",
					    "postfix/submission/smtpd",
					    "postfix/submissions/smtpd",
					    "postfix/smtps/smtpd",
					    "postfix/anvil",
					    "postfix/cleanup",
					    "postfix-in/smtpd",
					    "postfix-in/smtps/smtpd",
					    "postfix/a-name-that-is-too-long-to-keep/smtpd",
					    "postfix/smtpd[7]",
					    "postfix/x",
					    "postfix",
					    "postfix-script",
					    "postfix/postfix-script",
					    "postfixadmin/stats",
					    "exim",
					    "dovecot",
					    "in/submission/smtpd",
					    "smtpd/smtpd/smtpd" };
	static const char *const words[] = {
		"[#]: 4F2B3CABCD: to=<a@b.example>, relay=none, delay=1, dsn=4.4.1, status=deferred (no)",
		"[#]: connect from unknown[192.0.2.7]",
		"[#]: warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: no",
		"[#]: message repeated 2 times: [ connect from unknown[192.0.2.7]]",
		"[#]:  two blanks, and then words",
		"[#]: [ID 197553 mail.info] 4F2B3CABCD: removed",
		"[#]: ",
		"[#]: x",
		"[#]:",
		"[#] words without a colon",
		"[#]:words without a blank",
		"[0#]: connect from unknown[192.0.2.7]",
		"[#000000]: connect from unknown[192.0.2.7]",
		"[#00000000]: connect from unknown[192.0.2.7]",
		"[#x]: connect from unknown[192.0.2.7]",
		"[]: connect from unknown[192.0.2.7] #",
		": connect from unknown[192.0.2.#]",
	};
	static const char *const stamps[] = { "Nov 21 16:29:42 mx1 ", "Nov 21 16:29:42 mx1 ",
					      "Nov 21 16:29:43 a-host-of-a-long.name.example ",
					      "2026-11-21T16:29:42.254123+01:00 mx1 " };
	struct framer *old = new_framer();
	char line[300];

	(void)state;
	for (size_t s = 0; s < sizeof(stamps) / sizeof(stamps[0]); s++)
		for (size_t t = 0; t < sizeof(tags) / sizeof(tags[0]); t++)
			for (int pid = 1; pid < 1000000; pid *= 9)
				for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
					struct span after = span_of(words[w]), before = { "", 0 };

					span_cut(&after, '#', &before);
					snprintf(line, sizeof(line), "%s%s%.*s%d%s", stamps[s], tags[t],
						 SPAN_ARGS(before), pid, after.at);
					compare_heads(old, line);
				}
	framer_free(&old);
}

static void test_lines_of_exim_are_cut_as_the_first_of_its_second(void **state)
{
	static const char *const words[] = {
		"1xUnzI-00063E-2G => bob@example.com R=dnslookup T=remote_smtp H=mx [192.0.2.7] C=\"250 ok\"",
		"1xUnzI-00063E-2G Completed",
		"1xUnzI-00063E-2G Completed QT=1s",
		"1xUnzI-00063E-2G Completed:",
		"1xUnzI-00063E-2G completed",
		"1xUnzI-00063E-2G Completed[7]: words",
		"1xUnzI-00063E-2G [7]: words",
		"1xUnzI-00063E-2G a[7]: words",
		"1xUnzI-00063E-2G <= <> H=mx [192.0.2.7] P=esmtp S=12",
		"1xUnzI-00063E-2G *> bob@example.com",
		"1xUnzI-00063E-2G  => two blanks",
		"1xUnzI-00063E-2G a: words",
		"1xUnzI-00063E-2G a] words",
		"1xUnzI-00063E-2G abc[7]: words",
		"1xUnzI-00063E-2G postfix/smtpd[7]: connect from unknown[192.0.2.7]",
		"1xUnzI-00063E-2G dovecot: imap-login: words",
		"1xUnzI-00063E-2G",
		"1xUnzI-00063E-2G ",
		"1xUnzI-00063E-2G =",
		"1xUnzI-00063E2G => short",
		"1xUnzI-00063_-2G => no id",
		"1xUnzI-0000000063E-002G => bob@example.com R=local T=maildir",
		"1xUnzI-0000000063E-002G Completed",
		"1xUnzI-0000000063_-002G Completed",
		"Ux-n-I-00063E-2G => bob@example.com",
		"+xUnzI-00063E-2G => bob@example.com",
		"[77] 1xUnzI-00063E-2G => bob@example.com",
		"+0100 1xUnzI-00063E-2G => bob@example.com",
		"SMTP connection from [192.0.2.7] lost",
		"mx1 exim[7]: 1xUnzI-00063E-2G Completed",
		"mx1 postfix/smtpd[7]: 4F2B3CABCD: client=unknown[192.0.2.7]",
	};
	struct framer *old = new_framer();
	char line[300];

	(void)state;
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			for (int ends = 0; ends < 2; ends++) {
				snprintf(line, sizeof(line), "2026-11-21 16:29:42 %s%s", words[i],
					 ends ? "\r" : "");
				compare_heads(old, line);
			}
	framer_free(&old);
}

static bool plain_exim_id(struct span text, size_t len, const char *shape)
{
	for (size_t i = 0; i < len; i++) {
		char c = text.at[i];

		if (shape[i] == '-' ? c != '-'
				    : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
					(c >= 'A' && c <= 'Z') || c == '-'))
			return false;
	}
	return text.len > len && text.at[len] == ' ';
}

/* LINE, of which each byte in turn is replaced by every other byte. */
static void with_each_byte_replaced(struct span line, void (*check)(struct span text))
{
	char copy[40];

	assert_true(line.len <= sizeof(copy));
	for (size_t at = 0; at < line.len; at++)
		for (int c = 0; c < 256; c++) {
			memcpy(copy, line.at, line.len);
			copy[at] = (char)c;
			check((struct span){ copy, line.len });
		}
}

static void id_is_found(struct span text)
{
	size_t len = 0;

	if (plain_exim_id(text, 16, "xxxxxx-xxxxxx-xx"))
		len = 16;
	else if (text.len > 23 && text.at[16] != ' ' && plain_exim_id(text, 23, "xxxxxx-xxxxxxxxxxx-xxxx"))
		len = 23;
	if (exim_id_length(text) != len)
		fail_msg("%.*s: %zu, not %zu", SPAN_ARGS(text), exim_id_length(text), len);
}

static void test_ids_of_exim_are_found_as_byte_by_byte(void **state)
{
	static const char *const lines[] = { "1xUnzI-00063E-2G ", "1xUnzI-00063E-2G => a@b",
					     "1xUnzI-0000000063E-002G ", "1xUnzI-0000000063E-002G <= a@b" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		with_each_byte_replaced(span_of(lines[i]), id_is_found);
}

/* Short ids are capital hexadecimal digits, five or more; long ones digits and consonants, ten or more. */
static size_t plain_queue_id(struct span text)
{
	static const char hex[] = "0123456789ABCDEF",
			  wide[] = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
	size_t shorts = 0, longs = 0;

	while (shorts < text.len && shorts < 24 && memchr(hex, text.at[shorts], sizeof(hex) - 1) != NULL)
		shorts++;
	while (longs < text.len && longs < 24 && memchr(wide, text.at[longs], sizeof(wide) - 1) != NULL)
		longs++;
	if (longs > shorts)
		return longs < 10 ? 0 : longs;
	return shorts < 5 ? 0 : shorts;
}

static void queue_id_is_found(struct span text)
{
	struct span rest = text, id = { NULL, 0 };
	size_t len = plain_queue_id(text);

	if (len > 0 && len < text.len && text.at[len] != ':')
		len = 0;
	if (field_queue_id(&rest, &id) != (len > 0) || id.len != len)
		fail_msg("%.*s: %zu, not %zu", SPAN_ARGS(text), id.len, len);
}

static void test_queue_ids_are_found_as_byte_by_byte(void **state)
{
	static const char *const lines[] = { "4F2B: removed, and on", "4F2B3: removed, and on",
					     "4F2B3CABCD: removed",   "4F2B3CABCDEF0123: x",
					     "4F2B3CABCDEF01234: x",  "4cXyz12BcD: removed",
					     "4cXyz12BcDzFGHjk: x",   "4cXyz12BcDzFGHjkl: x",
					     "connect from unknown",  "4F2B3CABCD" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		with_each_byte_replaced(span_of(lines[i]), queue_id_is_found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_texts_compare_as_memcmp_does),
		cmocka_unit_test(test_bytes_are_found_as_memchr_finds_them),
		cmocka_unit_test(test_texts_are_found_as_memmem_finds_them),
		cmocka_unit_test(test_heads_that_came_before_are_cut_as_new_ones),
		cmocka_unit_test(test_lines_of_exim_are_cut_as_the_first_of_its_second),
		cmocka_unit_test(test_ids_of_exim_are_found_as_byte_by_byte),
		cmocka_unit_test(test_queue_ids_are_found_as_byte_by_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
