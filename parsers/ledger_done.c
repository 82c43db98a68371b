/*
 * The texts of each recipient, where the sink wants ATTEMPT_DONE: for printing attempts and traces, not
 * for watching. The latest outcome replaces the one before, but for the address that an alias had.
 */
#include "parsers/ledger_parts.h"

#include "base/memory.h"

#include <stdlib.h>

struct kept {
	struct attempt attempt;
	enum account_kind account_kind;
	struct span account, customer; /* of a forwarder, beside the message's */
	char text[];
};

static const size_t kept_spans[] = {
	offsetof(struct kept, attempt.recipient), offsetof(struct kept, attempt.original_recipient),
	offsetof(struct kept, attempt.dsn),       offsetof(struct kept, attempt.reply),
	offsetof(struct kept, attempt.relay),     offsetof(struct kept, attempt.relay_ip),
	offsetof(struct kept, attempt.provider),  offsetof(struct kept, attempt.local_ip),
	offsetof(struct kept, account),           offsetof(struct kept, customer),
};

#define KEPT_SPANS (sizeof(kept_spans) / sizeof(kept_spans[0]))

static struct span *kept_span(struct kept *kept, size_t number)
{
	return (void *)((char *)kept + kept_spans[number]);
}

/* A copy that owns its texts. */
static struct kept *kept_new(struct kept *from)
{
	struct kept *kept;
	size_t len = 0, at = 0;

	for (size_t i = 0; i < KEPT_SPANS; i++)
		len += kept_span(from, i)->len;
	kept = memory_new(1, sizeof(*kept) + len);
	*kept = *from;
	for (size_t i = 0; i < KEPT_SPANS; i++) {
		struct span *span = kept_span(kept, i);

		if (span->at == NULL)
			continue;
		if (span->len > 0)
			memcpy(kept->text + at, span->at, span->len);
		span->at = kept->text + at;
		at += span->len;
	}
	return kept;
}

static struct kept **kept_place(struct message *message, const struct recipient *recipient)
{
	uint32_t number = (uint32_t)(recipient - message_recipients(message)), room = message->kept_room;

	if (number >= room) {
		room = number < 2 ? 2 : 2 * number;
		message->kept = memory_grow(message->kept, room, sizeof(*message->kept));
		memset(message->kept + message->kept_room, 0,
		       (room - message->kept_room) * sizeof(*message->kept));
		message->kept_room = room;
	}
	return &message->kept[number];
}

void message_keep(struct message *message, const struct recipient *recipient, const struct attempt *attempt)
{
	struct kept **place = kept_place(message, recipient), *old = *place;
	struct kept from = {
		.attempt = *attempt,
		.account_kind = attempt->envelope->account_kind,
		.account = attempt->envelope->account,
		.customer = attempt->envelope->customer,
	};

	if (old != NULL && from.attempt.original_recipient.at == NULL)
		from.attempt.original_recipient = old->attempt.original_recipient;
	from.attempt.envelope = NULL;
	*place = kept_new(&from);
	free(old);
}

void message_keep_original(struct message *message, const struct recipient *recipient, struct span original)
{
	struct kept **place, *old;

	if (message->kept == NULL || original.len == 0)
		return;
	place = kept_place(message, recipient);
	old = *place;
	if (old == NULL || old->attempt.original_recipient.at != NULL)
		return;
	old->attempt.original_recipient = original;
	*place = kept_new(old);
	free(old);
}

/* Fill in what is kept of RECIPIENT, its account too. */
void ledger_kept_attempt(const struct message *message, uint32_t number, struct attempt *attempt_r,
			 struct envelope *envelope)
{
	const struct kept *kept = number < message->kept_room ? message->kept[number] : NULL;

	if (kept == NULL)
		return;
	*attempt_r = kept->attempt;
	attempt_r->envelope = envelope;
	envelope->account_kind = kept->account_kind;
	envelope->note = NULL;
	envelope->account = kept->account;
	envelope->customer = kept->customer;
}

void ledger_done(struct ledger *ledger, struct message *message)
{
	struct envelope whole;

	if (message->kept == NULL || ledger->sink.attempt == NULL)
		return;
	message_envelope(ledger, message, &whole);
	for (uint32_t i = 0; i < message->recipient_count; i++) {
		struct envelope envelope = whole;
		struct attempt attempt = { .envelope = NULL };

		ledger_kept_attempt(message, i, &attempt, &envelope);
		attempt.queue_id_count = 0;
		message_queue_ids(message, &attempt);
		if (attempt.envelope != NULL)
			ledger->sink.attempt(ledger->sink.context, &attempt, ATTEMPT_DONE);
	}
}
