/*
 * Who comes in: smtpd's line that opens a queue id, and logins that failed. The name of a login stands
 * last, or before MAIL FROM's AUTH=, which the client chose: so it begins at the first ", sasl_username="
 * behind the address and ends at the first ", sasl_sender=", and nothing in it is taken for a field.
 */
#include "parsers/postfix.h"
#include "parsers/field.h"

static void smtpd_host(const struct field_host *host, struct event *event)
{
	if (host->name.len > 0)
		event->client_name = host->name;
	event->client_ip = host->ip;
	event->client_port = host->port;
}

/* Behind the client's address: ", sasl_method=PLAIN, sasl_username=bob". */
static void client_login(struct span words, struct event *event)
{
	struct span name = { NULL, 0 };

	if (span_skip(&words, SPAN(", sasl_method=")) && !span_cut(&words, ',', &event->method)) {
		event->method = words;
		return;
	}
	span_skip(&words, SPAN(","));
	if (!span_skip(&words, SPAN(" sasl_username=")))
		return;
	/* memchr first: memmem costs ten times as much, and next to no login has a comma in or behind it. */
	if (words.len == 0 || memchr(words.at, ',', words.len) == NULL ||
	    !span_cut_text(&words, SPAN(", sasl_sender="), &name))
		name = words;
	event->login = name;
}

/* ", orig_queue_id=4F2A3B, orig_client=h[ip]": a content filter that may say so gave the message back. */
static void client_origin(struct span words, struct event *event)
{
	struct field_host origin;

	if (span_skip(&words, SPAN(", orig_queue_id="))) {
		struct span id = words;

		if (!span_cut(&words, ',', &id))
			words.len = 0;
		span_skip(&words, SPAN(" "));
		if (!field_is_queue_id(id))
			return;
		event->parent_id = id;
		event->internal_client = true;
	} else if (!span_skip(&words, SPAN(", "))) {
		return;
	}
	if (span_skip(&words, SPAN("orig_client=")) && field_host(&words, &origin)) {
		event->internal_client = true;
		/* Without a queue id before it, a proxy filter gave it back: only the client ties it to its login. */
		if (event->parent_id.at == NULL)
			smtpd_host(&origin, event);
	}
}

/*
 * ", sasl_sender=x, orig_client=h[ip]": a filter passed on MAIL FROM's AUTH=, whose text may imitate all but the
 * end. A queue id before that end could be its text too: it is left to the filter's other words.
 */
static void client_origin_behind_sender(struct span words, struct event *event)
{
	struct field_host origin;
	struct span tail;

	if (!span_starts(event->client_ip, SPAN("127.")) && !span_equal(event->client_ip, SPAN("::1")))
		return;
	if (!span_cut_last(&words, SPAN(", orig_client="), &tail) || !field_host(&tail, &origin))
		return;
	event->internal_client = true;
	smtpd_host(&origin, event);
}

bool postfix_read_client(struct span words, struct event *event)
{
	struct field_host host;

	event->kind = EVENT_CLIENT;
	if (!span_skip(&words, SPAN("client=")) || !field_host(&words, &host))
		return false;
	smtpd_host(&host, event);
	if (words.len == 0)
		return true;
	if (span_starts(words, SPAN(", sasl_sender=")))
		client_origin_behind_sender(words, event);
	else if (span_starts(words, SPAN(", sasl_")))
		client_login(words, event);
	else
		client_origin(words, event);
	return words.at[0] == ',';
}

bool postfix_read_sasl_failure(struct span words, struct event *event)
{
	struct field_host host;
	struct span rest = words, method, reason;

	if (!field_host(&rest, &host) || !span_skip(&rest, SPAN(": SASL ")) ||
	    !span_cut(&rest, ' ', &method) || !span_skip(&rest, SPAN("authentication failed")))
		return false;
	event->kind = EVENT_LOGIN_FAILED;
	event->method = method;
	smtpd_host(&host, event);
	span_skip(&rest, SPAN(":"));
	span_skip(&rest, SPAN(" "));
	reason = rest;
	if (span_cut_text(&rest, SPAN(", sasl_username="), &reason) &&
	    !span_equal(rest, SPAN("(unavailable)")))
		event->login = rest;
	event->reply = reason;
	return true;
}
