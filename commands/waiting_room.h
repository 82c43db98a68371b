/*
 * Where a target's messages wait to be told as one: what a storm leaves after its first, or all of a day's digest.
 * Each target has a room; what is in it is on disk, in the outbox, under a name that is sent to nobody.
 */
#ifndef SENDWATCH_COMMANDS_WAITING_ROOM_H
#define SENDWATCH_COMMANDS_WAITING_ROOM_H

#include "commands/targets.h"
#include "responders/gather.h"
#include "responders/journal.h"
#include "responders/outbox.h"

struct waiting_room {
	const struct target_of *of; /* whose it is; borrowed, as are the next two */
	struct outbox *outbox;
	struct journal *journal;
	struct gather *gather;
	char name[sizeof(OUTBOX_WAITS) + 80]; /* in the outbox */
	usec_t again;                         /* not told before */
	usec_t now; /* of the call that is going on, for what the outbox asks within it */
};

/* ZONE: of the digest's time. A room of zeros has nothing to close. */
void waiting_room_open(struct waiting_room *room, const struct target_of *of, const struct zone *zone,
		       struct outbox *outbox, struct journal *journal);
void waiting_room_close(struct waiting_room *room);

/*
 * The name under which a message goes into the outbox: the target's, to be sent, or the room's, to wait. NULL where
 * it repeats what was told, and is not to be told at all. VERDICT: NULL where it is of none.
 */
const char *waiting_room_ask(struct waiting_room *room, usec_t now, const struct verdict *verdict);

/* The account was released: whatever comes next is news. */
void waiting_room_forget(struct waiting_room *room, struct span account);

/* How many wait, and the oldest's time; untouched where none does. */
size_t waiting_room_count(const struct waiting_room *room, usec_t *oldest_r);

/* When what waits is told; USEC_NEVER where nothing waits. */
usec_t waiting_room_due(const struct waiting_room *room);

/* Where that time has come, it becomes one parcel for the target, and a line in the journal. */
void waiting_room_step(struct waiting_room *room, usec_t now);

#endif
