/*
 * What smtpd and cleanup say of clients: who comes in, as whom, and what is refused.
 */
#include "parsers/postfix.h"
#include "parsers/postfix_field.h"

bool postfix_read_client(struct span words, struct event *event)
{
	struct field_host host, origin;
	struct span sender = { NULL, 0 };

	event->kind = EVENT_CLIENT;
	if (!span_skip(&words, SPAN("client=")) || !field_host(&words, &host))
		return false;
	event->client_name = host.name;
	event->client_ip = host.ip;
	event->client_port = host.port;
	if (span_skip(&words, SPAN(", sasl_method="))) {
		if (!span_cut(&words, ',', &event->method))
			event->method = words;
		span_skip(&words, SPAN(" "));
	} else {
		span_skip(&words, SPAN(", "));
	}
	if (span_skip(&words, SPAN("sasl_username="))) {
		/* The name to the end; only MAIL FROM's AUTH= can follow, and that is the client's own word. */
		span_cut_text(&words, SPAN(", sasl_sender="), &sender);
		event->login = span_trim(sender.at != NULL ? sender : words);
		return true;
	}
	if (span_skip(&words, SPAN("orig_queue_id=")) && !span_cut(&words, ',', &event->parent_id)) {
		event->parent_id = words;
		words.len = 0;
	}
	span_skip(&words, SPAN(" "));
	if (span_skip(&words, SPAN("orig_client=")) && field_host(&words, &origin))
		event->internal_client = true;
	if (event->parent_id.at != NULL)
		event->internal_client = true;
	return true;
}

bool postfix_read_sasl_failure(struct span words, struct event *event)
{
	struct field_host host;
	struct span rest = words, reason;

	if (!field_host(&rest, &host) || !span_skip(&rest, SPAN(": SASL ")) ||
	    !span_cut_text(&rest, SPAN(" authentication failed: "), &event->method))
		return false;
	event->kind = EVENT_LOGIN_FAILED;
	event->client_name = host.name;
	event->client_ip = host.ip;
	event->client_port = host.port;
	/* The first: what follows it is the name that was tried, whatever it holds. */
	if (span_cut_text(&rest, SPAN(", sasl_username="), &reason)) {
		event->reply = reason;
		if (!span_equal(rest, SPAN("(unavailable)")))
			event->login = rest;
	} else {
		event->reply = rest;
	}
	return true;
}

static enum event_phase action_phase(struct span command)
{
	static const struct {
		struct span name;
		enum event_phase phase;
	} phases[] = {
		{ SPAN_INIT("RCPT"), PHASE_RCPT },
		{ SPAN_INIT("MAIL"), PHASE_MAIL },
		{ SPAN_INIT("END-OF-MESSAGE"), PHASE_END_OF_DATA },
		{ SPAN_INIT("DATA"), PHASE_DATA },
		{ SPAN_INIT("BDAT"), PHASE_DATA },
		{ SPAN_INIT("CONNECT"), PHASE_CONNECT },
		{ SPAN_INIT("EHLO"), PHASE_HELO },
		{ SPAN_INIT("HELO"), PHASE_HELO },
		{ SPAN_INIT("STARTTLS"), PHASE_HELO },
		{ SPAN_INIT("AUTH"), PHASE_HELO },
	};

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (span_equal(command, phases[i].name))
			return phases[i].phase;
	return PHASE_UNKNOWN;
}

/* "reject", "hold" ...: what becomes of the message. */
static bool action_kind(struct span action, struct event *event)
{
	static const struct {
		struct span name;
		enum event_kind kind;
	} kinds[] = {
		{ SPAN_INIT("reject"), EVENT_REJECT },
		{ SPAN_INIT("milter-reject"), EVENT_REJECT },
		{ SPAN_INIT("proxy-reject"), EVENT_REJECT },
		{ SPAN_INIT("reject_warning"), EVENT_REJECT_WARNING },
		{ SPAN_INIT("hold"), EVENT_HOLD },
		{ SPAN_INIT("milter-hold"), EVENT_HOLD },
		{ SPAN_INIT("discard"), EVENT_DISCARD },
		{ SPAN_INIT("milter-discard"), EVENT_DISCARD },
		{ SPAN_INIT("redirect"), EVENT_REDIRECT },
		{ SPAN_INIT("warning"), EVENT_HEADER },
		{ SPAN_INIT("info"), EVENT_HEADER },
		{ SPAN_INIT("warn"), EVENT_HEADER },
		{ SPAN_INIT("filter"), EVENT_HEADER },
		{ SPAN_INIT("prepend"), EVENT_HEADER },
		{ SPAN_INIT("replace"), EVENT_HEADER },
		{ SPAN_INIT("strip"), EVENT_HEADER },
		{ SPAN_INIT("bcc"), EVENT_HEADER },
		{ SPAN_INIT("delay"), EVENT_HEADER },
		{ SPAN_INIT("permit"), EVENT_IDLE },
		{ SPAN_INIT("trigger"), EVENT_HEADER },
		{ SPAN_INIT("milter-warning"), EVENT_HEADER },
		{ SPAN_INIT("proxy-accept"), EVENT_FILTERED },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (span_equal(action, kinds[i].name)) {
			event->kind = kinds[i].kind;
			return true;
		}
	}
	return false;
}

static void action_tail(const struct field_tail *tail, struct event *event)
{
	event->sender = tail->sender;
	event->recipient = tail->recipient;
	event->protocol = tail->protocol;
	event->helo = tail->helo;
	event->login = tail->login;
}

static bool action_code(struct span text)
{
	return text.len >= 3 && text.at[0] >= '2' && text.at[0] <= '5' && text.at[1] >= '0' &&
	       text.at[1] <= '9' && text.at[2] >= '0' && text.at[2] <= '9';
}

/* "5.7.1" at the front of the reply, behind its code or alone. */
static struct span action_dsn(struct span reply)
{
	size_t len = 0;

	if (action_code(reply) && reply.len > 4 && (reply.at[3] == ' ' || reply.at[3] == '-'))
		reply = span_from(reply, 4);
	while (len < reply.len && len < 11 &&
	       ((reply.at[len] >= '0' && reply.at[len] <= '9') || reply.at[len] == '.'))
		len++;
	if (len < 5 || reply.at[1] != '.' || (len < reply.len && reply.at[len] != ' '))
		return (struct span){ NULL, 0 };
	return span_head(reply, len);
}

bool postfix_read_action(struct span words, struct event *event)
{
	struct field_tail tail = { .login = { NULL, 0 } };
	struct field_host host;
	struct span action, where;

	if (!span_cut_text(&words, SPAN(": "), &action) || !action_kind(action, event))
		return false;
	field_tail(&words, &tail);
	action_tail(&tail, event);
	if (!span_cut_text(&words, SPAN(" from "), &where))
		return event->kind != EVENT_REJECT;
	event->phase = action_phase(where);
	if (field_host(&words, &host)) {
		event->client_name = host.name;
		event->client_ip = host.ip;
		event->client_port = host.port;
	}
	span_skip(&words, SPAN(": "));
	event->reply = words;
	event->dsn = action_dsn(words);
	return true;
}
