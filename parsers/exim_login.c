/*
 * "DRIVER authenticator failed for HOST [ip]: words (set_id=login)". The HELO name and the login are texts of
 * the client's, and both may imitate the rest of the line.
 */
#include "parsers/exim.h"

/* "(set_id=LOGIN)" at the end of the words: LOGIN is whatever the client typed, brackets too. */
static void take_failed_login(struct span words, struct event *event)
{
	size_t open = span_find(words, SPAN(" (set_id="));
	struct span login = span_from(words, open + 9), head = login, tail, count;
	uint64_t times;

	event->reply = words;
	if (open == words.len)
		return;
	event->reply = span_head(words, open);
	/* Summaries of other tools add how often. */
	if (span_ends(login, SPAN(" Time(s)")) && span_cut_last(&head, SPAN("): "), &tail)) {
		count = span_head(tail, tail.len - 8);
		if (span_to_u64(count, &times) && times > 0 && times < 1000000) {
			event->repeat *= (uint32_t)times;
			event->login = head;
			return;
		}
	}
	if (span_cut_last(&login, SPAN(")"), &tail))
		event->login = login;
	else
		event->login = span_from(words, open + 9);
}

/* What follows a client's address where its login failed. */
static bool failing_host_ends(struct span rest)
{
	return span_starts(rest, SPAN(": 5")) || span_starts(rest, SPAN(": 4")) ||
	       span_starts(rest, SPAN(" I=[")) || span_starts(rest, SPAN(" U="));
}

/*
 * The host whose login failed, and REST behind it. Both the HELO name and the login may hold ") [ip]: 535 ..": only
 * where one address alone stands as Exim writes it is that the client's.
 */
static bool take_failing_host(struct span *rest, struct exim_host *host_r)
{
	struct exim_host host;
	struct span at = *rest, before, after;
	unsigned found = 0;

	if (!exim_take_host(&at, &host))
		return false;
	*rest = at;
	*host_r = host;
	if (!exim_helo_goes_on(host.helo, at))
		return true;
	do {
		if (failing_host_ends(at)) {
			found++;
			*rest = at;
			*host_r = host;
		}
		if (!span_cut_text(&at, SPAN(") ["), &before))
			break;
		host.helo.len = (size_t)(at.at - 3 - host.helo.at);
		after = (struct span){ at.at - 1, at.len + 1 };
		host.port = (struct span){ NULL, 0 };
		if (exim_take_ip(&after, &host.ip, &host.port))
			at = after;
	} while (found < 2);
	return found == 1;
}

bool exim_failed_login(struct span text, struct event *event)
{
	struct span at = text, method;
	struct exim_host host;

	if (!span_cut(&at, ' ', &method) || !span_skip(&at, SPAN("authenticator failed ")))
		return false;
	if (!span_skip(&at, SPAN("for "))) {
		/* Our own login at a relay was refused: nobody attacks. */
		event->kind = EVENT_TROUBLE;
		event->reason = SPAN("our login was refused by the next server");
		event->reply = at;
		return true;
	}
	event->kind = EVENT_LOGIN_FAILED;
	event->method = method;
	span_skip(&at, SPAN("H="));
	if (!take_failing_host(&at, &host))
		return true;
	exim_set_client(event, &host);
	while (span_skip(&at, SPAN(" ")) && !span_starts(at, SPAN(": "))) {
		struct span skipped;

		if (span_skip(&at, SPAN("I=")))
			exim_take_ip(&at, &event->local_ip, &skipped);
		exim_take_word(&at);
	}
	span_skip(&at, SPAN(": "));
	take_failed_login(at, event);
	return true;
}
