/*
 * How storms, repeats and digests are told: rows of messages and what becomes of each; what waits in an outbox
 * becomes one parcel; and letters whose subjects and addresses try to be more than that.
 */
#define _GNU_SOURCE
#include "base/memory.h"
#include "responders/gather.h"
#include "responders/letter.h"
#include "responders/outbox.h"
#include "tests/unit/scratch.h"

#define MOMENT INT64_C(1793502245000000) /* 2026-11-01T03:04:05Z */

static char digest[] = "07:30";

static const struct telling telling = { .gather = USEC_MINUTE, .storm = 2, .repeat_after = USEC_HOUR };

static void test_storm(void **state)
{
	static const struct {
		int at; /* seconds */
		const char *account;
		enum account_state state;
		bool waiting;
		enum gather_way way;
	} rows[] = {
		{ 0, "a", STATE_FLAGGED, false, GATHER_NOW },
		{ 1, "a", STATE_FLAGGED, false, GATHER_REPEATED },
		{ 1, "a", STATE_DISABLED, false, GATHER_NOW },
		{ 2, "b", STATE_FLAGGED, false, GATHER_WAIT },
		{ 59, "", STATE_NORMAL, true, GATHER_WAIT },
		{ 61, "c", STATE_FLAGGED, true, GATHER_WAIT },
		{ 63, "d", STATE_FLAGGED, false, GATHER_NOW },
		{ 64, "a", STATE_FLAGGED, false, GATHER_NOW },
		{ 3000, "d", STATE_FLAGGED, false, GATHER_REPEATED },
		{ 3700, "d", STATE_FLAGGED, false, GATHER_NOW },
	};
	struct gather *gather = gather_new(&telling, false, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		usec_t now = MOMENT + rows[i].at * USEC_SECOND;
		enum gather_way way = gather_ask(gather, now, now, span_of(rows[i].account), rows[i].state,
						 rows[i].waiting);

		if (way != rows[i].way)
			fail_msg("row %zu: %d", i, (int)way);
	}
	gather_forget(gather, SPAN("d"));
	assert_int_equal(gather_ask(gather, MOMENT + USEC_DAY, MOMENT + 3701 * USEC_SECOND, SPAN("d"),
				    STATE_FLAGGED, false),
			 GATHER_NOW);
	assert_int_equal(gather_due(gather, MOMENT), MOMENT + USEC_MINUTE);
	gather_free(&gather);
}

/* The next 07:30 in Berlin: 06:30Z in winter; of the same day, or of the next. */
static void test_digest(void **state)
{
	struct telling daily = telling;
	struct error error;
	struct zone *zone = zone_open("+01:00", &error);
	struct gather *gather;
	usec_t midnight = MOMENT - MOMENT % USEC_DAY,
	       half_past_six = midnight + 6 * USEC_HOUR + 30 * USEC_MINUTE;

	(void)state;
	assert_non_null(zone);
	daily.digest = digest;
	gather = gather_new(&daily, false, zone);
	assert_int_equal(gather_ask(gather, MOMENT, MOMENT, SPAN("a"), STATE_FLAGGED, false), GATHER_WAIT);
	assert_int_equal(gather_due(gather, MOMENT), half_past_six);
	assert_int_equal(gather_due(gather, half_past_six - 1), half_past_six);
	assert_int_equal(gather_due(gather, half_past_six), half_past_six + USEC_DAY);
	gather_free(&gather);
	zone_free(&zone);
}

static usec_t digest_after(const struct gather *gather, const char *oldest)
{
	usec_t time;

	assert_true(clock_parse(span_of(oldest), &time));
	return gather_due(gather, time);
}

/* One a day at 02:30 in Berlin, also in the night that has this hour twice, and in the one that lacks it. */
static void test_digest_in_a_changed_hour(void **state)
{
	static char half_past_two[] = "02:30";
	static const struct {
		const char *oldest, *due;
	} rows[] = {
		{ "2026-10-25T00:10:00Z", "2026-10-25T00:30:00Z" }, /* 02:10 for the first time */
		{ "2026-10-25T00:40:00Z", "2026-10-26T01:30:00Z" }, /* 02:40 */
		{ "2026-10-25T01:10:00Z", "2026-10-26T01:30:00Z" }, /* 02:10 for the second */
		{ "2026-10-25T01:40:00Z", "2026-10-26T01:30:00Z" },
		{ "2027-03-28T00:50:00Z", "2027-03-28T01:30:00Z" }, /* 01:50, then 03:00 */
		{ "2027-03-28T01:40:00Z", "2027-03-29T00:30:00Z" },
	};
	struct telling daily = telling;
	struct error error;
	struct zone *zone;
	struct gather *gather;
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		skip();
	zone = zone_open("Europe/Berlin", &error);
	assert_non_null(zone);
	daily.digest = half_past_two;
	gather = gather_new(&daily, false, zone);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(clock_text(digest_after(gather, rows[i].oldest), text), rows[i].due);
	gather_free(&gather);
	zone_free(&zone);
}

static void test_checks(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = { { "00:00", true },  { "23:59", true }, { "7:30", true },  { "24:00", false },
		     { "07:60", false }, { "0730", false }, { "07:3", false }, { "x", false } };
	struct telling one = telling;
	usec_t time;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		one.digest = memory_copy(span_of(rows[i].text));
		assert_int_equal(telling_digest(&one, &time), rows[i].good);
		free(one.digest);
	}
}

static char *join(void *context, const char *id, const char *const *bodies, size_t count)
{
	struct text text = { 0 };

	text_add_format(context, "%s", id);
	for (size_t i = 0; i < count; i++)
		text_add(&text, span_of(bodies[i]));
	return text.at;
}

static void nothing_lost(void *context, const char *target, const char *id, const char *why)
{
	(void)context;
	fail_msg("%s %s: %s", target, id, why);
}

/* The same members give the same id, and nothing of them is left; what waits does not grow too old. */
static void test_outbox_gathers(void **state)
{
	const struct outbox_options options = { 100, USEC_SECOND, USEC_MINUTE, USEC_HOUR };
	const struct outbox_calls calls = { .lost = nothing_lost };
	struct text ids[2] = { { 0 }, { 0 } };
	struct parcel parcel;
	struct error error;

	(void)state;
	scratch_make();
	for (int round = 0; round < 2; round++) {
		const struct outbox_join how = { &ids[round], join };
		struct outbox *outbox = outbox_open(scratch_path(round == 0 ? "a" : "b"), &options, &calls,
						    &error);
		usec_t oldest;

		assert_true(outbox_put(outbox, MOMENT, "waits:x", "1", SPAN("p"), "one", &error));
		assert_true(outbox_put(outbox, MOMENT + 1, "waits:x", "2", SPAN("q"), "two", &error));
		assert_true(outbox_put(outbox, MOMENT + 2, "waits:y", "3", SPAN("q"), "three", &error));
		outbox_sweep(outbox, MOMENT + USEC_DAY);
		assert_false(outbox_next(outbox, MOMENT + USEC_DAY, "x", &parcel));
		outbox_close(&outbox);
		outbox = outbox_open(scratch_path(round == 0 ? "a" : "b"), &options, &calls, &error);
		assert_true(outbox_oldest(outbox, "waits:x", &oldest));
		assert_int_equal(oldest, MOMENT);
		assert_true(outbox_gather(outbox, MOMENT, "waits:x", "x", &how, &error));
		assert_false(outbox_oldest(outbox, "waits:x", &oldest));
		assert_true(outbox_next(outbox, MOMENT, "x", &parcel));
		assert_string_equal(parcel.body, "onetwo");
		assert_string_equal(parcel.id, ids[round].at);
		assert_true(outbox_gather(outbox, MOMENT, "waits:y", "y", &how, &error));
		assert_true(outbox_next(outbox, MOMENT, "y", &parcel));
		assert_string_equal(parcel.id, "3");
		assert_string_equal(parcel.body, "three");
		assert_int_equal(outbox_stats(outbox).waiting, 2);
		outbox_close(&outbox);
	}
	assert_string_equal(ids[0].at, ids[1].at);
	text_free(&ids[0]);
	text_free(&ids[1]);
	scratch_remove();
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "bob@example.com", true },
		{ "b.o+b@xn--d.example", true },
		{ "root@localhost", true },
		{ "bob", false },
		{ "@example.com", false },
		{ "bob@", false },
		{ "-f@example.com", false },
		{ "a@b@c", false },
		{ "bob@example.com\r\nBcc: x@y", false },
		{ "\"a b\"@example.com", false },
		{ "a,b@example.com", false },
		{ "a@b>,<c@d", false },
		{ "b\xc3\xb6@example.com", false },
		{ "bob@.example", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (letter_is_address(span_of(rows[i].text)) != rows[i].good)
			fail_msg("%s", rows[i].text);
}

static void test_letter(void **state)
{
	static const char *const to[] = { "a@example.com", "b@example.com" };
	const struct letter letter = {
		.from = "s@mx1",
		.to = to,
		.to_count = 2,
		.id = "abc",
		.host = "mx1",
		.subject = SPAN("h\xc3\xa4sslich\r\nBcc: x@y =?utf-8?Q?x?= and so on and so on"),
		.text = SPAN("a=b \n.\nFrom me\n\xc3\xa4"),
		.time = MOMENT
	};
	static const char wanted[] =
		"From: sendwatch <s@mx1>\r\nTo: a@example.com,\r\n b@example.com\r\n"
		"Subject: =?utf-8?Q?h=C3=A4sslich=20=20Bcc=3A?=\r\n =?utf-8?Q?=20x=40y=20=3D=3Futf=2D8=3FQ=3F?=\r\n"
		" =?utf-8?Q?x=3F=3D=20and=20so=20on=20a?=\r\n =?utf-8?Q?nd=20so=20on?=\r\n"
		"Date: Sun, 1 Nov 2026 03:04:05 +0000\r\nMessage-ID: <abc.sendwatch@mx1>\r\n"
		"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n"
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		"a=3Db=20\r\n=2E\r\n=46rom me\r\n=C3=A4\r\n";
	struct text out = { 0 };

	(void)state;
	letter_write(&letter, "\r\n", &out);
	assert_string_equal(out.at, wanted);
	text_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_digest_in_a_changed_hour),
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_outbox_gathers),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_letter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
