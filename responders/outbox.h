/*
 * The outbox: what is still to be told, on disk until somebody has taken it. A parcel is a file; it is there
 * before outbox_put returns and gone after outbox_delivered. So each is delivered at least once, whatever
 * happens in between, and its verdict's id tells a receiver that it came twice.
 *
 * For one target and account parcels go in their order, the next only when the one before is settled. Failed
 * ones are tried again after pauses that double, with jitter, until they are too old. The outbox is bounded:
 * where it is full, the oldest goes and is counted.
 */
#ifndef SENDWATCH_RESPONDERS_OUTBOX_H
#define SENDWATCH_RESPONDERS_OUTBOX_H

#include "base/settings.h"
#include "responders/responder.h"

struct outbox_options {
	int64_t most;
	usec_t pause, longest_pause;
	usec_t give_up_after;
};

extern const struct setting outbox_settings[];

struct outbox_stats {
	size_t waiting;
	uint64_t delivered, given_up; /* given up: too old, refused, or dropped because the outbox was full */
};

struct outbox_calls {
	void *context;
	/* A parcel will never be delivered; WHY says so for people. */
	void (*lost)(void *context, const char *target, const char *id, const char *why);
};

struct outbox;

/* The folder is made where it is not there. What an earlier run left is due at once. */
struct outbox *outbox_open(const char *folder, const struct outbox_options *options,
			   const struct outbox_calls *calls, struct error *error);
void outbox_close(struct outbox **outbox);

/* The same id for the same target is taken once. False where it could not be written. */
bool outbox_put(struct outbox *outbox, usec_t now, const char *target, const char *id, struct span account,
		const char *body, struct error *error);

/* The next parcel for TARGET that may go, eight at once; its texts live until it is settled. */
bool outbox_next(struct outbox *outbox, usec_t now, const char *target, struct parcel *parcel_r);

/*
 * What is put under a name that begins with OUTBOX_WAITS is sent to nobody: it waits to become one parcel, and is too
 * old only when nobody can be waiting for it any more. The oldest's time; false where nothing waits.
 */
#define OUTBOX_WAITS "waits:"
bool outbox_oldest(const struct outbox *outbox, const char *waits, usec_t *created_r);

/* How many parcels there are for TARGET, or under such a name, and the oldest's time; untouched where none is. */
size_t outbox_waiting(const struct outbox *outbox, const char *target, usec_t *oldest_r);

/*
 * All that waits under WAITS becomes a parcel for TARGET (several, where it is very much); a single one stays as
 * it is. JOIN makes one body (free) of many; the new id is made of theirs, in ID. Killed in between, it
 * does the same again.
 */
struct outbox_join {
	void *context;
	char *(*join)(void *context, const char *id, const char *const *bodies, size_t count);
};

bool outbox_gather(struct outbox *outbox, usec_t now, const char *waits, const char *target,
		   const struct outbox_join *join, struct error *error);

/* What became of it. */
void outbox_settle(struct outbox *outbox, usec_t now, const struct answer *answer);

/* Give up what is too old; once a minute is often enough. */
void outbox_sweep(struct outbox *outbox, usec_t now);

/*
 * The next moment after NOW at which a parcel comes due; USEC_NEVER where there is none. What is due already
 * was given by outbox_next, or waits for one that is on its way.
 */
usec_t outbox_due(const struct outbox *outbox, usec_t now);

/* The id and target of a parcel, NULL where it is not there (any more). */
const char *outbox_id(const struct outbox *outbox, uint64_t number, const char **target_r, uint32_t *tries_r);

struct outbox_stats outbox_stats(const struct outbox *outbox);

#endif
