/*
 * Steps put together to messages: what one line names together (a second leg, a notification, a new id) is one
 * message. A queue id that was done with and comes again later is another message: servers use them again.
 *
 * Accounts are the ledger's, which is shown the same lines; so a trace blames whom replay blames.
 */
#define _GNU_SOURCE
#include "commands/trace_print.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "commands/options.h"
#include "commands/trace_step.h"
#include "commands/words.h"
#include "responders/payload.h"

#include <stdlib.h>

#define NO_GROUP UINT32_MAX

struct group {
	uint32_t into; /* the group that it became part of; itself where it is one */
	uint32_t number;
	bool seed;  /* holds what was asked for */
	bool begun; /* its first line was found */
	bool named; /* `id` is that of a message that came in */
	char *id, *account;
	uint32_t delivered, deferred, failed;
	usec_t first, last;
};

/* Which group an id belongs to now. */
struct owner {
	char text[104];
	uint8_t len;
	bool done; /* the message ended: the id may come again */
	uint32_t group;
};

struct print {
	const struct trace_lines *lines;
	const struct wanted *wanted;
	const struct options *options;
	struct framer *framer;
	struct map *owners;
	struct group *groups;
	uint32_t group_count, group_room;
	uint32_t *group_of; /* by line */
	FILE *out;
	bool ndjson;
};

static bool owner_same(const void *record, struct span key)
{
	const struct owner *owner = record;

	return owner->len == key.len && memcmp(owner->text, key.at, key.len) == 0;
}

static uint32_t group_root(const struct print *print, uint32_t group)
{
	while (group != NO_GROUP && print->groups[group].into != group)
		group = print->groups[group].into;
	return group;
}

static uint32_t group_new(struct print *print, usec_t time)
{
	if (print->group_count == print->group_room) {
		print->group_room = print->group_room == 0 ? 64 : 2 * print->group_room;
		print->groups = memory_grow(print->groups, print->group_room, sizeof(*print->groups));
	}
	print->groups[print->group_count] =
		(struct group){ .into = print->group_count, .first = time, .last = time };
	return print->group_count++;
}

/* OTHER becomes part of GROUP. */
static uint32_t group_join(struct print *print, uint32_t group, uint32_t other)
{
	struct group *into, *from;

	group = group_root(print, group);
	other = group_root(print, other);
	if (group == NO_GROUP || other == NO_GROUP || group == other)
		return group == NO_GROUP ? other : group;
	/* Groups are made in the order of time: the lower is the older, and its name stays. */
	if (other < group) {
		uint32_t swap = group;

		group = other;
		other = swap;
	}
	into = &print->groups[group];
	from = &print->groups[other];
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
static uint32_t owner_group(struct print *print, struct span id, uint32_t group, bool begins, usec_t time)
{
	struct owner *owner;

	if (id.len == 0 || id.len > sizeof(owner->text))
		return group;
	owner = map_find(print->owners, hash_text(id), id);
	if (owner == NULL) {
		owner = map_add(print->owners, hash_text(id));
		memcpy(owner->text, id.at, id.len);
		owner->len = (uint8_t)id.len;
		owner->group = group != NO_GROUP ? group : group_new(print, time);
	} else if (owner->done && begins) {
		owner->done = false;
		owner->group = group_new(print, time);
	}
	return group_join(print, owner->group, group);
}

static bool begins(const struct event *event)
{
	return event->kind == EVENT_CLIENT;
}

/* Does the line tell more of ids than that they occur? Then they are one message. */
static uint32_t place_line(struct print *print, const struct event *event, usec_t time)
{
	uint32_t group = NO_GROUP;
	bool first = begins(event);

	if (event->queue_id.len == 0)
		return NO_GROUP;
	group = owner_group(print, event->queue_id, NO_GROUP, first, time);
	if (event->parent_id.len > 0)
		group = owner_group(print, event->parent_id, group, false, time);
	if (wanted_child(event).len > 0)
		group = owner_group(print, wanted_child(event), group, false, time);
	if (event->message_id.len > 6 && (event->kind == EVENT_MESSAGE_ID || event->kind == EVENT_CLIENT) &&
	    wanted_has(print->wanted, event->message_id))
		group = owner_group(print, event->message_id, group, false, time);
	if (event->kind == EVENT_END) {
		struct owner *owner = map_find(print->owners, hash_text(event->queue_id), event->queue_id);

		if (owner != NULL)
			owner->done = true;
	}
	return group_root(print, group);
}

static void group_line(struct print *print, uint32_t at, const struct event *event, usec_t time)
{
	struct group *group = &print->groups[at];

	group->last = time > group->last ? time : group->last;
	group->begun = group->begun || begins(event);
	if (group->id == NULL || (begins(event) && !group->named)) {
		free(group->id);
		group->id = memory_copy(event->queue_id);
		group->named = begins(event);
	}
	if (wanted_match(print->wanted, event) == WANTED_SEED || wanted_by_account(print->wanted))
		group->seed = true;
}

static bool read_line(struct print *print, const struct trace_line *line, struct frame *frame,
		      struct event *event)
{
	if (!framer_cut(print->framer, (struct span){ line->at, line->len }, frame))
		return false;
	frame->time = line->time;
	parser_read(frame, event);
	return true;
}

static void place_all(struct print *print)
{
	print->group_of = memory_new(print->lines->count + 1, sizeof(*print->group_of));
	for (size_t i = 0; i < print->lines->count; i++) {
		const struct trace_line *line = &print->lines->all[i];
		struct frame frame;
		struct event event;

		print->group_of[i] = NO_GROUP;
		if (!read_line(print, line, &frame, &event))
			continue;
		print->group_of[i] = place_line(print, &event, line->time);
		if (print->group_of[i] != NO_GROUP)
			group_line(print, print->group_of[i], &event, line->time);
	}
}

/* The ledger's word on a message: whose it is. */
static void told_submitted(void *context, const struct envelope *envelope, uint32_t source, uint64_t position)
{
	struct print *print = context;
	uint32_t group = group_root(print, print->group_of[position]);

	(void)source;
	if (group != NO_GROUP && print->groups[group].account == NULL && envelope->account.len > 0)
		print->groups[group].account = memory_copy(envelope->account);
}

/* ... and on each recipient, when nothing more will come. */
static void told_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	struct print *print = context;
	struct owner *owner;
	struct group *group;

	if (stage != ATTEMPT_DONE || attempt->queue_id_count == 0 || attempt->direction == DIRECTION_BOUNCE)
		return;
	owner = map_find(print->owners, hash_text(attempt->queue_ids[0]), attempt->queue_ids[0]);
	if (owner == NULL)
		return;
	group = &print->groups[group_root(print, owner->group)];
	if (attempt->outcome == OUTCOME_DELIVERED)
		group->delivered++;
	else if (attempt->outcome == OUTCOME_DEFERRED || attempt->outcome == OUTCOME_HELD)
		group->deferred++;
	else
		group->failed++;
	if (group->account == NULL && attempt->envelope->account.len > 0)
		group->account = memory_copy(attempt->envelope->account);
}

static bool ask_ledger(struct print *print, struct error *error)
{
	const struct ledger_sink sink = {
		.context = print, .submitted = told_submitted, .attempt = told_attempt, .want_done = true
	};
	struct replies *replies = replies_new(NULL, 0, error);
	struct ledger *ledger = replies == NULL ? NULL
						: ledger_new(&print->options->ledger, replies, &sink, error);

	for (size_t i = 0; ledger != NULL && i < print->lines->count; i++) {
		struct frame frame;
		struct event event;

		if (read_line(print, &print->lines->all[i], &frame, &event))
			ledger_feed(ledger, &frame, &event, 0, i);
	}
	if (ledger != NULL)
		ledger_finish(ledger);
	ledger_free(&ledger);
	replies_free(&replies);
	return print->groups == NULL || error->text[0] == '\0';
}

static void print_time(struct text *out, usec_t time)
{
	char text[CLOCK_TEXT_SIZE];

	text_add(out, span_of(time == USEC_NEVER ? "no time" : clock_text(time, text)));
}

static void print_json(struct print *print, char *json)
{
	fputs(json, print->out);
	fputc('\n', print->out);
	free(json);
}

static void print_head(struct print *print, const struct group *group)
{
	struct text text = { .at = NULL };

	if (print->ndjson) {
		struct payload *payload = payload_begin("message");

		payload_add_count(payload, "message", group->number);
		payload_add_text(payload, "queue_id", span_of(group->id));
		payload_add_text(payload, "account", span_of(group->account));
		payload_add_time(payload, "first", group->first);
		payload_add_time(payload, "last", group->last);
		payload_add_count(payload, "delivered", group->delivered);
		payload_add_count(payload, "deferred", group->deferred);
		payload_add_count(payload, "failed", group->failed);
		payload_add_flag(payload, "complete", group->begun);
		print_json(print, payload_end(&payload));
		return;
	}
	if (group->number > 1)
		text_add(&text, SPAN("\n"));
	text_add(&text, SPAN("message "));
	text_add_printable(&text, span_of(group->id));
	if (group->account != NULL) {
		text_add(&text, SPAN(" of "));
		text_add_printable(&text, span_of(group->account));
	}
	text_add_format(&text, ": %u delivered, %u deferred, %u failed%s\n", group->delivered,
			group->deferred, group->failed,
			group->begun ? "" : "; its beginning is not in these logs");
	fwrite(text.at, 1, text.len, print->out);
	text_free(&text);
}

static void print_step(struct print *print, uint32_t number, const struct trace_line *line)
{
	struct text text = { .at = NULL }, words = { .at = NULL };
	struct frame frame;
	struct event event;

	if (!read_line(print, line, &frame, &event))
		return;
	trace_step_words(&words, &frame, &event);
	if (print->ndjson) {
		struct payload *payload = payload_begin("step");

		payload_add_count(payload, "message", number);
		payload_add_time(payload, "time", frame.time);
		payload_add_text(payload, "host", frame.host);
		payload_add_text(payload, "program", event.program.at != NULL ? event.program : frame.tag);
		payload_add_text(payload, "queue_id", event.queue_id);
		payload_add_text(payload, "step", span_of(trace_step_name(&event)));
		payload_add_text(payload, "words", text_span(&words));
		payload_add_text(payload, "line", (struct span){ line->at, line->len });
		print_json(print, payload_end(&payload));
	} else {
		text_add(&text, SPAN("  "));
		print_time(&text, frame.time);
		text_add(&text, SPAN("  "));
		if (event.queue_id.len > 0) {
			text_add_printable(&text, event.queue_id);
			text_add(&text, SPAN("  "));
		}
		text_add_format(&text, "%-9s  ", trace_step_name(&event));
		text_add(&text, text_span(&words));
		while (text.len > 0 && text.at[text.len - 1] == ' ')
			text.at[--text.len] = '\0';
		text_add(&text, SPAN("\n"));
		fwrite(text.at, 1, text.len, print->out);
	}
	text_free(&words);
	text_free(&text);
}

/* Is the line within what --since and --until ask for? */
static bool in_time(const struct print *print, const struct trace_line *line)
{
	const struct logs_options *logs = &print->options->logs;

	return (logs->since == USEC_NEVER || line->time >= logs->since) &&
	       (logs->until == USEC_NEVER || line->time < logs->until);
}

/* Lines by group, the groups in the order of their first lines, without sorting: a list for each. */
static void print_groups(struct print *print, struct trace_told *told)
{
	size_t count = print->lines->count;
	uint32_t *next = memory_new(count + 1, sizeof(*next));
	uint32_t *heads = memory_grow(NULL, print->group_count + 1, sizeof(*heads));
	uint32_t number = 0;

	for (uint32_t i = 0; i < print->group_count; i++)
		heads[i] = NO_GROUP;
	for (size_t i = count; i-- > 0;) {
		uint32_t group = group_root(print, print->group_of[i]);

		print->group_of[i] = group;
		next[i] = group == NO_GROUP ? NO_GROUP : heads[group];
		if (group != NO_GROUP)
			heads[group] = (uint32_t)i;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t at = print->group_of[i];
		struct group *group = at == NO_GROUP ? NULL : &print->groups[at];

		if (group == NULL || !group->seed || heads[at] != i)
			continue;
		group->number = ++number;
		told->headless = told->headless || !group->begun;
		print_head(print, group);
		for (uint32_t line = heads[at]; line != NO_GROUP; line = next[line]) {
			if (!in_time(print, &print->lines->all[line]))
				continue;
			print_step(print, number, &print->lines->all[line]);
			told->steps++;
		}
	}
	told->messages = number;
	free(next);
	free(heads);
}

/* Lines that belong by themselves and to no message: logins, refusals, connections. */
static void print_others(struct print *print, struct trace_told *told)
{
	bool any = false;

	for (size_t i = 0; i < print->lines->count; i++) {
		if (print->group_of[i] != NO_GROUP || !in_time(print, &print->lines->all[i]))
			continue;
		if (!any && !print->ndjson)
			fprintf(print->out, "%sof no message\n", told->messages > 0 ? "\n" : "");
		any = true;
		print_step(print, 0, &print->lines->all[i]);
		told->steps++;
	}
}

bool trace_print(const struct trace_lines *lines, const struct wanted *wanted, const struct options *options,
		 bool ndjson, FILE *out, struct trace_told *told_r, struct error *error)
{
	const struct framer_options zone = { .timezone = options->logs.timezone, .written = USEC_NEVER };
	const struct map_options owners = { .record_size = sizeof(struct owner), .same = owner_same };
	struct print print = {
		.lines = lines, .wanted = wanted, .options = options, .out = out, .ndjson = ndjson
	};
	struct trace_told told = { .messages = 0 };
	bool done;

	*error = (struct error){ .text = "" };
	print.framer = framer_new(&zone, error);
	if (print.framer == NULL)
		return false;
	print.owners = map_new(&owners);
	place_all(&print);
	done = ask_ledger(&print, error);
	if (done) {
		print_groups(&print, &told);
		print_others(&print, &told);
		*told_r = told;
	}
	for (uint32_t i = 0; i < print.group_count; i++) {
		free(print.groups[i].id);
		free(print.groups[i].account);
	}
	free(print.groups);
	free(print.group_of);
	map_free(&print.owners);
	framer_free(&print.framer);
	return done;
}
