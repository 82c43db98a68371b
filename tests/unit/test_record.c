/* A record: what it remembers of the last change gives what looking for it again would. */
#include "detectors/record.h"

#include "base/pack.h"
#include "base/text.h"
#include "detectors/record_pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define START (USEC_DAY * 20000)

static uint32_t random_of(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Mail of a few correspondents from ORIGINS clients, most of it from where the last came from. */
static struct delta delta_at(uint32_t *seed, usec_t time, uint32_t *origin, uint32_t origins)
{
	static const enum delta_kind kinds[] = { DELTA_SUBMITTED,   DELTA_ATTEMPT, DELTA_ATTEMPT,
						 DELTA_ATTEMPT,     DELTA_CHANGED, DELTA_LOGIN,
						 DELTA_LOGIN_FAILED };

	if (random_of(seed) % 6 == 0)
		*origin = random_of(seed) % origins;
	return (struct delta){
		.kind = kinds[random_of(seed) % 7],
		.time = time - (random_of(seed) % 16 == 0 ? random_of(seed) % 3000 * USEC_MINUTE : 0),
		.count = 1,
		.outcome = random_of(seed) % 5 == 0 ? COUNT_SPAM : COUNT_DELIVERED,
		.elsewhere = true,
		.message = random_of(seed) % 3 + 1,
		.recipient = random_of(seed) % 20 + 1,
		.client = *origin == 0 ? 0 : *origin + 1,
		.network = *origin / 2 + 1,
		.country = *origin / 8,
		.sender = random_of(seed) % 3,
		.helo = random_of(seed) % 2,
		.refuser = random_of(seed) % 9 == 0 ? random_of(seed) % 4 : 0,
	};
}

static void assert_same(const struct record *one, const struct record *other)
{
	struct text one_bytes = { 0 }, other_bytes = { 0 };

	record_pack(one, &one_bytes);
	record_pack(other, &other_bytes);
	assert_int_equal(one_bytes.len, other_bytes.len);
	assert_memory_equal(one_bytes.at, other_bytes.at, one_bytes.len);
	text_free(&one_bytes);
	text_free(&other_bytes);
}

/* Few places, and more than a record has room for: where one takes another's, nothing is remembered wrongly. */
static void test_where_the_last_came_from_need_not_be_looked_for(void **state)
{
	static const uint32_t origins[] = { 1, 3, 12, 400 };

	(void)state;
	for (size_t o = 0; o < sizeof(origins) / sizeof(origins[0]); o++) {
		struct record record = { .hash = 5 }, plain = { .hash = 5 };
		uint32_t seed = 3, origin = 0, remembered = 0;
		usec_t now = START;

		for (int i = 0; i < 8000; i++) {
			struct applied applied, expected;
			struct habit_day day;
			struct delta delta;

			now += random_of(&seed) % (random_of(&seed) % 4 == 0 ? 5000 : 30) * USEC_SECOND;
			delta = delta_at(&seed, now, &origin, origins[o]);
			if (record_due(&record, delta.time)) {
				record_close(&record, delta.time, 10, &day);
				record_close(&plain, delta.time, 10, &day);
			}
			if (random_of(&seed) % 500 == 0) {
				record_trim(&record, now);
				record_trim(&plain, now);
			}
			if (random_of(&seed) % 1000 == 0) {
				record_release(&record, now, now);
				record_release(&plain, now, now);
				record.standing.state = plain.standing.state = STATE_NORMAL;
			}
			plain.here = (struct here){ 0 };
			remembered += record.here.valid && record.here.client == delta.client;
			record_apply(&record, &delta, &applied);
			record_apply(&plain, &delta, &expected);
			assert_memory_equal(&applied, &expected, sizeof(applied));
			if (i % 50 == 0)
				assert_same(&record, &plain);
		}
		assert_same(&record, &plain);
		assert_true(remembered > 1000);
		record_free(&record);
		record_free(&plain);
	}
}

static void sent_from(struct record *record, usec_t time, uint32_t client, uint32_t network, bool *away_r)
{
	const struct delta delta = { .kind = DELTA_ATTEMPT,
				     .time = time,
				     .count = 1,
				     .elsewhere = true,
				     .outcome = COUNT_DELIVERED,
				     .recipient = 1,
				     .client = client,
				     .network = network };
	struct applied applied;
	struct habit_day day;

	if (record_due(record, time))
		record_close(record, time, 18, &day);
	record_apply(record, &delta, &applied);
	*away_r = applied.away;
}

/* Who has another address each day fills all places with them: another network is learned all the same. */
static void test_addresses_give_way_to_networks(void **state)
{
	struct record record = { .hash = 5 };
	uint32_t client = 1;
	usec_t now = START;
	bool away;

	(void)state;
	for (int day = 0; day < 150; day++, now += USEC_DAY)
		sent_from(&record, now, client++, 1, &away);
	sent_from(&record, now, client++, 2, &away);
	assert_true(away);
	for (int day = 0; day < 20; day++, now += USEC_DAY)
		for (int mail = 0; mail < 3; mail++)
			sent_from(&record, now + mail * USEC_HOUR, client++, 2, &away);
	assert_false(away);
	record_free(&record);
}

/* Who abuses an account may say another name with each mail: who refused it, and where it came from, is known still. */
static void test_invented_names_give_way_to_refusers_and_networks(void **state)
{
	struct record record = { .hash = 5 };

	(void)state;
	for (uint32_t mail = 0; mail < 300; mail++) {
		struct delta delta = {
			.kind = DELTA_SUBMITTED,
			.time = START + mail * USEC_SECOND,
			.count = 1,
			.client = 1,
			.network = mail < 100 ? 2 : 1,
			.sender = mail + 1,
			.helo = mail + 1,
			.refuser = mail < 3 ? mail + 1 : 0,
		};
		struct applied applied;

		record_apply(&record, &delta, &applied);
	}
	assert_int_equal(record_distinct(&record, SEEN_REFUSER, HORIZON_1H, false), 3);
	assert_int_equal(record_distinct(&record, SEEN_NETWORK, HORIZON_1H, true), 2);
	record_free(&record);
}

/*
 * A hundred are put off, and twenty minutes later refused or taken, while few others are written to: refused are some
 * of the hundred, not of the few.
 */
static void test_refused_after_a_retry_is_one_of_its_own_message(void **state)
{
	const usec_t retried = START + 20 * USEC_MINUTE;
	struct record record = { .hash = 5 };
	struct counts sums[HORIZONS];
	struct applied applied;

	(void)state;
	for (uint32_t i = 0; i < 104; i++) {
		const struct delta delta = {
			.kind = DELTA_ATTEMPT,
			.time = i < 100 ? START : retried,
			.count = 1,
			.elsewhere = true,
			.outcome = i < 100 ? COUNT_TEMPORARY : COUNT_DELIVERED,
			.recipient = i + 1,
		};

		record_apply(&record, &delta, &applied);
	}
	for (uint32_t i = 0; i < 100; i++) {
		const struct delta delta = {
			.kind = DELTA_CHANGED,
			.time = retried,
			.submitted = START,
			.count = 1,
			.elsewhere = true,
			.outcome = i < 9 ? COUNT_SPAM : COUNT_DELIVERED,
			.recipient = i + 1,
			.refuser = i < 9 ? i + 1 : 0,
		};

		record_apply(&record, &delta, &applied);
	}
	windows_sum(&record.windows, record.now, sums);
	assert_int_equal(sums[HORIZON_5M].n[COUNT_RECIPIENTS], 4);
	assert_int_equal(sums[HORIZON_5M].n[COUNT_SPAM], 0);
	assert_int_equal(record_distinct(&record, SEEN_REFUSER, HORIZON_5M, false), 0);
	assert_int_equal(sums[HORIZON_1H].n[COUNT_RECIPIENTS], 104);
	assert_int_equal(sums[HORIZON_1H].n[COUNT_SPAM], 9);
	assert_int_equal(sums[HORIZON_1H].n[COUNT_DELIVERED], 95);
	record_free(&record);
}

/* Released while mail of before it waits to be tried again: what becomes of that is forgiven, too. */
static void test_a_release_forgives_what_is_refused_later(void **state)
{
	struct record record = { .hash = 5 };
	struct delta delta = {
		.kind = DELTA_ATTEMPT,
		.time = START,
		.count = 1,
		.elsewhere = true,
		.outcome = COUNT_TEMPORARY,
		.recipient = 1,
	};
	struct counts sums[HORIZONS];
	struct applied applied;

	(void)state;
	record_apply(&record, &delta, &applied);
	record_release(&record, START + USEC_MINUTE, START + USEC_MINUTE);
	delta = (struct delta){
		.kind = DELTA_CHANGED,
		.time = START + USEC_HOUR,
		.submitted = START,
		.count = 1,
		.elsewhere = true,
		.outcome = COUNT_SPAM,
		.recipient = 1,
		.refuser = 1,
	};
	record_apply(&record, &delta, &applied);
	windows_sum(&record.windows, record.now, sums);
	assert_int_equal(sums[HORIZON_7D].n[COUNT_SPAM], 0);
	record_free(&record);
}

/* What an hour's sums have, five minutes before that hour began, is counted apart, too. */
static void test_windows_and_what_is_seen_reach_as_far(void **state)
{
	const usec_t now = START + 64 * USEC_MINUTE;
	struct record record = { .hash = 5 };
	struct counts sums[HORIZONS];
	bool away;

	(void)state;
	sent_from(&record, START, 1, 1, &away);
	sent_from(&record, now, 2, 2, &away);
	windows_sum(&record.windows, now, sums);
	assert_int_equal(sums[HORIZON_1H].n[COUNT_RECIPIENTS], 2);
	assert_int_equal(record_distinct(&record, SEEN_NETWORK, HORIZON_1H, true), 2);
	record_free(&record);
}

/* By a clock that is weeks ahead for a while, and is then set right: what comes after it counts as ever. */
static void a_clock_that_was_ahead_is_forgotten(void **state)
{
	struct record record = { 0 };
	usec_t now = clock_now();
	struct applied applied;
	struct counts sums[HORIZONS];

	(void)state;
	for (int i = 0; i < 60; i++) {
		struct delta delta = {
			.kind = DELTA_SUBMITTED, .time = now + i * USEC_SECOND, .count = 1, .recipient = 7
		};

		if (i == 20)
			delta.time += 20 * USEC_DAY;
		record_apply(&record, &delta, &applied);
	}
	windows_sum(&record.windows, record.now, sums);
	assert_true(record.now == now + 59 * USEC_SECOND);
	assert_int_equal(sums[HORIZON_1H].n[COUNT_MESSAGES], 59);
	assert_true(windows_sound(&record.windows, record.now));
	record_free(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_that_was_ahead_is_forgotten),
		cmocka_unit_test(test_where_the_last_came_from_need_not_be_looked_for),
		cmocka_unit_test(test_addresses_give_way_to_networks),
		cmocka_unit_test(test_refused_after_a_retry_is_one_of_its_own_message),
		cmocka_unit_test(test_a_release_forgives_what_is_refused_later),
		cmocka_unit_test(test_windows_and_what_is_seen_reach_as_far),
		cmocka_unit_test(test_invented_names_give_way_to_refusers_and_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
