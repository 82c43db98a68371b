/*
 * The store that many servers share. Each account's record is one hash in Redis: its version, and its
 * bytes (record_pack.h) behind the position up to which each source was counted in it. Here is a copy of
 * what this server deals with.
 *
 * A change is counted on the copy at once, and remembered. A flush offers Redis the new bytes for the
 * version that the copy came from; where another server was faster, Redis answers with what is there, and
 * the changes that its positions do not cover are counted anew on that. So a record is changed by one
 * server after the other, what is sent or read twice counts once, and what counting means is written once,
 * in C (record_apply).
 *
 * Until Redis has answered for the first time a record is `unsettled`: others may know the account well,
 * so the judge waits for that answer.
 *
 * A version is a number that is never taken twice. Where Redis went back (it came back empty, or a replica
 * that lacked the last writes is the master now), the copy that has all that is left there, and more, takes
 * its place; and since other accounts may have fallen back too, all copies are offered. That restores what this
 * server knew. What a failover may lose of what others counted in between, only replicas that must have it
 * prevent: [redis] replicas.
 *
 * Limit: a record keeps the positions of REDIS_SOURCES sources. One that comes back after so many others, to read
 * again lines that it had counted, counts them twice.
 */
#include "detectors/store_redis.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "detectors/redis_record.h"
#include "detectors/redis_worker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

struct change {
	struct delta delta;
	struct reached line;
};

struct copy {
	struct record record;                  /* first member: a record is its copy */
	uint64_t version;                      /* of Redis's record that this one came from; 0: none */
	struct reached reached[REDIS_SOURCES]; /* of that version; the latest used first */
	struct change *changes;                /* since then; owned */
	uint32_t change_count, change_room;
	uint32_t change_sent; /* of them, part of the bytes that are under way */
	enum account_state listed;
	bool queued, under_way;
	struct copy *next; /* in the queue */
};

/* One record of the batch that is under way, and Redis's answer. */
struct exchange {
	struct copy *copy;
	char *key;
	char expected[24], offered[24]; /* versions */
	uint64_t version;               /* the latter */
	struct reached reached[REDIS_SOURCES];
	struct text bytes;
	uint64_t version_now;
	struct text bytes_now;
	bool answered;
};

struct store_redis {
	struct store store;
	const struct redis_options *options;
	struct redis_worker *worker;
	struct redis_route *claims; /* the main thread's own; made when needed */
	struct map *map;
	uint64_t *sources; /* hash of each source's name, by number */
	uint32_t source_count;
	struct copy *first, **last; /* queue of those to be sent */
	uint64_t queued;
	struct exchange *exchanges;
	struct redis_call *calls;
	size_t under_way; /* exchanges */
	char keep[24], *raised;
	usec_t flushed;
	bool restoring;          /* all copies were queued, and not all are out yet */
	uint64_t seed, versions; /* of version numbers: random, and how many were taken */
	struct store_stats stats;
	size_t change_bytes;
	uint32_t most; /* copies */
};

static struct store_redis *redis_of(struct store *store)
{
	return (struct store_redis *)store;
}

static bool same_account(const void *record, struct span key)
{
	return span_equal(span_of(((const struct record *)record)->name), key);
}

static void changes_drop(struct store_redis *redis, struct copy *copy)
{
	redis->change_bytes -= copy->change_room * sizeof(*copy->changes);
	free(copy->changes);
	copy->changes = NULL;
	copy->change_count = copy->change_room = copy->change_sent = 0;
}

/* Only what Redis has seen goes: redis_full keeps the others fewer than there is room for. */
static void copy_evicted(void *context, void *record)
{
	struct store_redis *redis = context;
	struct copy *copy = record;

	assert(!copy->queued && !copy->under_way);
	if (redis->store.evicted != NULL)
		redis->store.evicted(redis->store.context, record);
	changes_drop(redis, copy);
	record_free(&copy->record);
}

static void copy_queue(struct store_redis *redis, struct copy *copy)
{
	if (copy->queued)
		return;
	copy->queued = true;
	copy->next = NULL;
	*redis->last = copy;
	redis->last = &copy->next;
	redis->queued++;
}

static struct record *redis_record(struct store *store, struct span account, bool make)
{
	struct store_redis *redis = redis_of(store);
	uint64_t hash = hash_stable(account);
	struct copy *copy = map_find(redis->map, hash, account);

	if (copy == NULL && make) {
		copy = map_add(redis->map, hash);
		copy->record.name = memory_copy(account);
		copy->record.hash = hash;
		copy->record.unsettled = true;
	}
	return copy == NULL ? NULL : &copy->record;
}

static void redis_source(struct store *store, uint32_t source, struct span name)
{
	struct store_redis *redis = redis_of(store);

	if (source >= redis->source_count) {
		redis->sources = memory_grow(redis->sources, source + 1U, sizeof(*redis->sources));
		memset(redis->sources + redis->source_count, 0,
		       (source + 1U - redis->source_count) * sizeof(*redis->sources));
		redis->source_count = source + 1;
	}
	redis->sources[source] = hash_stable(name) | 1; /* 0 is none */
}

/* --- counting --- */

static void change_keep(struct store_redis *redis, struct copy *copy, const struct change *change)
{
	if (copy->change_count == copy->change_room) {
		uint32_t room = copy->change_room == 0 ? 4 : copy->change_room * 2;

		copy->changes = memory_grow(copy->changes, room, sizeof(*copy->changes));
		redis->change_bytes += (room - copy->change_room) * sizeof(*copy->changes);
		copy->change_room = room;
	}
	copy->changes[copy->change_count++] = *change;
}

static void redis_apply(struct store *store, struct record *record, const struct delta *delta,
			uint32_t source, uint64_t position, struct applied *applied_r)
{
	struct store_redis *redis = redis_of(store);
	struct copy *copy = (struct copy *)record;
	const struct change change = {
		*delta,
		{ source < redis->source_count ? redis->sources[source] : source + UINT64_C(1), position },
	};

	*applied_r = (struct applied){ 0 };
	map_touch(redis->map, copy);
	if (reached_covers(copy->reached, change.line)) {
		redis->stats.repeated++;
		return;
	}
	redis->stats.applied++;
	change_keep(redis, copy, &change);
	copy_queue(redis, copy);
	record_apply(record, delta, applied_r);
}

static void redis_keep(struct store *store, struct record *record)
{
	copy_queue(redis_of(store), (struct copy *)record);
}

/* --- what goes out --- */

static void exchange_answered(struct redis_call *call, const struct redis_reply *reply)
{
	struct exchange *exchange = call->context;
	struct redis_reply version = redis_member(reply, 0), bytes = redis_member(reply, 1);

	exchange->answered = span_to_u64(version.text, &exchange->version_now);
	text_clear(&exchange->bytes_now);
	if (bytes.kind == REDIS_TEXT)
		text_add(&exchange->bytes_now, bytes.text);
}

static void listed_answered(struct redis_call *call, const struct redis_reply *reply)
{
	(void)call;
	(void)reply;
}

/* A version that nobody ever takes again, neither this process nor another. */
static uint64_t version_take(struct store_redis *redis)
{
	redis->versions++;
	return hash_stable_more(redis->seed,
				(struct span){ (const char *)&redis->versions, sizeof(redis->versions) }) |
	       1;
}

/* The next of the queue, packed; its call goes to CALL. */
static void exchange_begin(struct store_redis *redis, struct exchange *exchange, struct redis_call *call)
{
	struct copy *copy = redis->first;
	struct text key = { 0 };

	redis->first = copy->next;
	if (redis->first == NULL)
		redis->last = &redis->first;
	redis->queued--;
	copy->queued = false;
	copy->under_way = true;
	copy->change_sent = copy->change_count;
	*exchange = (struct exchange){ .copy = copy };
	memcpy(exchange->reached, copy->reached, sizeof(exchange->reached));
	for (uint32_t i = 0; i < copy->change_count; i++)
		reached_raise(exchange->reached, copy->changes[i].line);
	redis_record_pack(exchange->reached, &copy->record, &exchange->bytes);
	exchange->version = version_take(redis);
	snprintf(exchange->expected, sizeof(exchange->expected), "%llu", (unsigned long long)copy->version);
	snprintf(exchange->offered, sizeof(exchange->offered), "%llu", (unsigned long long)exchange->version);
	redis_record_key(redis->options->prefix, span_of(copy->record.name), &key);
	exchange->key = key.at;
	*call = (struct redis_call){
		.key = text_span(&key),
		.words = { span_of(exchange->expected), span_of(redis->keep), text_span(&exchange->bytes),
			   span_of(exchange->offered) },
		.count = 4,
		.function = true,
		.answered = exchange_answered,
		.context = exchange,
	};
}

/* Who is not normal stands in a set of its own, so that `accounts` need not look at all records. */
static size_t list_begin(struct store_redis *redis, struct copy *copy, struct redis_call *call)
{
	enum account_state state = copy->record.standing.state;

	if (state == copy->listed)
		return 0;
	copy->listed = state;
	*call = (struct redis_call){
		.key = span_of(redis->raised),
		.words = { state == STATE_NORMAL ? SPAN("SREM") : SPAN("SADD"), span_of(redis->raised),
			   span_of(copy->record.name) },
		.count = 3,
		.answered = listed_answered,
	};
	return 1;
}

static void redis_settle(struct store *store);

static void redis_flush(struct store *store, usec_t now, bool hurry)
{
	struct store_redis *redis = redis_of(store);
	size_t calls = 0;

	redis_settle(store);
	if (redis->under_way > 0 || redis->first == NULL ||
	    (!hurry && now - redis->flushed < redis->options->flush &&
	     redis->queued < (uint64_t)redis->options->batch))
		return;
	redis->flushed = now;
	while (redis->first != NULL && redis->under_way < (size_t)redis->options->batch) {
		struct copy *copy = redis->first;

		exchange_begin(redis, &redis->exchanges[redis->under_way++], &redis->calls[calls++]);
		calls += list_begin(redis, copy, &redis->calls[calls]);
	}
	redis->stats.calls += calls;
	redis_worker_give(redis->worker, redis->calls, calls);
}

/* --- what comes back --- */

/* Redis lost something. It may have lost more: all that was ever there of what we know is offered again. */
static void redis_restore(struct store_redis *redis, struct copy *copy)
{
	redis->stats.restored++;
	copy->listed = STATE_NORMAL;
	if (redis->restoring)
		return;
	redis->restoring = true;
	for (copy = map_oldest(redis->map); copy != NULL; copy = map_newer(redis->map, copy))
		if (copy->version != 0 && !copy->under_way)
			copy_queue(redis, copy);
}

/* What another wrote in the place of ours: a newer standing and habit win, on either side. */
static void copy_take_newer(struct record *into, const struct standing *standing, const struct habit *habit)
{
	if (standing->since > into->standing.since)
		into->standing = *standing;
	if (habit->learned > into->habit.learned)
		into->habit = *habit;
}

/*
 * FOUND, with the changes counted on it that it does not have, becomes the copy. The judge could not ask while it
 * did not know what others had counted: at the FIRST answer it asks after each change, as if it came just now.
 */
static void copy_replace(struct store_redis *redis, struct copy *copy, struct record *found, bool first)
{
	struct standing standing = copy->record.standing;
	struct habit habit = copy->record.habit;
	uint32_t kept = 0;

	record_swap(&copy->record, found);
	copy->record.unsettled = false;
	copy_take_newer(&copy->record, &standing, &habit);
	for (uint32_t i = 0; i < copy->change_count; i++) {
		struct applied applied;

		if (reached_covers(copy->reached, copy->changes[i].line))
			continue;
		record_apply(&copy->record, &copy->changes[i].delta, &applied);
		copy->changes[kept++] = copy->changes[i];
		if (first && redis->store.changed != NULL)
			redis->store.changed(redis->store.context, &copy->record);
	}
	copy->change_count = kept;
	if (kept == 0)
		changes_drop(redis, copy);
}

/* Another server was faster, or Redis lost what it had: begin from there, and count our changes on it. */
static void copy_rebase(struct store_redis *redis, struct copy *copy, const struct exchange *exchange,
			bool first)
{
	struct record found = { .kind = copy->record.kind };
	struct reached reached[REDIS_SOURCES];
	bool known = copy->version != 0;

	redis->stats.rebased++;
	copy->version = exchange->version_now;
	if (exchange->version_now == 0) {
		redis_restore(redis, copy);
		return;
	}
	/* Nothing that can be read: what we have replaces it. */
	if (!redis_record_unpack(text_span(&exchange->bytes_now), reached, &found))
		return;
	if (known && reached_within(reached, copy->reached)) {
		/* Older than what we had from there, or only its standing is another's. */
		if (!reached_within(copy->reached, reached))
			redis_restore(redis, copy);
		copy_take_newer(&copy->record, &found.standing, &found.habit);
	} else {
		memcpy(copy->reached, reached, sizeof(copy->reached));
		copy_replace(redis, copy, &found, first);
	}
	record_free(&found);
}

static void exchange_end(struct store_redis *redis, struct exchange *exchange)
{
	struct copy *copy = exchange->copy;
	bool first = copy->record.unsettled,
	     taken = exchange->answered && exchange->version_now == exchange->version;

	copy->under_way = false;
	if (taken && first && copy->record.habit.days == 0) {
		/* Nobody had heard of it: from nothing, change by change. */
		struct record nothing = { .kind = copy->record.kind };

		copy_replace(redis, copy, &nothing, true);
		record_free(&nothing);
	}
	if (taken) {
		copy->version = exchange->version;
		memcpy(copy->reached, exchange->reached, sizeof(copy->reached));
		copy->change_count -= copy->change_sent;
		if (copy->change_count > 0)
			memmove(copy->changes, copy->changes + copy->change_sent,
				copy->change_count * sizeof(*copy->changes));
		else
			changes_drop(redis, copy);
	} else {
		copy_rebase(redis, copy, exchange, first);
		copy_queue(redis, copy);
	}
	copy->change_sent = 0;
	copy->record.unsettled = false;
	if ((first || !taken) && redis->store.changed != NULL)
		redis->store.changed(redis->store.context, &copy->record);
}

static void redis_settle(struct store *store)
{
	struct store_redis *redis = redis_of(store);
	size_t count = redis->under_way;

	if (count == 0 || !redis_worker_idle(redis->worker))
		return;
	redis->under_way = 0;
	for (size_t i = 0; i < count; i++) {
		struct exchange *exchange = &redis->exchanges[i];

		exchange_end(redis, exchange);
		free(exchange->key);
		text_free(&exchange->bytes);
		text_free(&exchange->bytes_now);
	}
	if (redis->first == NULL)
		redis->restoring = false;
}

/* --- the rest of the contract --- */

static int redis_fd(const struct store *store)
{
	return redis_worker_fd(((const struct store_redis *)store)->worker);
}

static bool redis_clean(const struct store *store)
{
	const struct store_redis *redis = (const struct store_redis *)store;

	return redis->under_way == 0 && redis->first == NULL;
}

static bool redis_full(const struct store *store)
{
	const struct store_redis *redis = (const struct store_redis *)store;

	return redis->change_bytes >= (size_t)redis->options->memory ||
	       (redis->queued + redis->under_way) * 2 >= redis->most;
}

static usec_t redis_away(const struct store *store, struct error *why_r)
{
	return redis_worker_away(((const struct store_redis *)store)->worker, why_r);
}

/* A claim is "server id". */
struct claim {
	bool set;
	char holder[64];
};

static void claim_set(struct redis_call *call, const struct redis_reply *reply)
{
	((struct claim *)call->context)->set = reply->kind == REDIS_STATUS;
}

static void claim_read(struct redis_call *call, const struct redis_reply *reply)
{
	struct claim *claim = call->context;

	snprintf(claim->holder, sizeof(claim->holder), "%.*s", SPAN_ARGS(reply->text));
}

/* Is the claim this server's own? Then ID is what it claimed with. */
static bool claim_is_ours(const struct claim *claim, uint64_t server, char id[VERDICT_ID_SIZE])
{
	struct span holder = span_of(claim->holder);
	char own[24];

	snprintf(own, sizeof(own), "%016llx ", (unsigned long long)server);
	if (!span_skip(&holder, span_of(own)) || holder.len == 0 || holder.len >= VERDICT_ID_SIZE)
		return false;
	memcpy(id, holder.at, holder.len);
	id[holder.len] = '\0';
	return true;
}

/* Two servers that find the same account in the same state within an hour act once. */
static bool redis_claim(struct store *store, struct span account, enum account_state state, char *id)
{
	struct store_redis *redis = redis_of(store);
	struct claim claim = { .set = false };
	char value[64];
	struct error error;
	struct text key = { 0 };
	struct redis_call calls[2];
	bool asked;

	/* Told twice is better than told late, or not at all. */
	if (redis_worker_away(redis->worker, &error) != USEC_NEVER)
		return true;
	if (redis->claims == NULL)
		redis->claims = redis_route_new(redis->options, &error);
	if (redis->claims == NULL)
		return true;
	redis_claim_key(redis->options->prefix, state, account, &key);
	snprintf(value, sizeof(value), "%016llx %s", (unsigned long long)store->server, id);
	calls[0] = (struct redis_call){
		.key = text_span(&key),
		.words = { SPAN("SET"), text_span(&key), span_of(value), SPAN("NX"), SPAN("EX"),
			   SPAN("3600") },
		.count = 6,
		.answered = claim_set,
		.context = &claim,
	};
	calls[1] = (struct redis_call){
		.key = text_span(&key),
		.words = { SPAN("GET"), text_span(&key) },
		.count = 2,
		.answered = claim_read,
		.context = &claim,
	};
	asked = redis_route_run(redis->claims, calls, 2, &error);
	text_free(&key);
	return !asked || claim.set || claim_is_ours(&claim, store->server, id);
}

static struct record *redis_next(struct store *store, const struct record *after)
{
	struct map *map = redis_of(store)->map;

	return after == NULL ? map_oldest(map) : map_newer(map, after);
}

static struct store_stats redis_stats(const struct store *store)
{
	const struct store_redis *redis = (const struct store_redis *)store;
	struct map_stats map = map_stats(redis->map);
	struct store_stats stats = redis->stats;

	stats.records = map.count;
	stats.evicted = map.evicted;
	stats.bytes = map.bytes + redis->change_bytes;
	return stats;
}

static void redis_free(struct store *store)
{
	struct store_redis *redis = redis_of(store);

	redis_worker_stop(&redis->worker); /* before what it works on */
	for (size_t i = 0; i < redis->under_way; i++) {
		free(redis->exchanges[i].key);
		text_free(&redis->exchanges[i].bytes);
		text_free(&redis->exchanges[i].bytes_now);
	}
	redis_route_free(&redis->claims);
	for (struct copy *copy = map_oldest(redis->map); copy != NULL; copy = map_newer(redis->map, copy)) {
		free(copy->changes);
		record_free(&copy->record);
	}
	map_free(&redis->map);
	free(redis->exchanges);
	free(redis->calls);
	free(redis->sources);
	free(redis->raised);
	free(redis);
}

static const struct store_calls redis_calls = {
	.name = "redis",
	.record = redis_record,
	.apply = redis_apply,
	.keep = redis_keep,
	.next = redis_next,
	.stats = redis_stats,
	.free = redis_free,
	.source = redis_source,
	.flush = redis_flush,
	.settle = redis_settle,
	.fd = redis_fd,
	.clean = redis_clean,
	.full = redis_full,
	.away = redis_away,
	.claim = redis_claim,
};

struct store *store_redis_new(const struct redis_options *options, uint32_t most, struct error *error)
{
	struct store_redis *redis = memory_new(1, sizeof(*redis));
	struct text raised = { 0 };
	struct map_options map = {
		.record_size = sizeof(struct copy),
		.most = most,
		.same = same_account,
		.evicted = copy_evicted,
		.context = redis,
	};

	redis->worker = redis_worker_start(options, error);
	if (redis->worker == NULL) {
		free(redis);
		return NULL;
	}
	redis->store.calls = &redis_calls;
	redis->options = options;
	redis->most = most;
	if (getrandom(&redis->seed, sizeof(redis->seed), 0) != (ssize_t)sizeof(redis->seed))
		redis->seed = hash_text(SPAN("version")) ^ (uint64_t)clock_monotonic();
	redis->last = &redis->first;
	redis->map = map_new(&map);
	redis->exchanges = memory_new((size_t)options->batch, sizeof(*redis->exchanges));
	redis->calls = memory_new((size_t)options->batch * 2, sizeof(*redis->calls));
	snprintf(redis->keep, sizeof(redis->keep), "%lld", (long long)(options->keep / USEC_SECOND));
	text_add_format(&raised, "%s:raised", options->prefix);
	redis->raised = raised.at;
	return &redis->store;
}
