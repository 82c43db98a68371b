/*
 * What waits: results that came before it was known whose they are, and messages that are kept for a
 * second leg. A content filter answers the first leg only after its second leg was queued, so the second
 * leg's results may stand before the line that joins the two.
 *
 * Nothing waits longer than minutes of the log's time, and no more than 4,096 at once: beyond that the
 * longest waiting are given as they stand. The list is short, and walked only when something is due or
 * joined.
 */
#include "parsers/ledger_parts.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

/* The spans of an event that a result needs later. */
static const size_t held_spans[] = {
	offsetof(struct event, recipient),  offsetof(struct event, original_recipient),
	offsetof(struct event, relay),      offsetof(struct event, relay_ip),
	offsetof(struct event, relay_port), offsetof(struct event, local_ip),
	offsetof(struct event, transport),  offsetof(struct event, dsn),
	offsetof(struct event, reply),      offsetof(struct event, child_id),
};

static struct span *held_span(struct event *event, size_t number)
{
	return (void *)((char *)event + held_spans[number]);
}

#define HELD_SPANS (sizeof(held_spans) / sizeof(held_spans[0]))

static void held_copy(struct held *held, const struct event *event)
{
	size_t len = 0, at = 0;

	held->event = *event;
	for (size_t i = 0; i < HELD_SPANS; i++)
		len += held_span(&held->event, i)->len;
	held->text = memory_new(len + 1, 1);
	for (size_t i = 0; i < HELD_SPANS; i++) {
		struct span *span = held_span(&held->event, i);

		if (span->at == NULL)
			continue;
		memcpy(held->text + at, span->at, span->len);
		span->at = held->text + at;
		at += span->len;
	}
}

static void held_free(struct held *held)
{
	free(held->text);
	free(held);
}

static void held_append(struct ledger *ledger, struct message *message, struct held *held)
{
	if (ledger->held_first == NULL) {
		ledger->held_end = &ledger->held_first;
		ledger->held_due = held->due;
	}
	if (held->due < ledger->held_due)
		ledger->held_due = held->due;
	held->slot = map_slot(ledger->messages, message);
	*ledger->held_end = held;
	ledger->held_end = &held->next;
	ledger->held_count++;
	message->held++;
}

static bool held_is(const struct held *held, enum held_kind kind)
{
	return kind == HELD_ALL || (kind == HELD_SUSPECTS ? held->suspect : !held->result);
}

/* Take out what belongs to MESSAGE, in order. */
static struct held *held_take(struct ledger *ledger, struct message *message, enum held_kind kind)
{
	uint32_t slot = message->held == 0 ? MAP_NONE : map_slot(ledger->messages, message);
	struct held *taken = NULL, **end = &taken, **at = &ledger->held_first;

	if (message->held == 0)
		return NULL;
	while (*at != NULL && message->held > 0) {
		struct held *held = *at;

		if (held->slot != slot || !held_is(held, kind)) {
			at = &held->next;
			continue;
		}
		*at = held->next;
		held->next = NULL;
		*end = held;
		end = &held->next;
		ledger->held_count--;
		message->held--;
	}
	if (*at == NULL)
		ledger->held_end = at;
	return taken;
}

/* Keep the result of STEP until it is released, or for WAIT at most. */
struct held *ledger_hold(struct ledger *ledger, struct message *message, const struct step *step, usec_t wait)
{
	struct held *held = memory_new(1, sizeof(*held));

	held->due = step->frame->time + wait;
	held->result = true;
	held->source = step->source;
	held->position = step->position;
	held->frame.time = step->frame->time;
	held_copy(held, step->event);
	held_append(ledger, message, held);
	return held;
}

/* Keep MESSAGE itself until DUE, though its queue id be free. */
void ledger_hold_open(struct ledger *ledger, struct message *message, usec_t due)
{
	struct held *held = memory_new(1, sizeof(*held));

	held->due = due;
	held_append(ledger, message, held);
}

/*
 * Give what waits for MESSAGE; without ALL, each result is asked again whether it must. Where nothing is
 * left to wait for and its queue id is free, MESSAGE is gone afterwards.
 */
void ledger_release(struct ledger *ledger, struct message *message, bool all)
{
	struct held *held = held_take(ledger, message, HELD_ALL), *next;

	message->held++; /* what is given may end it */
	for (; held != NULL; held = next) {
		struct step step = { &held->frame, &held->event, held->source, held->position, 0 };

		next = held->next;
		held->next = NULL;
		if (!all && !held->result) {
			held_append(ledger, message, held);
			continue;
		}
		held->frame.host = ledger_host(ledger, message);
		if (held->result && all && !held->certain)
			ledger_attempt(ledger, message, &step);
		else if (held->result && !all)
			ledger_result(ledger, message, &step);
		held_free(held);
	}
	message->held--;
	if (message->flags & MESSAGE_ENDED)
		ledger_end(ledger, message);
}

void ledger_drop_held(struct ledger *ledger, struct message *message, enum held_kind kind)
{
	struct held *held = held_take(ledger, message, kind), *next;

	for (; held != NULL; held = next) {
		next = held->next;
		held_free(held);
	}
}

bool ledger_has_suspects(const struct ledger *ledger, const struct message *message)
{
	uint32_t slot = message->held == 0 ? MAP_NONE : map_slot(ledger->messages, message);

	if (message->held == 0)
		return false;
	for (const struct held *held = ledger->held_first; held != NULL; held = held->next)
		if (held->slot == slot && held->suspect)
			return true;
	return false;
}

/* It waited long enough: a message that was expected does not come, one that was unsure stands alone. */
static void held_overdue(struct ledger *ledger, struct message *message)
{
	if (message->flags & MESSAGE_EXPECTED) {
		ledger_forget(ledger, message);
		return;
	}
	ledger_stands_alone(ledger, message);
	ledger_never_begins(ledger, message);
	ledger_awaited_in_vain(ledger, message);
	ledger_release(ledger, message, true);
}

void ledger_release_due(struct ledger *ledger)
{
	struct held *held = ledger->held_first;
	usec_t due = INT64_MAX;

	while (held != NULL) {
		if (held->due <= ledger->now || ledger->held_count > LEDGER_HELD) {
			held_overdue(ledger, map_at(ledger->messages, held->slot));
			held = ledger->held_first; /* the list has changed */
			due = INT64_MAX;
			continue;
		}
		if (held->due < due)
			due = held->due;
		held = held->next;
	}
	ledger->held_due = due;
}
