/* The contract of stores: one suite, run against every member of the family. */
#include "detectors/store.h"

#include <stdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define START (USEC_DAY * 20000)

static struct store *make_memory(void)
{
	return store_memory_new(1000);
}

static struct store *make_fail(void)
{
	return store_fail_new(store_memory_new(1000), UINT64_MAX);
}

/* A member that others bring joins here. */
static struct store *(*const members[])(void) = { make_memory, make_fail };
#define MEMBERS (sizeof(members) / sizeof(members[0]))

static struct delta attempt_at(usec_t time, uint32_t recipient)
{
	return (struct delta){
		.kind = DELTA_ATTEMPT,
		.account_kind = ACCOUNT_LOGIN,
		.time = time,
		.count = 1,
		.outcome = COUNT_DELIVERED,
		.elsewhere = true,
		.message = recipient,
		.recipient = recipient,
		.network = 77,
	};
}

static struct applied apply(struct store *store, const char *account, struct delta delta)
{
	struct record *record = store->calls->record(store, span_of(account), true);
	struct applied applied;

	store->calls->apply(store, record, &delta, 0, (uint64_t)delta.time, &applied);
	return applied;
}

static struct counts hour_of(struct store *store, const char *account)
{
	struct record *record = store->calls->record(store, span_of(account), false);
	struct counts sums[HORIZONS];

	windows_sum(&record->windows, record->now, sums);
	return sums[HORIZON_1H];
}

static void test_counts_by_account(void **state)
{
	(void)state;
	for (size_t m = 0; m < MEMBERS; m++) {
		struct store *store = members[m]();

		for (uint32_t i = 1; i <= 40; i++)
			apply(store, i % 4 == 0 ? "ann@example.com" : "bob@example.com",
			      attempt_at(START, i));
		assert_int_equal(hour_of(store, "ann@example.com").n[COUNT_RECIPIENTS], 10);
		assert_int_equal(hour_of(store, "bob@example.com").n[COUNT_RECIPIENTS], 30);
		assert_null(store->calls->record(store, SPAN("eve@example.com"), false));
		assert_int_equal(store->calls->stats(store).records, 2);
		store_free(&store);
	}
}

static void test_first_time_is_told_once(void **state)
{
	(void)state;
	for (size_t m = 0; m < MEMBERS; m++) {
		struct store *store = members[m]();

		assert_true(apply(store, "bob@example.com", attempt_at(START, 5)).stranger);
		assert_false(apply(store, "bob@example.com", attempt_at(START, 5)).stranger);
		assert_true(apply(store, "ann@example.com", attempt_at(START, 5)).stranger);
		store_free(&store);
	}
}

static void test_500_recipients_are_remembered(void **state)
{
	(void)state;
	for (size_t m = 0; m < MEMBERS; m++) {
		struct store *store = members[m]();
		uint32_t known = 0;

		for (uint32_t i = 1; i <= 300; i++)
			apply(store, "bob@example.com", attempt_at(START, i * 2654435761U));
		for (uint32_t i = 1; i <= 300; i++)
			known +=
				!apply(store, "bob@example.com", attempt_at(START, i * 2654435761U)).stranger;
		assert_true(known >= 295);
		store_free(&store);
	}
}

static void test_order_does_not_matter(void **state)
{
	(void)state;
	for (size_t m = 0; m < MEMBERS; m++) {
		struct store *store = members[m]();

		for (uint32_t i = 1; i <= 50; i++) {
			apply(store, "a@example.com", attempt_at(START + i * USEC_MINUTE, i));
			apply(store, "b@example.com", attempt_at(START + (51 - i) * USEC_MINUTE, 51 - i));
		}
		for (int c = 0; c < COUNTERS; c++)
			assert_int_equal(hour_of(store, "a@example.com").n[c],
					 hour_of(store, "b@example.com").n[c]);
		store_free(&store);
	}
}

static void test_a_learned_network_is_home_and_another_is_away(void **state)
{
	(void)state;
	for (size_t m = 0; m < MEMBERS; m++) {
		struct store *store = members[m]();
		struct record *record;
		struct habit_day day;
		struct delta other = attempt_at(START + USEC_DAY, 9);

		assert_false(apply(store, "bob@example.com", attempt_at(START, 5)).away);
		record = store->calls->record(store, SPAN("bob@example.com"), false);
		assert_true(record_due(record, START + USEC_DAY));
		assert_true(record_close(record, START + USEC_DAY, 14, &day));
		assert_false(record_due(record, START + USEC_DAY));
		assert_int_equal(record->habit.days, 1);
		other.network = 78;
		assert_true(apply(store, "bob@example.com", other).away);
		assert_false(apply(store, "bob@example.com", attempt_at(START + USEC_DAY, 10)).away);
		store_free(&store);
	}
}

static void test_a_day_that_spoke_against_the_account_is_not_learned(void **state)
{
	(void)state;
	for (size_t m = 0; m < MEMBERS; m++) {
		struct store *store = members[m]();
		struct record *record;
		struct habit_day day;

		apply(store, "bob@example.com", attempt_at(START, 5));
		record = store->calls->record(store, SPAN("bob@example.com"), false);
		record->standing.peak = 20;
		assert_false(record_close(record, START + USEC_DAY, 14, &day));
		assert_int_equal(record->habit.days, 0);
		store_free(&store);
	}
}

static void test_the_longest_unused_make_room_and_are_counted(void **state)
{
	struct store *store = store_memory_new(8);
	char account[32];

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(account, sizeof(account), "user%d@example.com", i);
		apply(store, account, attempt_at(START, 5));
	}
	assert_int_equal(store->calls->stats(store).records, 8);
	assert_int_equal(store->calls->stats(store).evicted, 12);
	assert_null(store->calls->record(store, SPAN("user3@example.com"), false));
	assert_non_null(store->calls->record(store, SPAN("user19@example.com"), false));
	store_free(&store);
}

static void test_fail_loses_from_the_nth_on_and_says_so(void **state)
{
	struct store *store = store_fail_new(store_memory_new(8), 3);

	(void)state;
	for (uint32_t i = 1; i <= 5; i++)
		apply(store, "bob@example.com", attempt_at(START, i));
	assert_int_equal(hour_of(store, "bob@example.com").n[COUNT_RECIPIENTS], 2);
	assert_int_equal(store->calls->stats(store).failed, 3);
	store_free(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_by_account),
		cmocka_unit_test(test_first_time_is_told_once),
		cmocka_unit_test(test_500_recipients_are_remembered),
		cmocka_unit_test(test_order_does_not_matter),
		cmocka_unit_test(test_a_learned_network_is_home_and_another_is_away),
		cmocka_unit_test(test_a_day_that_spoke_against_the_account_is_not_learned),
		cmocka_unit_test(test_the_longest_unused_make_room_and_are_counted),
		cmocka_unit_test(test_fail_loses_from_the_nth_on_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
