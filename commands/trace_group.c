/*
 * Lines put together to messages: what one line names together (a second leg, a notification, a new id) is one
 * message. A queue id that was done with and comes again later is another message: servers use them again.
 *
 * Accounts are the ledger's, which is shown the same lines; so a trace blames whom replay blames.
 */
#define _GNU_SOURCE
#include "commands/trace_group.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "commands/framers.h"
#include "commands/options.h"

#include <stdlib.h>

/* Which message an id belongs to now. */
struct owner {
	char text[104];
	uint8_t len;
	bool done; /* the message ended: the id may come again */
	uint32_t group;
};

struct trace_groups {
	const struct trace_lines *lines;
	const struct wanted *wanted;
	struct framer *framer;
	struct map *owners;
	struct trace_group *groups;
	uint32_t count, room;
	uint32_t *group_of; /* by line */
};

static bool owner_same(const void *record, struct span key)
{
	const struct owner *owner = record;

	return owner->len == key.len && memcmp(owner->text, key.at, key.len) == 0;
}

static uint32_t group_root(const struct trace_groups *groups, uint32_t group)
{
	while (group != TRACE_NO_GROUP && groups->groups[group].into != group)
		group = groups->groups[group].into;
	return group;
}

static uint32_t group_new(struct trace_groups *groups, usec_t time)
{
	if (groups->count == groups->room) {
		groups->room = groups->room == 0 ? 64 : 2 * groups->room;
		groups->groups = memory_grow(groups->groups, groups->room, sizeof(*groups->groups));
	}
	groups->groups[groups->count] =
		(struct trace_group){ .into = groups->count, .first = time, .last = time };
	return groups->count++;
}

/* OTHER becomes part of GROUP. */
static uint32_t group_join(struct trace_groups *groups, uint32_t group, uint32_t other)
{
	struct trace_group *into, *from;

	group = group_root(groups, group);
	other = group_root(groups, other);
	if (group == TRACE_NO_GROUP || other == TRACE_NO_GROUP || group == other)
		return group == TRACE_NO_GROUP ? other : group;
	/* Groups are made in the order of time: the lower is the older, and its name stays. */
	if (other < group) {
		uint32_t swap = group;

		group = other;
		other = swap;
	}
	into = &groups->groups[group];
	from = &groups->groups[other];
	from->into = group;
	into->seed = into->seed || from->seed;
	into->begun = into->begun || from->begun;
	into->last = from->last > into->last ? from->last : into->last;
	if (into->id == NULL || (from->named && !into->named)) {
		free(into->id);
		into->id = from->id;
		into->named = from->named;
		from->id = NULL;
	}
	return group;
}

/* The group of ID; GROUP gets it where nobody has it. */
static uint32_t owner_group(struct trace_groups *groups, struct span id, uint32_t group, bool begins,
			    usec_t time)
{
	struct owner *owner;

	if (id.len == 0 || id.len > sizeof(owner->text))
		return group;
	owner = map_find(groups->owners, hash_text(id), id);
	if (owner == NULL) {
		owner = map_add(groups->owners, hash_text(id));
		memcpy(owner->text, id.at, id.len);
		owner->len = (uint8_t)id.len;
		owner->group = group != TRACE_NO_GROUP ? group : group_new(groups, time);
	} else if (owner->done && begins) {
		owner->done = false;
		owner->group = group_new(groups, time);
	}
	return group_join(groups, owner->group, group);
}

/* A line that opens a queue id; and one that opens a message, which no other message led to. */
static bool begins(const struct event *event)
{
	return event->kind == EVENT_CLIENT;
}

static bool begins_message(const struct event *event)
{
	return begins(event) && event->parent_id.len == 0;
}

/* Does the line tell more of ids than that they occur? Then they are one message. */
static uint32_t place_line(struct trace_groups *groups, const struct event *event, usec_t time)
{
	uint32_t group = TRACE_NO_GROUP;
	bool first = begins(event);

	if (event->queue_id.len == 0)
		return TRACE_NO_GROUP;
	group = owner_group(groups, event->queue_id, TRACE_NO_GROUP, first, time);
	if (event->parent_id.len > 0)
		group = owner_group(groups, event->parent_id, group, false, time);
	if (wanted_child(event).len > 0)
		group = owner_group(groups, wanted_child(event), group, false, time);
	if (event->message_id.len > 6 && (event->kind == EVENT_MESSAGE_ID || event->kind == EVENT_CLIENT) &&
	    wanted_has(groups->wanted, event->message_id))
		group = owner_group(groups, event->message_id, group, false, time);
	if (event->kind == EVENT_END) {
		struct owner *owner = map_find(groups->owners, hash_text(event->queue_id), event->queue_id);

		if (owner != NULL)
			owner->done = true;
	}
	return group_root(groups, group);
}

static void group_line(struct trace_groups *groups, uint32_t at, const struct event *event, usec_t time)
{
	struct trace_group *group = &groups->groups[at];

	group->last = time > group->last ? time : group->last;
	group->begun = group->begun || begins_message(event);
	if (group->id == NULL || (begins_message(event) && !group->named)) {
		free(group->id);
		group->id = memory_copy(event->queue_id);
		group->named = begins_message(event);
	}
	if (wanted_match(groups->wanted, event) == WANTED_SEED || wanted_by_account(groups->wanted))
		group->seed = true;
}

bool trace_groups_read(struct trace_groups *groups, const struct trace_line *line, struct frame *frame,
		       struct event *event)
{
	if (!framer_cut(groups->framer, (struct span){ line->at, line->len }, frame))
		return false;
	frame->time = line->time;
	parser_read(frame, event);
	return true;
}

static void place_all(struct trace_groups *groups)
{
	groups->group_of = memory_new(groups->lines->count + 1, sizeof(*groups->group_of));
	for (size_t i = 0; i < groups->lines->count; i++) {
		const struct trace_line *line = &groups->lines->all[i];
		struct frame frame;
		struct event event;

		groups->group_of[i] = TRACE_NO_GROUP;
		if (!trace_groups_read(groups, line, &frame, &event))
			continue;
		groups->group_of[i] = place_line(groups, &event, line->time);
		if (groups->group_of[i] != TRACE_NO_GROUP)
			group_line(groups, groups->group_of[i], &event, line->time);
	}
}

/* The ledger's word on a message: whose it is. */
static void told_submitted(void *context, const struct envelope *envelope, uint32_t source, uint64_t position)
{
	struct trace_groups *groups = context;
	uint32_t group = group_root(groups, groups->group_of[position]);

	(void)source;
	if (group != TRACE_NO_GROUP && groups->groups[group].account == NULL && envelope->account.len > 0)
		groups->groups[group].account = memory_copy(envelope->account);
	if (group != TRACE_NO_GROUP && groups->groups[group].script == NULL && envelope->script.len > 0)
		groups->groups[group].script = memory_copy(envelope->script);
}

/* ... and on each recipient, when nothing more will come. */
static void told_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	struct trace_groups *groups = context;
	struct trace_group *group;
	uint32_t at;

	if (stage != ATTEMPT_DONE || attempt->direction == DIRECTION_BOUNCE)
		return;
	at = group_root(groups, groups->group_of[attempt->position]);
	if (at == TRACE_NO_GROUP)
		return;
	group = &groups->groups[at];
	if (attempt->outcome == OUTCOME_DELIVERED)
		group->delivered++;
	else if (attempt->outcome == OUTCOME_DEFERRED || attempt->outcome == OUTCOME_HELD)
		group->deferred++;
	else
		group->failed++;
	if (group->account == NULL && attempt->envelope->account.len > 0)
		group->account = memory_copy(attempt->envelope->account);
}

static bool ask_ledger(struct trace_groups *groups, const struct options *options, struct error *error)
{
	const struct ledger_sink sink = {
		.context = groups, .submitted = told_submitted, .attempt = told_attempt, .want_done = true
	};
	struct replies *replies = replies_new(NULL, 0, error);
	bool asked;
	struct ledger *ledger = replies == NULL ? NULL : ledger_new(&options->ledger, replies, &sink, error);

	for (size_t i = 0; ledger != NULL && i < groups->lines->count; i++) {
		struct frame frame;
		struct event event;

		if (trace_groups_read(groups, &groups->lines->all[i], &frame, &event))
			ledger_feed(ledger, &frame, &event, 0, i);
	}
	asked = ledger != NULL;
	if (asked)
		ledger_finish(ledger);
	ledger_free(&ledger);
	replies_free(&replies);
	return asked;
}

struct trace_groups *trace_groups_new(const struct trace_lines *lines, const struct wanted *wanted,
				      const struct options *options, struct error *error)
{
	const struct map_options owners = { .record_size = sizeof(struct owner), .same = owner_same };
	struct trace_groups *groups = memory_new(1, sizeof(*groups));

	groups->lines = lines;
	groups->wanted = wanted;
	groups->framer = framers_cutting(&options->logs, error);
	groups->owners = map_new(&owners);
	if (groups->framer != NULL) {
		place_all(groups);
		if (ask_ledger(groups, options, error))
			return groups;
	}
	trace_groups_free(&groups);
	return NULL;
}

void trace_groups_free(struct trace_groups **groups)
{
	struct trace_groups *old = *groups;

	if (old == NULL)
		return;
	for (uint32_t i = 0; i < old->count; i++) {
		free(old->groups[i].id);
		free(old->groups[i].account);
		free(old->groups[i].script);
	}
	free(old->groups);
	free(old->group_of);
	map_free(&old->owners);
	framer_free(&old->framer);
	free(old);
	*groups = NULL;
}

uint32_t trace_groups_count(const struct trace_groups *groups)
{
	return groups->count;
}

uint32_t trace_groups_of(const struct trace_groups *groups, size_t line)
{
	return group_root(groups, groups->group_of[line]);
}

const struct trace_group *trace_groups_at(const struct trace_groups *groups, uint32_t group)
{
	return &groups->groups[group];
}
