/* The outbox: kept through restarts, in order for an account, retried with growing pauses, bounded. */
#define _GNU_SOURCE
#include "base/save.h"
#include "responders/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static char lost[256];
static struct outbox_options options;
static struct error error;

static void note_lost(void *context, const char *target, const char *id, const char *why)
{
	size_t len = strlen(lost);

	(void)context;
	snprintf(lost + len, sizeof(lost) - len, "%s/%s: %s\n", target, id, why);
}

static struct outbox *open_outbox(void)
{
	const struct outbox_calls calls = { .lost = note_lost };
	struct outbox *outbox = outbox_open(folder, &options, &calls, &error);

	assert_non_null(outbox);
	return outbox;
}

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/outbox-XXXXXX");
	assert_non_null(mkdtemp(folder));
	options = (struct outbox_options){
		.most = 100, .pause = USEC_SECOND, .longest_pause = USEC_MINUTE, .give_up_after = USEC_HOUR
	};
	lost[0] = '\0';
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 1; i < 200; i++) {
		char path[sizeof(folder) + 40];

		snprintf(path, sizeof(path), "%s/%016d.parcel", folder, i);
		unlink(path);
	}
	return rmdir(folder);
}

static void put(struct outbox *outbox, usec_t now, const char *target, const char *id, const char *account)
{
	assert_true(outbox_put(outbox, now, target, id, span_of(account), "{\"x\":1}\n", &error));
}

static void expect_next(struct outbox *outbox, usec_t now, const char *target, const char *id,
			struct parcel *parcel)
{
	assert_true(outbox_next(outbox, now, target, parcel));
	assert_string_equal(parcel->id, id);
	assert_string_equal(parcel->body, "{\"x\":1}\n");
}

static void settle(struct outbox *outbox, usec_t now, uint64_t number, enum fate fate)
{
	const struct answer answer = { .number = number, .fate = fate, .words = "503" };

	outbox_settle(outbox, now, &answer);
}

static void test_order_of_one_account(void **state)
{
	struct outbox *outbox = open_outbox();
	struct parcel first, other, second, none;

	(void)state;
	put(outbox, 0, "ops", "a1", "bob");
	put(outbox, 0, "ops", "a2", "bob");
	put(outbox, 0, "ops", "b1", "eve");
	put(outbox, 0, "ops", "a1", "bob"); /* known already */
	assert_int_equal(outbox_stats(outbox).waiting, 3);
	expect_next(outbox, 0, "ops", "a1", &first);
	expect_next(outbox, 0, "ops", "b1", &other);
	assert_false(outbox_next(outbox, 0, "ops", &none)); /* a2 waits for a1 */
	settle(outbox, 0, first.number, FATE_LATER);
	assert_false(outbox_next(outbox, 0, "ops", &none)); /* also while a1 pauses */
	expect_next(outbox, USEC_HOUR / 2, "ops", "a1", &first);
	assert_int_equal(first.tries, 1);
	settle(outbox, 0, first.number, FATE_DELIVERED);
	expect_next(outbox, USEC_HOUR / 2, "ops", "a2", &second);
	settle(outbox, 0, second.number, FATE_DELIVERED);
	settle(outbox, 0, other.number, FATE_DELIVERED);
	assert_int_equal(outbox_stats(outbox).waiting, 0);
	assert_int_equal(outbox_stats(outbox).delivered, 3);
	assert_string_equal(lost, "");
	outbox_close(&outbox);
}

static void test_targets_are_apart(void **state)
{
	struct outbox *outbox = open_outbox();
	struct parcel parcel;

	(void)state;
	put(outbox, 0, "ops", "a1", "bob");
	put(outbox, 0, "chat", "a1", "bob");
	expect_next(outbox, 0, "chat", "a1", &parcel);
	assert_false(outbox_next(outbox, 0, "chat", &parcel));
	expect_next(outbox, 0, "ops", "a1", &parcel);
	assert_false(outbox_next(outbox, 0, "nobody", &parcel));
	outbox_close(&outbox);
}

static void test_survives_restart(void **state)
{
	struct outbox *outbox = open_outbox();
	struct parcel parcel;
	char path[sizeof(folder) + 40];

	(void)state;
	put(outbox, 5, "ops", "a1", "bob");
	put(outbox, 5, "ops", "a2", "bob");
	expect_next(outbox, 5, "ops", "a1", &parcel); /* on its way when the lights go out */
	outbox_close(&outbox);
	snprintf(path, sizeof(path), "%s/%016d.parcel", folder, 7);
	assert_true(save_whole(path, SPAN("sendwatch parcel 1\ntarget ops\nid"), 0600, &error));
	outbox = open_outbox();
	assert_int_equal(outbox_stats(outbox).waiting, 2); /* what is cut short is left for a person */
	expect_next(outbox, 6, "ops", "a1", &parcel);
	settle(outbox, 6, parcel.number, FATE_DELIVERED);
	expect_next(outbox, 6, "ops", "a2", &parcel);
	settle(outbox, 6, parcel.number, FATE_DELIVERED);
	outbox_close(&outbox);
	outbox = open_outbox();
	assert_int_equal(outbox_stats(outbox).waiting, 0);
	assert_false(outbox_next(outbox, 7, "ops", &parcel));
	outbox_close(&outbox);
}

static void test_pauses_grow(void **state)
{
	struct outbox *outbox = open_outbox();
	usec_t now = 0, wanted = USEC_SECOND;
	struct parcel parcel;

	(void)state;
	put(outbox, 0, "ops", "a1", "bob");
	for (int i = 0; i < 12; i++) {
		usec_t due;

		expect_next(outbox, now, "ops", "a1", &parcel);
		assert_int_equal(outbox_due(outbox, now), USEC_NEVER);
		settle(outbox, now, parcel.number, FATE_LATER);
		due = outbox_due(outbox, now);
		assert_in_range(due - now, wanted / 2, wanted * 3 / 2);
		assert_false(outbox_next(outbox, due - 1, "ops", &parcel));
		now = due;
		wanted = wanted * 2 > USEC_MINUTE ? USEC_MINUTE : wanted * 2;
	}
	outbox_close(&outbox);
}

/* The receiver's Retry-After is longer than our own pause. */
static void test_receivers_pause(void **state)
{
	struct outbox *outbox = open_outbox();
	struct answer answer = { .fate = FATE_LATER, .pause = 10 * USEC_MINUTE };
	struct parcel parcel;

	(void)state;
	put(outbox, 0, "ops", "a1", "bob");
	expect_next(outbox, 0, "ops", "a1", &parcel);
	answer.number = parcel.number;
	outbox_settle(outbox, 0, &answer);
	assert_int_equal(outbox_due(outbox, 0), 10 * USEC_MINUTE);
	outbox_close(&outbox);
}

static void test_given_up(void **state)
{
	struct outbox *outbox = open_outbox();
	struct parcel parcel;

	(void)state;
	put(outbox, 0, "ops", "a1", "bob");
	put(outbox, 0, "ops", "b1", "eve");
	put(outbox, 0, "gone", "c1", "ann");
	expect_next(outbox, 0, "ops", "a1", &parcel);
	settle(outbox, 0, parcel.number, FATE_REFUSED);
	expect_next(outbox, 0, "ops", "b1", &parcel);
	settle(outbox, USEC_HOUR, parcel.number, FATE_LATER);
	outbox_sweep(outbox, USEC_HOUR);
	assert_string_equal(lost, "ops/a1: 503\nops/b1: 503\n");
	outbox_sweep(outbox, USEC_HOUR + 1);
	assert_string_equal(lost, "ops/a1: 503\nops/b1: 503\ngone/c1: too old\n");
	assert_int_equal(outbox_stats(outbox).given_up, 3);
	assert_int_equal(outbox_stats(outbox).waiting, 0);
	outbox_close(&outbox);
}

static void test_clock_set_back(void **state)
{
	struct outbox *outbox = open_outbox();
	struct parcel parcel;

	(void)state;
	put(outbox, USEC_DAY, "ops", "a1", "bob");
	expect_next(outbox, USEC_DAY, "ops", "a1", &parcel);
	settle(outbox, USEC_DAY, parcel.number, FATE_LATER);
	assert_false(outbox_next(outbox, USEC_HOUR, "ops", &parcel));
	outbox_sweep(outbox, USEC_HOUR);
	expect_next(outbox, USEC_HOUR, "ops", "a1", &parcel);
	settle(outbox, USEC_HOUR, parcel.number, FATE_DELIVERED);
	outbox_close(&outbox);
}

static char *join(void *context, const char *id, const char *const *bodies, size_t count)
{
	char *joined = malloc(64);

	(void)context, (void)id, (void)bodies;
	snprintf(joined, 64, "%zu\n", count);
	return joined;
}

/* Also what waits to be told together does not wait for the clock to come round again. */
static void test_waiting_and_clock_set_back(void **state)
{
	struct outbox *outbox = open_outbox();
	usec_t oldest;

	(void)state;
	put(outbox, USEC_DAY, "waits:ops", "a1", "bob");
	outbox_sweep(outbox, USEC_HOUR);
	assert_true(outbox_oldest(outbox, "waits:ops", &oldest));
	assert_int_equal(oldest, USEC_HOUR);
	outbox_close(&outbox);
}

/* It waits for a target that the settings have no more. */
static void test_waiting_for_nobody(void **state)
{
	struct outbox *outbox = open_outbox();

	(void)state;
	put(outbox, 0, "waits:gone", "a1", "bob");
	outbox_sweep(outbox, USEC_HOUR + USEC_DAY); /* a digest may take so long */
	assert_string_equal(lost, "");
	outbox_sweep(outbox, USEC_HOUR + 2 * USEC_DAY + 1);
	assert_string_equal(lost, "waits:gone/a1: too old\n");
	assert_int_equal(outbox_stats(outbox).waiting, 0);
	outbox_close(&outbox);
}

/* What becomes one message takes no room, and nobody is said not to be told. */
static void test_gathered_when_full(void **state)
{
	const struct outbox_join joins = { .join = join };
	struct outbox *outbox;
	struct parcel parcel;

	(void)state;
	options.most = 3;
	outbox = open_outbox();
	put(outbox, 0, "ops", "x1", "ann");
	put(outbox, 0, "waits:chat", "a1", "bob");
	put(outbox, 0, "waits:chat", "b1", "eve");
	assert_true(outbox_gather(outbox, 0, "waits:chat", "chat", &joins, &error));
	assert_string_equal(lost, "");
	assert_int_equal(outbox_stats(outbox).waiting, 2);
	expect_next(outbox, 0, "ops", "x1", &parcel);
	assert_true(outbox_next(outbox, 0, "chat", &parcel));
	assert_string_equal(parcel.body, "2\n");
	outbox_close(&outbox);
}

static void test_bounded(void **state)
{
	struct outbox *outbox;
	struct parcel parcel;

	(void)state;
	options.most = 2;
	outbox = open_outbox();
	put(outbox, 0, "ops", "a1", "bob");
	put(outbox, 0, "ops", "b1", "eve");
	expect_next(outbox, 0, "ops", "a1", &parcel); /* on its way: not the one that goes */
	put(outbox, 0, "ops", "c1", "ann");
	assert_string_equal(lost, "ops/b1: the outbox is full\n");
	assert_int_equal(outbox_stats(outbox).waiting, 2);
	outbox_close(&outbox);
}

static void test_eight_at_once(void **state)
{
	struct outbox *outbox = open_outbox();
	struct parcel parcel, none;

	(void)state;
	for (int i = 0; i < 10; i++) {
		char name[8];

		snprintf(name, sizeof(name), "n%d", i);
		put(outbox, 0, "ops", name, name);
	}
	for (int i = 0; i < 8; i++)
		assert_true(outbox_next(outbox, 0, "ops", &parcel));
	assert_false(outbox_next(outbox, 0, "ops", &none));
	settle(outbox, 0, parcel.number, FATE_DELIVERED);
	assert_true(outbox_next(outbox, 0, "ops", &parcel));
	outbox_close(&outbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order_of_one_account, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_targets_are_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_survives_restart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pauses_grow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_receivers_pause, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_given_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_clock_set_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_waiting_and_clock_set_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_waiting_for_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gathered_when_full, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_eight_at_once, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
