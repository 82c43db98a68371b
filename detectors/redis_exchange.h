/* What the two files of the Redis store share: store_redis.c counts, redis_exchange.c sends and takes. */
#ifndef SENDWATCH_DETECTORS_REDIS_EXCHANGE_H
#define SENDWATCH_DETECTORS_REDIS_EXCHANGE_H

#include "base/map.h"
#include "detectors/redis_claim.h"
#include "detectors/redis_listing.h"
#include "detectors/redis_record.h"
#include "detectors/redis_worker.h"
#include "detectors/store.h"

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
	enum { CASE_OPEN, CASE_ENDED, CASE_END_SENT } ended; /* are claims to be dropped? */
	struct copy *next;                                   /* in the queue */
};

/* One record of the batch that is under way, and Redis's answer. */
struct exchange {
	struct copy *copy;
	char *key;
	struct text name; /* as Redis has it */
	struct text claims[REDIS_CLAIMS];
	char expected[24], offered[24]; /* versions */
	uint64_t version;               /* the latter */
	struct reached reached[REDIS_SOURCES];
	struct text bytes;
	uint64_t version_now;
	struct text bytes_now;
	bool answered;
	/* Of the answer: the first for this copy; what was offered is there; the copy began anew from what is there. */
	bool first, taken, anew;
};

struct store_redis {
	struct store store;
	const struct redis_options *options;
	struct redis_worker *worker;
	struct redis_claims *claims;
	struct map *map;
	uint64_t *sources; /* hash of each source's name, by number */
	uint32_t source_count;
	struct copy *first, **last; /* queue of those to be sent */
	uint64_t queued;
	struct exchange *exchanges;
	struct redis_call *calls;
	size_t under_way; /* exchanges */
	char keep[24], *raised;
	struct listing listing; /* the set of that name, gone through */
	usec_t flushed;
	bool restoring;          /* all copies were queued, and not all are out yet */
	bool restores_later;     /* they are to be, when it is some time after the last time */
	usec_t restored;         /* of the monotonic clock: the last time */
	uint64_t seed, versions; /* of version numbers: random, and how many were taken */
	struct store_stats stats;
	size_t change_bytes;
	uint32_t most; /* copies */
};

/* Is it part of what REACHED says? What may be told twice never is. */
static inline bool change_covered(const struct change *change, const struct reached *reached)
{
	return change->delta.kind < DELTA_SUSPECT && reached_covers(reached, change->line);
}

/* To be sent with one of the next flushes. */
void copy_queue(struct store_redis *redis, struct copy *copy);

/* Its changes are part of what Redis has. */
void changes_drop(struct store_redis *redis, struct copy *copy);

/* See store_flush and store_settle. */
void exchanges_flush(struct store_redis *redis, usec_t now, bool hurry);
void exchanges_settle(struct store_redis *redis);

/* What is under way is given up; the worker has stopped. */
void exchanges_free(struct store_redis *redis);

#endif
