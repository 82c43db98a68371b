/*
 * Lines in another order than they were written. A log that was sorted, exported from a database or sent by several
 * workers has the lines of one second in any order: a result before the line that brings its message in, or the
 * end before the results. So a message without its beginning waits for that, and one that ended without results for
 * these, two seconds of the log's time.
 *
 * Some logs lack such lines altogether: those of one program alone, or of what was queued before they begin. Once so
 * many in a row waited in vain, only one in so many waits, to find out whether that has changed.
 */
#include "parsers/ledger_parts.h"

#include <string.h>

#define ORDER_WAITS (2 * USEC_SECOND)
#define ORDER_VAIN  100
#define ORDER_TRIES 64

static bool ledger_is_worth_waiting(struct ledger *ledger)
{
	/* What waits for a content filter is not to be pushed out. */
	if (ledger->held_count >= LEDGER_HELD / 2)
		return false;
	return ledger->order_vain < ORDER_VAIN || ledger->order_tries++ % ORDER_TRIES == 0;
}

struct message *ledger_open_orphan(struct ledger *ledger, const struct step *step)
{
	struct message *message = ledger_open(ledger, step, step->event->queue_id);

	message->flags |= MESSAGE_ORPHAN;
	if (ledger_is_worth_waiting(ledger))
		message->flags |= MESSAGE_EARLY;
	return message;
}

bool message_awaits_beginning(const struct message *message)
{
	return (message->flags & (MESSAGE_EARLY | MESSAGE_ORPHAN)) == (MESSAGE_EARLY | MESSAGE_ORPHAN);
}

bool message_begins_late(const struct message *message, const struct step *step)
{
	return message_awaits_beginning(message) && step->frame->time <= message->time + ORDER_WAITS;
}

bool message_arrives_late(struct message *message, const struct step *step)
{
	if (message->root == MAP_NONE || (message->flags & MESSAGE_ORPHAN) == 0 ||
	    step->frame->time > message->time + ORDER_WAITS)
		return false;
	message->flags &= (uint16_t)~MESSAGE_ORPHAN;
	return true;
}

usec_t message_result_waits(const struct message *root)
{
	return message_awaits_beginning(root) ? ORDER_WAITS : 2 * USEC_MINUTE;
}

void ledger_catch_up(struct ledger *ledger, struct message *message)
{
	struct span id = message_get(message, TEXT_MESSAGE_ID);
	char copy[512];

	message->flags &= (uint16_t)~MESSAGE_EARLY;
	if (id.len > 0 && id.len <= sizeof(copy)) {
		memcpy(copy, id.at, id.len);
		ledger_note_message_id(ledger, message, (struct span){ copy, id.len });
	}
	if (message->nrcpt < 0)
		return;
	ledger_doubt(ledger, message);
	ledger_attribute_sender(ledger, message);
	ledger_submit(ledger, message);
}

void ledger_put_off(struct ledger *ledger, struct message *message, const struct step *step)
{
	if (message->flags & MESSAGE_NULL_SENDER)
		ledger_catch_up(ledger, message); /* the server's own bounce: nobody brings it in */
	else
		ledger_hold_open(ledger, message, step->frame->time + ORDER_WAITS);
}

void ledger_begins(struct ledger *ledger, struct message *message)
{
	message->flags &= (uint16_t)~MESSAGE_ORPHAN;
	ledger->order_vain = 0;
	/* Other results may be as late. What is given for it now is not to end it. */
	if (message->flags & MESSAGE_ENDED)
		ledger_hold_open(ledger, message, ledger->now + ORDER_WAITS);
	ledger_catch_up(ledger, message);
	for (uint32_t at = message->next_leg; at != MAP_NONE;) {
		struct message *leg = map_at(ledger->messages, at);

		at = leg->next_leg;
		ledger_release(ledger, leg, false);
	}
}

void ledger_never_begins(struct ledger *ledger, struct message *message)
{
	if (!message_awaits_beginning(message))
		return;
	/* By a result, if nothing else is known of it. */
	ledger->stats.orphans += message->nrcpt < 0 && message_get(message, TEXT_MESSAGE_ID).at == NULL;
	ledger->order_vain++;
	ledger_catch_up(ledger, message);
}

/* What was handed to a filter has none of its own, and of a leg's the first message knows. */
bool ledger_lacks_results(struct ledger *ledger, struct message *message)
{
	uint32_t nrcpt = message->nrcpt > 1 ? (uint32_t)message->nrcpt : 1;

	return ledger_root(ledger, message)->recipient_count < nrcpt && message->next_leg == MAP_NONE &&
	       !(message->flags & MESSAGE_HANDED);
}

void ledger_await_results(struct ledger *ledger, struct message *message, const struct step *step)
{
	if (message->held > 0 || !ledger_is_worth_waiting(ledger))
		return;
	ledger_note_no_more(ledger, message); /* its place among the open ones is for those */
	ledger_hold_open(ledger, message, step->frame->time + ORDER_WAITS);
}

void ledger_awaited_result(struct ledger *ledger, const struct message *message)
{
	if (message->flags & MESSAGE_ENDED)
		ledger->order_vain = 0;
}

void ledger_awaited_in_vain(struct ledger *ledger, struct message *message)
{
	if ((message->flags & MESSAGE_ENDED) && ledger_lacks_results(ledger, message))
		ledger->order_vain++;
}
