/* Groups: their names, what of an account's change is theirs, and who of them is suspicious. */
#include "detectors/neighbourhood.h"

#include "base/hash.h"
#include "base/memory.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static const usec_t start = 20000 * USEC_DAY;

static void names_are_what_a_person_types(void **state)
{
	static const struct {
		enum group_kind kind;
		const char *what, *name;
	} rows[] = {
		{ GROUP_OF_DOMAIN, "example.com", "domain:example.com" },
		{ GROUP_OF_CUSTOMER, "acme ltd", "customer:acme ltd" },
		{ GROUP_OF_ADDRESS, "192.0.2.1 google", "address:192.0.2.1 google" },
	};
	char room[GROUP_NAME_SIZE], again[GROUP_NAME_SIZE], most[300];
	struct span name, parsed;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		name = group_name(rows[i].kind, span_of(rows[i].what), room);
		assert_string_equal(room, rows[i].name);
		assert_true(group_parse(name, again, &parsed));
		assert_true(span_equal(name, parsed));
	}
	assert_false(group_parse(SPAN("bob@example.com"), again, &parsed));
	assert_false(group_parse(SPAN("domain:"), again, &parsed));
	/* Of all lengths, and told apart by what does not fit. */
	for (size_t len = 1; len < sizeof(most); len++) {
		memset(most, 'a', len);
		name = group_name(GROUP_OF_DOMAIN, (struct span){ most, len }, room);
		assert_true(name.len < GROUP_NAME_SIZE && room[name.len] == '\0');
		most[0] = 'b';
		parsed = group_name(GROUP_OF_DOMAIN, (struct span){ most, len }, again);
		assert_false(span_equal(name, parsed));
		assert_int_equal(name.len, parsed.len);
	}
}

static void what_an_account_does_its_group_does(void **state)
{
	static const struct {
		struct delta delta;
		struct applied found;
		uint32_t expected[COUNTERS];
	} rows[] = {
		{ { .kind = DELTA_SUBMITTED, .count = 5 },
		  { .away = true },
		  { [COUNT_MESSAGES] = 1, [COUNT_SUBMITTED] = 5 } },
		{ { .kind = DELTA_ATTEMPT, .count = 1, .outcome = COUNT_INVALID },
		  { .stranger = true, .away = true },
		  { [COUNT_ARRIVED] = 1 } }, /* one of our own */
		{ { .kind = DELTA_ATTEMPT, .count = 1, .elsewhere = true, .outcome = COUNT_SPAM },
		  { .away = true },
		  { [COUNT_ARRIVED] = 1,
		    [COUNT_RECIPIENTS] = 1,
		    [COUNT_SPAM] = 1,
		    [COUNT_AWAY] = 1,
		    [COUNT_AWAY_SPAM] = 1 } },
		{ { .kind = DELTA_ATTEMPT,
		    .count = 1,
		    .elsewhere = true,
		    .foreign = true,
		    .outcome = COUNT_DELIVERED },
		  { .stranger = true, .mailing = true, .odd = true },
		  { [COUNT_ARRIVED] = 1,
		    [COUNT_RECIPIENTS] = 1,
		    [COUNT_DELIVERED] = 1,
		    [COUNT_STRANGERS] = 1,
		    [COUNT_MAILINGS] = 1,
		    [COUNT_FOREIGN] = 1,
		    [COUNT_ODD] = 1 } },
		{ { .kind = DELTA_CHANGED, .count = 1, .elsewhere = true, .outcome = COUNT_INVALID },
		  { .away = true },
		  { [COUNT_INVALID] = 1, [COUNT_AWAY_INVALID] = 1 } },
		{ { .kind = DELTA_CHANGED, .count = 1, .outcome = COUNT_INVALID },
		  { .away = true },
		  { 0 } }, /* one of our own */
		{ { .kind = DELTA_LOGIN, .count = 2 },
		  { .away = true },
		  { [COUNT_LOGINS] = 2, [COUNT_LOGINS_AWAY] = 2 } },
		{ { .kind = DELTA_LOGIN_FAILED, .count = 7 }, { 0 }, { [COUNT_LOGINS_FAILED] = 7 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record group = { 0 };
		struct delta delta = group_delta(&rows[i].delta, &rows[i].found);
		struct counts sums[HORIZONS];
		struct applied ignored;

		delta.time = start;
		record_apply(&group, &delta, &ignored);
		windows_sum(&group.windows, start, sums);
		for (int c = 0; c < COUNTERS; c++)
			assert_int_equal(sums[HORIZON_5M].n[c], rows[i].expected[c]);
		record_free(&group);
	}
}

/* An account of one domain, by itself at DECIBANS, on a line of its own. */
static void note(struct store *groups, const char *domain, uint64_t account, double decibans)
{
	static uint64_t position;
	const struct shared shared = { .domain = span_of(domain) };
	const struct sighting who = { account, start, 0, ++position };
	struct share_names names;

	neighbourhood_names(&shared, &names);
	neighbourhood_note(groups, &names, &who, decibans);
}

static struct neighbours of(struct store *groups, const char *domain, uint64_t account, usec_t later)
{
	static const struct population population;
	const struct shared shared = { .domain = span_of(domain) };
	const struct sighting who = { account, start + later, 0, 0 };
	struct neighbours found[SHARES];
	struct share_names names;

	neighbourhood_names(&shared, &names);
	(void)neighbourhood_of(groups, &names, &who, &population, found);
	return found[SHARE_CUSTOMER];
}

static void meet(struct store *groups, const struct share_names *names, uint64_t from, uint64_t to)
{
	for (uint64_t account = from; account <= to; account++) {
		uint64_t hash = hash_stable((struct span){ (const char *)&account, sizeof(account) });
		const struct sighting who = { hash, start, 0, account };

		neighbourhood_meet(groups, names, &who);
	}
}

static void neighbours_are_the_suspicious_others_of_two_days(void **state)
{
	struct store *groups = store_memory_new(100);
	const struct shared shared = { .domain = SPAN("example.com") };
	struct share_names names;

	(void)state;
	note(groups, "example.com", 1, 12);
	note(groups, "example.com", 2, 9);
	note(groups, "example.com", 3, 3); /* so odd is everybody for once */
	note(groups, "example.org", 4, 20);
	assert_true(of(groups, "example.com", 1, 0).reached[0] == 1);
	assert_true(of(groups, "example.com", 1, 0).reached[2] == 0);
	assert_true(of(groups, "example.com", 2, 0).reached[2] == 1);
	assert_true(of(groups, "example.com", 9, 0).reached[1] == 2);
	assert_true(of(groups, "example.com", 9, 0).others == 2);
	assert_true(of(groups, "example.net", 9, 0).others == 0);
	assert_true(of(groups, "example.com", 9, 2 * USEC_DAY + 1).reached[0] == 0);
	/* The innocent are met, too: about fifty. */
	neighbourhood_names(&shared, &names);
	meet(groups, &names, 1, 50);
	assert_true(fabs(of(groups, "example.com", 9, 0).others - 50) < 15);
	store_free(&groups);
}

/* What forty programs call themselves says nothing of the three who are odd; a name that few have does. */
/* A local user of another machine is another member, though of the same name. */
static void local_users_of_two_machines_are_neighbours(void **state)
{
	struct store *groups = store_memory_new(100);
	struct record web1 = { .name = (char[]){ "local:web1" }, .kind = ACCOUNT_LOCAL },
		      bob = { .name = (char[]){ "bob@example.com" }, .kind = ACCOUNT_LOGIN };
	const struct shared shared = { .customer = SPAN("acme") };
	struct population population = { 0 };
	struct neighbours found[SHARES];
	struct share_names names;
	struct sighting here, there;

	(void)state;
	web1.hash = hash_stable(span_of(web1.name));
	bob.hash = hash_stable(span_of(bob.name));
	assert_int_equal(neighbourhood_account(&bob, 1), neighbourhood_account(&bob, 2));
	assert_int_equal(neighbourhood_account(&web1, 0), web1.hash);
	here = (struct sighting){ neighbourhood_account(&web1, 1), start, 1, 1 };
	there = (struct sighting){ neighbourhood_account(&web1, 2), start, 2, 1 };
	neighbourhood_names(&shared, &names);
	neighbourhood_note(groups, &names, &here, 20);
	assert_false(neighbourhood_of(groups, &names, &here, &population, found));
	assert_true(neighbourhood_of(groups, &names, &there, &population, found));
	store_free(&groups);
}

static void a_name_that_many_use_is_nobodys_mark(void **state)
{
	static const struct population population;
	static const struct {
		uint64_t innocent;
		bool said;
	} rows[] = { { 0, true }, { 10, true }, { 60, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct shared shared = { .helo = SPAN("[127.0.0.1]") };
		const struct sighting asked = { 9, start, 0, 9 };
		struct store *groups = store_memory_new(100);
		struct neighbours found[SHARES];
		struct share_names names;

		neighbourhood_names(&shared, &names);
		for (uint64_t account = 1; account <= 3; account++) {
			const struct sighting who = { account, start, 0, account };

			neighbourhood_note(groups, &names, &who, 12);
		}
		meet(groups, &names, 100, 99 + rows[i].innocent);
		assert_int_equal(neighbourhood_of(groups, &names, &asked, &population, found), rows[i].said);
		assert_true(found[SHARE_HELO].suspicious == (rows[i].said ? 3 : 0));
		store_free(&groups);
	}
}

/* By its first message it is met each day by those whom it shares something with, whatever came before that. */
static void the_first_message_of_a_day_is_known(void **state)
{
	static const struct {
		enum delta_kind kind;
		usec_t after;
		bool first;
	} rows[] = {
		{ DELTA_LOGIN, 0, false },
		{ DELTA_SUBMITTED, USEC_MINUTE, true },
		{ DELTA_ATTEMPT, 2 * USEC_MINUTE, false },
		{ DELTA_SUBMITTED, 3 * USEC_MINUTE, false },
		/* The next day begins with an outcome of yesterday's, and with a phone that looks for mail. */
		{ DELTA_CHANGED, USEC_DAY + USEC_MINUTE, false },
		{ DELTA_LOGIN, USEC_DAY + USEC_HOUR, false },
		{ DELTA_SUBMITTED, USEC_DAY + 2 * USEC_HOUR, true },
		{ DELTA_SUBMITTED, USEC_HOUR, false }, /* late, of the day before */
		{ DELTA_SUBMITTED, USEC_DAY + 3 * USEC_HOUR, false },
	};
	struct record record = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct delta delta = { .kind = rows[i].kind,
					     .time = start + rows[i].after,
					     .count = 1,
					     .elsewhere = true,
					     .outcome = COUNT_DELIVERED,
					     .recipient = 1 };
		struct applied applied;

		record_apply(&record, &delta, &applied);
		if (applied.first_today != rows[i].first)
			fail_msg("row %zu: first of the day %d", i, applied.first_today);
	}
	record_free(&record);
}

/* A subnet hears of its accounts earlier than a customer: who is told of are those who count. */
static void a_subnet_knows_those_who_are_hardly_suspicious(void **state)
{
	static const struct population population;
	const struct shared shared = { .subnet = 77 };
	struct store *groups = store_memory_new(100);
	struct neighbours found[SHARES];
	struct share_names names;

	(void)state;
	neighbourhood_names(&shared, &names);
	for (uint64_t account = 1; account <= 3; account++) {
		const struct sighting who = { account, start, 0, account };
		bool any = neighbourhood_of(groups, &names, &who, &population, found);

		assert_int_equal(any, account > 1);
		assert_true(found[SHARE_SUBNET].suspicious == (double)account - 1);
		assert_true(found[SHARE_SUBNET].others >= found[SHARE_SUBNET].suspicious);
		assert_true(found[SHARE_SUBNET].reached[0] == 0);
		assert_true((found[SHARE_SUBNET].weight > 0) == any);
		neighbourhood_note(groups, &names, &who, 3);
	}
	/* Alone there: itself is nobody else. */
	const struct sighting late = { 1, start + 3 * USEC_DAY, 0, 9 };

	assert_false(neighbourhood_of(groups, &names, &late, &population, found));
	store_free(&groups);
}

static void an_idle_group_gives_its_memory_back(void **state)
{
	struct record group = { .name = memory_copy(SPAN("domain:example.com")) };

	(void)state;
	for (uint32_t i = 0; i < 2000; i++) {
		struct delta delta = { .kind = DELTA_GROUPED,
				       .time = start,
				       .count = 1,
				       .marks = 1,
				       .client = i + 1,
				       .sender = 5 };
		struct applied ignored;

		record_apply(&group, &delta, &ignored);
	}
	crowd_note(&group.crowd, 7, start, 9);
	crowd_use(&group.crowd, 7, start);
	assert_true(record_bytes(&group) > 40000);
	record_trim(&group, start + 9 * USEC_DAY);
	assert_true(record_bytes(&group) < 1024);
	record_trim(&group, start + 60 * USEC_DAY);
	assert_null(group.crowd);
	record_free(&group);
}

static void an_account_with_many_clients_says_about_how_many(void **state)
{
	struct record record = { 0 };
	struct distinct_count found;

	(void)state;
	for (uint32_t i = 1; i <= 2000; i++) {
		struct delta delta = { .kind = DELTA_ATTEMPT,
				       .time = start + i * USEC_SECOND,
				       .count = 1,
				       .elsewhere = true,
				       .distinct = true,
				       .outcome = COUNT_DELIVERED,
				       .recipient = i,
				       .client = i * 7,
				       .network = i % 9 + 1,
				       .domain = i % 11 + 1 };
		struct applied ignored;

		record_apply(&record, &delta, &ignored);
		if (i == 70) {
			found = record_count(&record, DISTINCT_CLIENTS, HORIZON_24H);
			assert_true(!found.about && found.count == 70);
		}
	}
	found = record_count(&record, DISTINCT_CLIENTS, HORIZON_24H);
	assert_true(found.about && abs((int)found.count - 2000) < 2000 * 6 / 100);
	found = record_count(&record, DISTINCT_NETWORKS, HORIZON_24H);
	assert_true(!found.about && found.count == 9);
	found = record_count(&record, DISTINCT_DOMAINS, HORIZON_24H);
	assert_true(!found.about && found.count == 11);
	record_free(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_what_a_person_types),
		cmocka_unit_test(what_an_account_does_its_group_does),
		cmocka_unit_test(neighbours_are_the_suspicious_others_of_two_days),
		cmocka_unit_test(local_users_of_two_machines_are_neighbours),
		cmocka_unit_test(a_name_that_many_use_is_nobodys_mark),
		cmocka_unit_test(the_first_message_of_a_day_is_known),
		cmocka_unit_test(a_subnet_knows_those_who_are_hardly_suspicious),
		cmocka_unit_test(an_idle_group_gives_its_memory_back),
		cmocka_unit_test(an_account_with_many_clients_says_about_how_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
