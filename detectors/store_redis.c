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
#include "base/memory.h"
#include "detectors/redis_exchange.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define EVICT_TRIES 16 /* copies that are looked at for one more: enough to get smaller again */

static struct store_redis *redis_of(struct store *store)
{
	return (struct store_redis *)store;
}

static bool same_account(const void *record, struct span key)
{
	return span_equal(span_of(((const struct record *)record)->name), key);
}

void changes_drop(struct store_redis *redis, struct copy *copy)
{
	redis->change_bytes -= copy->change_room * sizeof(*copy->changes);
	free(copy->changes);
	copy->changes = NULL;
	copy->change_count = copy->change_room = copy->change_sent = 0;
}

static void copy_evict(struct store_redis *redis, struct copy *copy)
{
	assert(!copy->queued && !copy->under_way);
	if (redis->store.evicted != NULL)
		redis->store.evicted(redis->store.context, &copy->record);
	changes_drop(redis, copy);
	record_free(&copy->record);
	map_remove(redis->map, copy);
	redis->stats.evicted++;
}

/*
 * Only what Redis has seen goes. Where that is not found soon there are more copies for a while: redis_full says so
 * long before, but who asks it does so between two bites of lines, and when Redis came back empty all are queued.
 */
static void copies_make_room(struct store_redis *redis)
{
	for (int i = 0; i < EVICT_TRIES && map_stats(redis->map).count >= redis->most; i++) {
		struct copy *oldest = map_oldest(redis->map);

		if (oldest->queued || oldest->under_way)
			map_touch(redis->map, oldest);
		else
			copy_evict(redis, oldest);
	}
}

void copy_queue(struct store_redis *redis, struct copy *copy)
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
		copies_make_room(redis);
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
	if (change_covered(&change, copy->reached)) {
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

/* --- the rest of the contract --- */

static void redis_flush(struct store *store, usec_t now, bool hurry)
{
	exchanges_flush(redis_of(store), now, hurry);
}

static void redis_settle(struct store *store)
{
	exchanges_settle(redis_of(store));
}

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

static bool redis_claim(struct store *store, struct span account, enum account_state state, bool late,
			char *id)
{
	struct store_redis *redis = redis_of(store);
	const struct copy *copy = map_find(redis->map, hash_stable(account), account);
	struct error error;

	/* Told twice is better than told late, or not at all. */
	if (redis_worker_away(redis->worker, &error) != USEC_NEVER)
		return true;
	/* It is raised again before its last case was sent to be ended. */
	if (copy != NULL && copy->ended != CASE_OPEN && !redis_claims_end(redis->claims, account))
		return true;
	return redis_claims_ask(redis->claims, store->server, account, state, late, id);
}

static void redis_ended(struct store *store, struct record *record)
{
	struct store_redis *redis = redis_of(store);
	struct copy *copy = (struct copy *)record;
	struct error error;

	/* A release is told by an order as well, maybe before the record is read: by then, nobody claims anything. */
	if (record->standing.state == STATE_RELEASED &&
	    redis_worker_away(redis->worker, &error) == USEC_NEVER &&
	    redis_claims_end(redis->claims, span_of(record->name)))
		copy->ended = CASE_OPEN;
	else
		copy->ended = CASE_ENDED;
	copy_queue(redis, copy);
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
	stats.bytes = map.bytes + redis->change_bytes;
	stats.took = redis_worker_took(redis->worker);
	return stats;
}

static void redis_free(struct store *store)
{
	struct store_redis *redis = redis_of(store);

	redis_worker_stop(&redis->worker); /* before what it works on */
	exchanges_free(redis);
	redis_claims_free(&redis->claims);
	for (struct copy *copy = map_oldest(redis->map); copy != NULL; copy = map_newer(redis->map, copy)) {
		free(copy->changes);
		record_free(&copy->record);
	}
	map_free(&redis->map);
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
	.ended = redis_ended,
};

struct store *store_redis_new(const struct redis_options *options, uint32_t most, struct error *error)
{
	struct store_redis *redis = memory_new(1, sizeof(*redis));
	struct text raised = { 0 };
	struct map_options map = {
		.record_size = sizeof(struct copy),
		.same = same_account,
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
	redis->claims = redis_claims_new(options);
	redis->exchanges = memory_new((size_t)options->batch, sizeof(*redis->exchanges));
	redis->calls = memory_new((size_t)options->batch * (2 + REDIS_CLAIMS) + LISTING_PAGE,
				  sizeof(*redis->calls));
	snprintf(redis->keep, sizeof(redis->keep), "%lld", (long long)(options->keep / USEC_SECOND));
	text_add_format(&raised, "%s:raised", options->prefix);
	redis->raised = raised.at;
	return &redis->store;
}
