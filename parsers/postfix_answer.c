/*
 * The answers of other servers, as delivery agents log them. The name and address in front are Postfix's;
 * the reply is the other server's, and may say anything, "(in reply to ...)" included: so what Postfix
 * wrote behind it is taken from the end.
 */
#include "parsers/postfix.h"
#include "parsers/field.h"

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
