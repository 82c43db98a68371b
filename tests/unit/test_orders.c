/* Orders: the later of two words holds, whoever hears them in whatever order, and what is broken is refused. */
#define _GNU_SOURCE
#include "responders/orders.h"

#include "base/save.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <unistd.h>

#define NOW (INT64_C(1790000000) * USEC_SECOND)

static char folder[] = "/tmp/sendwatch-orders-XXXXXX";
static char path[64];

static struct orders *open_orders(void)
{
	struct error error;
	struct orders *orders = orders_open(path, &error);

	if (orders == NULL)
		fail_msg("%s", error.text);
	return orders;
}

static struct order order_of(const char *account, usec_t time, uint64_t server, enum restriction_kind kind)
{
	struct order order = { .time = time, .server = server, .until = USEC_NEVER, .cause = "-" };

	snprintf(order.account, sizeof(order.account), "%s", account);
	order.restriction.kind = kind;
	return order;
}

static void test_the_later_word_holds(void **state)
{
	const struct order words[] = {
		order_of("bob@example.com", NOW, 1, RESTRICTION_REJECT),
		order_of("bob@example.com", NOW + 1, 2, RESTRICTION_NONE),
		order_of("bob@example.com", NOW + 1, 3, RESTRICTION_THROTTLE), /* at once: by the server */
	};

	(void)state;
	for (int turn = 0; turn < 6; turn++) {
		struct orders *orders = open_orders();
		int first = turn / 2, second = (first + 1 + turn % 2) % 3, third = 3 - first - second;

		(void)orders_take(orders, &words[first]);
		(void)orders_take(orders, &words[second]);
		(void)orders_take(orders, &words[third]);
		assert_false(orders_take(orders, &words[2]));
		assert_int_equal(orders_find(orders, SPAN("bob@example.com"), false)->restriction.kind,
				 RESTRICTION_THROTTLE);
		assert_null(orders_find(orders, SPAN("bob@example.com"), true));
		orders_close(&orders);
	}
}

static void test_they_come_back(void **state)
{
	struct orders *orders = open_orders();
	struct order exempt = order_of("bob@example.com", NOW, 9, RESTRICTION_NONE), bob = exempt;
	const struct order *found;
	struct error error;

	(void)state;
	exempt.exemption = true;
	exempt.until = NOW + USEC_HOUR;
	bob.restriction = (struct restriction){ RESTRICTION_THROTTLE, 50 };
	bob.times = 3;
	bob.server = UINT64_MAX;
	bob.shared = true;
	snprintf(bob.cause, sizeof(bob.cause), "0123456789abcdef");
	snprintf(bob.by, sizeof(bob.by), "uid 0 on mx1");
	snprintf(bob.reason, sizeof(bob.reason), "\tnewsletter\n tonight");
	assert_true(orders_take(orders, &exempt));
	assert_true(orders_take(orders, &bob));
	orders_hear(orders, NOW);
	assert_true(orders_save(orders, &error));
	orders_close(&orders);

	orders = open_orders();
	assert_int_equal(orders_heard(orders), NOW);
	found = orders_find(orders, SPAN("bob@example.com"), false);
	assert_non_null(found);
	assert_int_equal(found->time, NOW);
	assert_true(found->server == UINT64_MAX && found->shared);
	assert_int_equal(found->restriction.kind, RESTRICTION_THROTTLE);
	assert_int_equal(found->restriction.an_hour, 50);
	assert_int_equal(found->until, USEC_NEVER);
	assert_int_equal(found->times, 3);
	assert_string_equal(found->cause, "0123456789abcdef");
	assert_string_equal(found->by, "uid 0 on mx1");
	/* It stays one line, whatever somebody typed. */
	assert_string_equal(found->reason, " newsletter  tonight");
	found = orders_find(orders, SPAN("bob@example.com"), true);
	assert_non_null(found);
	assert_int_equal(found->until, NOW + USEC_HOUR);
	assert_false(found->shared);
	orders_close(&orders);
	unlink(path);
}

static void test_only_releases_are_forgotten(void **state)
{
	struct orders *orders = open_orders();
	const struct order released = order_of("bob@example.com", NOW, 1, RESTRICTION_NONE),
			   refused = order_of("eve@example.com", NOW, 1, RESTRICTION_REJECT);

	(void)state;
	assert_true(orders_take(orders, &released));
	assert_true(orders_take(orders, &refused));
	orders_forget(orders, NOW);
	assert_non_null(orders_find(orders, SPAN("bob@example.com"), false));
	orders_forget(orders, NOW + ORDERS_KEPT);
	assert_null(orders_find(orders, SPAN("bob@example.com"), false));
	assert_non_null(orders_find(orders, SPAN("eve@example.com"), false));
	orders_close(&orders);
}

/* As Redis compares them. */
static void test_the_later_value_is_the_greater_text(void **state)
{
	const struct order early = order_of("b@x", 999, UINT64_MAX, RESTRICTION_REJECT),
			   late = order_of("b@x", NOW, 1, RESTRICTION_NONE);
	struct text field = { 0 }, values[2] = { { 0 } };

	(void)state;
	order_write(&early, &field, &values[0]);
	order_write(&late, &field, &values[1]);
	assert_true(strcmp(values[0].at, values[1].at) < 0);
	text_free(&field);
	text_free(&values[0]);
	text_free(&values[1]);
}

static void test_what_is_broken_is_refused(void **state)
{
	static const struct {
		const char *field, *value;
		bool good;
	} rows[] = {
		{ "b@x", "1\t00000000000000ff\treject\t0\t-\t1\t-\tuid 0\treason", true },
		{ "exempt b@x", "1\t00000000000000ff\tnone\t0\t5\t1\t-\t\t", true },
		{ "", "1\t00000000000000ff\treject\t0\t-\t1\t-\tuid 0\treason", false },
		{ "b x", "1\t00000000000000ff\treject\t0\t-\t1\t-\tuid 0\treason", false },
		{ "exempt ", "1\t00000000000000ff\treject\t0\t-\t1\t-\tuid 0\treason", false },
		{ "b@x", "-1\t00000000000000ff\treject\t0\t-\t1\t-\tuid 0\treason", false },
		{ "b@x", "1\tff\treject\t0\t-\t1\t-\tuid 0\treason", false },
		{ "b@x", "1\t00000000000000fg\treject\t0\t-\t1\t-\tuid 0\treason", false },
		{ "b@x", "1\t00000000000000ff\tdestroy\t0\t-\t1\t-\tuid 0\treason", false },
		{ "b@x", "1\t00000000000000ff\treject\t9223372036854775808\t-\t1\t-\tuid 0\t", false },
		{ "b@x", "1\t00000000000000ff\treject\t0\tsoon\t1\t-\tuid 0\treason", false },
		{ "b@x", "1\t00000000000000ff\treject\t0\t-\t4294967296\t-\tuid 0\treason", false },
		{ "b@x", "1\t00000000000000ff\treject\t0\t-\t1\t-", false },
		{ "b@x", "1\t00000000000000ff\treject\t0\t-\t1\t0123456789012345678901234567890123456789\t\t",
		  false },
	};
	struct order order;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (order_read(span_of(rows[i].field), span_of(rows[i].value), &order) != rows[i].good)
			fail_msg("row %zu", i);
}

static void test_a_broken_file_is_refused(void **state)
{
	static const char *const files[] = { "", "sendwatch orders 2 -\n", "sendwatch orders 1 soon\n",
					     "sendwatch orders 1 -\nshared\tb@x\n" };
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_true(save_whole(path, span_of(files[i]), 0600, &error));
		if (orders_open(path, &error) != NULL)
			fail_msg("file %zu", i);
	}
	unlink(path);
}

static int begin(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/orders", folder);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_later_word_holds),
		cmocka_unit_test(test_they_come_back),
		cmocka_unit_test(test_only_releases_are_forgotten),
		cmocka_unit_test(test_the_later_value_is_the_greater_text),
		cmocka_unit_test(test_what_is_broken_is_refused),
		cmocka_unit_test(test_a_broken_file_is_refused),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
