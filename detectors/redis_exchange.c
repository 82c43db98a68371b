/*
 * The batch that is under way: records packed and offered to Redis in one flush, and what comes of each answer.
 * Only one batch is under way at a time, so that what is gathered meanwhile goes out as one call an account.
 */
#include "detectors/redis_exchange.h"

#include "base/hash.h"
#include "base/memory.h"
#include "detectors/redis_route.h"

#include <stdio.h>
#include <stdlib.h>

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

void exchanges_flush(struct store_redis *redis, usec_t now, bool hurry)
{
	size_t calls = 0;

	exchanges_settle(redis);
	if (redis->under_way > 0 || redis->first == NULL ||
	    (!hurry && now - redis->flushed < redis->options->flush &&
	     redis->queued < (uint64_t)redis->options->batch &&
	     redis->change_bytes < (size_t)redis->options->memory / 4))
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

/* What another wrote in the place of ours: a newer standing and habit win, on either side; members are both's. */
static void copy_take_newer(struct record *into, const struct record *other)
{
	/* Of one that is just begun here, days were learned without those before: it may know less, and later. */
	bool poorer = other->unsettled && other->habit.days < into->habit.days;

	(void)record_take_standing(into, &other->standing);
	if (other->habit.learned > into->habit.learned && !poorer)
		into->habit = other->habit;
	crowd_merge(&into->crowd, other->crowd);
}

/*
 * FOUND, with the changes counted on it that it does not have, becomes the copy. The judge could not ask while it
 * did not know what others had counted: at the FIRST answer it asks after each change, as if it came just now.
 */
static void copy_replace(struct store_redis *redis, struct copy *copy, struct record *found, bool first)
{
	uint32_t kept = 0;

	record_swap(&copy->record, found);
	found->unsettled = copy->record.unsettled; /* which is not swapped: of what was here */
	copy->record.unsettled = false;
	copy_take_newer(&copy->record, found);
	for (uint32_t i = 0; i < copy->change_count; i++) {
		struct applied applied;

		if (change_covered(&copy->changes[i], copy->reached))
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

static void exchange_free(struct exchange *exchange)
{
	free(exchange->key);
	text_free(&exchange->bytes);
	text_free(&exchange->bytes_now);
}

void exchanges_settle(struct store_redis *redis)
{
	size_t count = redis->under_way;

	if (count == 0 || !redis_worker_idle(redis->worker))
		return;
	redis->under_way = 0;
	for (size_t i = 0; i < count; i++) {
		struct exchange *exchange = &redis->exchanges[i];

		exchange_end(redis, exchange);
		exchange_free(exchange);
	}
	if (redis->first == NULL)
		redis->restoring = false;
}

void exchanges_free(struct store_redis *redis)
{
	for (size_t i = 0; i < redis->under_way; i++)
		exchange_free(&redis->exchanges[i]);
	free(redis->exchanges);
}
