/*
 * A message's life in the queue. Senders and message ids are strangers' text: what Postfix adds is taken
 * from the end that they cannot reach.
 */
#include "parsers/postfix.h"
#include "parsers/field.h"

/* "from=<s>", with nothing behind it. */
static bool queue_sender(struct span words, struct event *event)
{
	if (!span_skip(&words, SPAN("from=<")) || !span_ends(words, SPAN(">")))
		return false;
	event->sender = span_head(words, words.len - 1);
	return true;
}

/* NAME and digits at the end of WORDS. */
static inline bool queue_number(struct span *words, struct span name, uint64_t *number_r)
{
	size_t at = words->len;

	while (at > 0 && words->at[at - 1] >= '0' && words->at[at - 1] <= '9')
		at--;
	if (!span_ends(span_head(*words, at), name) || !span_to_u64(span_from(*words, at), number_r))
		return false;
	words->len = at - name.len;
	return true;
}

/* "from=<s>, size=1234, nrcpt=2 (queue active)". */
static bool queue_active(struct span words, struct event *event)
{
	uint64_t bytes, count;

	if (!span_ends(words, SPAN(" (queue active)")))
		return false;
	words.len -= SPAN(" (queue active)").len;
	if (!queue_number(&words, SPAN(", nrcpt="), &count) ||
	    !queue_number(&words, SPAN(", size="), &bytes) || count > INT32_MAX || bytes > INT64_MAX)
		return false;
	event->kind = EVENT_ACTIVE;
	event->size = (int64_t)bytes;
	event->nrcpt = (int32_t)count;
	return queue_sender(words, event);
}

bool postfix_read_from(struct span words, struct event *event)
{
	static const struct span expired[] = { SPAN_INIT(", status=expired, returned to sender"),
					       SPAN_INIT(", status=force-expired, returned to sender") };

	if (queue_active(words, event))
		return true;
	for (size_t i = 0; i < 2; i++) {
		if (span_ends(words, expired[i])) {
			event->kind = EVENT_EXPIRED;
			event->outcome = OUTCOME_EXPIRED;
			words.len -= expired[i].len;
			return queue_sender(words, event);
		}
	}
	return false;
}

/* "<id>", "id" without brackets, nothing at all, or an id that the line's end cut. */
bool postfix_read_message_id(struct span words, struct event *event)
{
	event->kind = EVENT_MESSAGE_ID;
	if (span_skip(&words, SPAN("resent-"))) {
		event->kind = EVENT_IDLE;
		event->reason = SPAN("resent-message-id");
	}
	if (!span_skip(&words, SPAN("message-id=")))
		return false;
	if (span_skip(&words, SPAN("<"))) {
		const char *end = words.len == 0 ? NULL : memchr(words.at, '>', words.len);

		if (end != NULL)
			words.len = (size_t)(end - words.at);
	}
	event->message_id = words;
	return true;
}

/* "uid=33 from=<www-data>", and " orig_id=4F2A3B" after postsuper -r. */
bool postfix_read_pickup(struct span words, struct event *event)
{
	struct span uid, id;
	uint64_t number;

	event->kind = EVENT_CLIENT;
	event->local = true;
	if (!span_skip(&words, SPAN("uid=")) || !span_cut(&words, ' ', &uid) || !span_to_u64(uid, &number) ||
	    number >= UINT32_MAX)
		return false;
	event->uid = (int64_t)number;
	if (!span_ends(words, SPAN(">")) && span_cut_last(&words, SPAN(" orig_id="), &id)) {
		if (!field_is_queue_id(id))
			return false;
		event->parent_id = id;
	}
	return queue_sender(words, event);
}

/* "sender non-delivery notification: 4F2A3B", and postmaster's and other kinds. */
bool postfix_read_notice(struct span words, struct event *event)
{
	struct span id;

	if (!span_cut_last(&words, SPAN(" notification: "), &id) || !field_is_queue_id(id))
		return false;
	event->kind = EVENT_NOTICE;
	event->child_id = id;
	event->reason = words;
	return true;
}

bool postfix_read_queue_change(struct span words, struct event *event)
{
	static const struct {
		struct span words;
		enum event_kind kind;
	} changes[] = {
		{ SPAN_INIT("removed"), EVENT_END },
		{ SPAN_INIT("placed on hold"), EVENT_HOLD },
		{ SPAN_INIT("released from hold"), EVENT_RELEASE },
		{ SPAN_INIT("requeued"), EVENT_REQUEUE },
		{ SPAN_INIT("skipped, still being delivered"), EVENT_IDLE },
		{ SPAN_INIT("expired"), EVENT_IDLE },
		{ SPAN_INIT("force-expired"), EVENT_IDLE },
		{ SPAN_INIT("status=deferred (bounce failed)"), EVENT_IDLE },
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (span_equal(words, changes[i].words)) {
			event->kind = changes[i].kind;
			return true;
		}
	}
	return false;
}
