/*
 * "H=.. [ip] F=<sender> A=driver:login rejected RCPT <address>: words" and what else Exim refuses or reports
 * of a client.
 *
 * A HELO name with blanks (helo_accept_junk_hosts) and an RFC 1413 identity could hold an A= of their own:
 * where one stands before it, the refusal names no account.
 */
#define _GNU_SOURCE
#include "parsers/exim.h"

/* What was refused, by the words after "rejected ". */
static enum event_phase phase_of(struct span what)
{
	static const struct {
		struct span words;
		enum event_phase phase;
	} phases[] = {
		{ SPAN_INIT("RCPT"), PHASE_RCPT },
		{ SPAN_INIT("MAIL"), PHASE_MAIL },
		{ SPAN_INIT("EHLO"), PHASE_HELO },
		{ SPAN_INIT("HELO"), PHASE_HELO },
		{ SPAN_INIT("AUTH"), PHASE_HELO },
		{ SPAN_INIT("STARTTLS"), PHASE_HELO },
		{ SPAN_INIT("connection"), PHASE_CONNECT },
		{ SPAN_INIT("after DATA"), PHASE_END_OF_DATA },
		{ SPAN_INIT("after BDAT"), PHASE_END_OF_DATA },
		{ SPAN_INIT("during MIME"), PHASE_END_OF_DATA },
		{ SPAN_INIT("after PRDR"), PHASE_END_OF_DATA },
		{ SPAN_INIT("by local_scan"), PHASE_END_OF_DATA },
		{ SPAN_INIT("DATA"), PHASE_DATA },
		{ SPAN_INIT("VRFY"), PHASE_RCPT },
		{ SPAN_INIT("EXPN"), PHASE_RCPT },
		{ SPAN_INIT("ETRN"), PHASE_RCPT },
	};

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (span_starts(what, phases[i].words))
			return phases[i].phase;
	return PHASE_UNKNOWN;
}

/* "RCPT <address>: words"; old versions wrote the address without brackets. */
static void take_refused(struct span what, struct event *event)
{
	event->phase = phase_of(what);
	if (span_skip(&what, SPAN("RCPT ")) || span_skip(&what, SPAN("VRFY "))) {
		if (!exim_take_angle(&what, &event->recipient))
			event->recipient = exim_take_word(&what);
	} else if (span_skip(&what, SPAN("MAIL "))) {
		if (!exim_take_angle(&what, &event->sender))
			event->sender = exim_take_word(&what);
	}
	what = span_from(what, span_find(what, SPAN(": ")));
	if (!span_skip(&what, SPAN(": ")))
		return;
	exim_set_reply(event, what);
}

/* The verb of a refusal at the front of TEXT. */
static bool take_verb(struct span *text, struct event *event)
{
	static const struct {
		struct span words;
		enum event_kind kind;
		enum event_outcome outcome;
	} verbs[] = {
		{ SPAN_INIT("rejected "), EVENT_REJECT, OUTCOME_BOUNCED },
		{ SPAN_INIT("temporarily rejected "), EVENT_REJECT, OUTCOME_DEFERRED },
		{ SPAN_INIT("discarded "), EVENT_REJECT, OUTCOME_DISCARDED },
		{ SPAN_INIT("Warning: "), EVENT_REJECT_WARNING, OUTCOME_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!span_skip(text, verbs[i].words))
			continue;
		event->kind = verbs[i].kind;
		event->outcome = verbs[i].outcome;
		return true;
	}
	return false;
}

/* "<sender>"; old versions and local_scan() wrote it without brackets, so that only its quotes say where it ends. */
static void take_sender(struct span *rest, bool *doubtful, struct event *event)
{
	struct span at = *rest;

	if (exim_take_angle(rest, &event->sender))
		return;
	*doubtful = true;
	if (exim_take_address(&at, &event->sender))
		*rest = span_from(*rest, event->sender.len);
}

/* The fields between the host and the verb. */
static void take_field(struct span *rest, bool *doubtful, struct event *event)
{
	struct span skipped;

	if (span_skip(rest, SPAN("F="))) {
		take_sender(rest, doubtful, event);
	} else if (span_skip(rest, SPAN("I="))) {
		exim_take_ip(rest, &event->local_ip, &skipped);
	} else if (span_skip(rest, SPAN("A="))) {
		skipped = exim_take_word(rest);
		if (!*doubtful && !exim_helo_goes_on(event->helo, *rest))
			exim_take_authenticator(skipped, event);
	} else if (span_skip(rest, SPAN("U="))) {
		skipped = exim_take_word(rest);
		if (event->client_ip.at != NULL)
			*doubtful = true;
		else
			event->login = skipped;
	} else if (span_skip(rest, SPAN("DN="))) {
		exim_take_quoted(rest, &skipped);
	}
	exim_take_word(rest);
}

/* What is said of a host or a message on its way that is no refusal: the rest of the line in words. */
static void set_idle(struct event *event, struct span words)
{
	event->kind = EVENT_IDLE;
	event->reason = SPAN("report of a client");
	event->reply = words;
}

/* A remote host on the way out, one of several: "H=mx [ip]: SMTP error ..." or "H=mx [ip] Connection refused". */
static void remote_host(struct event *event, const struct exim_host *host, struct span words)
{
	event->kind = EVENT_IDLE;
	event->client_name = event->client_ip = event->client_port = event->helo = (struct span){ NULL, 0 };
	event->relay = host->name;
	event->relay_ip = host->ip;
	event->relay_port = host->port;
	exim_set_reply(event, words);
	event->reason = SPAN("one of several hosts failed");
}

/* Before "H=" was written: "mx.example.net [ip] Connection refused" and the bare words about a host. */
static bool about_remote_host(struct span text, struct event *event)
{
	struct exim_host host = { .reused = false };
	struct span at = text;

	if (event->queue_id.at == NULL)
		return false;
	if (span_starts(text, SPAN("SMTP error from remote ")) ||
	    span_starts(text, SPAN("LMTP error from ")) || span_starts(text, SPAN("Remote host "))) {
		remote_host(event, &host, text);
		return true;
	}
	if (!exim_take_host(&at, &host) || host.name.at == NULL || host.ip.at == NULL || host.helo.at != NULL)
		return false;
	if (!span_skip(&at, SPAN(": ")))
		span_skip(&at, SPAN(" "));
	remote_host(event, &host, at);
	return true;
}

static bool about_client(struct span text, struct event *event)
{
	struct exim_host host = { .reused = false };
	bool doubtful = false;
	struct span at = text;

	/* local_scan() tells the sender before the host. */
	if (event->queue_id.at != NULL && span_skip(&at, SPAN("F="))) {
		take_sender(&at, &doubtful, event);
		span_skip(&at, SPAN(" "));
	}
	if (span_skip(&at, SPAN("H="))) {
		if (!exim_take_host(&at, &host))
			return false;
		exim_set_client(event, &host);
		if (host.helo.at != NULL && memchr(host.helo.at, ' ', host.helo.len) != NULL)
			doubtful = true;
	} else if (event->sender.at == NULL && !span_starts(at, SPAN("U=")) &&
		   !span_starts(at, SPAN("F=<"))) {
		return false;
	}
	for (;;) {
		struct span before;

		if (span_skip(&at, SPAN(": "))) {
			remote_host(event, &host, at);
			return true;
		}
		span_skip(&at, SPAN(" "));
		if (span_starts(at, SPAN("RCPT <")) && span_ends(at, SPAN("discarded by RCPT ACL"))) {
			event->kind = EVENT_REJECT;
			event->outcome = OUTCOME_DISCARDED;
			take_refused(at, event);
			return true;
		}
		if (take_verb(&at, event)) {
			if (event->kind == EVENT_REJECT_WARNING)
				event->reply = at;
			else
				take_refused(at, event);
			return true;
		}
		before = at;
		if (at.len < 2 ||
		    (at.at[1] != '=' && !span_starts(at, SPAN("CV=")) && !span_starts(at, SPAN("DN=")) &&
		     !span_starts(at, SPAN("Ci=")) && !span_starts(at, SPAN("SNI="))))
			break;
		take_field(&at, &doubtful, event);
		if (at.at == before.at)
			break;
	}
	if (event->queue_id.at != NULL && host.helo.at == NULL && event->sender.at == NULL)
		remote_host(event, &host, at);
	else
		set_idle(event, at);
	return true;
}

/* "rejected EHLO from HOST [ip]: words", "rejected from <sender> H=..: words", "rejected by local_scan(): words" */
static bool bare_refusal(struct span text, struct event *event)
{
	struct span at = text, what;
	struct exim_host host;

	if (!take_verb(&at, event))
		return false;
	if (event->kind == EVENT_REJECT_WARNING) {
		event->reply = at;
		return true;
	}
	event->phase = phase_of(at);
	what = at;
	if (span_skip(&what, SPAN("from <"))) {
		what = span_from(at, 5);
		exim_take_angle(&what, &event->sender);
		event->phase = PHASE_END_OF_DATA;
	} else {
		size_t from = span_find(what, SPAN(" from "));

		what = span_from(what, from + 5);
	}
	span_skip(&what, SPAN(" "));
	span_skip(&what, SPAN("H="));
	if (exim_take_host(&what, &host) && host.ip.at != NULL)
		exim_set_client(event, &host);
	else
		what = at;
	what = span_from(what, span_find(what, SPAN(": ")));
	if (span_skip(&what, SPAN(": ")))
		event->reply = what;
	else
		event->reply = at;
	return true;
}

bool exim_refusal(struct span text, struct event *event)
{
	if (text.len < 3)
		return false;
	return about_client(text, event) || bare_refusal(text, event) || exim_failed_login(text, event) ||
	       about_remote_host(text, event);
}
