/*
 * Whether a message waits is responders/gather.h's to say, and what waits is the outbox's to keep; here is the way
 * between them, and the one message that becomes of many.
 */
#define _GNU_SOURCE
#include "commands/waiting_room.h"

#include "responders/payload.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WAITING_ROOM_AGAIN (10 * USEC_SECOND) /* after what waits could not be written as one */

void waiting_room_open(struct waiting_room *room, const struct target_of *of, const struct zone *zone,
		       struct outbox *outbox, struct journal *journal)
{
	*room = (struct waiting_room){ .of = of, .outbox = outbox, .journal = journal };
	snprintf(room->name, sizeof(room->name), OUTBOX_WAITS "%s", of->key);
	room->gather = gather_new(of->telling,
				  of->responder->alone != NULL && of->responder->alone(of->target), zone);
}

void waiting_room_close(struct waiting_room *room)
{
	gather_free(&room->gather);
}

const char *waiting_room_ask(struct waiting_room *room, usec_t now, const struct verdict *verdict)
{
	/* Accounts are what flaps; an address has a state at each of many places. */
	bool of_account = verdict != NULL && strcmp(verdict->type, "verdict") == 0;
	struct span account = of_account ? verdict->account : SPAN("");
	usec_t oldest;
	enum gather_way way = gather_ask(room->gather, now, verdict == NULL ? now : verdict->time, account,
					 verdict == NULL ? STATE_NORMAL : verdict->state,
					 outbox_oldest(room->outbox, room->name, &oldest));

	if (way == GATHER_REPEATED)
		return NULL;
	return way == GATHER_WAIT ? room->name : room->of->key;
}

void waiting_room_forget(struct waiting_room *room, struct span account)
{
	gather_forget(room->gather, account);
}

size_t waiting_room_count(const struct waiting_room *room, usec_t *oldest_r)
{
	return outbox_waiting(room->outbox, room->name, oldest_r);
}

usec_t waiting_room_due(const struct waiting_room *room)
{
	usec_t oldest, due = USEC_NEVER;

	if (outbox_oldest(room->outbox, room->name, &oldest))
		due = gather_due(room->gather, oldest);
	return due != USEC_NEVER && due < room->again ? room->again : due;
}

/* What is in a gathered message stands in the journal, by its members' ids. */
static void waiting_room_write(const struct waiting_room *room, const char *id, const char *const *bodies,
			       size_t count)
{
	struct payload *payload = payload_begin("gathered"), *member;
	struct text ids = { 0 };
	struct error error;
	char *json;

	for (size_t i = 0; i < count; i++) {
		member = payload_read(span_of(bodies[i]));
		if (ids.len > 0)
			text_add(&ids, SPAN(" "));
		if (member != NULL)
			(void)payload_get(member, "id", &ids);
		payload_free(&member);
	}
	payload_add_text(payload, "id", span_of(id));
	payload_add_time(payload, "time", room->now);
	payload_add_text(payload, "members", text_span(&ids));
	json = payload_end(&payload);
	if (!journal_verdict(room->journal, id, json, &error))
		log_say(room->now, LOG_LEVEL_ERROR, "%s", error.text);
	free(json);
	text_free(&ids);
}

/* Many bodies as one: what a storm or a day's digest is. */
static char *waiting_room_join(void *context, const char *id, const char *const *bodies, size_t count)
{
	const struct waiting_room *room = context;
	struct payload *payload = payload_begin("gathered");
	char host[65] = "";

	(void)gethostname(host, sizeof(host) - 1);
	waiting_room_write(room, id, bodies, count);
	payload_add_text(payload, "id", span_of(id));
	payload_add_time(payload, "time", room->now);
	payload_add_text(payload, "host", span_of(host));
	payload_add_count(payload, "count", count);
	payload_add_objects(payload, "verdicts", bodies, count);
	return payload_end(&payload);
}

void waiting_room_step(struct waiting_room *room, usec_t now)
{
	const struct outbox_join join = { .context = room, .join = waiting_room_join };
	struct error error;
	usec_t due;

	if (room->again > now + WAITING_ROOM_AGAIN) /* the clock was set back */
		room->again = 0;
	due = waiting_room_due(room);
	if (due == USEC_NEVER || due > now)
		return;
	room->now = now;
	if (!outbox_gather(room->outbox, now, room->name, room->of->key, &join, &error)) {
		room->again = now + WAITING_ROOM_AGAIN;
		log_say(now, LOG_LEVEL_ERROR, "%s", error.text);
	}
}
