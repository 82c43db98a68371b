/* Records as bytes: there and back the same, and nothing but whole records is taken. */
#include "base/hash.h"
#include "base/pack.h"
#include "detectors/record_pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const usec_t start = 20000 * USEC_DAY;

static void numbers_come_back(void **state)
{
	static const int64_t rows[] = { 0, 1, -1, 63, 64, -64, -65, 127, 128, INT64_MAX, INT64_MIN };
	struct text text = { 0 };
	struct unpack from;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pack_signed(&text, rows[i]);
		pack_number(&text, (uint64_t)rows[i]);
	}
	pack_float(&text, -1.5f);
	pack_span(&text, SPAN("abc"));
	from = (struct unpack){ .rest = text_span(&text) };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(unpack_signed(&from) == rows[i]);
		assert_true(unpack_number(&from) == (uint64_t)rows[i]);
	}
	assert_true(unpack_float(&from) == -1.5f);
	assert_true(span_equal(unpack_span(&from), SPAN("abc")));
	assert_false(from.broken);
	assert_int_equal(unpack_number(&from), 0);
	assert_true(from.broken);
	text_free(&text);
}

static void numbers_out_of_form_are_broken(void **state)
{
	static const struct span rows[] = {
		{ "\x80", 1 },                                              /* goes on, and does not */
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10 },         /* more than 64 bits */
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", 12 }, /* longer than any */
	};
	struct unpack text = { .rest = { "\x05"
					 "ab",
					 3 } };
	struct unpack infinite = { .rest = { "\x00\x00\x80\x7f", 4 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct unpack from = { .rest = rows[i] };

		assert_int_equal(unpack_number(&from), 0);
		assert_true(from.broken);
	}
	assert_int_equal(unpack_span(&text).len, 0);
	assert_true(text.broken);
	unpack_float(&infinite);
	assert_true(infinite.broken);
}

/* An account with MAILS mails over some days, to many addresses from a few networks. */
static void live(struct record *record, unsigned mails)
{
	for (unsigned i = 0; i < mails; i++) {
		struct applied applied;
		struct habit_day day;
		struct delta delta = {
			.kind = i % 7 == 0    ? DELTA_SUBMITTED
				: i % 31 == 0 ? DELTA_LOGIN_FAILED
					      : DELTA_ATTEMPT,
			.time = start + i * 17 * USEC_MINUTE,
			.count = 1,
			.outcome = i % 9 == 0 ? COUNT_INVALID : COUNT_DELIVERED,
			.elsewhere = true,
			.message = i + 1,
			.recipient = (uint32_t)(i % 300) * 2654435761U + 1,
			.client = i % 13 + 1,
			.network = i % 3 + 1,
			.country = i % 2 + 1,
			.sender = i % 5 + 1,
			.helo = 7,
			.distinct = true,
			.domain = i % 250 + 1,
		};

		if (record_due(record, delta.time))
			record_close(record, delta.time, 10, &day);
		record_apply(record, &delta, &applied);
		if (i % 50 == 0) {
			crowd_note(&record->crowd, i + 1, delta.time, 3.5f);
			crowd_use(&record->crowd, i * UINT64_C(0x9e3779b97f4a7c15), delta.time);
		}
	}
	record->standing = (struct standing){ STATE_WATCH, start, 3.5f, 2.25f, 19999, start + 5, start + 9 };
	record->pending = 3;
}

static void a_record_comes_back(void **state)
{
	(void)state;
	for (unsigned mails = 0; mails < 2000; mails = mails * 3 + 1) {
		struct record before = { .hash = 5 }, after = { .hash = 9 };
		struct text once = { 0 }, twice = { 0 };

		live(&before, mails);
		before.alone = 6.5f;
		record_pack(&before, &once);
		live(&after, 10); /* what stood there before goes */
		assert_true(record_unpack(&after, text_span(&once)));
		record_pack(&after, &twice);
		assert_int_equal(once.len, twice.len);
		assert_memory_equal(once.at, twice.at, once.len);
		assert_int_equal(after.hash, 9);
		assert_true(after.alone >= 6.5f); /* the day's worst counts at its end, on whichever start */
		assert_int_equal(record_distinct(&before, SEEN_NETWORK, HORIZON_24H, false),
				 record_distinct(&after, SEEN_NETWORK, HORIZON_24H, false));
		live(&before, mails);
		live(&after, mails); /* and both go on in the same way */
		text_clear(&once);
		text_clear(&twice);
		record_pack(&before, &once);
		record_pack(&after, &twice);
		assert_memory_equal(once.at, twice.at, once.len);
		record_free(&before);
		record_free(&after);
		text_free(&once);
		text_free(&twice);
	}
}

static void an_idle_record_is_small(void **state)
{
	struct record record = { .hash = 5 };
	struct text text = { 0 };

	(void)state;
	live(&record, 400);
	record_trim(&record, start + 60 * USEC_DAY);
	record_pack(&record, &text);
	/* Besides what it remembers of recipients: 300 of them, four bytes each, in 64 buckets. */
	assert_true(text.len < 512 + 300 * 4 + 64);
	record_free(&record);
	text_free(&text);
}

static void damaged_bytes_change_nothing(void **state)
{
	struct record record = { .hash = 5 }, other = { .hash = 5 };
	struct text whole = { 0 }, check = { 0 }, own = { 0 };
	uint64_t seed = 1;

	(void)state;
	live(&record, 500);
	record_pack(&record, &whole);
	live(&other, 20);
	record_pack(&other, &own);
	for (size_t len = 0; len < whole.len; len++)
		assert_false(record_unpack(&other, (struct span){ whole.at, len }));
	record_pack(&other, &check);
	assert_int_equal(check.len, own.len);
	assert_memory_equal(check.at, own.at, own.len);
	/* A changed byte is another record or none, never a crash; the sanitizers watch. */
	for (int i = 0; i < 20000; i++) {
		size_t at;
		char kept;
		struct applied applied;
		struct delta delta = {
			.kind = DELTA_ATTEMPT, .time = start, .elsewhere = true, .recipient = 5
		};

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
		at = (size_t)(seed >> 33) % whole.len;
		kept = whole.at[at];
		whole.at[at] = (char)(seed >> 20);
		if (record_unpack(&other, text_span(&whole)))
			record_apply(&other, &delta, &applied);
		whole.at[at] = kept;
	}
	record_free(&record);
	record_free(&other);
	text_free(&whole);
	text_free(&check);
	text_free(&own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(numbers_out_of_form_are_broken),
		cmocka_unit_test(a_record_comes_back),
		cmocka_unit_test(an_idle_record_is_small),
		cmocka_unit_test(damaged_bytes_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
