/* The contract of stores: one suite, run against every member of the family; the shared one on a real Redis. */
#define _GNU_SOURCE
#include "detectors/store_redis.h"

#include "base/hash.h"

#include <stdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include <endian.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define START (USEC_DAY * 20000)

static struct store *make_memory(void)
{
	return store_memory_new(1000);
}

static struct store *make_fail(void)
{
	return store_fail_new(store_memory_new(1000), UINT64_MAX);
}

static char folder[] = "/tmp/sendwatch-store-XXXXXX", path[64], prefix[32];
static char *servers[] = { path };
static pid_t server;
static struct redis_options redis_options = {
	.topology = REDIS_SINGLE,
	.servers = { servers, 1 },
	.timeout = USEC_MINUTE,
	.prefix = prefix,
	.keep = USEC_DAY,
	.batch = 100,
	.memory = 1024 * 1024,
};

/* Each has keys of its own: what another test left is not there. */
static struct store *make_redis(void)
{
	static int made;
	struct error error;
	struct store *store;

	snprintf(prefix, sizeof(prefix), "test%d", made++);
	store = store_redis_new(&redis_options, 1000, &error);
	assert_non_null(store);
	store_source(store, 0, SPAN("mx1:/var/log/mail.log"));
	return store;
}

/* A member that others bring joins here. */
static struct store *(*const members[])(void) = { make_memory, make_fail, make_redis };
static size_t member_count = sizeof(members) / sizeof(members[0]);
#define MEMBERS member_count

/* What is sent and answered meanwhile must make no difference. */
static void settle(struct store *store)
{
	for (int i = 0; i < 12000 && !store_clean(store); i++) {
		struct pollfd ready = { .fd = store_fd(store), .events = POLLIN };

		store_flush(store, clock_monotonic(), true);
		poll(&ready, 1, 10);
		store_settle(store);
	}
	assert_true(store_clean(store));
}

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
	static uint64_t position;
	struct record *record = store->calls->record(store, span_of(account), true);
	struct applied applied;

	store->calls->apply(store, record, &delta, 0, ++position, &applied);
	if (position % 16 == 0)
		settle(store);
	return applied;
}

static struct counts hour_of(struct store *store, const char *account)
{
	settle(store);

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

static struct delta of_group(usec_t time, uint32_t number)
{
	return (struct delta){
		.kind = DELTA_GROUPED,
		.time = time,
		.count = 3,
		.marks = UINT32_C(1) << COUNT_RECIPIENTS | UINT32_C(1) << COUNT_SUBMITTED,
		.client = number,
		.domain = number % 10 + 1,
		.sender = number % 400 * 2654435761U | 1,
	};
}

static void test_groups_count_what_their_accounts_do(void **state)
{
	(void)state;
	for (size_t m = 0; m < MEMBERS; m++) {
		struct store *store = members[m]();
		const struct record *record;
		struct distinct_count senders;

		for (uint32_t i = 1; i <= 1000; i++)
			apply(store, "domain:example.com", of_group(START, i));
		assert_int_equal(hour_of(store, "domain:example.com").n[COUNT_RECIPIENTS], 1000);
		assert_int_equal(hour_of(store, "domain:example.com").n[COUNT_SUBMITTED], 3000);
		record = store->calls->record(store, SPAN("domain:example.com"), false);
		assert_int_equal(record_count(record, DISTINCT_DOMAINS, HORIZON_5M).count, 10);
		assert_false(record_count(record, DISTINCT_DOMAINS, HORIZON_5M).about);
		senders = record_count(record, DISTINCT_SENDERS, HORIZON_7D);
		assert_true(senders.about && senders.count > 380 && senders.count < 420);
		assert_int_equal(record_count(record, DISTINCT_COUNTRIES, HORIZON_7D).count, 0);
		store_free(&store);
	}
}

static void test_groups_know_who_is_suspicious(void **state)
{
	(void)state;
	for (size_t m = 0; m < MEMBERS; m++) {
		struct store *store = members[m]();
		const struct crowd *crowd;

		/* Ten, each thrice: what counts is the most that each had, and when it last had something. */
		for (uint64_t i = 1; i <= 30; i++) {
			struct delta delta = { .kind = DELTA_SUSPECT,
					       .time = START + (usec_t)i * USEC_SECOND,
					       .account = i % 10 + 1,
					       .decibans = i <= 20 && i > 10 ? 9 : 4 };

			apply(store, "customer:acme", delta);
			delta.kind = DELTA_USER;
			delta.account = i * UINT64_C(0x9e3779b97f4a7c15);
			apply(store, "customer:acme", delta);
		}
		settle(store);
		crowd = store->calls->record(store, SPAN("customer:acme"), false)->crowd;
		for (int i = 0; i < CROWD_MEMBERS; i++) {
			const struct member *member = &crowd->members[i];

			assert_true(member->account <= 10);
			if (member->account == 0)
				continue;
			assert_true(member->decibans == 9.0f);
			assert_true(member->time > START + 20 * USEC_SECOND);
		}
		assert_int_equal(crowd->members[9].account != 0, 1);
		assert_true(crowd_users(crowd) > 22 && crowd_users(crowd) < 45);
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

/* Refused as spam by three providers, from a network it never sent from, and flagged. */
static void sin_of_bob(struct store *store, usec_t from)
{
	struct record *record;

	for (uint32_t i = 0; i < 30; i++) {
		struct delta delta = attempt_at(from + i * USEC_SECOND, 1000 + i);

		delta.network = 78;
		delta.outcome = COUNT_SPAM;
		delta.refuser = 1 + i % 3;
		apply(store, "bob@example.com", delta);
	}
	settle(store);
	record = store->calls->record(store, SPAN("bob@example.com"), false);
	record->standing.state = STATE_FLAGGED;
	record->standing.since = record->now;
	store->calls->keep(store, record);
	settle(store);
}

static void test_a_release_is_a_new_beginning(void **state)
{
	const usec_t sinned = START + USEC_DAY, released = sinned + USEC_HOUR;

	(void)state;
	for (size_t m = 0; m < MEMBERS; m++) {
		struct store *store = members[m]();
		struct record *record;
		struct habit_day day;

		apply(store, "bob@example.com", attempt_at(START, 5));
		record = store->calls->record(store, SPAN("bob@example.com"), false);
		assert_true(record_close(record, sinned, 14, &day));
		sin_of_bob(store, sinned);
		record = store->calls->record(store, SPAN("bob@example.com"), false);
		assert_int_equal(record_distinct(record, SEEN_REFUSER, HORIZON_24H, false), 3);
		record_release(record, released, released + USEC_HOUR);
		store->calls->keep(store, record);
		settle(store);
		/* What it did is in no window; what comes is. */
		apply(store, "bob@example.com", attempt_at(released + 1, 5));
		assert_int_equal(hour_of(store, "bob@example.com").n[COUNT_RECIPIENTS], 1);
		assert_int_equal(hour_of(store, "bob@example.com").n[COUNT_SPAM], 0);
		record = store->calls->record(store, SPAN("bob@example.com"), false);
		assert_int_equal(record->standing.state, STATE_RELEASED);
		assert_int_equal(record->standing.until, released + USEC_HOUR);
		assert_int_equal(record_distinct(record, SEEN_REFUSER, HORIZON_24H, false), 0);
		assert_int_equal(record_distinct(record, SEEN_NETWORK, HORIZON_24H, true), 1);
		/* The day is not learned: the network stays a strange one, and what it is used to is as before. */
		assert_false(record_close(record, START + 2 * USEC_DAY, 14, &day));
		assert_int_equal(record->habit.days, 1);
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

static void test_fail_at_each_call_loses_that_and_what_follows(void **state)
{
	(void)state;
	for (uint64_t nth = 1; nth <= 20; nth++) {
		struct store *store = store_fail_new(store_memory_new(8), nth);

		for (uint32_t i = 1; i <= 20; i++)
			apply(store, "bob@example.com", attempt_at(START, i));
		assert_int_equal(hour_of(store, "bob@example.com").n[COUNT_RECIPIENTS], nth - 1);
		assert_int_equal(store->calls->stats(store).failed, 21 - nth);
		store_free(&store);
	}
}

static bool answers(void)
{
	struct redis_login login = { .timeout = USEC_MINUTE };
	struct error error;
	struct redis *redis = redis_open(path, &login, &error);
	bool well = redis != NULL;

	redis_close(&redis);
	return well;
}

/* Without redis-server the others are tried alone. */
static int begin(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/redis.sock", folder);
	server = fork();
	if (server == 0) {
		execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path, "--save", "",
		       "--dir", folder, "--logfile", "redis.log", (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 12000; i++) {
		if (answers())
			return 0;
		if (waitpid(server, NULL, WNOHANG) == server)
			break;
		poll(NULL, 0, 10);
	}
	server = 0;
	member_count--;
	return 0;
}

static int end(void **state)
{
	char log[80];

	(void)state;
	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
	unlink(path);
	snprintf(log, sizeof(log), "%s/redis.log", folder);
	unlink(log);
	return rmdir(folder);
}

/* Whether it was looked up before or not, and whether its place is another's by now. */
static void test_a_note_leads_to_its_own_account(void **state)
{
	struct store *store = store_memory_new(16);
	uint32_t notes[40] = { 0 };

	(void)state;
	for (int i = 0; i < 4000; i++) {
		int number = i * 7919 % (i < 2000 ? 16 : 40);
		char name[32];
		struct record *record;

		snprintf(name, sizeof(name), "user%d@example.com", number);
		record = store->calls->noted(store, span_of(name), &notes[number]);
		assert_string_equal(record->name, name);
		assert_int_not_equal(notes[number], 0);
		assert_ptr_equal(record, store->calls->record(store, span_of(name), false));
	}
	assert_true(store->calls->stats(store).evicted > 0);
	store_free(&store);
}

/* Another name of as many bytes, above 16, that shares hash_stable with NAME: its second word makes good its first. */
static void make_twin(char *twin, const char *name)
{
	uint64_t start = hash_fold(HASH_A, strlen(name) ^ HASH_B), first, second, other, others;

	memcpy(&first, name, sizeof(first));
	memcpy(&second, name + sizeof(first), sizeof(second));
	first = le64toh(first);
	second = le64toh(second);
	memcpy(twin, name, strlen(name) + 1);
	for (uint64_t round = 1; strlen(twin) < strlen(name) || round == 1; round++) {
		other = first ^ round << 8;
		others = htole64(second ^ hash_fold(start ^ first, HASH_B) ^
				 hash_fold(start ^ other, HASH_B));
		other = htole64(other);
		memcpy(twin, &other, sizeof(other));
		memcpy(twin + sizeof(other), &others, sizeof(others));
	}
	assert_true(hash_stable(span_of(twin)) == hash_stable(span_of(name)));
	assert_string_not_equal(twin, name);
}

/* Not where the stable hash is made the same, and not where a long name's seeded one is too. */
static void test_nobody_can_make_a_name_that_is_anothers(void **state)
{
	static const char *const names[] = { "victim.one@example.com",
					     "a.victim.of.a.longer.name@mail.example.com" };
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct store *store = store_memory_new(16);
		struct record *record = store->calls->record(store, span_of(names[i]), true);
		char twin[64];

		make_twin(twin, names[i]);
		assert_null(store->calls->record(store, span_of(twin), false));
		if (i == 1)
			record->check = hash_text(span_of(twin));
		assert_null(store->calls->record(store, span_of(twin), false));
		assert_ptr_not_equal(store->calls->record(store, span_of(twin), true), record);
		store_free(&store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_can_make_a_name_that_is_anothers),
		cmocka_unit_test(test_counts_by_account),
		cmocka_unit_test(test_groups_count_what_their_accounts_do),
		cmocka_unit_test(test_groups_know_who_is_suspicious),
		cmocka_unit_test(test_first_time_is_told_once),
		cmocka_unit_test(test_500_recipients_are_remembered),
		cmocka_unit_test(test_order_does_not_matter),
		cmocka_unit_test(test_a_learned_network_is_home_and_another_is_away),
		cmocka_unit_test(test_a_day_that_spoke_against_the_account_is_not_learned),
		cmocka_unit_test(test_a_release_is_a_new_beginning),
		cmocka_unit_test(test_the_longest_unused_make_room_and_are_counted),
		cmocka_unit_test(test_fail_loses_from_the_nth_on_and_says_so),
		cmocka_unit_test(test_fail_at_each_call_loses_that_and_what_follows),
		cmocka_unit_test(test_a_note_leads_to_its_own_account),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
