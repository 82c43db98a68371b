/*
 * What the sink is told: a message submitted, an attempt's first outcome, and its change by a retry.
 *
 * Direction follows from whose mail it is and where it went: an account's mail that stays here is internal,
 * nobody's mail that stays is inbound, nobody's mail that leaves again is forwarded by the address that it
 * was sent to, and that address is then the account.
 */
#include "parsers/ledger_parts.h"

#include "base/hash.h"
#include "base/memory.h"

#include <assert.h>

void message_envelope(const struct ledger *ledger, struct message *message, struct envelope *envelope_r)
{
	struct span account = message_get(message, TEXT_ACCOUNT),
		    customer = message_get(message, TEXT_CUSTOMER);

	*envelope_r = (struct envelope){
		.time = message->time,
		.mta = (enum event_mta)message->mta,
		.account_kind = (enum account_kind)message->account_kind,
		.account = account.len > 0 ? account : (struct span){ NULL, 0 },
		.customer = customer.len > 0 ? customer : (struct span){ NULL, 0 },
		.host = ledger_host(ledger, message),
		.queue_id = message_get(message, TEXT_QUEUE_ID),
		.message_id = message_get(message, TEXT_MESSAGE_ID),
		.sender = message_get(message, TEXT_SENDER),
		.client_ip = message_get(message, TEXT_CLIENT),
		.helo = message_get(message, TEXT_HELO),
		.subject = message_get(message, TEXT_SUBJECT),
		.nrcpt = message->nrcpt,
		.size = message->size == UINT32_MAX ? -1 : (int64_t)message->size,
		.script = message_get(message, TEXT_SCRIPT),
		.note = message->note,
	};
}

static bool message_awaits_submit(const struct message *message)
{
	return message->root == MAP_NONE &&
	       !(message->flags & (MESSAGE_SUBMITTED | MESSAGE_UNSURE | MESSAGE_REINJECTED));
}

/* Once a message: its account and, in most cases, its number of recipients are known. */
static void ledger_submit_as(struct ledger *ledger, struct message *message, const struct envelope *envelope)
{
	message->flags |= MESSAGE_SUBMITTED;
	ledger->stats.messages++;
	if (ledger->sink.submitted != NULL)
		ledger->sink.submitted(ledger->sink.context, envelope, ledger->submit_source,
				       ledger->submit_position);
}

void ledger_submit(struct ledger *ledger, struct message *message)
{
	struct envelope envelope;

	if (!message_awaits_submit(message))
		return;
	message_envelope(ledger, message, &envelope);
	ledger_submit_as(ledger, message, &envelope);
}

void message_queue_ids(const struct message *root, struct attempt *attempt)
{
	enum text_field field;
	struct span text;
	size_t at = 0;

	if (!(root->flags & MESSAGE_RENAMED)) {
		attempt->queue_ids[attempt->queue_id_count++] = message_get(root, TEXT_QUEUE_ID);
		return;
	}
	while (message_next(root, &at, &field, &text))
		if (field == TEXT_QUEUE_ID &&
		    attempt->queue_id_count < sizeof(attempt->queue_ids) / sizeof(attempt->queue_ids[0]))
			attempt->queue_ids[attempt->queue_id_count++] = text;
}

static bool domain_is_local(const struct ledger *ledger, struct span address)
{
	struct span domain;

	return ledger->options.local_domains.count > 0 && span_cut_last(&address, SPAN("@"), &domain) &&
	       setting_list_has(&ledger->options.local_domains, domain);
}

/* LMTP is for the last step into a mailbox, on this machine or another. */
bool event_is_local(const struct event *event)
{
	return event->local || event->lmtp;
}

static enum direction attempt_direction(const struct ledger *ledger, const struct message *root,
					const struct attempt *attempt, bool local)
{
	if (local || domain_is_local(ledger, attempt->recipient))
		local = true;
	if (root->flags & MESSAGE_NOTICE)
		return DIRECTION_BOUNCE;
	if (root->account_kind != ACCOUNT_NONE)
		return local ? DIRECTION_INTERNAL : DIRECTION_OUTBOUND;
	if (root->flags & MESSAGE_NULL_SENDER)
		return DIRECTION_BOUNCE;
	if (root->flags & MESSAGE_ORPHAN)
		return local ? DIRECTION_INBOUND : DIRECTION_UNKNOWN;
	if (!local && ((attempt->original_recipient.len > 0 &&
			!span_equal_nocase(attempt->original_recipient, attempt->recipient)) ||
		       (root->flags & MESSAGE_SRS)))
		return DIRECTION_FORWARDED;
	return DIRECTION_INBOUND;
}

/* Is it held against the account by the settings? What goes out is in any case. */
static bool attempt_counts(const struct ledger *ledger, const struct attempt *attempt)
{
	const struct ledger_options *options = &ledger->options;

	if (attempt->envelope->account.len == 0)
		return false;
	return (options->count_forwarded && attempt->direction == DIRECTION_FORWARDED) ||
	       (options->count_internal && attempt->direction == DIRECTION_INTERNAL) ||
	       (options->count_bounces && attempt->direction == DIRECTION_BOUNCE);
}

/* The local part alone is how Exim names a mailbox: the address stands beside it. */
static void attempt_addresses(const struct message *root, const struct message *leg,
			      const struct event *event, struct attempt *attempt)
{
	attempt->recipient = event->recipient;
	attempt->recipient_hash = event_recipient_hash(event);
	attempt->original_recipient = event->original_recipient;
	if (attempt->original_recipient.len == 0 && root != leg) {
		attempt->original_recipient = message_original(root, recipient_key(attempt->recipient_hash));
		if (attempt->original_recipient.len == 0)
			attempt->original_recipient.at = NULL;
	}
	if (attempt->original_recipient.len > 0 &&
	    memchr(event->recipient.at, '@', event->recipient.len) == NULL) {
		attempt->recipient = attempt->original_recipient;
		attempt->recipient_hash = hash_stable(attempt->recipient);
		attempt->original_recipient = (struct span){ NULL, 0 };
	}
}

static struct reply_meaning attempt_meaning(struct ledger *ledger, const struct event *event)
{
	struct reply_question question = { event->reply, event->dsn, event->relay, event->phase,
					   event->outcome };

	if (event->outcome == OUTCOME_DELIVERED)
		return (struct reply_meaning){ .class = REPLY_DELIVERED };
	if (event->outcome == OUTCOME_DEFERRED || event->outcome == OUTCOME_BOUNCED)
		return replies_classify(ledger->replies, &question);
	return (struct reply_meaning){ .class = event->outcome == OUTCOME_EXPIRED ? REPLY_EXPIRED
										  : REPLY_UNKNOWN };
}

/* Nobody's mail that a local address sends on is that address's. */
static void attempt_forwarder(struct ledger *ledger, struct envelope *envelope, const struct attempt *attempt,
			      struct account_name *name)
{
	if (attempt->direction != DIRECTION_FORWARDED || attempt->original_recipient.len == 0)
		return;
	envelope->account = account_login(&ledger->rules, attempt->original_recipient, name);
	envelope->account_kind = ACCOUNT_FORWARD;
	envelope->note = NULL;
	envelope->customer = owners_of(ledger->owners, envelope->account);
}

/* Record the outcome in RECIPIENT. False where it is what it was. */
static bool attempt_changes(struct recipient *recipient, struct attempt *attempt)
{
	attempt->previous = (enum event_outcome)recipient->outcome;
	attempt->previous_class = (enum reply_class)recipient->class;
	if (recipient->tries < UINT8_MAX)
		recipient->tries++;
	attempt->tries = recipient->tries;
	recipient->outcome = (uint8_t)attempt->outcome;
	recipient->class = (uint8_t)attempt->meaning.class;
	return recipient->tries == 1 || attempt->previous != attempt->outcome ||
	       attempt->previous_class != attempt->meaning.class;
}

static void attempt_tell(struct ledger *ledger, const struct attempt *attempt, bool first)
{
	if (first)
		ledger->stats.attempts++;
	if (ledger->sink.attempt != NULL)
		ledger->sink.attempt(ledger->sink.context, attempt, first ? ATTEMPT_FIRST : ATTEMPT_CHANGED);
}

/* What the line says of it. */
static void attempt_begin(struct attempt *attempt, const struct step *step)
{
	const struct event *event = step->event;

	memory_clear(attempt, sizeof(*attempt));
	attempt->time = step->frame->time;
	attempt->outcome = event->outcome;
	attempt->phase = event->phase;
	attempt->dsn = event->dsn;
	attempt->reply = event->reply;
	attempt->relay = event->relay;
	attempt->relay_ip = event->relay_ip;
	attempt->local_ip = event->local_ip;
	attempt->source = step->source;
	attempt->position = step->position;
}

/* One recipient's outcome, of MESSAGE or the message that it is a leg of. */
void ledger_attempt(struct ledger *ledger, struct message *message, const struct step *step)
{
	struct message *root = ledger_root(ledger, message);
	const struct event *event = step->event;
	struct envelope envelope;
	struct account_name name;
	struct attempt attempt;
	struct recipient *recipient;
	uint8_t original;
	uint32_t hash;
	bool first, local;

	if (event->recipient.len == 0)
		return;
	ledger->submit_source = step->source;
	ledger->submit_position = step->position;
	message_envelope(ledger, root, &envelope);
	if (message_awaits_submit(root))
		ledger_submit_as(ledger, root, &envelope);
	local = event_is_local(event);
	attempt_begin(&attempt, step);
	attempt.envelope = &envelope;
	attempt_addresses(root, message, event, &attempt);
	hash = recipient_key(attempt.recipient_hash);
	original = recipient_hash_original(attempt.original_recipient);
	recipient = message_recipient(root, hash, original);
	first = recipient == NULL;
	if (first)
		recipient = message_recipient_add(root, hash, original);
	attempt.meaning = attempt_meaning(ledger, event);
	attempt.direction = attempt_direction(ledger, root, &attempt, local);
	if (!attempt_changes(recipient, &attempt) && !ledger->sink.want_done)
		return;
	attempt_forwarder(ledger, &envelope, &attempt, &name);
	attempt.counted = attempt_counts(ledger, &attempt);
	message_queue_ids(root, &attempt);
	if (!local)
		attempt.provider = reply_provider_known(&ledger->providers, event->relay, event->relay_hash,
							&attempt.provider_hash);
	if (ledger->sink.want_done)
		message_keep(root, recipient, &attempt);
	if (first || attempt.previous != attempt.outcome || attempt.previous_class != attempt.meaning.class)
		attempt_tell(ledger, &attempt, first);
}

/* A result as it comes: the handing over to a filter is none, and some must wait. */
void ledger_result(struct ledger *ledger, struct message *message, const struct step *step)
{
	struct message *root = ledger_root(ledger, message);

	root->held++; /* a leg that it lets go may end it */
	if (!ledger_handed_over(ledger, message, step)) {
		if (ledger_must_wait(ledger, message, step))
			ledger_hold(ledger, message, step, message_result_waits(root));
		else
			ledger_attempt(ledger, message, step);
	}
	root->held--;
	ledger_settle(ledger, root);
}

/*
 * One line for all who were deferred until now, or held: the queue gives up, or somebody holds the message or
 * removes it. A held message's reply still says why it was deferred before.
 */
void ledger_give_up(struct ledger *ledger, struct message *message, const struct step *step,
		    enum event_outcome outcome)
{
	struct message *root = ledger_root(ledger, message);
	struct recipient *recipients = message_recipients(root);
	struct envelope whole;

	message_envelope(ledger, root, &whole);
	for (uint32_t i = 0; i < root->recipient_count; i++) {
		struct envelope envelope = whole;
		struct attempt attempt = { .envelope = &envelope, .tries = recipients[i].tries };

		if ((recipients[i].outcome != OUTCOME_DEFERRED && recipients[i].outcome != OUTCOME_HELD) ||
		    recipients[i].outcome == outcome)
			continue;
		if (ledger->sink.want_done)
			ledger_kept_attempt(root, i, &attempt, &envelope);
		attempt.time = step->frame->time;
		attempt.previous = (enum event_outcome)recipients[i].outcome;
		attempt.previous_class = (enum reply_class)recipients[i].class;
		attempt.outcome = outcome;
		attempt.meaning = (struct reply_meaning){ .class = attempt.previous_class };
		if (outcome == OUTCOME_EXPIRED)
			attempt.meaning.class = REPLY_EXPIRED;
		attempt.source = step->source;
		attempt.position = step->position;
		attempt.queue_id_count = 0;
		message_queue_ids(root, &attempt);
		recipients[i].outcome = (uint8_t)outcome;
		recipients[i].class = (uint8_t)attempt.meaning.class;
		if (attempt.direction == DIRECTION_UNKNOWN && root->account_kind != ACCOUNT_NONE)
			attempt.direction = DIRECTION_OUTBOUND; /* what is local is not deferred for days */
		attempt.counted = attempt_counts(ledger, &attempt);
		if (ledger->sink.want_done)
			message_keep(root, &recipients[i], &attempt);
		attempt_tell(ledger, &attempt, false);
	}
}
