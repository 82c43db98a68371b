/*
 * "=> address (parent) <original> F=<..> P=<..> R=.. T=.. H=.. [ip] .. C=".."": one recipient's result, and
 * its sisters ->, >>, *>, == and **.
 *
 * Exim writes the address without the quotes of its local part, so that its text may imitate anything that
 * follows; but then the original in quotes stands behind it, and only the address that the quoted one
 * unquotes to is believed. Everything after the address is Exim's and the administrator's up to the ": "
 * or C=" behind which the remote host speaks.
 */
#define _GNU_SOURCE
#include "parsers/exim.h"

/* Does ADDRESS as logged say the same as QUOTED, "local part"@domain? Also without the domain, as local users are. */
static bool unquotes_to(struct span quoted, struct span address)
{
	struct span text, domain = quoted;
	size_t at = 0;

	if (!exim_take_quoted(&domain, &text))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\\' && i + 1 < text.len)
			i++;
		if (at >= address.len || address.at[at] != text.at[i])
			return false;
		at++;
	}
	address = span_from(address, at);
	return address.len == 0 || span_equal_nocase(address, domain);
}

/* The address that ends before the last <"quoted"@original> that it unquotes to; 0 where there is none. */
static size_t quoted_end(struct span rest)
{
	struct span at = rest, piece;
	size_t best = 0;

	/* An attacker's text of nothing but quotes gets no more tries than this. */
	for (int hits = 0; hits < 32 && span_cut(&at, '<', &piece);) {
		struct span after = { at.at - 1, at.len + 1 }, original;
		size_t end = (size_t)(after.at - rest.at);

		if (end == 0 || after.at[-1] != ' ' || at.len == 0 || at.at[0] != '"')
			continue;
		hits++;
		if (exim_take_angle(&after, &original) && unquotes_to(original, span_head(rest, end - 1)))
			best = end - 1;
	}
	return best;
}

/* Does an address end before this? It is what Exim writes next; addresses of pipes and files hold blanks. */
static bool address_ends(struct span next)
{
	static const struct span follows[] = { SPAN_INIT("T="),      SPAN_INIT("F=<"),
					       SPAN_INIT("P=<"),     SPAN_INIT("Q="),
					       SPAN_INIT("defer ("), SPAN_INIT("routing defer ("),
					       SPAN_INIT("H="),      SPAN_INIT("DT="),
					       SPAN_INIT("SRS=<") };

	if (next.len == 0 || next.at[0] == '<' || next.at[0] == '(' || span_starts(next, SPAN("R=")))
		return true;
	for (size_t i = 0; i < sizeof(follows) / sizeof(follows[0]); i++)
		if (span_starts(next, follows[i]))
			return true;
	return false;
}

/* The first address of the line. COLON: its text ended with ':', so that words follow and no fields. */
static struct span take_target(struct span *rest, bool *colon_r)
{
	size_t end = quoted_end(*rest);
	struct span target;

	while (end == 0 || (end < rest->len && !address_ends(span_from(*rest, end + 1)))) {
		struct span next = span_from(*rest, end + 1);

		end = (size_t)(next.at - rest->at) + span_near(next, ' ');
		if (rest->at[end - 1] == ':' && memchr(rest->at, '@', end) != NULL)
			break;
	}
	target = span_head(*rest, end);
	*rest = span_from(*rest, end + 1);
	*colon_r = target.len > 1 && target.at[target.len - 1] == ':' && !span_starts(*rest, SPAN("<"));
	if (*colon_r)
		target.len--;
	return target;
}

/* "(parent, parent)" and "<original>": the last in brackets is what was asked for first. */
static void take_parents(struct span *rest, struct span *original_r)
{
	struct span skipped;

	for (;;) {
		struct span at = *rest;

		if (at.len == 0 || (at.at[0] != '(' && at.at[0] != '<') ||
		    !(at.at[0] == '(' ? span_cut(&at, ')', &skipped) : exim_take_angle(&at, original_r)))
			return;
		if (!span_skip(&at, SPAN(" ")) && at.len > 0 && at.at[0] != ':')
			return;
		*rest = at;
	}
}

static bool is_discarded(struct span target, struct span transport)
{
	return span_starts(target, SPAN(":blackhole:")) || span_equal(target, SPAN("/dev/null")) ||
	       span_equal(transport, SPAN("**bypassed**"));
}

/* A pipe or a file, bare or behind the mailbox that it is of: "sales+spam |/usr/bin/autorespond x@y". */
static bool is_command(struct span target)
{
	const char *blank = memchr(target.at, ' ', target.len);

	return memchr(":|/>", target.at[0], 4) != NULL ||
	       (blank != NULL && blank + 2 < target.at + target.len && blank[1] == '|' && blank[2] == '/');
}

static void set_recipient(struct event *event, struct span target, struct span original)
{
	event->recipient = target;
	if (original.at == NULL)
		return;
	if (memchr(target.at, '@', target.len) == NULL || is_command(target) ||
	    (original.len > 0 && original.at[0] == '"' && unquotes_to(original, target))) {
		/* A mailbox, pipe or file of this machine: the address is the one that led there. */
		event->recipient = original;
		return;
	}
	event->original_recipient = original;
}

static void take_host(struct span *rest, struct event *event)
{
	struct exim_host host;

	if (!exim_take_host(rest, &host))
		return;
	event->relay = host.name;
	event->relay_ip = host.ip;
	event->relay_port = host.port;
}

/* A field that is not a word alone, off the front of REST: what is left of it. */
static struct span after_long_field(struct span rest, struct event *event)
{
	struct span value;

	if (span_skip(&rest, SPAN("H=")))
		take_host(&rest, event);
	else if (span_skip(&rest, SPAN("I=")))
		exim_take_ip(&rest, &event->local_ip, &value);
	else if (span_skip(&rest, SPAN("F=")))
		exim_take_angle(&rest, &event->sender);
	else if (span_skip(&rest, SPAN("P=")) || span_skip(&rest, SPAN("SRS=")))
		exim_take_angle(&rest, &value);
	else if (span_skip(&rest, SPAN("DN=")))
		exim_take_quoted(&rest, &value);
	return rest;
}

static bool may_hold_blanks(char first)
{
	return first == 'H' || first == 'I' || first == 'F' || first == 'P' || first == 'S' || first == 'D';
}

/* The fields up to the words behind ": ", or up to HEAD. True where words follow. */
static bool take_fields(struct span *rest, struct span head, struct event *event)
{
	struct span at = *rest, word;
	bool words = false;

	while (at.len > 0 && (at.at[0] != head.at[0] || !span_starts(at, head))) {
		if (may_hold_blanks(at.at[0])) {
			at = after_long_field(at, event);
			if (at.len > 0 && at.at[0] != ' ')
				exim_take_word(&at);
		} else {
			word = exim_take_word(&at);
			if (span_starts(word, SPAN("R=")))
				event->router = span_from(word, 2);
			else if (span_starts(word, SPAN("T=")))
				event->transport = span_from(word, 2);
		}
		words = span_skip(&at, SPAN(": "));
		if (words || !span_skip(&at, SPAN(" ")))
			break;
	}
	*rest = at;
	return words;
}

/* " DT=0.2s" and " QT=1m" of Exim's own at the end of the words. */
static struct span without_times(struct span words)
{
	for (;;) {
		struct span head = words, tail;

		if (!span_cut_last(&head, SPAN(" "), &tail) || tail.len < 5 || tail.at[tail.len - 1] != 's' ||
		    (!span_starts(tail, SPAN("DT=")) && !span_starts(tail, SPAN("QT="))))
			return words;
		words = head;
	}
}

static void read_delivered(struct span rest, struct event *event)
{
	struct span reply;

	take_fields(&rest, SPAN("C=\""), event);
	if (span_skip(&rest, SPAN("C=")) && exim_take_quoted(&rest, &reply))
		exim_set_reply(event, reply);
	event->outcome = OUTCOME_DELIVERED;
	event->local = event->relay_ip.at == NULL;
}

/* "defer (110): Connection timed out H=.. [ip] DT=..: words" */
static void read_deferred(struct span rest, bool colon, struct event *event)
{
	struct span number, error = { NULL, 0 };
	bool words = colon;

	event->outcome = OUTCOME_DEFERRED;
	if (!words)
		words = take_fields(&rest, SPAN("defer ("), event);
	if (!words && span_skip(&rest, SPAN("defer (")) && span_cut(&rest, ')', &number)) {
		uint64_t code;

		if (span_to_u64(number, &code) && code > 0 && span_skip(&rest, SPAN(": "))) {
			size_t end = span_find(rest, SPAN(": "));

			error = span_head(rest, end);
			error = span_head(error, span_find(error, SPAN(" H=")));
			error = span_head(error, span_find(error, SPAN(" DT=")));
			rest = span_from(rest, error.len);
		}
		words = span_skip(&rest, SPAN(": "));
		span_skip(&rest, SPAN(" "));
		words = words || take_fields(&rest, SPAN("\n"), event);
	}
	if (words)
		exim_set_reply(event, rest);
	if (!words && error.at != NULL)
		exim_set_reply(event, error);
	else if (error.at != NULL && event->reason.at == NULL)
		event->reason = error;
}

static void read_failed(struct span rest, bool colon, struct event *event)
{
	event->outcome = OUTCOME_BOUNCED;
	if (!colon && !take_fields(&rest, SPAN("\n"), event))
		return;
	rest = without_times(rest);
	if (span_ends(rest, SPAN("retry timeout exceeded")) || span_ends(rest, SPAN("message timed out")))
		event->outcome = OUTCOME_EXPIRED;
	exim_set_reply(event, rest);
}

/* A transport that failed says nothing of where it would have led; those of the smtp driver are called so. */
static bool sounds_local(struct span transport)
{
	return transport.at != NULL && span_find(transport, SPAN("smtp")) == transport.len;
}

__attribute__((noinline)) void exim_delivery(struct span rest, char flag, struct event *event)
{
	struct span target, original = { NULL, 0 };
	bool colon;

	event->kind = EVENT_RESULT;
	if (rest.len == 0) {
		event->kind = EVENT_UNKNOWN;
		event->reason = SPAN("result without an address");
		return;
	}
	target = take_target(&rest, &colon);
	take_parents(&rest, &original);
	set_recipient(event, target, original);
	if (!colon)
		colon = span_skip(&rest, SPAN(": "));
	if (flag == '=') {
		read_deferred(rest, colon, event);
	} else if (flag == '*') {
		read_failed(rest, colon, event);
	} else {
		read_delivered(rest, event);
		if (flag == 'N')
			event->outcome = OUTCOME_PROBE;
		else if (is_discarded(target, event->transport))
			event->outcome = OUTCOME_DISCARDED;
		return;
	}
	event->local = event->relay_ip.at == NULL && sounds_local(event->transport);
}
