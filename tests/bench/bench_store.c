/*
 * What an account costs: memory in both stores, the snapshot's size and the time to write and read it, and how many
 * attempts a second one core brings into a real redis-server, which this program starts. One JSON object a line.
 *
 *	bench_store ACCOUNTS...
 */
#define _GNU_SOURCE
#include "base/hash.h"
#include "base/memory.h"
#include "commands/options.h"
#include "commands/snapshot.h"
#include "detectors/record_pack.h"
#include "detectors/store_redis.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define START    (USEC_DAY * 20000)
#define ATTEMPTS 24 /* an account, over a week, to a dozen correspondents */
#define SENDS    200000

static char folder[] = "/tmp/sendwatch-bench-XXXXXX";
static char path[64];
static struct options options;

static void say(const char *what, size_t accounts, double value, const char *unit)
{
	printf("{\"name\": \"store %s, %zu accounts\", \"value\": %.6g, \"unit\": \"%s\"}\n", what, accounts,
	       value, unit);
	fflush(stdout);
}

static double seconds_since(usec_t from)
{
	return (double)(clock_monotonic() - from) / USEC_SECOND;
}

static double cpu_of(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	       ((double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec) / 1e6;
}

static struct record *record_of(struct store *store, uint64_t account)
{
	char name[48];

	snprintf(name, sizeof(name), "user%llu@customer%llu.example", (unsigned long long)account,
		 (unsigned long long)account % 5000);
	return store->calls->record(store, span_of(name), true);
}

static void send(struct store *store, uint64_t account, uint32_t number, uint64_t position)
{
	struct record *record = record_of(store, account);
	struct applied applied;
	struct habit_day day;
	struct delta delta = {
		.kind = DELTA_ATTEMPT,
		.account_kind = ACCOUNT_LOGIN,
		.time = START + number * (7 * USEC_DAY / ATTEMPTS),
		.count = 1,
		.outcome = number % 40 == 39 ? COUNT_INVALID : COUNT_DELIVERED,
		.elsewhere = true,
		.message = number + 1,
		.recipient = (uint32_t)(account * 31 + number % 12) * 2654435761U | 1,
		.client = (uint32_t)account | 1,
		.network = (uint32_t)account % 1000 + 1,
		.country = 7,
		.sender = (uint32_t)account | 1,
		.helo = 5,
	};

	if (record_due(record, delta.time))
		(void)record_close(record, delta.time, 18, &day);
	store->calls->apply(store, record, &delta, 0, position, &applied);
}

static double bytes_of(struct store *store)
{
	double bytes = (double)store->calls->stats(store).bytes;

	for (struct record *record = store->calls->next(store, NULL); record != NULL;
	     record = store->calls->next(store, record))
		bytes += (double)(record_bytes(record) - sizeof(*record));
	return bytes;
}

static void no_verdict(void *context, const struct verdict *verdict)
{
	(void)context;
	(void)verdict;
}

static void bench_snapshot(struct judge *judge, size_t accounts, bool idle)
{
	const struct judge_sink sink = { .verdict = no_verdict };
	struct health *health = health_new(&options.health, no_verdict, NULL), *read = NULL;
	struct store *store = store_memory_new((uint32_t)accounts + 1);
	struct judge *other = judge_new(&options.judge, store, &sink);
	struct snapshot snapshot;
	struct error error;
	struct stat about;
	usec_t from = clock_monotonic();
	double own;
	pid_t child;

	if (!snapshot_write(path, SPAN("bench\n"), judge, true, health, &error))
		fprintf(stderr, "bench_store: %s\n", error.text);
	say("snapshot written", accounts, seconds_since(from), "s");
	stat(path, &about);
	say("snapshot size", accounts, (double)about.st_size / (double)accounts, "bytes an account");
	from = clock_monotonic();
	child = fork();
	if (child == 0)
		_exit(0);
	say("reading stands still for a save", accounts, seconds_since(from) * 1000, "ms");
	waitpid(child, NULL, 0);
	read = health_new(&options.health, no_verdict, NULL);
	from = clock_monotonic();
	own = cpu_of(RUSAGE_SELF);
	if (snapshot_open(path, &snapshot, &error) != SNAPSHOT_GOOD ||
	    !snapshot_restore(&snapshot, other, read))
		fprintf(stderr, "bench_store: %s\n", error.text);
	snapshot_close(&snapshot);
	say(idle ? "start from a snapshot, all idle" : "start from a snapshot", accounts, seconds_since(from),
	    "s");
	say(idle ? "the same, processor alone, all idle" : "the same, processor alone", accounts,
	    cpu_of(RUSAGE_SELF) - own, "s");
	if (store->calls->stats(store).records != accounts)
		fprintf(stderr, "bench_store: not all came back\n");
	judge_free(&other);
	store_free(&store);
	health_free(&health);
	health_free(&read);
	unlink(path);
}

/* Of one that wrote to as many as are remembered: what each costs here, and in the bytes that Redis keeps. */
static void bench_recipients(size_t accounts)
{
	struct record few = { .name = NULL }, many = { .name = NULL };
	struct text bytes_few = { 0 }, bytes_many = { 0 };
	double more;

	for (uint32_t i = 1; i <= 2 * RECORD_RECIPIENTS; i++) {
		struct delta delta = { .kind = DELTA_ATTEMPT,
				       .time = START,
				       .count = 1,
				       .outcome = COUNT_DELIVERED,
				       .elsewhere = true,
				       .message = i };
		struct applied ignored;

		delta.recipient = 1;
		record_apply(&few, &delta, &ignored);
		delta.recipient = (uint32_t)hash_stable((struct span){ (const char *)&i, sizeof(i) });
		record_apply(&many, &delta, &ignored);
	}
	record_trim(&few, START + 30 * USEC_DAY);
	record_trim(&many, START + 30 * USEC_DAY);
	record_pack(&few, &bytes_few);
	record_pack(&many, &bytes_many);
	more = record_correspondents(&many) - record_correspondents(&few);
	say("memory: a remembered recipient", accounts,
	    ((double)record_bytes(&many) - (double)record_bytes(&few)) / more, "bytes");
	say("redis: a remembered recipient", accounts, (double)(bytes_many.len - bytes_few.len) / more,
	    "bytes");
	text_free(&bytes_few);
	text_free(&bytes_many);
	record_free(&few);
	record_free(&many);
}

/* A domain of twenty accounts, and one that so many write from and to that they are only told about. */
static void bench_groups(size_t accounts)
{
	static const struct {
		const char *here, *there;
		uint32_t different;
	} rows[] = {
		{ "memory: a group of the last week", "redis: a group of the last week, packed", 20 },
		{ "memory: a group of 10,000 clients, senders and domains", "redis: the same, packed",
		  10000 },
	};

	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		struct record group = { .name = NULL };
		struct text bytes = { 0 };

		for (uint32_t i = 0; i < 20000; i++) {
			const uint32_t thing = (i % rows[row].different + 1) * 2654435761U | 1;
			const struct delta delta = { .kind = DELTA_GROUPED,
						     .time = START + i * (7 * USEC_DAY / 20000),
						     .count = 1,
						     .marks = 15,
						     .client = thing,
						     .network = i % 5 + 1,
						     .country = i % 3 + 1,
						     .domain = thing,
						     .sender = thing };
			struct applied ignored;

			record_apply(&group, &delta, &ignored);
		}
		record_pack(&group, &bytes);
		say(rows[row].here, accounts, (double)record_bytes(&group), "bytes");
		say(rows[row].there, accounts, (double)bytes.len, "bytes");
		text_free(&bytes);
		record_free(&group);
	}
}

static void bench_memory(size_t accounts)
{
	const struct judge_sink sink = { .verdict = no_verdict };
	struct store *store = store_memory_new((uint32_t)accounts + 1);
	struct judge *judge = judge_new(&options.judge, store, &sink);
	usec_t from = clock_monotonic();

	for (uint32_t i = 0; i < ATTEMPTS; i++)
		for (uint64_t account = 0; account < accounts; account++)
			send(store, account, i, 1);
	say("memory: attempts a second", accounts, (double)accounts * ATTEMPTS / seconds_since(from), "1/s");
	say("memory: an account of the last week", accounts, bytes_of(store) / (double)accounts, "bytes");
	bench_snapshot(judge, accounts, false);
	for (struct record *record = store->calls->next(store, NULL); record != NULL;
	     record = store->calls->next(store, record))
		record_trim(record, START + 30 * USEC_DAY);
	say("memory: an idle account", accounts, bytes_of(store) / (double)accounts, "bytes");
	bench_snapshot(judge, accounts, true);
	judge_free(&judge);
	store_free(&store);
}

/* --- Redis --- */

static pid_t server;
static char *servers[] = { path };

static bool server_start(void)
{
	struct redis_login login = { .timeout = USEC_SECOND };
	struct error error;

	server = fork();
	if (server == 0) {
		execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path, "--save", "",
		       "--dir", folder, "--logfile", "redis.log", (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 500; i++) {
		struct redis *redis = redis_open(path, &login, &error);

		if (redis != NULL) {
			redis_close(&redis);
			return true;
		}
		poll(NULL, 0, 10);
	}
	return false;
}

/* A number of INFO. */
static double info(const char *key)
{
	struct redis_login login = { .timeout = 5 * USEC_SECOND };
	struct error error;
	struct redis_reply reply;
	struct redis *redis = redis_open(path, &login, &error);
	double value = 0;

	if (redis != NULL && redis_ask(redis, (struct span[]){ SPAN("INFO") }, 1, &reply, &error)) {
		size_t at = span_find(reply.text, span_of(key));

		if (at < reply.text.len)
			value = strtod(reply.text.at + at + strlen(key), NULL);
	}
	redis_close(&redis);
	return value;
}

static void settle(struct store *store)
{
	while (!store_clean(store)) {
		struct pollfd ready = { .fd = store_fd(store), .events = POLLIN };

		store_flush(store, clock_monotonic(), true);
		(void)poll(&ready, 1, 10);
		store_settle(store);
	}
}

/* SENDS attempts as they come, a message's recipients at a time. */
static void bench_sending(struct store *store, size_t accounts)
{
	uint64_t calls = store->calls->stats(store).calls, position = (uint64_t)accounts * ATTEMPTS + 1;
	double in = info("total_net_input_bytes:"), out = info("total_net_output_bytes:"),
	       cpu = info("used_cpu_user:") + info("used_cpu_sys:"), own = cpu_of(RUSAGE_SELF);
	usec_t from = clock_monotonic();
	double took, used;

	for (uint32_t i = 0; i < SENDS; i++) {
		/* Five recipients of a message follow each other. */
		send(store, i / 5 * UINT64_C(2654435761) % accounts, ATTEMPTS, position++);
		/* What a busy server's 20,000 lines a second bring within 200 ms. */
		if (i % 800 == 0)
			settle(store);
	}
	settle(store);
	took = seconds_since(from);
	own = cpu_of(RUSAGE_SELF) - own;
	used = info("used_cpu_user:") + info("used_cpu_sys:") - cpu;
	say("redis: attempts a second", accounts, SENDS / took, "1/s");
	say("redis: attempts a second of one core, ours and Redis's", accounts, SENDS / (own + used), "1/s");
	say("redis: our part of the core", accounts, 100 * own / (own + used), "%");
	say("redis: calls an attempt", accounts, (double)(store->calls->stats(store).calls - calls) / SENDS,
	    "");
	say("redis: bytes an attempt, both ways", accounts,
	    (info("total_net_input_bytes:") - in + info("total_net_output_bytes:") - out) / SENDS, "bytes");
}

static void bench_redis(size_t accounts)
{
	struct error error;
	struct store *store;
	double empty;

	if (!server_start()) {
		fprintf(stderr, "bench_store: redis-server is not here\n");
		return;
	}
	empty = info("used_memory:");
	options.redis.topology = REDIS_SINGLE;
	options.redis.servers = (struct setting_list){ servers, 1 };
	store = store_redis_new(&options.redis, (uint32_t)accounts * 3, &error);
	store_source(store, 0, SPAN("mx1:/var/log/mail.log"));
	for (uint64_t account = 0; account < accounts; account++) {
		for (uint32_t i = 0; i < ATTEMPTS; i++)
			send(store, account, i, i + 1);
		if (account % 1000 == 0)
			settle(store);
	}
	settle(store);
	say("redis: an account of the last week, in Redis", accounts,
	    (info("used_memory:") - empty) / (double)accounts, "bytes");
	say("redis: an account, in the collector", accounts, bytes_of(store) / (double)accounts, "bytes");
	bench_sending(store, accounts);
	store_free(&store);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	unlink(path);
}

int main(int argc, char **argv)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	snprintf(path, sizeof(path), "%s/redis.sock", folder);
	settings_defaults(options_sections(), &options);
	for (int i = 1; i < argc; i++) {
		size_t accounts = strtoul(argv[i], NULL, 10);

		bench_recipients(accounts);
		bench_groups(accounts);
		bench_memory(accounts);
		bench_redis(accounts);
	}
	snprintf(path, sizeof(path), "%s/redis.log", folder);
	unlink(path);
	return rmdir(folder) == 0 ? 0 : 1;
}
