/*
 * Results of deliveries. Both ends of such a line are written
 * by strangers: the recipient's address at its front, the reply at its end. Between them everything is
 * Postfix's own; so the address is cut first, the fields one after the other from the left up to
 * "status=", and what follows that is the reply and never looked at for fields.
 */
#include "parsers/postfix.h"
#include "parsers/field.h"

static enum event_outcome result_outcome(struct span status)
{
	static const struct {
		struct span name;
		enum event_outcome outcome;
	} outcomes[] = {
		{ SPAN_INIT("sent"), OUTCOME_DELIVERED },
		{ SPAN_INIT("bounced"), OUTCOME_BOUNCED },
		{ SPAN_INIT("deferred"), OUTCOME_DEFERRED },
		{ SPAN_INIT("expired"), OUTCOME_EXPIRED },
		{ SPAN_INIT("SOFTBOUNCE"), OUTCOME_DEFERRED },
		{ SPAN_INIT("deliverable"), OUTCOME_PROBE },
		{ SPAN_INIT("undeliverable"), OUTCOME_PROBE },
		{ SPAN_INIT("undeliverable-but-not-cached"), OUTCOME_PROBE },
	};

	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (span_equal(status, outcomes[i].name))
			return outcomes[i].outcome;
	return OUTCOME_UNKNOWN;
}

static void result_relay(struct span relay, struct event *event)
{
	struct field_host host;

	if (span_equal(relay, SPAN("none")))
		return;
	if (!field_host(&relay, &host)) {
		event->relay = relay;
		return;
	}
	event->relay = host.name;
	event->relay_port = host.port;
	if (memchr(host.ip.at, '/', host.ip.len) != NULL)
		event->local = true; /* a unix socket */
	else
		event->relay_ip = host.ip;
}

/* One "name=value, " of the middle. Names that every line has are not looked for byte by byte. */
static bool result_field(struct span *words, struct event *event)
{
	struct span name, value;
	bool relay = span_skip(words, SPAN("relay=")), dsn = !relay && span_skip(words, SPAN("dsn="));

	if (!relay && !dsn && !span_skip(words, SPAN("delay=")) && !span_skip(words, SPAN("delays=")) &&
	    !span_cut(words, '=', &name))
		return false;
	if (!span_cut(words, ',', &value))
		return false;
	if (relay)
		result_relay(value, event);
	else if (dsn)
		event->dsn = value;
	span_skip(words, SPAN(" "));
	return true;
}

static void result_local(struct event *event)
{
	struct span by = event->transport.at != NULL ? event->transport : event->relay;

	if (span_equal(by, SPAN("local")) || span_equal(by, SPAN("virtual")) || span_equal(by, SPAN("pipe")))
		event->local = true;
}

/* The id under which it goes on, in the next hop's words: to be believed where that is one of our own. */
static void result_delivered(struct span words, struct event *event)
{
	event->reply = words;
	if (span_equal(event->transport, SPAN("discard")))
		event->outcome = OUTCOME_DISCARDED;
	if (field_queued_as(words, &event->child_id))
		return;
	if (span_skip(&words, SPAN("forwarded as ")) && field_is_queue_id(words))
		event->child_id = words;
}

/* Behind "status=". */
static bool result_status(struct span words, struct event *event)
{
	struct span status;

	if (!span_cut(&words, ' ', &status)) {
		status = words;
		words = span_from(words, words.len);
	}
	event->outcome = result_outcome(status);
	if (event->outcome == OUTCOME_UNKNOWN)
		return false;
	span_skip(&words, SPAN("("));
	if (span_ends(words, SPAN(")")))
		words = span_head(words, words.len - 1);
	if (event->outcome == OUTCOME_DELIVERED)
		result_delivered(words, event);
	else
		postfix_read_answer(words, event);
	result_local(event);
	return true;
}

bool postfix_read_result(struct span words, struct event *event)
{
	event->kind = EVENT_RESULT;
	if (!span_skip(&words, SPAN("to=")) || !field_address(&words, &event->recipient) ||
	    !span_skip(&words, SPAN(", ")))
		return false;
	if (span_skip(&words, SPAN("orig_to=")) &&
	    (!field_address(&words, &event->original_recipient) || !span_skip(&words, SPAN(", "))))
		return false;
	while (words.len == 0 || words.at[0] != 's' || !span_skip(&words, SPAN("status=")))
		if (!result_field(&words, event))
			return false;
	return result_status(words, event);
}
