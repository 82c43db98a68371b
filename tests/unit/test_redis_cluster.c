/*
 * Many nodes: a cluster of three masters and three replicas, and Sentinel with a master and two replicas, both
 * of real servers that this program starts on loopback and ends. Masters are killed while counting goes on.
 */
#define _GNU_SOURCE
#include "base/memory.h"
#include "detectors/redis_record.h"
#include "detectors/store_redis.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define START    (USEC_DAY * 20000)
#define NODES    6
#define ACCOUNTS 200
#define GROUP    "domain:example.com"

static char folder[] = "/tmp/sendwatch-nodes-XXXXXX";
static int ports[NODES];
static pid_t nodes[NODES];

static pid_t run(const char *const words[])
{
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_RDWR);
		char *copies[32] = { NULL };

		for (int i = 0; words[i] != NULL; i++)
			copies[i] = memory_copy(span_of(words[i]));

		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execvp(copies[0], copies);
		_exit(127);
	}
	return child;
}

static struct redis *dial(int port)
{
	struct redis_login login = { .timeout = USEC_SECOND };
	struct error error;
	char address[32];

	snprintf(address, sizeof(address), "127.0.0.1:%d", port);
	return redis_open(address, &login, &error);
}

/* Does the reply to WORD (and MORE) hold TEXT? */
static bool says(int port, const char *word, const char *more, const char *text)
{
	struct redis *redis = dial(port);
	struct redis_reply reply;
	struct error error;
	bool found = redis != NULL &&
		     redis_ask(redis, (struct span[]){ span_of(word), span_of(more) }, 2, &reply, &error) &&
		     span_find(reply.text, span_of(text)) < reply.text.len;

	redis_close(&redis);
	return found;
}

static void await(int port, const char *word, const char *more, const char *text)
{
	for (int i = 0; i < 2400; i++) {
		if (says(port, word, more, text))
			return;
		poll(NULL, 0, 50);
	}
	fail_msg("port %d: %s %s never said %s", port, word, more, text);
}

static int free_port(int from)
{
	/* A cluster's nodes also listen 10,000 ports higher. */
	for (int port = from; port < from + 500; port++) {
		struct redis *there = dial(port);

		if (there == NULL)
			return port;
		redis_close(&there);
	}
	return from;
}

/* Eight of its own for each process, which may run beside its sanitized twin; with 10,000 more still no port that is given
 * to clients. */
static int first_port(int from)
{
	return from + (int)(getpid() % 200) * 8;
}

static void node_start(int at, bool cluster, int master)
{
	char port[16], dir[64], master_port[16];
	const char *words[24] = { "redis-server", "--port", port,     "--dir",    dir,
				  "--save",       "",       "--bind", "127.0.0.1" };
	size_t count = 9;

	snprintf(port, sizeof(port), "%d", ports[at]);
	snprintf(dir, sizeof(dir), "%s/%d", folder, at);
	snprintf(master_port, sizeof(master_port), "%d", master);
	mkdir(dir, 0700);
	if (cluster) {
		words[count++] = "--cluster-enabled";
		words[count++] = "yes";
		words[count++] = "--cluster-node-timeout";
		words[count++] = "1000";
	}
	if (master > 0) {
		words[count++] = "--replicaof";
		words[count++] = "127.0.0.1";
		words[count++] = master_port;
	}
	words[count] = NULL;
	nodes[at] = run(words);
}

static void node_kill(int at)
{
	if (nodes[at] <= 0)
		return;
	kill(nodes[at], SIGKILL);
	waitpid(nodes[at], NULL, 0);
	nodes[at] = 0;
}

static struct store *store_new(const struct redis_options *options, const char *name)
{
	struct error error;
	struct store *store = store_redis_new(options, 10000, &error);

	assert_non_null(store);
	store_source(store, 0, span_of(name));
	return store;
}

static void count(struct store *store, uint32_t number)
{
	char account[32];
	struct delta delta = {
		.kind = DELTA_ATTEMPT,
		.time = START + number * USEC_SECOND,
		.count = 1,
		.outcome = COUNT_DELIVERED,
		.elsewhere = true,
		.message = number,
		.recipient = number * 2654435761U | 1,
		.network = 1,
	};
	struct applied applied;
	struct record *record;

	snprintf(account, sizeof(account), "user%u@example.com", number % ACCOUNTS);
	record = store->calls->record(store, span_of(account), true);
	store->calls->apply(store, record, &delta, 0, number, &applied);
	/* And on a group of all. */
	record = store->calls->record(store, SPAN(GROUP), true);
	delta.kind = DELTA_GROUPED;
	delta.marks = UINT32_C(1) << COUNT_ARRIVED;
	store->calls->apply(store, record, &delta, 0, number, &applied);
}

static void step(struct store *store)
{
	struct pollfd ready = { .fd = store_fd(store), .events = POLLIN };

	store_flush(store, clock_monotonic(), false);
	if (!store_clean(store))
		poll(&ready, 1, 5);
	store_settle(store);
}

static void settle(struct store *store)
{
	for (usec_t from = clock_monotonic(); clock_monotonic() - from < 3 * USEC_MINUTE;) {
		store_flush(store, clock_monotonic(), false);
		if (store_clean(store))
			return;
		step(store);
	}
	fail_msg("never settled");
}

/* What a server that knows nothing yet finds in Redis. */
static uint64_t total(const struct redis_options *options)
{
	struct store *store = store_new(options, "a reader");
	uint64_t sum = 0, grouped = 0;

	store->calls->keep(store, store->calls->record(store, SPAN(GROUP), true));

	for (uint32_t i = 0; i < ACCOUNTS; i++) {
		char account[32];
		struct record *record;

		snprintf(account, sizeof(account), "user%u@example.com", i);
		record = store->calls->record(store, span_of(account), true);
		store->calls->keep(store, record); /* offers an empty record, and is told what is there */
	}
	settle(store);
	for (struct record *record = store->calls->next(store, NULL); record != NULL;
	     record = store->calls->next(store, record)) {
		struct counts sums[HORIZONS];

		windows_sum(&record->windows, record->now, sums);
		sum += sums[HORIZON_24H].n[COUNT_RECIPIENTS];
		if (strcmp(record->name, GROUP) == 0)
			grouped = sums[HORIZON_24H].n[COUNT_ARRIVED];
	}
	assert_int_equal(grouped, sum);
	store_free(&store);
	return sum;
}

static bool replicated(int from, int to)
{
	for (int at = from; at < to; at++)
		if (says(ports[at], "INFO", "replication", "role:master") &&
		    !says(ports[at], "INFO", "replication", "state=online"))
			return false;
	return true;
}

static void await_replicas(int count_of)
{
	for (int i = 0; i < 2400 && !replicated(0, count_of); i++)
		poll(NULL, 0, 50);
	assert_true(replicated(0, count_of));
}

/* A replica of the lost master has taken over. */
static void await_promotion(void)
{
	int masters = 0;

	for (int i = 0; i < 2400 && masters < 3; i++) {
		masters = 0;
		for (int at = 1; at < NODES; at++)
			masters += says(ports[at], "INFO", "replication", "role:master");
		poll(NULL, 0, 50);
	}
	assert_int_equal(masters, 3);
}

static char addresses[NODES][32];
static char *servers[NODES];
static struct redis_options cluster_options = {
	.topology = REDIS_CLUSTER,
	.servers = { servers, NODES },
	.timeout = USEC_SECOND,
	.keep = USEC_DAY,
	.batch = 50,
	.memory = 64 * 1024 * 1024,
	.replicas = 1,
};

/* Three masters and three replicas, where they are not there yet; the next test goes on with them. */
static void cluster_start(char *prefix)
{
	const char *words[16] = { "redis-cli", "--cluster", "create" };
	int status;

	cluster_options.prefix = prefix;
	if (nodes[0] > 0)
		return;
	for (int i = 0; i < NODES; i++) {
		ports[i] = free_port(i == 0 ? first_port(21000) : ports[i - 1] + 1);
		node_start(i, true, 0);
		snprintf(addresses[i], sizeof(addresses[i]), "127.0.0.1:%d", ports[i]);
		words[3 + i] = servers[i] = addresses[i];
	}
	for (int i = 0; i < NODES; i++)
		await(ports[i], "INFO", "server", "_mode:cluster");
	words[3 + NODES] = "--cluster-replicas";
	words[4 + NODES] = "1";
	words[5 + NODES] = "--cluster-yes";
	words[6 + NODES] = NULL;
	assert_int_equal(waitpid(run(words), &status, 0) > 0 && WEXITSTATUS(status), 0);
	for (int i = 0; i < NODES; i++)
		await(ports[i], "CLUSTER", "INFO", "cluster_state:ok");
	await_replicas(NODES);
}

/* Ask the node on PORT; its answer, as text. A refusal is one, too. */
static void tell(int port, char answer[128], size_t count_of, const struct span *words)
{
	struct redis *redis = dial(port);
	struct redis_reply reply = { .text = { "", 0 } };
	struct error error;

	assert_non_null(redis);
	(void)redis_ask(redis, words, count_of, &reply, &error);
	snprintf(answer, 128, "%.*s", SPAN_ARGS(reply.text));
	redis_close(&redis);
}
#define TELL(port, answer, ...) \
	tell(port, answer, sizeof((struct span[]){ __VA_ARGS__ }) / sizeof(struct span), \
	     (struct span[]){ __VA_ARGS__ })

/* The master of a slot, and another one. */
static void masters_of(struct span key, int *from_r, int *to_r)
{
	*from_r = *to_r = -1;
	for (int i = 0; i < NODES; i++) {
		char answer[128];

		if (!says(ports[i], "INFO", "replication", "role:master"))
			continue;
		TELL(ports[i], answer, SPAN("EXISTS"), key);
		if (span_starts(span_of(answer), SPAN("MOVED")))
			*to_r = ports[i];
		else
			*from_r = ports[i];
	}
	assert_true(*from_r > 0 && *to_r > 0);
}

static void count_some(struct store *a, struct store *b, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i <= to; i++) {
		count(i % 2 == 0 ? a : b, i);
		if (i % 50 == 0) {
			step(a);
			step(b);
		}
	}
	settle(a);
	settle(b);
}

/* A slot is handed from one master to another: first its key is asked for there (ASK), then it has moved. */
static void a_slot_on_its_way_is_followed(void **state)
{
	struct text name = { 0 };
	struct span key;
	char slot[16], answer[128], from_id[128], to_id[128], to_port[16];
	struct store *a, *b;
	int from, to;

	(void)state;
	redis_record_key("ask", SPAN("user7@example.com"), &name);
	key = text_span(&name);
	cluster_start((char[]){ "ask" });
	a = store_new(&cluster_options, "mx1:/var/log/mail.log");
	b = store_new(&cluster_options, "mx2:/var/log/mail.log");
	count_some(a, b, 1, 1000);
	masters_of(key, &from, &to);
	snprintf(slot, sizeof(slot), "%u", redis_slot(key));
	snprintf(to_port, sizeof(to_port), "%d", to);
	TELL(from, from_id, SPAN("CLUSTER"), SPAN("MYID"));
	TELL(to, to_id, SPAN("CLUSTER"), SPAN("MYID"));
	TELL(to, answer, SPAN("CLUSTER"), SPAN("SETSLOT"), span_of(slot), SPAN("IMPORTING"),
	     span_of(from_id));
	assert_string_equal(answer, "OK");
	TELL(from, answer, SPAN("CLUSTER"), SPAN("SETSLOT"), span_of(slot), SPAN("MIGRATING"),
	     span_of(to_id));
	assert_string_equal(answer, "OK");
	TELL(from, answer, SPAN("MIGRATE"), SPAN("127.0.0.1"), span_of(to_port), key, SPAN("0"),
	     SPAN("5000"));
	assert_string_equal(answer, "OK");
	TELL(from, answer, SPAN("HGET"), key, SPAN("version"));
	assert_true(span_starts(span_of(answer), SPAN("ASK ")));
	count_some(a, b, 1001, 2000);
	assert_int_equal(total(&cluster_options), 2000);
	/* The node that takes it over has lost our function. */
	TELL(to, answer, SPAN("FUNCTION"), SPAN("FLUSH"));
	TELL(to, answer, SPAN("SCRIPT"), SPAN("FLUSH"));
	count_some(a, b, 2001, 2400);
	for (int i = 0; i < 2; i++)
		TELL(i == 0 ? to : from, answer, SPAN("CLUSTER"), SPAN("SETSLOT"), span_of(slot),
		     SPAN("NODE"), span_of(to_id));
	count_some(a, b, 2401, 3000);
	assert_int_equal(total(&cluster_options), 3000);
	store_free(&a);
	store_free(&b);
	text_free(&name);
}

/* What `sendwatch check` says. */
static struct text said;
static int bad;

static void hear(void *context, bool good, const char *words)
{
	(void)context;
	text_add_format(&said, "%s\n", words);
	bad += !good;
}

static size_t times_said(const char *words)
{
	struct span rest = text_span(&said), before;
	size_t times = 0;

	while (span_cut_text(&rest, span_of(words), &before))
		times++;
	return times;
}

static void check_again(const struct redis_options *options)
{
	struct error error;

	text_clear(&said);
	bad = 0;
	(void)store_redis_check(options, hear, NULL, &error);
}

static void a_check_reaches_every_master(void **state)
{
	(void)state;
	cluster_start((char[]){ "check" });
	check_again(&cluster_options);
	if (bad > 0 || times_said("answers in ") != 3 ||
	    times_said("role:master") + times_said(", master") != 3)
		fail_msg("%s", said.at);
	cluster_options.replicas = 2;
	check_again(&cluster_options);
	cluster_options.replicas = 1;
	if (bad != 3 || times_said("[redis] replicas wants more") != 3)
		fail_msg("%s", said.at);
}

static void a_cluster_loses_a_master_and_no_count(void **state)
{
	struct store *a, *b;

	(void)state;
	cluster_start((char[]){ "test" });
	a = store_new(&cluster_options, "mx1:/var/log/mail.log");
	b = store_new(&cluster_options, "mx2:/var/log/mail.log");
	for (uint32_t i = 1; i <= 4000; i++) {
		count(i % 2 == 0 ? a : b, i);
		if (i % 50 == 0) {
			step(a);
			step(b);
		}
		if (i == 2000)
			node_kill(0); /* whatever is under way */
	}
	/* Nothing of its shard counts as safe until there is a replica again. */
	await_promotion();
	node_start(0, true, 0);
	settle(a);
	settle(b);
	store_free(&a);
	store_free(&b);
	assert_int_equal(total(&cluster_options), 4000);
	for (int i = 0; i < NODES; i++)
		node_kill(i);
}

/*
 * A Sentinel that was kept from running for two seconds, as on a busy machine, trusts nothing that it sees for half a
 * minute (TILT); and it promotes no replica that has been without its master for ten times "down-after".
 */
static void sentinel_start(int at, const char *master)
{
	char path[64], text[256];
	const char *words[] = { "redis-server", path, "--sentinel", NULL };
	int len, fd;

	snprintf(path, sizeof(path), "%s/sentinel-%d.conf", folder, at);
	len = snprintf(text, sizeof(text),
		       "port %d\nbind 127.0.0.1\ndir %s\nsentinel monitor mymaster 127.0.0.1 %s 2\n"
		       "sentinel down-after-milliseconds mymaster 4000\n"
		       "sentinel failover-timeout mymaster 3000\n",
		       ports[at], folder, master);
	/* One that is started again is the same: Sentinels of Redis 6.0 count another in its place as one more. */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		assert_int_equal(write(fd, text, (size_t)len), len);
		close(fd);
	}
	nodes[at] = run(words);
}

/* Every Sentinel names one of the replicas. */
static void await_another_master(void)
{
	usec_t from = clock_monotonic();
	char one[48], other[48];

	snprintf(one, sizeof(one), "address=127.0.0.1:%d,", ports[1]);
	snprintf(other, sizeof(other), "address=127.0.0.1:%d,", ports[2]);
	for (int i = 3; i < 6; i++)
		while (!says(ports[i], "INFO", "sentinel", one) &&
		       !says(ports[i], "INFO", "sentinel", other)) {
			if (clock_monotonic() - from > 2 * USEC_MINUTE)
				fail_msg("port %d: names no other master", ports[i]);
			poll(NULL, 0, 50);
		}
}

/* Have both replicas all that the master has? */
static bool replicas_are_level(int port)
{
	struct redis *redis = dial(port);
	struct redis_reply reply;
	struct error error;
	struct span rest, before, number;
	char offset[48];
	int level = 0;

	assert_non_null(redis);
	assert_true(
		redis_ask(redis, (struct span[]){ SPAN("INFO"), SPAN("replication") }, 2, &reply, &error));
	rest = reply.text;
	assert_true(span_cut_text(&rest, SPAN("master_repl_offset:"), &before) &&
		    span_cut(&rest, '\r', &number));
	snprintf(offset, sizeof(offset), ",offset=%.*s,", SPAN_ARGS(number));
	rest = reply.text;
	while (span_cut_text(&rest, span_of(offset), &before))
		level++;
	redis_close(&redis);
	return level == 2;
}

static void await_level(int port)
{
	for (int i = 0; i < 2400; i++) {
		if (replicas_are_level(port))
			return;
		poll(NULL, 0, 50);
	}
	fail_msg("port %d: its replicas stay behind", port);
}

static void sentinel_names_the_new_master(void **state)
{
	char master[16];
	struct redis_options options = {
		.topology = REDIS_SENTINEL,
		.servers = { servers, 3 },
		.master = (char[]){ "mymaster" },
		.timeout = USEC_SECOND,
		.prefix = (char[]){ "other" },
		.keep = USEC_DAY,
		.batch = 50,
		.memory = 64 * 1024 * 1024,
	};
	struct store *store;

	(void)state;
	for (int i = 0; i < NODES; i++)
		ports[i] = free_port(i == 0 ? first_port(23000) : ports[i - 1] + 1);
	for (int i = 0; i < 3; i++)
		node_start(i, false, i == 0 ? 0 : ports[0]);
	await(ports[0], "INFO", "replication", "connected_slaves:2");
	await_replicas(3);
	snprintf(master, sizeof(master), "%d", ports[0]);
	for (int i = 0; i < 3; i++) {
		sentinel_start(3 + i, master);
		snprintf(addresses[i], sizeof(addresses[i]), "127.0.0.1:%d", ports[3 + i]);
		servers[i] = addresses[i];
	}
	for (int i = 3; i < 6; i++)
		await(ports[i], "INFO", "sentinel", "slaves=2,sentinels=3");
	check_again(&options);
	if (bad > 0 || times_said("Sentinel, says that the master is 127.0.0.1") != 3 ||
	    times_said("answers in ") != 1)
		fail_msg("%s", said.at);
	node_kill(4);
	check_again(&options);
	if (bad > 0 || times_said("this Sentinel is of no help") != 1)
		fail_msg("%s", said.at);
	sentinel_start(4, master);
	for (int i = 3; i < 6; i++)
		await(ports[i], "INFO", "sentinel", "slaves=2,sentinels=3");
	store = store_new(&options, "mx1:/var/log/mail.log");
	for (uint32_t i = 1; i <= 2000; i++) {
		count(store, i);
		if (i % 50 == 0)
			step(store);
		if (i == 1000) {
			settle(store);
			await_level(ports[0]);
			node_kill(0);
		}
	}
	await_another_master();
	settle(store);
	store_free(&store);
	assert_int_equal(total(&options), 2000);
	for (int i = 0; i < NODES; i++)
		node_kill(i);
}

static int begin(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int drop(const char *path, const struct stat *about, int kind, struct FTW *ftw)
{
	(void)about;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int end(void **state)
{
	(void)state;
	text_free(&said);
	for (int i = 0; i < NODES; i++)
		node_kill(i);
	return nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slot_on_its_way_is_followed),
		cmocka_unit_test(a_check_reaches_every_master),
		cmocka_unit_test(a_cluster_loses_a_master_and_no_count),
		cmocka_unit_test(sentinel_names_the_new_master),
	};

	signal(SIGPIPE, SIG_IGN);
	if (access("/usr/bin/redis-server", X_OK) != 0 || access("/usr/bin/redis-cli", X_OK) != 0) {
		puts("skip: redis-server and redis-cli are not here");
		return 77;
	}
	return cmocka_run_group_tests(tests, begin, end);
}
