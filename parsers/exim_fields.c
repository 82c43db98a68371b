/*
 * The pieces that Exim's lines are made of. Addresses are read with their quoting, so that a local part
 * like "x H=y [9.9.9.9]" is one address and not four fields; a HELO name ends at the first ") [", since
 * Exim accepts no blank in one unless helo_accept_junk_hosts says so.
 */
#include "parsers/exim.h"

#include "base/seldom.h"

/* Where an address ends in which the FIRST quote stands before STOP: quotes that are never closed are none. */
static SELDOM size_t quoted_address_end(struct span text, char stop, size_t first)
{
	bool quoted = false;

	for (size_t i = first; i < text.len; i++) {
		char c = text.at[i];

		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted)
			i++;
		else if (c == stop && !quoted)
			return i;
	}
	return quoted ? span_near(text, stop) : text.len;
}

/* Where an address ends: at the first STOP outside of quotes, or at the end of the text. Most have no quotes. */
static inline size_t address_end(struct span text, char stop)
{
	size_t first = span_near_either(text, stop, '"');

	return first == text.len || text.at[first] == stop ? first : quoted_address_end(text, stop, first);
}

bool exim_take_address(struct span *rest, struct span *address_r)
{
	size_t end = address_end(*rest, ' ');

	if (end == 0)
		return false;
	*address_r = span_head(*rest, end);
	*rest = span_from(*rest, end + 1);
	return true;
}

bool exim_take_angle(struct span *rest, struct span *address_r)
{
	struct span inside = span_from(*rest, 1);
	size_t end;

	if (rest->len < 2 || rest->at[0] != '<')
		return false;
	end = address_end(inside, '>');
	if (end == inside.len)
		return false;
	*address_r = span_head(inside, end);
	*rest = span_from(inside, end + 1);
	return true;
}

/* From quote to quote with memchr: replies and subjects are the longest texts of a line. */
bool exim_take_quoted(struct span *rest, struct span *text_r)
{
	const char *begin, *end, *quote;

	if (rest->len == 0 || rest->at[0] != '"')
		return false;
	begin = rest->at + 1;
	end = rest->at + rest->len;
	for (const char *at = begin; (quote = memchr(at, '"', (size_t)(end - at))) != NULL; at = quote + 1) {
		const char *from = quote;

		while (from > begin && from[-1] == '\\')
			from--;
		if ((quote - from) % 2 != 0)
			continue;
		*text_r = (struct span){ begin, (size_t)(quote - begin) };
		*rest = (struct span){ quote + 1, (size_t)(end - quote) - 1 };
		return true;
	}
	return false;
}

bool exim_take_whole_quoted(struct span *rest, struct span *text_r)
{
	struct span at = *rest, text;

	if (!exim_take_quoted(&at, &text) || (at.len > 0 && !span_skip(&at, SPAN(" "))))
		return false;
	*text_r = text;
	*rest = at;
	return true;
}

/* The same as exim_take_ip, for an address in which OTHER does not stand. */
static inline __attribute__((always_inline)) bool take_ip(struct span *rest, char other, struct span *ip_r,
							  struct span *port_r)
{
	size_t end = span_near_either(*rest, ']', other), digits = 0;
	struct span after;

	if (end == rest->len || rest->at[0] != '[' || rest->at[end] != ']')
		return false;
	after = (struct span){ rest->at + end + 1, rest->len - end - 1 };
	if (after.len > 1 && after.at[0] == ':') {
		while (digits + 1 < after.len && (unsigned)(after.at[digits + 1] - '0') < 10)
			digits++;
		if (digits > 0) {
			*port_r = (struct span){ after.at + 1, digits };
			after = span_from(after, digits + 1);
		}
	}
	*ip_r = (struct span){ rest->at + 1, end - 1 };
	*rest = after;
	return true;
}

bool exim_take_ip(struct span *rest, struct span *ip_r, struct span *port_r)
{
	return take_ip(rest, ']', ip_r, port_r);
}

/* "(helo) " and the address that follows, in which no bracket of the other kind stands. */
static inline __attribute__((always_inline)) bool take_helo(struct span *rest, struct exim_host *host)
{
	struct span at = *rest;

	for (size_t end; (end = span_near(at, ')')) < at.len;) {
		struct span after;

		at = (struct span){ at.at + end + 1, at.len - end - 1 };
		after = span_from(at, 1);
		if (at.len < 2 || at.at[0] != ' ' || !take_ip(&after, ')', &host->ip, &host->port))
			continue;
		host->helo = (struct span){ rest->at + 1, (size_t)(at.at - rest->at) - 2 };
		*rest = after;
		return true;
	}
	return false;
}

bool exim_take_host(struct span *rest, struct exim_host *host_r)
{
	struct exim_host host = { .reused = false };
	struct span at = *rest;

	if (at.len == 0)
		return false;
	if (at.at[0] != '(' && at.at[0] != '[') {
		host.name = exim_take_word(&at);
		span_skip(&at, SPAN(" DS"));
		/* The transport of a local delivery may name a host and nothing else. */
		if (at.len < 2 || at.at[0] != ' ' || (at.at[1] != '[' && at.at[1] != '(')) {
			*host_r = host;
			*rest = at;
			return true;
		}
		at = span_from(at, 1);
	}
	if (!(at.at[0] == '(' ? take_helo(&at, &host) : take_ip(&at, ']', &host.ip, &host.port)))
		return false;
	host.reused = span_skip(&at, SPAN("*"));
	*host_r = host;
	*rest = at;
	return true;
}

bool exim_helo_goes_on(struct span helo, struct span rest)
{
	if (helo.at == NULL)
		return false;
	for (size_t end; (end = span_near(rest, ')')) < rest.len;) {
		rest = span_from(rest, end + 1);
		if (span_starts(rest, SPAN(" [")))
			return true;
	}
	return false;
}

void exim_take_authenticator(struct span value, struct event *event)
{
	size_t end = span_near(value, ':');

	event->method = span_head(value, end);
	if (end == value.len)
		return;
	value = span_from(value, end + 1);
	event->login = span_head(value, span_near(value, ':'));
}

void exim_set_client(struct event *event, const struct exim_host *host)
{
	event->client_name = host->name;
	event->client_ip = host->ip;
	event->client_port = host->port;
	event->helo = host->helo;
}

/* The command that the remote host answered, from "... after pipelined RCPT TO:<..>" and its sisters. */
static enum event_phase phase_of(struct span words)
{
	static const struct {
		struct span words;
		enum event_phase phase;
	} phases[] = {
		{ SPAN_INIT("RCPT TO:"), PHASE_RCPT },
		{ SPAN_INIT("MAIL FROM:"), PHASE_MAIL },
		{ SPAN_INIT("end of data"), PHASE_END_OF_DATA },
		{ SPAN_INIT("initial connection"), PHASE_CONNECT },
		{ SPAN_INIT("sending data block"), PHASE_END_OF_DATA },
		{ SPAN_INIT("BDAT"), PHASE_END_OF_DATA },
		{ SPAN_INIT("DATA"), PHASE_DATA },
		{ SPAN_INIT("EHLO"), PHASE_HELO },
		{ SPAN_INIT("HELO"), PHASE_HELO },
		{ SPAN_INIT("LHLO"), PHASE_HELO },
		{ SPAN_INIT("STARTTLS"), PHASE_HELO },
		{ SPAN_INIT("AUTH"), PHASE_HELO },
	};

	span_skip(&words, SPAN("pipelined "));
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (span_starts(words, phases[i].words))
			return phases[i].phase;
	return PHASE_UNKNOWN;
}

static bool is_digit(char c)
{
	return (unsigned)(c - '0') < 10;
}

/* "550 ", "550-": a reply code of three digits. */
static bool starts_with_code(struct span text)
{
	return text.len >= 3 && (unsigned)(text.at[0] - '2') < 4 && is_digit(text.at[1]) &&
	       is_digit(text.at[2]) && (text.len == 3 || text.at[3] == ' ' || text.at[3] == '-');
}

/* The enhanced code of RFC 3463 that follows the reply code; absent where there is none. */
static struct span enhanced_code(struct span reply)
{
	struct span rest = span_from(reply, 4);
	size_t dots = 0, i;

	if (rest.len < 5 || (unsigned)(rest.at[0] - '2') >= 4 || rest.at[1] != '.')
		return (struct span){ NULL, 0 };
	/* "2.0.0 ", as nearly all are */
	if (rest.len > 5 && is_digit(rest.at[2]) && rest.at[3] == '.' && is_digit(rest.at[4]) &&
	    rest.at[5] == ' ')
		return span_head(rest, 5);
	for (i = 0; i < rest.len && (is_digit(rest.at[i]) || rest.at[i] == '.'); i++)
		dots += rest.at[i] == '.';
	while (i > 0 && rest.at[i - 1] == '.')
		i--, dots--;
	if (dots != 2 || i < 5 || i > 9)
		return (struct span){ NULL, 0 };
	return span_head(rest, i);
}

/* The words after "after": the command with its argument, whose quoting is kept, up to ": ". */
static void skip_command(struct span *rest)
{
	size_t open = span_find(*rest, SPAN(":<"));
	size_t colon = span_find(*rest, SPAN(": "));
	struct span argument, at = span_from(*rest, open + 1);

	if (open < colon && exim_take_angle(&at, &argument)) {
		size_t behind = span_find(at, SPAN(": "));

		*rest = span_from(at, behind);
		return;
	}
	*rest = span_from(*rest, colon);
}

/* Words in which a reply stands, or none: the reply and what was asked are found in them. */
static SELDOM void set_reply_within(struct event *event, struct span words)
{
	size_t after = span_find(span_head(words, 80), SPAN(" after "));
	struct span rest, before;

	if (span_starts(words, SPAN("Remote host "))) {
		size_t response = span_find(words, SPAN(" in response to "));

		event->phase = phase_of(span_from(words, response + 16));
	}
	if (after == span_head(words, 80).len)
		return;
	rest = span_from(words, after + 7);
	event->phase = phase_of(rest);
	skip_command(&rest);
	before = (struct span){ words.at, (size_t)(rest.at - words.at) };
	span_skip(&rest, SPAN(": "));
	/* Before Exim 4.83: "...: host NAME [IP]: 550 ..." */
	if (span_starts(rest, SPAN("host "))) {
		struct span at = span_from(rest, 5);
		struct exim_host host;

		if (exim_take_host(&at, &host) && host.ip.at != NULL && span_skip(&at, SPAN(": "))) {
			event->relay = host.name;
			event->relay_ip = host.ip;
			event->relay_port = host.port;
			rest = at;
		}
	}
	if (!starts_with_code(rest))
		return;
	event->reason = before;
	event->reply = rest;
	event->dsn = enhanced_code(rest);
}

void exim_set_reply(struct event *event, struct span words)
{
	event->reply = words;
	if (starts_with_code(words))
		event->dsn = enhanced_code(words);
	else
		set_reply_within(event, words);
}
