/*
 * Content filters: the MTA hands a message to a program on this machine, which gives it back as a new
 * message under a second queue id. Both are one message, charged to who submitted the first leg.
 *
 * They are joined by what is nearest at hand: the queue id that the filter passes on (XFORWARD), the
 * filter's own log line, the "queued as" in its answer, and where it hides that, the message-id of a
 * message that is at a filter just now. Anybody can claim a message-id or answer "queued as": the answer
 * counts only from a relay that is on this machine or named in the settings, the message-id only for mail
 * that comes from this machine without a login, while exactly one first leg of it is under way.
 *
 * What is handed to a program on this machine may also be a tunnel to another server, whose answers look
 * the same. So the result waits for the second leg: if there is none within two minutes, it was an attempt.
 */
#include "parsers/ledger_parts.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

#define FILTER_TAKES   (10 * USEC_MINUTE) /* from the first leg's beginning to the second's */
#define SUSPECT_WAITS  (2 * USEC_MINUTE)
#define UNSURE_WAITS   (30 * USEC_SECOND)
#define FILTER_IS_USED USEC_DAY /* since a filter was last seen at work */
#define FEWEST_BUCKETS 128      /* of messages by message-id */
#define BUCKET_FULL    3 /* on average, before there are more: of a thousand messages two find no place then */

static bool message_is_filtered_soon(const struct ledger *ledger, const struct message *first)
{
	return first->recipient_count == 0 || (first->flags & MESSAGE_HANDED) ||
	       ledger_has_suspects(ledger, first);
}

static inline uint32_t *ledger_ways(const struct ledger *ledger, uint32_t message_id)
{
	return ledger->by_message_id[(message_id >> 1) & (ledger->buckets - 1)];
}

/* MESSAGE is the newest of its bucket; one that is pushed out was the oldest. */
static void ledger_note_first(struct ledger *ledger, const struct message *message, uint32_t slot)
{
	uint32_t *ways = ledger_ways(ledger, message->message_id);

	ledger->noted += ways[LEDGER_WAYS - 1] == 0;
	memmove(ways + 1, ways, (LEDGER_WAYS - 1) * sizeof(*ways));
	ways[0] = slot + 1;
}

static SELDOM void ledger_more_buckets(struct ledger *ledger)
{
	uint32_t(*old)[LEDGER_WAYS] = ledger->by_message_id, count = ledger->buckets;

	ledger->buckets = count == 0 ? FEWEST_BUCKETS : count * 2;
	ledger->by_message_id = memory_new(ledger->buckets, sizeof(*old));
	ledger->noted = 0;
	for (uint32_t i = 0; i < count; i++)
		for (unsigned way = LEDGER_WAYS; way > 0; way--)
			if (old[i][way - 1] != 0)
				ledger_note_first(ledger, map_at(ledger->messages, old[i][way - 1] - 1),
						  old[i][way - 1] - 1);
	free(old);
}

/*
 * Only open messages are in the table, so that it is as small as they are few, and stays in a cache: where all of the
 * last 65,536 were, each new one waited for memory.
 */
void ledger_note_no_more(struct ledger *ledger, struct message *message)
{
	uint32_t *ways, slot;

	if (message->message_id == 0)
		return;
	ways = ledger_ways(ledger, message->message_id);
	slot = map_slot(ledger->messages, message) + 1;
	for (unsigned i = 0; i < LEDGER_WAYS; i++)
		if (ways[i] == slot) {
			memmove(ways + i, ways + i + 1, (LEDGER_WAYS - 1 - i) * sizeof(*ways));
			ways[LEDGER_WAYS - 1] = 0;
			ledger->noted--;
			return;
		}
}

/* The one first leg that MESSAGE may be the second of. COUNT_R: how many there are. */
static struct message *ledger_first_leg(struct ledger *ledger, const struct message *message,
					unsigned *count_r)
{
	const uint32_t *ways = ledger_ways(ledger, message->message_id);
	struct message *found = NULL;

	*count_r = 0;
	for (unsigned i = 0; i < LEDGER_WAYS; i++) {
		struct message *first = ways[i] == 0 ? NULL : map_at(ledger->messages, ways[i] - 1);

		if (first == NULL || first == message || first->message_id != message->message_id ||
		    first->host != message->host || message->time - first->time > FILTER_TAKES ||
		    first->root != MAP_NONE || !message_is_filtered_soon(ledger, first) ||
		    !span_equal(message_get(first, TEXT_MESSAGE_ID), message_get(message, TEXT_MESSAGE_ID)))
			continue;
		found = first;
		++*count_r;
	}
	return found;
}

void ledger_make_unsure(struct ledger *ledger, struct message *message)
{
	/* What came from no address, a command gave back: it surely had a first leg. */
	bool sure = message->mta == MTA_EXIM && message_get(message, TEXT_CLIENT).at == NULL;

	if (message->flags & MESSAGE_UNSURE)
		return;
	message->flags |= MESSAGE_UNSURE;
	ledger_hold_open(ledger, message, ledger->now + (sure ? SUSPECT_WAITS : UNSURE_WAITS));
}

/* Where a filter is at work, all mail from this machine without a login may be what it gives back. */
void ledger_doubt(struct ledger *ledger, struct message *message)
{
	if ((message->flags & MESSAGE_LOOPBACK) && message->root == MAP_NONE &&
	    message->recipient_count == 0 && !(message->flags & MESSAGE_SUBMITTED) &&
	    ledger->filter_seen != 0 && ledger->now - ledger->filter_seen < FILTER_IS_USED)
		ledger_make_unsure(ledger, message);
}

/* SECOND is the second leg of ROOT: what waited for that is given, and the handing over was no attempt. */
static void ledger_joined(struct ledger *ledger, struct message *root, struct message *second)
{
	ledger_link(ledger, root, second);
	root->flags |= MESSAGE_HANDED;
	ledger->filter_seen = ledger->now;
	ledger_drop_held(ledger, root, HELD_SUSPECTS);
	root->held++; /* the second leg's end may be its own */
	ledger_release(ledger, second, false);
	root->held--;
	ledger_settle(ledger, root);
}

/* From this machine without a login; or, where a filter is run as a command, by that command's user. */
static bool message_may_be_second(const struct ledger *ledger, const struct message *message)
{
	return (message->flags & MESSAGE_LOOPBACK) || (ledger->filter_piped && message->uid != UINT32_MAX);
}

/* Once for each message, when its message-id is known. */
void ledger_note_message_id(struct ledger *ledger, struct message *message, struct span message_id)
{
	struct message *first;
	unsigned count;

	if (message_id.len == 0 || message->message_id != 0)
		return;
	if (message->root != MAP_NONE) {
		message_put(message, TEXT_MESSAGE_ID, message_id);
		return;
	}
	/*
	 * Senders choose message-ids: whoever could tell which share a bucket could push his own out of it. What
	 * only this log knows keeps that from them, and is the same in every replay.
	 */
	if (ledger->secret == 0)
		ledger->secret = hash_stable_more((uint64_t)ledger->now, message_id) | 1;
	if (ledger->noted >= ledger->buckets * BUCKET_FULL)
		ledger_more_buckets(ledger);
	message->message_id = (uint32_t)(hash_stable_more(ledger->secret, message_id) >> 32) | 1;
	message_put(message, TEXT_MESSAGE_ID, message_id);
	if (message_may_be_second(ledger, message)) {
		first = ledger_first_leg(ledger, message, &count);
		if (count == 1 &&
		    ((first->flags & (MESSAGE_HANDED | MESSAGE_ENDED)) || ledger_has_suspects(ledger, first)))
			ledger_joined(ledger, first, message);
		else if (count > 0)
			ledger_make_unsure(ledger, message);
	}
	if ((message->flags & (MESSAGE_LOOPBACK | MESSAGE_UNSURE)) || message->root != MAP_NONE)
		return;
	ledger_note_first(ledger, message, map_slot(ledger->messages, message));
}

/* It was no second leg after all. */
void ledger_stands_alone(struct ledger *ledger, struct message *message)
{
	if (!(message->flags & MESSAGE_UNSURE))
		return;
	message->flags &= (uint16_t)~MESSAGE_UNSURE;
	ledger_attribute_sender(ledger, message);
	ledger_submit(ledger, message);
}

/*
 * May it still become a second leg? Not once somebody logged in for it, or it has attempts of its own. A local user's
 * is from this machine only where he connected to it.
 */
static bool message_may_join(const struct message *message)
{
	return message->root == MAP_NONE && message->next_leg == MAP_NONE && message->recipient_count == 0 &&
	       (message->account_kind == ACCOUNT_NONE || message->account_kind == ACCOUNT_SENDER ||
		(message->account_kind == ACCOUNT_LOCAL && (message->flags & MESSAGE_LOOPBACK) != 0)) &&
	       (message->flags & (MESSAGE_LOOPBACK | MESSAGE_REINJECTED | MESSAGE_ORPHAN)) != 0;
}

/* A record for a second leg whose lines are still to come. */
static void ledger_expect(struct ledger *ledger, const struct step *step, struct message *root,
			  struct span second)
{
	struct message *message;

	root->news = (uint32_t)(ledger->now / USEC_SECOND);
	map_touch(ledger->messages, root); /* lest making room takes the root itself */
	message = ledger_open(ledger, step, second);
	message->flags |= MESSAGE_EXPECTED;
	ledger_link(ledger, root, message);
	ledger_hold_open(ledger, message, step->frame->time + SUSPECT_WAITS);
}

/* Was SECOND a leg of ROOT, though it be over by now? */
static bool message_had_leg(const struct message *root, struct span second)
{
	enum text_field field;
	struct span text;
	size_t at = 0;

	while (message_next(root, &at, &field, &text))
		if (field == TEXT_QUEUE_ID && span_equal(text, second))
			return true;
	return false;
}

/* What was expected came. */
void ledger_arrived(struct ledger *ledger, struct message *second)
{
	struct message *root = ledger_root(ledger, second);

	second->flags &= (uint16_t)~MESSAGE_EXPECTED;
	ledger_drop_held(ledger, second, HELD_MARKS);
	root->flags |= MESSAGE_HANDED;
	ledger->filter_seen = ledger->now;
	ledger_drop_held(ledger, root, HELD_SUSPECTS);
}

/* A line says that FIRST went on as SECOND. True where that could be followed. */
bool ledger_join(struct ledger *ledger, const struct step *step, enum event_mta mta, struct span first,
		 struct span second)
{
	struct message *one = ledger_find(ledger, step, mta, first),
		       *two = ledger_find(ledger, step, mta, second);

	if (one == NULL || one == two)
		return false;
	one = ledger_root(ledger, one);
	if (two != NULL && two->root != MAP_NONE)
		return ledger_root(ledger, two) == one;
	if (two == NULL && message_had_leg(one, second))
		return true;
	if (two == NULL || !message_may_join(two) || one == two)
		return false;
	ledger_joined(ledger, one, two);
	return true;
}

/* The queue id in "... Ok: queued as 4F2K3L" or "OK id=1abcde-000123-AB"; absent where there is none. */
static struct span reply_queue_id(struct span reply)
{
	static const char *const words[] = { "queued as ", "OK id=", "queued_as: " };
	struct span id = { NULL, 0 };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && reply.at != NULL && id.at == NULL; i++) {
		struct span word = span_of(words[i]);
		size_t at = span_find_last(reply, word);

		if (at == reply.len)
			continue;
		id = span_from(reply, at + word.len);
		for (at = 0; at < id.len && (id.at[at] == '-' || (id.at[at] >= '0' && id.at[at] <= '9') ||
					     ((id.at[at] | 0x20) >= 'a' && (id.at[at] | 0x20) <= 'z'));)
			at++;
		id.len = at;
	}
	return id;
}

/* Which bit stands for names that begin as NAME, without case. */
static unsigned letter_of(const char *name)
{
	return ((unsigned char)name[0] | 0x20) & 0x7f;
}

void ledger_note_filter(struct ledger *ledger, const char *name)
{
	unsigned letter = letter_of(name);

	ledger->filter_letters[letter / 64] |= UINT64_C(1) << letter % 64;
	ledger->filters_have_ports |= strchr(name, ':') != NULL;
}

static bool ledger_has_letter(const struct ledger *ledger, struct span name)
{
	unsigned letter = name.len == 0 ? 0 : letter_of(name.at);

	return name.len > 0 && (ledger->filter_letters[letter / 64] >> letter % 64 & 1) != 0;
}

/* Is the relay named in the settings? A name without a dot is a pipe's, and no host's elsewhere. */
static bool ledger_is_filter(const struct ledger *ledger, const struct event *event)
{
	const struct setting_list *filters = &ledger->options.filters;
	struct span names[] = { event->relay, event->relay_ip };
	bool dotted;
	char place[300];

	/* It tells most of them apart, for a tenth of the instructions that comparing takes. */
	if (!ledger_has_letter(ledger, event->relay) && !ledger_has_letter(ledger, event->relay_ip))
		return false;
	dotted = memchr(event->relay.at, '.', event->relay.len) != NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int len;

		if (names[i].len == 0 || (i == 0 && event->relay_ip.len > 0 && !dotted))
			continue;
		if (setting_list_has(filters, names[i]))
			return true;
		if (!ledger->filters_have_ports || names[i].len > 255)
			continue;
		len = snprintf(place, sizeof(place), "%.*s:%.*s", SPAN_ARGS(names[i]),
			       SPAN_ARGS(event->relay_port));
		if (setting_list_has(filters, (struct span){ place, (size_t)len }))
			return true;
	}
	return false;
}

/* What an alias led to, for results behind the filter that no longer say so. */
static void ledger_note_original(struct ledger *ledger, struct message *root, const struct event *event)
{
	uint32_t hash = recipient_key(event_recipient_hash(event));
	struct recipient *recipient;

	if (root->account_kind != ACCOUNT_NONE && !ledger->sink.want_done)
		return;
	if (message_original(root, hash).at == NULL)
		message_original_put(
			root, hash, event->original_recipient.len > 0 ? event->original_recipient : SPAN(""));
	recipient = message_recipient(root, hash, 0);
	if (recipient != NULL)
		message_keep_original(root, recipient, event->original_recipient);
	for (uint32_t at = root->next_leg; at != MAP_NONE;) {
		struct message *leg = map_at(ledger->messages, at);

		at = leg->next_leg;
		ledger_release(ledger, leg, false);
	}
}

/* The filter does not say as what it gave ROOT back: join those that wait for a first leg of its message-id. */
static bool ledger_find_hidden(struct ledger *ledger, struct message *root)
{
	struct held *held = ledger->held_first;
	unsigned count;

	while (held != NULL) {
		struct message *message = map_at(ledger->messages, held->slot);

		held = held->next;
		if (message->message_id != root->message_id || !(message->flags & MESSAGE_UNSURE) ||
		    ledger_first_leg(ledger, message, &count) != root || count != 1)
			continue;
		ledger_joined(ledger, root, message);
		return true;
	}
	return false;
}

/*
 * Was it given to a filter that Exim runs as a command? Such a delivery looks like any into a mailbox: it is one
 * where the message came back meanwhile, by its message-id, or where its transport is known for that.
 */
static bool ledger_piped(struct ledger *ledger, struct message *root, const struct event *event)
{
	struct span transport = event->transport;
	bool came_back = false;

	if (event->mta != MTA_EXIM || root->message_id == 0 || transport.len == 0 ||
	    transport.len >= sizeof(ledger->filter_transport))
		return false;
	while (ledger_find_hidden(ledger, root))
		came_back = true;
	if (came_back) {
		memset(ledger->filter_transport, 0, sizeof(ledger->filter_transport));
		memcpy(ledger->filter_transport, transport.at, transport.len);
	} else if (!(root->flags & MESSAGE_HANDED) ||
		   !span_equal(span_of(ledger->filter_transport), transport)) {
		return false;
	}
	ledger_note_original(ledger, root, event);
	return true;
}

/*
 * Postfix's local(8) queued an alias's, a list's or a .forward file's recipients anew, as "forwarded as 4F2A3B" says: they
 * are the message's own, whoever sent it.
 */
static bool ledger_forwarded(struct ledger *ledger, struct message *root, const struct step *step)
{
	const struct event *event = step->event;
	struct message *child;

	if (event->mta != MTA_POSTFIX || event->child_id.len == 0 ||
	    !span_starts(event->reply, SPAN("forwarded as ")))
		return false;
	child = ledger_find(ledger, step, MTA_POSTFIX, event->child_id);
	if (child == NULL || child == root || !message_may_join(child))
		return false;
	ledger_note_original(ledger, root, event);
	ledger_link(ledger, root, child);
	ledger_release(ledger, child, false);
	return true;
}

/* Was this result no delivery, but the handing over to a content filter? Then it is dealt with. */
bool ledger_handed_over(struct ledger *ledger, struct message *message, const struct step *step)
{
	const struct event *event = step->event;
	struct message *root = ledger_root(ledger, message);
	bool certain;
	struct span second;
	struct held *held;

	if (event->outcome != OUTCOME_DELIVERED)
		return false;
	if (event->local && ledger_forwarded(ledger, root, step))
		return true;
	if (message != root)
		return false;
	if (event->relay_ip.len + event->relay.len == 0)
		return ledger_piped(ledger, root, event);
	certain = event->relay.len > 0 && ledger_is_filter(ledger, event);
	if (certain && event->local)
		ledger->filter_piped = true;
	if (!certain && !ledger_is_here(event->relay_ip))
		return false;
	second = event->child_id.len > 0 ? event->child_id : reply_queue_id(event->reply);
	if (second.len == 0 && event_is_local(event) && !certain)
		return false; /* a mailbox server on this machine */
	if (second.len == 0 && span_find_nocase(event->reply, SPAN("discard")) < event->reply.len)
		return false;
	ledger_stands_alone(ledger, root);
	ledger_note_original(ledger, root, event);
	if (second.len > 0 && ledger_join(ledger, step, event->mta, message_get(root, TEXT_QUEUE_ID), second))
		return true;
	if (second.len == 0 && root->next_leg != MAP_NONE)
		return true;
	held = ledger_hold(ledger, root, step, certain ? FILTER_TAKES : SUSPECT_WAITS);
	held->suspect = true;
	held->certain = certain;
	if (second.len > 0 && ledger_find(ledger, step, event->mta, second) == NULL)
		ledger_expect(ledger, step, root, second);
	else if (second.len == 0)
		ledger_find_hidden(ledger, root);
	return true;
}

/* Must this result wait until it is known whose it is? */
bool ledger_must_wait(struct ledger *ledger, struct message *message, const struct step *step)
{
	const struct event *event = step->event;
	struct message *root = ledger_root(ledger, message);

	if (root == message)
		return (message->flags & (MESSAGE_UNSURE | MESSAGE_EARLY)) != 0;
	if (message_awaits_beginning(root))
		return true;
	/* Nobody's mail that leaves again is the forwarding address's, which the first leg's result names. */
	return root->account_kind == ACCOUNT_NONE && !event_is_local(event) &&
	       event->original_recipient.len == 0 &&
	       !(root->flags & (MESSAGE_NULL_SENDER | MESSAGE_NOTICE | MESSAGE_ORPHAN)) &&
	       message_original(root, recipient_key(event_recipient_hash(event))).at == NULL;
}
