/*
 * The batch that is under way: records packed and offered to Redis in one flush, and what comes of each answer.
 * Only one batch is under way at a time, so that what is gathered meanwhile goes out as one call an account.
 */
#include "detectors/redis_exchange.h"

#include "base/hash.h"
#include "base/memory.h"
#include "detectors/redis_route.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define RESTORE_EVERY USEC_MINUTE

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
	redis_account_name(redis->options, span_of(copy->record.name), &exchange->name);
	redis_record_key(redis->options->prefix, text_span(&exchange->name), &key);
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

/* A case that is over is nobody's: before anybody can read so in the record, and find the next one. */
static size_t case_end(struct store_redis *redis, struct exchange *exchange, struct redis_call *call)
{
	struct copy *copy = exchange->copy;

	if (copy->ended == CASE_OPEN)
		return 0;
	copy->ended = CASE_END_SENT;
	redis_claims_end_calls(redis->options->prefix, text_span(&exchange->name), exchange->claims, call);
	return REDIS_CLAIMS;
}

/* Who is not normal stands in a set of its own, so that `accounts` need not look at all records. */
static size_t list_begin(struct store_redis *redis, const struct exchange *exchange, struct redis_call *call)
{
	struct copy *copy = exchange->copy;
	enum account_state state = copy->record.standing.state;

	if (state == copy->listed)
		return 0;
	copy->listed = state;
	*call = (struct redis_call){
		.key = span_of(redis->raised),
		.words = { state == STATE_NORMAL ? SPAN("SREM") : SPAN("SADD"), span_of(redis->raised),
			   text_span(&exchange->name) },
		.count = 3,
		.answered = listed_answered,
	};
	return 1;
}

/* All that was ever in Redis, of what we know. */
static void redis_restore_all(struct store_redis *redis, usec_t now)
{
	redis->restoring = true;
	redis->restores_later = false;
	redis->restored = now;
	for (struct copy *copy = map_oldest(redis->map); copy != NULL; copy = map_newer(redis->map, copy))
		if (copy->version != 0 && !copy->under_way)
			copy_queue(redis, copy);
}

void exchanges_flush(struct store_redis *redis, usec_t now, bool hurry)
{
	size_t calls = 0;

	exchanges_settle(redis);
	if (redis->restores_later && !redis->restoring && now - redis->restored >= RESTORE_EVERY)
		redis_restore_all(redis, now);
	if (redis->under_way > 0 || redis->first == NULL ||
	    (!hurry && now - redis->flushed < redis->options->flush &&
	     redis->queued < (uint64_t)redis->options->batch &&
	     redis->change_bytes < (size_t)redis->options->memory / 4))
		return;
	redis->flushed = now;
	while (redis->first != NULL && redis->under_way < (size_t)redis->options->batch) {
		struct exchange *exchange = &redis->exchanges[redis->under_way++];
		struct redis_call record;

		exchange_begin(redis, exchange, &record);
		calls += case_end(redis, exchange, &redis->calls[calls]);
		redis->calls[calls++] = record;
		calls += list_begin(redis, exchange, &redis->calls[calls]);
	}
	redis->stats.calls += calls; /* what accounts cost */
	calls += listing_begin(&redis->listing, redis->options->prefix, redis->raised, now,
			       &redis->calls[calls]);
	redis_worker_give(redis->worker, redis->calls, calls);
}

/* --- what comes back --- */

/*
 * Redis lost something. It may have lost more: all that was ever there of what we know is offered again; but not for
 * each account anew where Redis is too small for all, and drops one for another.
 */
static void redis_restore(struct store_redis *redis, struct copy *copy)
{
	redis->stats.restored++;
	copy->listed = STATE_NORMAL;
	if (redis->restoring)
		return;
	if (redis->restored != 0 && redis->flushed - redis->restored < RESTORE_EVERY)
		redis->restores_later = true;
	else
		redis_restore_all(redis, redis->flushed);
}

/*
 * What another wrote in the place of ours: a newer standing and habit win, on either side, and what was worst on
 * the same day; members are both's.
 */
static void copy_take_newer(struct record *into, const struct record *other)
{
	/* Of one that is just begun here, days were learned without those before: it may know less, and later. */
	bool poorer = other->unsettled && other->habit.days < into->habit.days;

	(void)record_take_standing(into, &other->standing);
	if (other->habit.learned > into->habit.learned && !poorer)
		into->habit = other->habit;
	if (other->now / USEC_DAY == into->now / USEC_DAY)
		into->alone = fmaxf(into->alone, other->alone);
	crowd_merge(&into->crowd, other->crowd);
}

/* FOUND becomes the copy; the changes that it does not have are counted on it when all copies of the batch are here. */
static void copy_replace(struct exchange *exchange, struct record *found)
{
	struct copy *copy = exchange->copy;

	exchange->anew = true;
	record_swap(&copy->record, found);
	found->unsettled = copy->record.unsettled; /* which is not swapped: of what was here */
	copy->record.unsettled = false;
	copy_take_newer(&copy->record, found);
}

/* Another server was faster, or Redis lost what it had: begin from there, and count our changes on it. */
static void copy_rebase(struct store_redis *redis, struct exchange *exchange)
{
	struct copy *copy = exchange->copy;
	struct record found = { .kind = copy->record.kind };
	struct reached reached[REDIS_SOURCES];
	bool known = copy->version != 0, released;

	redis->stats.rebased++;
	copy->version = exchange->version_now;
	if (exchange->version_now == 0) {
		redis_restore(redis, copy);
		return;
	}
	/* Nothing that can be read: what we have replaces it. */
	if (!redis_record_unpack(text_span(&exchange->bytes_now), reached, &found))
		return;
	released = found.standing.state == STATE_RELEASED &&
		   found.standing.since > copy->record.standing.since;
	if (known && !released && reached_within(reached, copy->reached)) {
		/* Older than what we had from there, or only its standing is another's. */
		if (!reached_within(copy->reached, reached))
			redis_restore(redis, copy);
		copy_take_newer(&copy->record, &found);
	} else {
		/* A release forgets what was counted, not how far. */
		if (!known || !reached_within(reached, copy->reached))
			memcpy(copy->reached, reached, sizeof(copy->reached));
		copy_replace(exchange, &found);
	}
	record_free(&found);
}

/* What Redis answered becomes the copy. */
static void exchange_take(struct store_redis *redis, struct exchange *exchange)
{
	struct copy *copy = exchange->copy;

	copy->under_way = false;
	exchange->first = copy->record.unsettled;
	exchange->taken = exchange->answered && exchange->version_now == exchange->version;
	if (!exchange->taken) {
		copy_rebase(redis, exchange);
	} else if (exchange->first && copy->record.habit.days == 0) {
		/* Nobody had heard of it: from nothing, change by change. */
		struct record nothing = { .kind = copy->record.kind };

		copy_replace(exchange, &nothing);
		record_free(&nothing);
	}
	copy->record.unsettled = false;
}

/* A change that is counted anew. */
struct again {
	const struct exchange *exchange;
	uint32_t number;
	usec_t time;
};

static int again_order(const void *a, const void *b)
{
	const struct again *one = a, *other = b;

	if (one->time != other->time)
		return one->time < other->time ? -1 : 1;
	if (one->exchange != other->exchange)
		return one->exchange < other->exchange ? -1 : 1;
	return one->number < other->number ? -1 : one->number > other->number;
}

static struct again *again_list(const struct store_redis *redis, size_t count, size_t *found_r)
{
	struct again *all;
	size_t most = 0, found = 0;

	for (size_t i = 0; i < count; i++)
		most += redis->exchanges[i].anew ? redis->exchanges[i].copy->change_count : 0;
	all = memory_new(most, sizeof(*all));
	for (size_t i = 0; i < count; i++) {
		const struct exchange *exchange = &redis->exchanges[i];
		const struct copy *copy = exchange->copy;
		usec_t time = INT64_MIN;

		for (uint32_t n = 0; exchange->anew && n < copy->change_count; n++) {
			/* A late one stays behind those that it came after. */
			if (copy->changes[n].delta.time > time)
				time = copy->changes[n].delta.time;
			if (!change_covered(&copy->changes[n], copy->reached))
				all[found++] = (struct again){ exchange, n, time };
		}
	}
	qsort(all, found, sizeof(*all), again_order);
	*found_r = found;
	return all;
}

/*
 * The judge could not ask while it did not know what others had counted: at the first answer it asks after each
 * change, as if that came just now; of all accounts in the order of time, since they are evidence for each other.
 */
static void changes_count_again(struct store_redis *redis, size_t count)
{
	size_t found;
	struct again *all = again_list(redis, count, &found);

	for (size_t i = 0; i < found; i++) {
		struct copy *copy = all[i].exchange->copy;
		const struct change change = copy->changes[all[i].number];
		struct applied applied;

		record_apply(&copy->record, &change.delta, &applied);
		if (all[i].exchange->first && redis->store.changed != NULL)
			redis->store.changed(redis->store.context, &copy->record, &change.delta, &applied);
	}
	free(all);
}

/* Only what Redis does not have stays to be sent. */
static void changes_keep_open(struct store_redis *redis, struct copy *copy)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < copy->change_count; i++)
		if (!change_covered(&copy->changes[i], copy->reached))
			copy->changes[kept++] = copy->changes[i];
	copy->change_count = kept;
	if (kept == 0)
		changes_drop(redis, copy);
}

static void exchange_end(struct store_redis *redis, struct exchange *exchange)
{
	struct copy *copy = exchange->copy;

	if (exchange->taken) {
		copy->version = exchange->version;
		memcpy(copy->reached, exchange->reached, sizeof(copy->reached));
		copy->change_count -= copy->change_sent;
		if (copy->change_count > 0)
			memmove(copy->changes, copy->changes + copy->change_sent,
				copy->change_count * sizeof(*copy->changes));
		else
			changes_drop(redis, copy);
	} else {
		if (exchange->anew)
			changes_keep_open(redis, copy);
		copy_queue(redis, copy);
	}
	copy->change_sent = 0;
	if (copy->ended == CASE_END_SENT)
		copy->ended = CASE_OPEN;
	if ((exchange->first || !exchange->taken) && redis->store.changed != NULL)
		redis->store.changed(redis->store.context, &copy->record, NULL, NULL);
}

/* Where it is made again at this moment it is listed again. */
static void listing_dropped(void *context, struct span name)
{
	struct store_redis *redis = context;
	struct span account = redis_account_here(redis->options, name);
	struct copy *copy = map_find(redis->map, hash_stable(account), account);

	if (copy != NULL)
		copy->listed = STATE_NORMAL;
}

static void exchange_free(struct exchange *exchange)
{
	free(exchange->key);
	text_free(&exchange->name);
	for (size_t i = 0; i < REDIS_CLAIMS; i++)
		text_free(&exchange->claims[i]);
	text_free(&exchange->bytes);
	text_free(&exchange->bytes_now);
}

void exchanges_settle(struct store_redis *redis)
{
	size_t count = redis->under_way;

	if (count == 0 || !redis_worker_idle(redis->worker))
		return;
	redis->under_way = 0;
	listing_settle(&redis->listing, listing_dropped, redis);
	for (size_t i = 0; i < count; i++)
		exchange_take(redis, &redis->exchanges[i]);
	changes_count_again(redis, count);
	for (size_t i = 0; i < count; i++) {
		exchange_end(redis, &redis->exchanges[i]);
		exchange_free(&redis->exchanges[i]);
	}
	if (redis->first == NULL)
		redis->restoring = false;
}

void exchanges_free(struct store_redis *redis)
{
	for (size_t i = 0; i < redis->under_way; i++)
		exchange_free(&redis->exchanges[i]);
	free(redis->exchanges);
	listing_free(&redis->listing);
}
