/* Spans, calendar and growing text: rows in, rows out. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/hash.h"
#include "base/seek.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void span_cuts_from_both_sides(void **state)
{
	struct span rest = SPAN("a, b, c"), head = { 0 }, tail = { 0 };

	(void)state;
	assert_true(span_cut(&rest, ',', &head));
	assert_true(span_equal(head, SPAN("a")));
	assert_true(span_equal(rest, SPAN(" b, c")));
	assert_true(span_cut_last(&rest, SPAN(", "), &tail));
	assert_true(span_equal(tail, SPAN("c")));
	assert_true(span_equal(rest, SPAN(" b")));
	assert_false(span_cut(&rest, ';', &head));
	assert_true(span_equal(rest, SPAN(" b")));
	rest = SPAN("");
	assert_false(span_cut(&rest, ',', &head));
	assert_false(span_cut_text(&rest, SPAN("--"), &head));
}

static void span_finds_first_and_last(void **state)
{
	(void)state;
	assert_int_equal(span_find(SPAN("abcabc"), SPAN("bc")), 1);
	assert_int_equal(span_find_last(SPAN("abcabc"), SPAN("bc")), 4);
	assert_int_equal(span_find_last(SPAN("abcabc"), SPAN("a")), 3);
	assert_int_equal(span_find_last(SPAN("bcc"), SPAN("bc")), 0);
	assert_int_equal(span_find(SPAN("abc"), SPAN("d")), 3);
	assert_int_equal(span_find_last(SPAN("abc"), SPAN("d")), 3);
	assert_int_equal(span_find_last(SPAN("ab"), SPAN("abc")), 2);
	assert_int_equal(span_find_nocase(SPAN("Service Unavailable"), SPAN("unavail")), 8);
}

static void span_reads_numbers_whole_or_not(void **state)
{
	uint64_t number = 7;

	(void)state;
	assert_true(span_to_u64(SPAN("18446744073709551615"), &number));
	assert_true(number == UINT64_MAX);
	number = 7;
	assert_false(span_to_u64(SPAN("18446744073709551616"), &number));
	assert_false(span_to_u64(SPAN(""), &number));
	assert_false(span_to_u64(SPAN("-1"), &number));
	assert_false(span_to_u64(SPAN("1 "), &number));
	assert_int_equal(number, 7);
}

static void span_reads_addresses_of_both_kinds(void **state)
{
	uint8_t address[16];
	static const uint8_t mapped[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7 };

	(void)state;
	assert_true(span_to_address(SPAN("192.0.2.7"), address));
	assert_memory_equal(address, mapped, 16);
	assert_true(span_to_address(SPAN("2001:db8::1"), address));
	assert_int_equal(address[0], 0x20);
	assert_false(span_to_address(SPAN("192.0.2"), address));
	assert_false(span_to_address(SPAN("fe80::1%eth0"), address));
	assert_false(span_to_address(SPAN("unknown"), address));
}

/* What is read here is what inet_pton takes, and nothing else: texts of few letters, some millions of them. */
static void addresses_are_as_the_library_has_them(void **state)
{
	static const char letters[] = "0123456789..::f%";
	uint32_t seed = 7;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		uint8_t ours[16] = { 0 }, theirs[16] = { [10] = 0xff, [11] = 0xff };
		char text[20];
		size_t len = 0;
		bool known;

		for (seed = seed * 1664525 + 1013904223; len < 3 + (seed >> 8) % 13; len++) {
			/* Dots where an address would have them, half of the time. */
			uint32_t at = (seed >> 4) % 2 == 0 && len % 3 == 1 ? 10 : (seed >> (len + 5)) % 16;

			text[len] = letters[at];
			seed += (uint32_t)len * 2654435761U;
		}
		text[len] = '\0';
		known = inet_pton(AF_INET, text, theirs + 12) == 1 || inet_pton(AF_INET6, text, theirs) == 1;
		assert_int_equal(span_to_address(span_of(text), ours), known);
		if (known)
			assert_memory_equal(ours, theirs, sizeof(ours));
	}
	for (unsigned number = 0; number < 1100; number++) {
		uint8_t ours[16], theirs[16] = { [10] = 0xff, [11] = 0xff };
		char text[40];

		snprintf(text, sizeof(text), number % 2 ? "%u.%u.%03u.1" : "%u.0%u.%u.2", number % 300,
			 number / 4, number % 260);
		assert_int_equal(span_to_address(span_of(text), ours),
				 inet_pton(AF_INET, text, theirs + 12) == 1);
		snprintf(text, sizeof(text), "%u.%u.%u.%u", number % 256, number / 5, number % 10,
			 number % 100);
		assert_int_equal(span_to_address(span_of(text), ours),
				 inet_pton(AF_INET, text, theirs + 12) == 1);
		if (number / 5 < 256)
			assert_memory_equal(ours, theirs, sizeof(ours));
	}
}

/* As memmem, whatever the needle's length and wherever it stands; few letters, so that much is nearly right. */
static void seeking_finds_what_memmem_finds(void **state)
{
	char text[700], needle[80];
	uint32_t seed = 11;

	(void)state;
	for (int round = 0; round < 60000; round++) {
		size_t len, needle_len, from;

		seed = seed * 1664525 + 1013904223;
		len = (seed >> 8) % sizeof(text);
		needle_len = 1 + (seed >> 18) % (round % 4 == 0 ? 70 : 12);
		for (size_t i = 0; i < len; i++)
			text[i] = (char)('a' +
					 ((seed = seed * 1664525 + 1013904223) >> 16) % (round % 2 ? 2 : 9));
		for (size_t i = 0; i < needle_len; i++)
			needle[i] = (char)('a' + ((seed = seed * 1664525 + 1013904223) >> 16) %
							 (round % 2 ? 2 : 9));
		from = len > needle_len ? seed % (len - needle_len) : 0;
		if (round % 3 == 0 && len > needle_len)
			memcpy(text + from, needle, needle_len);
		assert_ptr_equal(seek(text, len, (struct span){ needle, needle_len }),
				 memmem(text, len, needle, needle_len));
	}
	assert_null(seek(text, 0, SPAN("x")));
}

static void clock_knows_the_calendar(void **state)
{
	static const struct {
		const char *text;
		const char *canonical; /* NULL: refused */
	} rows[] = {
		{ "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z" },
		{ "2024-02-29T23:59:59+02:00", "2024-02-29T21:59:59Z" },
		{ "2026-11-01T03:04:05.25Z", "2026-11-01T03:04:05.250000Z" },
		{ "2026-11-01 03:04", "2026-11-01T03:04:00Z" },
		{ "2026-11-01", "2026-11-01T00:00:00Z" },
		{ "1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z" },
		{ "2100-03-01T00:00:00-0130", "2100-03-01T01:30:00Z" },
		{ "2023-02-29", NULL },
		{ "2026-13-01", NULL },
		{ "2026-11-01T24:00:00Z", NULL },
		{ "2026-11-01Tx", NULL },
		{ "yesterday", NULL },
	};
	char into[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		usec_t time;

		if (clock_parse(span_of(rows[i].text), &time) != (rows[i].canonical != NULL))
			fail_msg("%s", rows[i].text);
		if (rows[i].canonical != NULL)
			assert_string_equal(clock_text(time, into), rows[i].canonical);
	}
}

static void clock_turns_every_day_back(void **state)
{
	(void)state;
	for (usec_t day = -800000; day < 800000; day++) {
		struct civil civil = clock_to_civil(day * USEC_DAY + USEC_HOUR);

		assert_true(clock_from_civil(civil) == day * USEC_DAY + USEC_HOUR);
	}
}

static void text_stops_at_its_ceiling(void **state)
{
	struct text text = { .ceiling = 5 };

	(void)state;
	text_add(&text, SPAN("abc"));
	assert_false(text.cut);
	text_add(&text, SPAN("defg"));
	assert_true(text.cut);
	assert_string_equal(text.at, "abcde");
	text_clear(&text);
	assert_false(text.cut);
	text_free(&text);
}

static void text_takes_terminals_out_of_strange_bytes(void **state)
{
	static const struct {
		struct span strange;
		const char *printed;
	} rows[] = {
		{ { "a\x1b[2Jb", 6 }, "a\\x1b[2Jb" },
		{ { "m\xc3\xa4rz", 5 }, "m\xc3\xa4rz" },
		{ { "\xc2\x9b"
		    "1m",
		    4 },
		  "\\xc2\\x9b1m" },
		{ { "\xff\xc0\xaf", 3 }, "\\xff\\xc0\\xaf" },
		{ { "\xed\xa0\x80", 3 }, "\\xed\\xa0\\x80" },
		{ { "a\0b\n", 4 }, "a\\x00b\\x0a" },
		{ { "\xe2\x82", 2 }, "\\xe2\\x82" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text text = { 0 };

		text_add_printable(&text, rows[i].strange);
		assert_string_equal(text.at, rows[i].printed);
		text_free(&text);
	}
}

static void hash_depends_on_every_byte_and_on_length(void **state)
{
	char bytes[40] = { 0 };
	uint64_t plain = hash_stable((struct span){ bytes, 39 });

	(void)state;
	assert_true(plain != hash_stable((struct span){ bytes, 38 }));
	for (size_t i = 0; i < 39; i++) {
		bytes[i] = 1;
		assert_true(plain != hash_stable((struct span){ bytes, 39 }));
		bytes[i] = 0;
	}
	assert_true(hash_text(SPAN("x")) == hash_text(SPAN("x")));
	/* Written into state files and Redis: this figure never changes. */
	assert_true(hash_stable(SPAN("bob@example.com")) == UINT64_C(0x3752b4f199f95eca));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(span_cuts_from_both_sides),
		cmocka_unit_test(span_finds_first_and_last),
		cmocka_unit_test(span_reads_numbers_whole_or_not),
		cmocka_unit_test(span_reads_addresses_of_both_kinds),
		cmocka_unit_test(addresses_are_as_the_library_has_them),
		cmocka_unit_test(seeking_finds_what_memmem_finds),
		cmocka_unit_test(clock_knows_the_calendar),
		cmocka_unit_test(clock_turns_every_day_back),
		cmocka_unit_test(text_stops_at_its_ceiling),
		cmocka_unit_test(text_takes_terminals_out_of_strange_bytes),
		cmocka_unit_test(hash_depends_on_every_byte_and_on_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
