/* Accounts that share something with suspicious ones: remembered, and through a restart. */
#include "detectors/suspects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define START (USEC_DAY * 20000)

static void remember(struct suspects *suspects, const char *account, uint32_t subnet)
{
	const struct shared shared = { .domain = SPAN("example.com"), .subnet = subnet };
	struct share_names names;

	neighbourhood_names(&shared, &names);
	suspects_note(suspects, span_of(account), &names, START);
}

static void what_they_share_comes_back(void **state)
{
	struct suspects *suspects = suspects_new(), *again = suspects_new();
	struct store *accounts = store_memory_new(100), *groups = store_memory_new(100);
	struct text bytes = { 0 };
	struct unpack from;
	struct share_names names;

	(void)state;
	remember(suspects, "bob@example.com", 0xabcd);
	remember(suspects, "eve@example.com", 0);
	suspects_pack(suspects, &bytes);
	from = (struct unpack){ .rest = text_span(&bytes) };
	assert_true(suspects_unpack(again, &from));
	assert_int_equal(from.rest.len, 0);
	assert_true(suspects_find(again, SPAN("bob@example.com"), &names));
	assert_true(span_equal(names.name[SHARE_SUBNET], SPAN("network:0000abcd")));
	assert_true(span_equal(names.name[SHARE_CUSTOMER], SPAN("domain:example.com")));
	assert_int_equal(names.name[SHARE_HELO].len, 0);
	assert_true(suspects_find(again, SPAN("eve@example.com"), &names));
	assert_int_equal(names.name[SHARE_SUBNET].len, 0);

	suspects_recall(again, accounts, groups);
	assert_non_null(accounts->calls->record(accounts, SPAN("bob@example.com"), false));
	assert_non_null(groups->calls->record(groups, SPAN("network:0000abcd"), false));
	assert_true(groups->urgent);

	/* A server of its own has none, and forgets those that one of many knew. */
	from = (struct unpack){ .rest = text_span(&bytes) };
	assert_true(suspects_unpack(NULL, &from));
	assert_int_equal(from.rest.len, 0);
	text_clear(&bytes);
	suspects_pack(NULL, &bytes);
	from = (struct unpack){ .rest = text_span(&bytes) };
	assert_true(suspects_unpack(NULL, &from));
	text_free(&bytes);
	suspects_free(&suspects);
	suspects_free(&again);
	store_free(&accounts);
	store_free(&groups);
}

/* Each message comes from another network; what is told of the first is news all the same. */
static void news_of_a_network_of_before_is_news(void **state)
{
	struct suspects *suspects = suspects_new();
	const struct record first = { .name = (char[]){ "network:00000001" } },
			    other = { .name = (char[]){ "network:00000063" } };
	struct share_names names;
	struct span account;

	(void)state;
	for (uint32_t subnet = 1; subnet <= 20; subnet++)
		remember(suspects, "bob@example.com", subnet);
	suspects_stir(suspects, &other);
	assert_false(suspects_next(suspects, &account, &names));
	suspects_stir(suspects, &first);
	assert_true(suspects_next(suspects, &account, &names));
	assert_true(span_equal(account, SPAN("bob@example.com")));
	assert_true(span_equal(names.name[SHARE_SUBNET], SPAN("network:00000001")));
	assert_false(suspects_next(suspects, &account, &names));
	suspects_free(&suspects);
}

static void damaged_bytes_are_refused(void **state)
{
	struct suspects *suspects = suspects_new();
	struct text bytes = { 0 };

	(void)state;
	remember(suspects, "bob@example.com", 7);
	suspects_pack(suspects, &bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		struct suspects *again = suspects_new();
		struct unpack from = { .rest = { bytes.at, len } };

		assert_false(suspects_unpack(again, &from));
		suspects_free(&again);
	}
	text_free(&bytes);
	suspects_free(&suspects);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_they_share_comes_back),
		cmocka_unit_test(news_of_a_network_of_before_is_news),
		cmocka_unit_test(damaged_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
