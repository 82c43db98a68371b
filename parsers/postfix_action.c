/*
 * What is done about a command or a message: refused, held, redirected, noted. smtpd and postscreen put
 * the reply between the client's address and "; from=<s> to=<r> proto=ESMTP helo=<h>"; cleanup puts a
 * header between its action and the same end, and the admin's own text behind that.
 *
 * Limits: the sender and recipient of cleanup's lines are the envelope's so far, for reading only; the
 * queue id says whose message it is.
 */
#include "parsers/postfix.h"
#include "parsers/field.h"

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
		{ SPAN_INIT("reject_warning"), EVENT_REJECT_WARNING },
		{ SPAN_INIT("hold"), EVENT_HOLD },
		{ SPAN_INIT("discard"), EVENT_DISCARD },
		{ SPAN_INIT("redirect"), EVENT_REDIRECT },
		{ SPAN_INIT("quarantine"), EVENT_HOLD },
		{ SPAN_INIT("permit"), EVENT_IDLE },
		{ SPAN_INIT("abort"), EVENT_IDLE },
		{ SPAN_INIT("accept"), EVENT_FILTERED },
		{ SPAN_INIT("warning"), EVENT_HEADER },
		{ SPAN_INIT("warn"), EVENT_HEADER },
		{ SPAN_INIT("info"), EVENT_HEADER },
		{ SPAN_INIT("filter"), EVENT_HEADER },
		{ SPAN_INIT("prepend"), EVENT_HEADER },
		{ SPAN_INIT("replace"), EVENT_HEADER },
		{ SPAN_INIT("strip"), EVENT_HEADER },
		{ SPAN_INIT("bcc"), EVENT_HEADER },
		{ SPAN_INIT("pass"), EVENT_HEADER },
		{ SPAN_INIT("delay"), EVENT_HEADER },
		{ SPAN_INIT("trigger"), EVENT_HEADER },
	};

	if (span_skip(&action, SPAN("milter-"))) {
		span_skip(&action, SPAN("header-"));
		span_skip(&action, SPAN("body-"));
	} else {
		span_skip(&action, SPAN("proxy-"));
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (span_equal(action, kinds[i].name)) {
			event->kind = kinds[i].kind;
			return true;
		}
	}
	return false;
}

/* "550 " or "450-" at the front. */
static bool action_code(struct span text)
{
	return text.len > 3 && text.at[0] >= '2' && text.at[0] <= '5' && text.at[1] >= '0' &&
	       text.at[1] <= '9' && text.at[2] >= '0' && text.at[2] <= '9' &&
	       (text.at[3] == ' ' || text.at[3] == '-');
}

/* "5.7.1" at the front of the reply, behind its code or alone; REST_R is what follows. */
static struct span action_dsn(struct span reply, struct span *rest_r)
{
	size_t len = 0, dots = 0;

	if (action_code(reply))
		reply = span_from(reply, 4);
	*rest_r = reply;
	for (; len < reply.len && len < 11; len++) {
		if (reply.at[len] == '.')
			dots++;
		else if (reply.at[len] < '0' || reply.at[len] > '9')
			break;
	}
	if (dots != 2 || reply.at[1] != '.' || (len < reply.len && reply.at[len] != ' '))
		return (struct span){ NULL, 0 };
	*rest_r = span_from(reply, len + 1);
	return span_head(reply, len);
}

/*
 * "<address>: words" in a reply of ours: the words. The address is the recipient's or the sender's, which
 * the end of the line tells in full, so that one like "x>: SASL login name rejected"@d hides nothing.
 */
static bool action_subject(struct span text, const struct event *event, struct span *address_r,
			   struct span *words_r)
{
	const struct span known[] = { event->recipient, event->sender };

	if (!span_skip(&text, SPAN("<")))
		return false;
	for (size_t i = 0; i < 2; i++) {
		size_t len = known[i].len == 0 ? 0 : field_same_address(text, known[i]);

		if (len > 0 && span_starts(span_from(text, len), SPAN(">: "))) {
			*address_r = span_head(text, len);
			*words_r = span_from(text, len + 3);
			return true;
		}
	}
	*words_r = text;
	return span_cut_text(words_r, SPAN(">: "), address_r);
}

static bool action_login_plain(struct span login)
{
	for (size_t i = 0; i < login.len; i++)
		if (login.at[i] == ' ' || login.at[i] == '<' || login.at[i] == '>' || login.at[i] == '"')
			return false;
	return login.len > 0;
}

/* The login that a refusal of ours names, from the two places where Postfix writes it. */
static void action_login(struct span text, struct event *event)
{
	struct span address, words;

	if (!action_subject(text, event, &address, &words))
		return;
	if (span_starts(words, SPAN("SASL login name ")))
		words = address;
	else if (!span_skip(&words, SPAN("Sender address rejected: not owned by user ")))
		return;
	if (action_login_plain(words))
		event->login = words;
}

static void action_client(struct span *words, struct event *event)
{
	struct field_host host;

	if (!field_host(words, &host))
		return;
	if (host.name.len > 0)
		event->client_name = host.name;
	event->client_ip = host.ip;
	event->client_port = host.port;
}

/* Behind "reject: ": "RCPT from h[ip]: 550 5.1.1 <r>: words; from=<s> to=<r> proto=ESMTP helo=<h>". */
static bool action_command(struct span words, struct event *event)
{
	struct field_tail tail = { .login = { NULL, 0 } };
	struct span where, text;
	size_t end = 0;

	while (end < words.len && words.at[end] != ' ' && words.at[end] != ':')
		end++;
	where = span_head(words, end);
	event->phase = action_phase(where);
	words = span_from(words, end);
	if (span_skip(&words, SPAN(" from ")))
		action_client(&words, event);
	if (!span_skip(&words, SPAN(": ")))
		return false;
	if (field_tail(&words, &tail)) {
		event->sender = tail.sender;
		event->recipient = tail.recipient;
		event->protocol = tail.protocol;
		event->helo = tail.helo;
		event->login = tail.login;
	}
	event->reply = words;
	event->dsn = action_dsn(words, &text);
	action_login(text, event);
	if (event->kind == EVENT_FILTERED && !field_queued_as(words, &event->child_id))
		event->kind = EVENT_IDLE;
	return true;
}

/* Behind "; from=": "<s> to=<r> proto=ESMTP helo=<h>: text". */
static void action_envelope(struct span words, struct event *event)
{
	struct span rest;

	if (!field_address(&words, &event->sender))
		return;
	if (span_skip(&words, SPAN(" to=")))
		field_address(&words, &event->recipient);
	if (span_skip(&words, SPAN(" proto="))) {
		rest = words;
		if (span_cut(&rest, ' ', &event->protocol))
			words = span_from(words, event->protocol.len);
		else
			event->protocol = words;
	}
	if (span_skip(&words, SPAN(" helo=")))
		field_address(&words, &event->helo);
	if (span_skip(&words, SPAN(": "))) {
		event->reply = words;
		event->dsn = action_dsn(words, &rest);
	}
}

/* Behind "info: header ": "Subject: words from h[ip]; from=<s> to=<r> proto=ESMTP helo=<h>: text". */
static bool action_content(struct span words, struct event *event)
{
	struct span tail, origin;

	event->phase = PHASE_END_OF_DATA;
	if (!span_cut_last(&words, SPAN("; from="), &tail))
		return false;
	action_envelope(tail, event);
	if (span_cut_last(&words, SPAN(" from "), &origin))
		action_client(&origin, event);
	if (span_skip(&words, SPAN("Subject: ")))
		event->subject = words;
	else if (span_skip(&words, SPAN("X-PHP-Originating-Script: ")))
		event->directory = words;
	return true;
}

bool postfix_read_action(struct span words, struct event *event)
{
	struct span action;

	if (!span_cut_text(&words, SPAN(": "), &action) || action.len > 24 || !action_kind(action, event))
		return false;
	if (span_skip(&words, SPAN("header ")) || span_skip(&words, SPAN("mime-header ")) ||
	    span_skip(&words, SPAN("body ")) || span_skip(&words, SPAN("content ")) ||
	    span_skip(&words, SPAN("mime-error ")))
		return action_content(words, event);
	return action_command(words, event);
}
