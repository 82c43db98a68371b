/*
 * Results of deliveries, and the answers of other servers in them. Both ends of such a line are written
 * by strangers: the recipient's address at its front, the reply at its end. Between them everything is
 * Postfix's own; so the address is cut first, the fields one after the other from the left up to
 * "status=", and what follows that is the reply and never looked at for fields.
 */
#include "parsers/postfix.h"
#include "parsers/postfix_field.h"

static enum event_outcome result_outcome(struct span status)
{
	static const struct {
		struct span name;
		enum event_outcome outcome;
	} outcomes[] = {
		{ SPAN_INIT("sent"), OUTCOME_DELIVERED },      { SPAN_INIT("bounced"), OUTCOME_BOUNCED },
		{ SPAN_INIT("deferred"), OUTCOME_DEFERRED },   { SPAN_INIT("expired"), OUTCOME_EXPIRED },
		{ SPAN_INIT("SOFTBOUNCE"), OUTCOME_DEFERRED }, { SPAN_INIT("deliverable"), OUTCOME_PROBE },
		{ SPAN_INIT("undeliverable"), OUTCOME_PROBE },
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

/* One "name=value" of the middle. */
static void result_field(struct span name, struct span value, struct event *event)
{
	if (span_equal(name, SPAN("relay")))
		result_relay(value, event);
	else if (span_equal(name, SPAN("dsn")))
		event->dsn = value;
}

static enum event_phase answer_phase(struct span command)
{
	if (span_starts(command, SPAN("RCPT TO")))
		return PHASE_RCPT;
	if (span_starts(command, SPAN("MAIL FROM")))
		return PHASE_MAIL;
	if (span_starts(command, SPAN("end of DATA")) || span_starts(command, SPAN("sending end of data")) ||
	    span_starts(command, SPAN("sending message body")) || span_starts(command, SPAN("BDAT")))
		return PHASE_END_OF_DATA;
	if (span_starts(command, SPAN("DATA")))
		return PHASE_DATA;
	if (span_starts(command, SPAN("EHLO")) || span_starts(command, SPAN("HELO")) ||
	    span_starts(command, SPAN("LHLO")) || span_starts(command, SPAN("STARTTLS")) ||
	    span_starts(command, SPAN("AUTH")))
		return PHASE_HELO;
	return PHASE_UNKNOWN;
}

/* What Postfix was doing when the connection broke: "sending RCPT TO", "receiving the initial server greeting". */
static enum event_phase answer_broken_phase(struct span words)
{
	struct span act = span_from(words, span_find(words, SPAN(" while ")) + 7);

	if (span_starts(act, SPAN("receiving the initial")))
		return PHASE_CONNECT;
	if (span_starts(act, SPAN("performing the ")))
		return PHASE_HELO;
	if (span_starts(act, SPAN("sending end of data")) || span_starts(act, SPAN("sending message body")))
		return PHASE_END_OF_DATA;
	span_skip(&act, SPAN("sending "));
	return answer_phase(act);
}

static void answer_relay(const struct field_host *host, struct event *event)
{
	if (event->relay.at != NULL)
		return;
	event->relay = host->name;
	event->relay_ip = host->ip;
	event->relay_port = host->port;
}

/* Behind "host h[ip] said: ": the reply, and from its end the command that it answers. */
static void answer_said(struct span words, struct event *event)
{
	struct span command;

	if (span_ends(words, SPAN(")")) && span_cut_last(&words, SPAN(" (in reply to "), &command))
		event->phase = answer_phase(command);
	event->reply = words;
}

bool postfix_read_answer(struct span words, struct event *event)
{
	struct field_host host;
	struct span rest = words;

	if (span_skip(&rest, SPAN("delivery temporarily suspended: ")))
		event->reason = SPAN("delivery temporarily suspended");
	words = rest;
	event->reply = words;
	if (span_skip(&rest, SPAN("host ")) && field_host(&rest, &host)) {
		if (span_skip(&rest, SPAN(" said: "))) {
			answer_said(rest, event);
		} else if (span_skip(&rest, SPAN(" refused to talk to me: "))) {
			event->phase = PHASE_CONNECT;
			event->reply = rest;
		} else {
			return false;
		}
	} else if (span_skip(&rest, SPAN("SASL authentication failed; server ")) &&
		   field_host(&rest, &host) && span_skip(&rest, SPAN(" said: "))) {
		event->phase = PHASE_HELO;
		event->reply = rest;
	} else if ((span_skip(&rest, SPAN("lost connection with ")) ||
		    span_skip(&rest, SPAN("conversation with "))) &&
		   field_host(&rest, &host)) {
		event->phase = answer_broken_phase(rest);
	} else {
		if (span_starts(words, SPAN("connect to ")))
			event->phase = PHASE_CONNECT;
		return false;
	}
	answer_relay(&host, event);
	event->reply_joined = event->reply.len > 3 && event->reply.at[3] == '-';
	return true;
}

/* The id under which the next hop, or a forward of ours, goes on: in the next hop's own words. */
static void result_child(struct span words, struct event *event)
{
	struct span id;

	if (span_skip(&words, SPAN("forwarded as "))) {
		id = words;
	} else if (!span_cut_last(&words, SPAN("queued as "), &id)) {
		return;
	}
	for (size_t i = 0; i < id.len; i++)
		if (id.at[i] == ' ' || id.at[i] == ')')
			id = span_head(id, i);
	if (field_is_queue_id(id))
		event->child_id = id;
}

static void result_local(struct event *event)
{
	struct span by = event->transport.at != NULL ? event->transport : event->relay;

	if (span_equal(by, SPAN("local")) || span_equal(by, SPAN("virtual")) || span_equal(by, SPAN("pipe")))
		event->local = true;
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
	postfix_read_answer(words, event);
	if (event->outcome == OUTCOME_DELIVERED) {
		result_child(words, event);
		if (span_equal(event->transport, SPAN("discard")))
			event->outcome = OUTCOME_DISCARDED;
	}
	result_local(event);
	return true;
}

bool postfix_read_result(struct span words, struct event *event)
{
	struct span name, value;

	event->kind = EVENT_RESULT;
	if (!span_skip(&words, SPAN("to=")) || !field_address(&words, &event->recipient) ||
	    !span_skip(&words, SPAN(", ")))
		return false;
	if (span_skip(&words, SPAN("orig_to=")) &&
	    (!field_address(&words, &event->original_recipient) || !span_skip(&words, SPAN(", "))))
		return false;
	while (!span_skip(&words, SPAN("status="))) {
		if (!span_cut(&words, '=', &name) || !span_cut(&words, ',', &value))
			return false;
		result_field(name, value, event);
		span_skip(&words, SPAN(" "));
	}
	return result_status(words, event);
}
