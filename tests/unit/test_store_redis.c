/* The shared store against a real redis-server, which this program starts and ends. */
#define _GNU_SOURCE
#include "base/memory.h"
#include "detectors/redis_accounts.h"
#include "detectors/redis_record.h"
#include "detectors/store_redis.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#define START (USEC_DAY * 20000)

static char folder[] = "/tmp/sendwatch-redis-XXXXXX";
static char path[64];
static pid_t server;
static char *servers[] = { path };
static struct redis_options options = {
	.topology = REDIS_SINGLE,
	.servers = { servers, 1 },
	.timeout = USEC_MINUTE,
	.prefix = (char[]){ "test" },
	.keep = USEC_DAY,
	.flush = 0,
	.batch = 100,
	.memory = 1024 * 1024,
};

static bool answers(void)
{
	struct redis_login login = { .timeout = USEC_MINUTE };
	struct error error;
	struct redis_reply reply;
	struct redis *redis = redis_open(path, &login, &error);
	bool well = redis != NULL && redis_ask(redis, (struct span[]){ SPAN("PING") }, 1, &reply, &error);

	redis_close(&redis);
	return well;
}

static bool old_server; /* as before Redis 7: it knows no functions */

static void server_run(bool takes)
{
	server = fork();
	if (server == 0 && takes)
		execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path, "--save", "",
		       "--dir", folder, "--logfile", "redis.log", "--rename-command", "FUNCTION", "",
		       "--rename-command", "FCALL", "", (char *)NULL);
	if (server == 0) {
		execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path, "--save", "",
		       "--dir", folder, "--logfile", "redis.log", (char *)NULL);
		_exit(127);
	}
}

static void server_start(void)
{
	server_run(old_server);
	for (int i = 0; i < 12000 && !answers(); i++) {
		/* Redis 6 has nothing to take away, and ends for being told to. */
		if (old_server && waitpid(server, NULL, WNOHANG) == server)
			server_run(false);
		poll(NULL, 0, 10);
	}
}

static void server_end(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	unlink(path);
}

static void ask(const char *a, const char *b);

/* The server as it was when it was saved. */
static void server_save(void)
{
	ask("SAVE", NULL);
}

static void server_load(void)
{
	server_end();
	server_start();
}

static void ask(const char *a, const char *b)
{
	struct redis_login login = { .timeout = USEC_MINUTE };
	struct error error;
	struct redis_reply reply;
	struct redis *redis = redis_open(path, &login, &error);

	assert_non_null(redis);
	assert_true(redis_ask(redis, (struct span[]){ span_of(a), span_of(b) }, b == NULL ? 1 : 2, &reply,
			      &error));
	redis_close(&redis);
}

/* WORD, and the words of MORE. */
static void ask_words(const char *word, const char *more)
{
	struct redis_login login = { .timeout = USEC_MINUTE };
	struct error error;
	struct redis_reply reply;
	struct redis *redis = redis_open(path, &login, &error);
	struct span words[8] = { span_of(word) }, rest = span_of(more);
	size_t words_count = 1;

	assert_non_null(redis);
	while (words_count < 7 && span_cut(&rest, ' ', &words[words_count]))
		words_count++;
	words[words_count++] = rest;
	assert_true(redis_ask(redis, words, words_count, &reply, &error));
	redis_close(&redis);
}

static struct store *store_new(const char *name)
{
	struct error error;
	struct store *store = store_redis_new(&options, 1000, &error);

	assert_non_null(store);
	store_source(store, 0, span_of(name));
	return store;
}

static struct applied count(struct store *store, const char *account, uint32_t recipient, uint64_t position)
{
	struct record *record = store->calls->record(store, span_of(account), true);
	struct delta delta = {
		.kind = DELTA_ATTEMPT,
		.time = START + recipient * USEC_SECOND,
		.count = 1,
		.outcome = recipient % 5 == 0 ? COUNT_INVALID : COUNT_DELIVERED,
		.elsewhere = true,
		.message = recipient,
		.recipient = recipient * 2654435761U | 1,
		.network = recipient % 3 + 1,
	};
	struct applied applied;

	store->calls->apply(store, record, &delta, 0, position, &applied);
	return applied;
}

/* Until all is sent and answered. */
static void settle(struct store *store)
{
	for (int i = 0; i < 12000; i++) {
		struct pollfd ready = { .fd = store_fd(store), .events = POLLIN };

		store_flush(store, clock_monotonic(), false);
		if (store_clean(store))
			return;
		poll(&ready, 1, 10);
		store_settle(store);
	}
	fail_msg("never settled");
}

static uint32_t counted(struct store *store, const char *account, enum counter counter)
{
	struct record *record = store->calls->record(store, span_of(account), false);
	struct counts sums[HORIZONS];

	assert_non_null(record);
	windows_sum(&record->windows, record->now, sums);
	return sums[HORIZON_24H].n[counter];
}

static void two_servers_count_as_one(void **state)
{
	struct store *a = store_new("mx1:/var/log/mail.log"), *b = store_new("mx2:/var/log/mail.log");

	(void)state;
	ask("FLUSHALL", NULL);
	for (uint32_t i = 1; i <= 300; i++) {
		count(i % 2 == 0 ? a : b, "bob@example.com", i / 2, i);
		if (i % 7 == 0)
			store_flush(a, clock_monotonic(), false);
		if (i % 11 == 0)
			store_flush(b, clock_monotonic(), false);
	}
	/* Each settles on what the other counted, and neither loses its own. */
	settle(a);
	settle(b);
	count(a, "bob@example.com", 999, 1000);
	settle(a);
	assert_int_equal(counted(a, "bob@example.com", COUNT_RECIPIENTS), 301);
	/* Both wrote to the same addresses: met once. */
	assert_int_equal(counted(a, "bob@example.com", COUNT_STRANGERS), 152);
	assert_true(a->calls->stats(a).rebased + b->calls->stats(b).rebased > 0);
	store_free(&a);
	store_free(&b);
}

static void lines_read_again_count_once(void **state)
{
	struct store *store = store_new("mx1:/var/log/mail.log");

	(void)state;
	ask("FLUSHALL", NULL);
	for (uint32_t i = 1; i <= 50; i++)
		count(store, "ann@example.com", i, i * 100);
	settle(store);
	/* Killed after the flush, before the position was saved. */
	store_free(&store);
	store = store_new("mx1:/var/log/mail.log");
	for (uint32_t i = 20; i <= 60; i++)
		count(store, "ann@example.com", i, i * 100);
	settle(store);
	assert_int_equal(counted(store, "ann@example.com", COUNT_RECIPIENTS), 60);
	/* Another server's position of the same number is another's. */
	store_free(&store);
	store = store_new("mx2:/var/log/mail.log");
	count(store, "ann@example.com", 70, 100);
	settle(store);
	assert_int_equal(counted(store, "ann@example.com", COUNT_RECIPIENTS), 61);
	store_free(&store);
}

static void stand(struct store *store, enum account_state state, usec_t since)
{
	struct record *record = store->calls->record(store, SPAN("eva@example.com"), true);

	if (state == STATE_RELEASED) {
		record_release(record, since, since);
	} else {
		record->standing.state = state;
		record->standing.since = since;
	}
	store->calls->keep(store, record);
}

/*
 * Both had counted on it: neither brings back what the other's release wiped away, and what came later counts; but
 * for what came later and was in Redis before the release.
 */
static void a_release_here_is_one_there(void **state)
{
	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		struct store *a = store_new("mx1:/var/log/mail.log"), *b = store_new("mx2:/var/log/mail.log");

		ask("FLUSHALL", NULL);
		for (uint32_t i = 1; i <= 40; i++) {
			count(a, "eva@example.com", i, i);
			count(b, "eva@example.com", i + 100, i);
		}
		settle(a);
		settle(b);
		stand(b, STATE_FLAGGED, START + 200 * USEC_SECOND);
		settle(b);
		stand(a, STATE_RELEASED, START + 300 * USEC_SECOND);
		/* What it did before is not on its way to be counted, either; what it does later is. */
		count(b, "eva@example.com", 250, 41);
		count(b, "eva@example.com", 350, 42);
		settle(turn == 0 ? a : b);
		settle(turn == 0 ? b : a);
		count(a, "eva@example.com", 351, 41);
		settle(a);
		count(b, "eva@example.com", 352, 43);
		settle(b);
		assert_int_equal(counted(b, "eva@example.com", COUNT_RECIPIENTS), turn == 0 ? 3 : 2);
		assert_int_equal(b->calls->record(b, SPAN("eva@example.com"), false)->standing.state,
				 STATE_RELEASED);
		store_free(&a);
		store_free(&b);
	}
}

/* One that was not heard of since the start is released in Redis. */
static void a_release_after_a_restart_is_one(void **state)
{
	struct store *a = store_new("mx1:/var/log/mail.log"), *b;

	(void)state;
	ask("FLUSHALL", NULL);
	for (uint32_t i = 1; i <= 40; i++)
		count(a, "eva@example.com", i, i);
	stand(a, STATE_DISABLED, START + 100 * USEC_SECOND);
	settle(a);
	store_free(&a);
	a = store_new("mx1:/var/log/mail.log");
	stand(a, STATE_RELEASED, START + 200 * USEC_SECOND);
	settle(a);
	b = store_new("mx2:/var/log/mail.log");
	count(b, "eva@example.com", 201, 1);
	settle(b);
	assert_int_equal(counted(b, "eva@example.com", COUNT_RECIPIENTS), 1);
	assert_int_equal(b->calls->record(b, SPAN("eva@example.com"), false)->standing.state, STATE_RELEASED);
	store_free(&a);
	store_free(&b);
}

/* Clones, containers: logs of one name on hosts of one name, at the same places. */
static void servers_of_one_name_are_two(void **state)
{
	struct store *a = store_new("mx:/var/log/mail.log"), *b = store_new("mx:/var/log/mail.log");

	(void)state;
	ask("FLUSHALL", NULL);
	a->server = 1;
	b->server = 2;
	store_source(a, 0, SPAN("mx:/var/log/mail.log"));
	store_source(b, 0, SPAN("mx:/var/log/mail.log"));
	for (uint32_t i = 1; i <= 40; i++) {
		count(a, "twin@example.com", i, i);
		settle(a);
		count(b, "twin@example.com", 100 + i, i);
		settle(b);
	}
	assert_int_equal(counted(b, "twin@example.com", COUNT_RECIPIENTS), 80);
	store_free(&a);
	store_free(&b);
}

/* What one of its accounts did, on a group. */
static void count_on(struct store *store, const char *group, uint32_t number, uint64_t position)
{
	struct record *record = store->calls->record(store, span_of(group), true);
	const struct delta delta = { .kind = DELTA_GROUPED,
				     .time = START + number * USEC_SECOND,
				     .count = 1,
				     .marks = UINT32_C(1) << COUNT_RECIPIENTS,
				     .domain = number * 2654435761U | 1 };
	struct applied ignored;

	store->calls->apply(store, record, &delta, 0, position, &ignored);
}

static void suspect(struct store *store, const char *group, uint64_t account, usec_t time, uint64_t position)
{
	struct record *record = store->calls->record(store, span_of(group), true);
	const struct delta delta = { .kind = DELTA_SUSPECT, .time = time, .account = account, .decibans = 8 };
	struct applied ignored;

	store->calls->apply(store, record, &delta, 0, position, &ignored);
}

static int suspected(struct store *store, const char *group)
{
	const struct record *record = store->calls->record(store, span_of(group), false);
	int count = 0;

	for (int i = 0; record->crowd != NULL && record->crowd->members != NULL && i < CROWD_MEMBERS; i++)
		count += record->crowd->members[i].account != 0;
	return count;
}

static void groups_of_two_servers_are_one_and_lines_read_again_count_once(void **state)
{
	struct store *a = store_new("mx1:/var/log/mail.log"), *b = store_new("mx2:/var/log/mail.log");

	(void)state;
	ask("FLUSHALL", NULL);
	for (uint32_t i = 1; i <= 600; i++) {
		count_on(i % 2 == 0 ? a : b, "domain:example.com", i, i);
		if (i % 7 == 0)
			store_flush(a, clock_monotonic(), false);
		if (i % 11 == 0)
			store_flush(b, clock_monotonic(), false);
	}
	settle(a);
	settle(b);
	/* Killed: half of it is read again, and a little more. */
	store_free(&a);
	a = store_new("mx1:/var/log/mail.log");
	for (uint32_t i = 300; i <= 620; i += 2)
		count_on(a, "domain:example.com", i, i);
	settle(a);
	assert_int_equal(counted(a, "domain:example.com", COUNT_RECIPIENTS), 610);
	/* What was different stays so: 610 domains, some of them twice. */
	assert_in_range(record_count(a->calls->record(a, SPAN("domain:example.com"), false), DISTINCT_DOMAINS,
				     HORIZON_24H)
				.count,
			580, 640);
	store_free(&a);
	store_free(&b);
}

/* Told on the same line as one before, or on none: it is news all the same. */
static void suspects_of_two_servers_are_neighbours(void **state)
{
	struct store *a = store_new("mx1:/var/log/mail.log"), *b = store_new("mx2:/var/log/mail.log");

	(void)state;
	ask("FLUSHALL", NULL);
	suspect(a, "customer:acme", 1, START, 5);
	settle(a);
	suspect(b, "customer:acme", 2, START, 5);
	settle(b);
	assert_int_equal(suspected(b, "customer:acme"), 2);
	suspect(b, "customer:acme", 3, START, 5);
	settle(b);
	suspect(a, "customer:acme", 4, START, 0);
	settle(a);
	assert_int_equal(suspected(a, "customer:acme"), 4);
	a->calls->keep(a, a->calls->record(a, SPAN("customer:acme"), false));
	settle(a);
	b->calls->keep(b, b->calls->record(b, SPAN("customer:acme"), false));
	settle(b);
	assert_int_equal(suspected(b, "customer:acme"), 4);
	store_free(&a);
	store_free(&b);
}

static struct record *told;

static void changed(void *context, struct record *record, const struct delta *delta,
		    const struct applied *applied)
{
	(void)context;
	(void)delta;
	(void)applied;
	told = record;
}

static void a_record_is_unsettled_until_redis_spoke(void **state)
{
	struct store *store = store_new("mx1:/var/log/mail.log");
	struct record *record;

	(void)state;
	store->changed = changed;
	told = NULL;
	count(store, "eve@example.com", 1, 1);
	record = store->calls->record(store, SPAN("eve@example.com"), false);
	assert_true(record->unsettled);
	settle(store);
	assert_false(record->unsettled);
	assert_ptr_equal(told, record);
	store_free(&store);
}

static struct record *asked[64];
static size_t asked_count;
static usec_t asked_last;

static void ask_again(void *context, struct record *record, const struct delta *delta,
		      const struct applied *applied)
{
	(void)context;
	if (delta == NULL)
		return;
	assert_true(delta->time >= asked_last);
	assert_true(asked_count < 64);
	asked_last = delta->time;
	asked[asked_count++] = record;
	/* As it was when that change came. */
	assert_int_equal(record->now, delta->time);
	assert_true(applied->stranger);
}

/* Accounts are evidence for each other: what had to wait for Redis is asked about in the order in which it came. */
static void what_waited_is_asked_about_in_the_order_of_time(void **state)
{
	struct store *store = store_new("mx1:/var/log/mail.log");

	(void)state;
	ask("FLUSHALL", NULL);
	store->changed = ask_again;
	asked_count = 0;
	asked_last = 0;
	for (uint32_t i = 1; i <= 30; i++)
		count(store, i % 3 == 0 ? "amy@example.com" : "ben@example.com", i, i);
	settle(store);
	assert_int_equal(asked_count, 30);
	for (size_t i = 0; i < asked_count; i++)
		assert_string_equal(asked[i]->name, (i + 1) % 3 == 0 ? "amy@example.com" : "ben@example.com");
	assert_int_equal(counted(store, "amy@example.com", COUNT_RECIPIENTS), 10);
	store_free(&store);
}

static void an_outage_loses_nothing(void **state)
{
	struct store *store = store_new("mx1:/var/log/mail.log");
	struct error why;

	(void)state;
	ask("FLUSHALL", NULL);
	count(store, "joe@example.com", 1, 1);
	settle(store);
	server_end();
	for (uint32_t i = 2; i <= 40; i++) {
		count(store, "joe@example.com", i, i);
		store_flush(store, clock_monotonic(), false);
	}
	for (int i = 0; i < 12000 && store_away(store, &why) == USEC_NEVER; i++)
		poll(NULL, 0, 10);
	assert_true(store_away(store, &why) != USEC_NEVER);
	assert_false(store_clean(store));
	/* It comes back empty: what was known here is put back. */
	server_start();
	settle(store);
	assert_true(store_away(store, &why) == USEC_NEVER);
	assert_int_equal(counted(store, "joe@example.com", COUNT_RECIPIENTS), 40);
	store_free(&store);
	store = store_new("mx2:/var/log/mail.log");
	count(store, "joe@example.com", 41, 1);
	settle(store);
	assert_int_equal(counted(store, "joe@example.com", COUNT_RECIPIENTS), 41);
	store_free(&store);
}

/* Redis is put back to what it was: what this server counted since then is put back in its turn. */
static void what_redis_forgets_is_restored(void **state)
{
	struct store *a = store_new("mx1:/var/log/mail.log"), *b = store_new("mx2:/var/log/mail.log");

	(void)state;
	ask("FLUSHALL", NULL);
	for (uint32_t i = 1; i <= 20; i++)
		count(a, i % 2 == 0 ? "kim@example.com" : "lou@example.com", i, i);
	settle(a);
	server_save();
	for (uint32_t i = 21; i <= 40; i++) {
		count(a, "kim@example.com", i, i);
		settle(a);
	}
	server_load();
	/* One change elsewhere shows the loss; the account itself is never heard of again. */
	count(a, "kim@example.com", 41, 41);
	settle(a);
	count(b, "kim@example.com", 42, 1);
	count(b, "lou@example.com", 42, 1);
	settle(b);
	assert_int_equal(counted(b, "kim@example.com", COUNT_RECIPIENTS), 10 + 20 + 1 + 1);
	assert_int_equal(counted(b, "lou@example.com", COUNT_RECIPIENTS), 10 + 1);
	/* And all of it, where all of it is gone. */
	ask("FLUSHALL", NULL);
	count(b, "kim@example.com", 43, 2);
	settle(b);
	store_free(&a);
	store_free(&b);
	a = store_new("mx3");
	count(a, "lou@example.com", 50, 1);
	settle(a);
	assert_int_equal(counted(a, "lou@example.com", COUNT_RECIPIENTS), 10 + 1 + 1);
	store_free(&a);
}

/* Where Redis drops accounts one by one, for want of memory, all that is known is not offered again for each. */
static void one_that_is_dropped_does_not_bring_back_all_each_time(void **state)
{
	struct store *store = store_new("mx1:/var/log/mail.log");
	uint64_t calls;

	(void)state;
	ask("FLUSHALL", NULL);
	for (uint32_t account = 0; account < 50; account++) {
		char name[32];

		snprintf(name, sizeof(name), "user%u@example.com", account);
		count(store, name, 1, 1);
	}
	settle(store);
	calls = store->calls->stats(store).calls;
	for (uint32_t i = 2; i < 12; i++) {
		struct text key = { 0 };

		redis_record_key("test", SPAN("user7@example.com"), &key);
		ask("DEL", key.at);
		text_free(&key);
		count(store, "user7@example.com", i, i);
		settle(store);
	}
	assert_int_equal(counted(store, "user7@example.com", COUNT_RECIPIENTS), 11);
	/* All once, then only that account. */
	assert_true(store->calls->stats(store).calls - calls < 50 + 10 * 4);
	store_free(&store);
}

static struct record *standing_in(struct store *store, const char *account, enum account_state state)
{
	struct record *record = store->calls->record(store, span_of(account), true);

	record->standing.state = state;
	record->standing.since++;
	store->calls->keep(store, record);
	return record;
}

static bool is_listed(const char *name)
{
	struct redis_login login = { .timeout = USEC_MINUTE };
	struct redis_reply reply;
	struct error error;
	struct redis *redis = redis_open(path, &login, &error);
	const struct span words[] = { SPAN("SISMEMBER"), SPAN("test:raised"), span_of(name) };
	bool listed;

	assert_non_null(redis);
	assert_true(redis_ask(redis, words, 3, &reply, &error));
	listed = reply.number == 1;
	redis_close(&redis);
	return listed;
}

/* What is not normal and never heard of again goes away after a while, and with it its place among the listed. */
static void who_has_no_record_is_not_listed(void **state)
{
	struct store *store;

	(void)state;
	ask("FLUSHALL", NULL);
	store = store_new("mx1");
	count(store, "there@example.com", 1, 1);
	standing_in(store, "there@example.com", STATE_FLAGGED);
	settle(store);
	store_free(&store);
	for (int i = 0; i < 250; i++) {
		char words[64];

		snprintf(words, sizeof(words), "test:raised gone%d@example.com", i);
		ask_words("SADD", words);
	}
	assert_true(is_listed("there@example.com") && is_listed("gone249@example.com"));
	store = store_new("mx1");
	for (uint32_t i = 2; i < 20; i++) {
		count(store, "other@example.com", i, i);
		settle(store);
	}
	assert_true(is_listed("there@example.com"));
	for (int i = 0; i < 250; i++) {
		char name[64];

		snprintf(name, sizeof(name), "gone%d@example.com", i);
		assert_false(is_listed(name));
	}
	store_free(&store);
}

/* While servers are upgraded one by one: a program that writes records of another form finds its own where they were. */
static void records_of_another_version_are_left_alone(void **state)
{
	struct redis_login login = { .timeout = USEC_MINUTE };
	const struct span words[] = { SPAN("HGET"), SPAN("test:{old@example.com}"), SPAN("record") };
	struct store *store;
	struct redis *redis;
	struct redis_reply reply;
	struct error error;

	(void)state;
	ask_words("HSET", "test:{old@example.com} version 7 record bytes-of-another");
	store = store_new("mx1");
	count(store, "old@example.com", 1, 1);
	settle(store);
	assert_int_equal(counted(store, "old@example.com", COUNT_RECIPIENTS), 1);
	store_free(&store);
	redis = redis_open(path, &login, &error);
	assert_non_null(redis);
	assert_true(redis_ask(redis, words, 3, &reply, &error));
	assert_true(span_equal(reply.text, SPAN("bytes-of-another")));
	redis_close(&redis);
}

/* Somebody's slip under our prefix is no reason to stop counting: not for the account, and not for all others. */
static void what_nobody_of_us_wrote_is_replaced(void **state)
{
	struct store *store = store_new("mx1"), *other;

	(void)state;
	ask("FLUSHALL", NULL);
	ask_words("SET", "test:{kim@example.com} x");
	ask_words("SET", "test:raised x");
	count(store, "lou@example.com", 1, 1);
	count(store, "kim@example.com", 2, 2);
	settle(store);
	stand(store, STATE_FLAGGED, START);
	settle(store);
	ask_words("DEL", "test:{kim@example.com}");
	ask_words("SADD", "test:{kim@example.com} x");
	count(store, "kim@example.com", 3, 3);
	settle(store);
	other = store_new("mx2");
	count(other, "kim@example.com", 4, 1);
	settle(other);
	assert_int_equal(counted(other, "kim@example.com", COUNT_RECIPIENTS), 3);
	store_free(&other);
	store_free(&store);
}

/* The password changes while it runs: the file is read again with the next connection. */
static void a_new_password_is_read(void **state)
{
	static char file[80];
	struct redis_options own = options;
	struct store *store;
	struct error why;
	FILE *out;

	(void)state;
	snprintf(file, sizeof(file), "%s/password", folder);
	out = fopen(file, "w");
	fputs("wrong\n", out);
	fclose(out);
	ask("FLUSHALL", NULL);
	own.user = (char[]){ "joe" };
	own.password_file = file;
	ask_words("ACL", "SETUSER joe on >first ~* +@all");
	store = store_redis_new(&own, 1000, &why);
	store_source(store, 0, SPAN("mx1"));
	count(store, "joe@example.com", 1, 1);
	for (int i = 0; i < 12000 && store_away(store, &why) == USEC_NEVER; i++) {
		store_flush(store, clock_monotonic(), true);
		poll(NULL, 0, 10);
	}
	assert_true(store_away(store, &why) != USEC_NEVER);
	out = fopen(file, "w");
	fputs("first\n", out);
	fclose(out);
	settle(store);
	assert_true(store_away(store, &why) == USEC_NEVER);
	assert_int_equal(counted(store, "joe@example.com", COUNT_RECIPIENTS), 1);
	/* Known to Redis no more: connections are cut, and another password holds. */
	ask_words("ACL", "DELUSER joe");
	ask_words("ACL", "SETUSER joe on >second ~* +@all");
	count(store, "joe@example.com", 2, 2);
	out = fopen(file, "w");
	fputs("second\n", out);
	fclose(out);
	settle(store);
	assert_int_equal(counted(store, "joe@example.com", COUNT_RECIPIENTS), 2);
	store_free(&store);
	unlink(file);
}

/* Redis 6.2: the script counts, also after somebody flushed it. */
static void without_functions_the_script_counts(void **state)
{
	struct store *a, *b;

	(void)state;
	server_end();
	old_server = true;
	server_start();
	a = store_new("mx1:/var/log/mail.log");
	b = store_new("mx2:/var/log/mail.log");
	for (uint32_t i = 1; i <= 400; i++) {
		count(i % 2 == 0 ? a : b, "old@example.com", i, i);
		if (i % 7 == 0)
			store_flush(i % 2 == 0 ? b : a, clock_monotonic(), false);
		if (i == 200)
			ask("SCRIPT", "FLUSH");
	}
	settle(a);
	settle(b);
	settle(a);
	count(b, "old@example.com", 401, 401);
	settle(b);
	assert_int_equal(counted(b, "old@example.com", COUNT_RECIPIENTS), 401);
	store_free(&a);
	store_free(&b);
	server_end();
	old_server = false;
	server_start();
}

/* More accounts than there is room for, before anybody asked whether the store is full; and all of them are queued. */
static void what_redis_has_not_seen_makes_no_room(void **state)
{
	struct error error;
	struct store *store = store_redis_new(&options, 100, &error);
	char name[32];

	(void)state;
	assert_non_null(store);
	store_source(store, 0, SPAN("mx1"));
	ask("FLUSHALL", NULL);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 400; i++) {
			snprintf(name, sizeof(name), "many%u@example.com", i);
			count(store, name, i + 1, (uint64_t)round * 400 + i + 1);
		}
		assert_true(store_full(store));
		settle(store);
		assert_false(store_full(store));
	}
	for (uint32_t i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "more%u@example.com", i);
		count(store, name, i + 1, 800 + i + 1);
		settle(store);
	}
	assert_int_equal(store->calls->stats(store).records, 100);
	assert_int_equal(store->calls->stats(store).evicted, 400);
	store_free(&store);
	store = store_new("mx1");
	for (uint32_t i = 0; i < 400; i += 37) {
		snprintf(name, sizeof(name), "many%u@example.com", i);
		store->calls->keep(store, store->calls->record(store, span_of(name), true));
		settle(store);
		assert_int_equal(counted(store, name, COUNT_RECIPIENTS), 2);
	}
	store_free(&store);
}

static void a_full_store_says_so(void **state)
{
	struct store *store;

	(void)state;
	server_end();
	store = store_new("mx1:/var/log/mail.log");
	for (uint32_t i = 1; i < 1000000 && !store_full(store); i++) {
		count(store, "max@example.com", i, i);
		store_flush(store, clock_monotonic(), false);
	}
	assert_true(store_full(store));
	assert_true(store->calls->stats(store).bytes < 4 * 1024 * 1024);
	server_start();
	settle(store);
	assert_false(store_full(store));
	store_free(&store);
}

static void one_server_may_act(void **state)
{
	struct store *a = store_new("mx1"), *b = store_new("mx2");
	struct span account = SPAN("bob@example.com");

	(void)state;
	char id[VERDICT_ID_SIZE] = "id-1", other[VERDICT_ID_SIZE] = "id-2", again[VERDICT_ID_SIZE] = "id-4";

	a->server = 1;
	b->server = 2;
	assert_true(store_claim(a, account, STATE_FLAGGED, false, id));
	assert_string_equal(id, "id-1");
	assert_false(store_claim(b, account, STATE_FLAGGED, false, other));
	/* Asked again after a crash, which found it by another line. */
	assert_true(store_claim(a, account, STATE_FLAGGED, false, again));
	assert_string_equal(again, "id-1");
	assert_true(store_claim(b, account, STATE_DISABLED, false, other));
	assert_string_equal(other, "id-2");
	store_free(&a);
	store_free(&b);
}

/* Flagged, normal again, and flagged within an hour: another case, whoever finds it. */
static void a_case_that_ended_is_claimed_anew(void **state)
{
	struct store *a = store_new("mx1"), *b = store_new("mx2");
	struct span account = SPAN("anew@example.com");
	char one[VERDICT_ID_SIZE] = "id-1", over[VERDICT_ID_SIZE] = "id-2", two[VERDICT_ID_SIZE] = "id-3",
	     three[VERDICT_ID_SIZE] = "id-4", again[VERDICT_ID_SIZE] = "id-5";

	(void)state;
	a->server = 1;
	b->server = 2;
	standing_in(a, "anew@example.com", STATE_FLAGGED);
	assert_true(store_claim(a, account, STATE_FLAGGED, false, one));
	settle(a);
	assert_true(store_claim(a, account, STATE_NORMAL, false, over));
	store_ended(a, standing_in(a, "anew@example.com", STATE_NORMAL));
	/* At once, before Redis was told. */
	assert_true(store_claim(a, account, STATE_FLAGGED, false, two));
	assert_string_equal(two, "id-3");
	/* Others hear of a release from its order, maybe before they can read it in the record. */
	store_ended(a, standing_in(a, "anew@example.com", STATE_RELEASED));
	assert_true(store_claim(b, account, STATE_FLAGGED, false, three));
	assert_string_equal(three, "id-4");
	assert_false(store_claim(a, account, STATE_FLAGGED, false, two));
	/* Nor is it the first time that it is normal again. */
	assert_true(store_claim(a, account, STATE_NORMAL, false, again));
	assert_string_equal(again, "id-5");
	store_free(&a);
	store_free(&b);
}

static void name_told(void *context, struct span name)
{
	struct text *names = context;

	text_add_format(names, "%.*s ", SPAN_ARGS(name));
}

/* web1 of one machine is not web1 of another, and no folder's name makes its script another machine's. */
static void users_of_two_machines_are_two(void **state)
{
	struct redis_options here = options, there = options;
	struct redis_accounts *accounts;
	struct text names = { 0 };
	struct record record, *web1;
	struct error error;
	struct store *a, *b;
	char id[VERDICT_ID_SIZE] = "id-1", other[VERDICT_ID_SIZE] = "id-2";

	(void)state;
	snprintf(here.host, sizeof(here.host), "mx1");
	snprintf(there.host, sizeof(there.host), "mx2");
	ask("FLUSHALL", NULL);
	a = store_redis_new(&here, 1000, &error);
	b = store_redis_new(&there, 1000, &error);
	accounts = redis_accounts_open(&there, &error);
	assert_true(a != NULL && b != NULL && accounts != NULL);
	a->server = 1;
	b->server = 2;
	for (uint32_t i = 1; i <= 10; i++) {
		count(a, "local:web1", i, 2 * i);
		count(a, "script:/home/bob/x", i, 2 * i + 1);
	}
	settle(a);
	for (uint32_t i = 1; i <= 3; i++) {
		count(b, "local:web1", i + 100, 2 * i);
		count(b, "script:/home/bob/x@mx1", i + 100, 2 * i + 1);
	}
	settle(b);
	count(b, "local:web1", 104, 50);
	count(b, "script:/home/bob/x@mx1", 104, 51);
	settle(b);
	assert_int_equal(counted(a, "local:web1", COUNT_RECIPIENTS), 10);
	assert_int_equal(counted(b, "local:web1", COUNT_RECIPIENTS), 4);
	assert_int_equal(counted(b, "script:/home/bob/x@mx1", COUNT_RECIPIENTS), 4);
	assert_true(store_claim(a, SPAN("local:web1"), STATE_FLAGGED, false, id));
	assert_true(store_claim(b, SPAN("local:web1"), STATE_FLAGGED, false, other));
	/* Each machine's own is called as there, and another's by its machine's name too. */
	web1 = a->calls->record(a, SPAN("local:web1"), false);
	web1->standing.state = STATE_FLAGGED;
	a->calls->keep(a, web1);
	settle(a);
	assert_true(redis_accounts_raised(accounts, name_told, &names, &error));
	assert_string_equal(names.at, "local:web1@mx1 ");
	assert_true(redis_accounts_read(accounts, SPAN("local:web1@mx1"), &record, &error));
	assert_true(record.name != NULL && record.standing.state == STATE_FLAGGED);
	record_free(&record);
	assert_true(redis_accounts_read(accounts, SPAN("local:web1"), &record, &error));
	assert_true(record.name != NULL && record.standing.state == STATE_NORMAL);
	record_free(&record);
	redis_accounts_close(&accounts);
	accounts = redis_accounts_open(&here, &error);
	text_clear(&names);
	assert_true(redis_accounts_raised(accounts, name_told, &names, &error));
	assert_string_equal(names.at, "local:web1 ");
	redis_accounts_close(&accounts);
	text_free(&names);
	store_free(&a);
	store_free(&b);
}

/* What was found while catching up is told by one, and acted on by one when it goes on, which may be the same. */
static void what_was_told_late_is_acted_on_when_it_goes_on(void **state)
{
	struct store *a = store_new("mx1"), *b = store_new("mx2");
	struct span account = SPAN("late@example.com");

	(void)state;
	char late[VERDICT_ID_SIZE] = "id-1", other[VERDICT_ID_SIZE] = "id-2", now[VERDICT_ID_SIZE] = "id-3",
	     last[VERDICT_ID_SIZE] = "id-4";

	a->server = 1;
	b->server = 2;
	assert_true(store_claim(a, account, STATE_FLAGGED, true, late));
	assert_false(store_claim(b, account, STATE_FLAGGED, true, other));
	assert_true(store_claim(a, account, STATE_FLAGGED, false, now));
	assert_string_equal(now, "id-3");
	assert_false(store_claim(b, account, STATE_FLAGGED, false, other));
	/* Whoever catches up after that finds nothing new. */
	assert_false(store_claim(b, account, STATE_FLAGGED, true, other));
	assert_true(store_claim(a, account, STATE_FLAGGED, true, last));
	assert_string_equal(last, "id-3");
	store_free(&a);
	store_free(&b);
}

/* Verdicts wait for the claim: for as long as one exchange may take, and not for that again in each round. */
static void a_claim_waits_for_one_time_limit(void **state)
{
	struct redis_options own = options;
	char id[VERDICT_ID_SIZE] = "id-1";
	struct store *store;
	struct error why;
	usec_t began;

	(void)state;
	own.timeout = 2 * USEC_SECOND;
	store = store_redis_new(&own, 1000, &why);
	assert_non_null(store);
	assert_true(store_claim(store, SPAN("one@example.com"), STATE_FLAGGED, false, id));
	kill(server, SIGSTOP);
	began = clock_monotonic();
	assert_true(store_claim(store, SPAN("two@example.com"), STATE_FLAGGED, false, id));
	began = clock_monotonic() - began;
	kill(server, SIGCONT);
	assert_true(began < 4 * own.timeout);
	store_free(&store);
}

static void strange_names_are_keys_like_others(void **state)
{
	static const char *const names[] = { "}{", "{}", "a b", "\xff\xfe", "script:/home/x/{y}" };
	struct store *store = store_new("mx1");

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		count(store, names[i], 1, 1);
	settle(store);
	assert_int_equal(store->calls->stats(store).records, 5);
	store_free(&store);
}

static void slots_are_those_of_the_specification(void **state)
{
	(void)state;
	/* From the cluster specification: CRC16 of "123456789" is 0x31C3. */
	assert_int_equal(redis_slot(SPAN("123456789")), 0x31C3 % 16384);
	assert_int_equal(redis_slot(SPAN("{user1000}.following")), redis_slot(SPAN("{user1000}.followers")));
	assert_int_equal(redis_slot(SPAN("foo{bar}{zap}")), redis_slot(SPAN("bar")));
	assert_int_not_equal(redis_slot(SPAN("foo{}{bar}")), redis_slot(SPAN("bar")));
	assert_int_equal(redis_slot(SPAN("foo{{bar}}zap")), redis_slot(SPAN("{bar")));
}

static int begin(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/redis.sock", folder);
	server_start();
	return answers() ? 0 : -1;
}

static int end(void **state)
{
	char log[80];

	(void)state;
	server_end();
	snprintf(log, sizeof(log), "%s/redis.log", folder);
	unlink(log);
	snprintf(log, sizeof(log), "%s/dump.rdb", folder);
	unlink(log);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_servers_count_as_one),
		cmocka_unit_test(lines_read_again_count_once),
		cmocka_unit_test(servers_of_one_name_are_two),
		cmocka_unit_test(groups_of_two_servers_are_one_and_lines_read_again_count_once),
		cmocka_unit_test(suspects_of_two_servers_are_neighbours),
		cmocka_unit_test(a_release_here_is_one_there),
		cmocka_unit_test(a_release_after_a_restart_is_one),
		cmocka_unit_test(a_record_is_unsettled_until_redis_spoke),
		cmocka_unit_test(what_waited_is_asked_about_in_the_order_of_time),
		cmocka_unit_test(an_outage_loses_nothing),
		cmocka_unit_test(what_redis_forgets_is_restored),
		cmocka_unit_test(one_that_is_dropped_does_not_bring_back_all_each_time),
		cmocka_unit_test(who_has_no_record_is_not_listed),
		cmocka_unit_test(records_of_another_version_are_left_alone),
		cmocka_unit_test(what_nobody_of_us_wrote_is_replaced),
		cmocka_unit_test(a_new_password_is_read),
		cmocka_unit_test(without_functions_the_script_counts),
		cmocka_unit_test(a_full_store_says_so),
		cmocka_unit_test(what_redis_has_not_seen_makes_no_room),
		cmocka_unit_test(one_server_may_act),
		cmocka_unit_test(a_case_that_ended_is_claimed_anew),
		cmocka_unit_test(users_of_two_machines_are_two),
		cmocka_unit_test(a_claim_waits_for_one_time_limit),
		cmocka_unit_test(what_was_told_late_is_acted_on_when_it_goes_on),
		cmocka_unit_test(strange_names_are_keys_like_others),
		cmocka_unit_test(slots_are_those_of_the_specification),
	};

	signal(SIGPIPE, SIG_IGN);
	if (access("/usr/bin/redis-server", X_OK) != 0 && access("/usr/local/bin/redis-server", X_OK) != 0) {
		puts("skip: redis-server is not here");
		return 77;
	}
	return cmocka_run_group_tests(tests, begin, end);
}
