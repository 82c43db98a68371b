/* What was made fast beside its plain version: both give the same. */
#include "base/hash.h"
#include "detectors/odds.h"
#include "parsers/parser.h"
#include "parsers/reply.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

__extension__ typedef unsigned __int128 wide;

static uint64_t fold(uint64_t a, uint64_t b)
{
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The stable hash, byte by byte. */
static uint64_t plain_hash(struct span text)
{
	const uint64_t a = UINT64_C(0x9e3779b97f4a7c15), b = UINT64_C(0xbb67ae8584caa73b);
	uint64_t hash = fold(a, text.len ^ b), word = 0;

	for (size_t i = 0; i < text.len; i++) {
		word |= (uint64_t)(unsigned char)text.at[i] << (8 * (i % 8));
		if (i % 8 == 7 || i + 1 == text.len) {
			hash = fold(hash ^ word, b);
			word = 0;
		}
	}
	return fold(hash, a);
}

static void test_hash_of_every_length(void **state)
{
	char bytes[70];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 37 + 200);
	for (size_t from = 0; from < 8; from++)
		for (size_t len = 0; from + len <= sizeof(bytes); len++) {
			struct span text = { bytes + from, len };

			if (hash_stable(text) != plain_hash(text))
				fail_msg("%zu bytes from %zu on", len, from);
		}
}

static void test_providers_are_remembered_as_they_are(void **state)
{
	static const char *const relays[] = { "gmail-smtp-in.l.google.com",
					      "hotmail-com.olc.protection.outlook.com[104.47.0.33]:25",
					      "mx2.example.co.uk",
					      "mail.example.org.",
					      "mail.example.org",
					      "example.org",
					      "co.uk",
					      "",
					      "none",
					      "localhost",
					      "192.0.2.7",
					      "private/dovecot-lmtp" };
	struct providers_known *known = calloc(1, sizeof(*known));

	(void)state;
	assert_non_null(known);
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < sizeof(relays) / sizeof(relays[0]); i++) {
			struct span relay = span_of(relays[i]), plain = reply_provider(relay);
			struct span quick = reply_provider_known(known, relay);

			if (quick.at != plain.at || quick.len != plain.len)
				fail_msg("%s, round %d: %.*s, not %.*s", relays[i], round, SPAN_ARGS(quick),
					 SPAN_ARGS(plain));
		}
	free(known);
}

/* More questions than are remembered, forwards and backwards: each against the calculation. */
static void test_odds_are_remembered_as_they_are(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 10000; i++) {
			int at = round == 0 ? i : 9999 - i;
			double x = 0.01 + at % 100 * 0.37, n = at / 100 * 0.5;

			if (odds_log_rise_known(x, n) != odds_log_rise(x, n))
				fail_msg("%g rising by %g", x, n);
		}
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_of_every_length),
		cmocka_unit_test(test_providers_are_remembered_as_they_are),
		cmocka_unit_test(test_short_texts_compare_as_memcmp_does),
		cmocka_unit_test(test_heads_that_came_before_are_cut_as_new_ones),
		cmocka_unit_test(test_odds_are_remembered_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
