/*
 * The pieces that Exim's lines are made of. Addresses are read with their quoting, so that a local part
 * like "x H=y [9.9.9.9]" is one address and not four fields; a HELO name ends at the first ") [", since
 * Exim accepts no blank in one unless helo_accept_junk_hosts says so.
 */
#include "parsers/exim.h"

typedef unsigned char id_bytes __attribute__((vector_size(16)));

/* Letters, digits and the dashes between them; 16 at a time and without a branch, since every line passes here. */
static bool looks_like_id(const char *at)
{
	id_bytes bytes;
	uint64_t strange[2];

	memcpy(&bytes, at, sizeof(bytes));
	bytes = (id_bytes)((bytes - '0' >= 10) & ((bytes | 0x20) - 'a' >= 26) & (bytes != '-'));
	memcpy(strange, &bytes, sizeof(bytes));
	return (strange[0] | strange[1]) == 0;
}

size_t exim_id_length(struct span text)
{
	if (text.len < 17 || text.at[6] != '-')
		return 0;
	if (text.at[13] == '-' && text.at[16] == ' ')
		return looks_like_id(text.at) ? 16 : 0;
	if (text.len < 24 || text.at[18] != '-' || text.at[23] != ' ')
		return 0;
	return looks_like_id(text.at) && looks_like_id(text.at + 23 - 16) ? 23 : 0;
}

/*
 * Where an address ends: at the first STOP outside of quotes, or at the end of the text. Most have no quotes,
 * and quotes that are never closed are none.
 */
static size_t address_end(struct span text, char stop)
{
	const char *hit = text.len == 0 ? NULL : memchr(text.at, stop, text.len);
	size_t plain = hit == NULL ? text.len : (size_t)(hit - text.at);
	bool quoted = false;

	if (plain == 0 || memchr(text.at, '"', plain) == NULL)
		return plain;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted)
			i++;
		else if (c == stop && !quoted)
			return i;
	}
	return quoted ? plain : text.len;
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
	struct span at = span_from(*rest, 1), piece;

	if (rest->len == 0 || rest->at[0] != '"')
		return false;
	while (span_cut(&at, '"', &piece)) {
		const char *quote = at.at - 1, *from = quote;

		while (from[-1] == '\\' && from - 1 > rest->at)
			from--;
		if ((quote - from) % 2 != 0)
			continue;
		*text_r = (struct span){ rest->at + 1, (size_t)(quote - rest->at) - 1 };
		*rest = at;
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

bool exim_take_ip(struct span *rest, struct span *ip_r, struct span *port_r)
{
	struct span after = span_from(*rest, 1), ip;
	size_t digits = 0;

	if (rest->len < 2 || rest->at[0] != '[' || !span_cut(&after, ']', &ip))
		return false;
	if (after.len > 1 && after.at[0] == ':') {
		while (digits + 1 < after.len && (unsigned)(after.at[digits + 1] - '0') < 10)
			digits++;
		if (digits > 0) {
			*port_r = (struct span){ after.at + 1, digits };
			after = span_from(after, digits + 1);
		}
	}
	*ip_r = ip;
	*rest = after;
	return true;
}

struct span exim_take_word(struct span *rest)
{
	const char *blank = rest->len == 0 ? NULL : memchr(rest->at, ' ', rest->len);
	size_t len = blank == NULL ? rest->len : (size_t)(blank - rest->at);

	if (blank != NULL && len > 0 && blank[-1] == ':')
		len--;
	*rest = span_from(*rest, len);
	return (struct span){ rest->at - len, len };
}

/* "(helo) " and the address that follows, in which no bracket of the other kind stands. */
static bool take_helo(struct span *rest, struct exim_host *host)
{
	struct span at = *rest, piece;

	/* memchr for the bracket: memmem is slow with needles as short as ") [". */
	while (span_cut(&at, ')', &piece)) {
		struct span after = span_from(at, 1), ip, port = { NULL, 0 };

		if (at.len < 2 || at.at[0] != ' ' || !exim_take_ip(&after, &ip, &port) ||
		    memchr(ip.at, ')', ip.len) != NULL)
			continue;
		host->helo = (struct span){ rest->at + 1, (size_t)(at.at - rest->at) - 2 };
		host->ip = ip;
		host->port = port;
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
		if (!span_starts(at, SPAN(" [")) && !span_starts(at, SPAN(" ("))) {
			*host_r = host;
			*rest = at;
			return true;
		}
		at = span_from(at, 1);
	}
	if (!(at.at[0] == '(' ? take_helo(&at, &host) : exim_take_ip(&at, &host.ip, &host.port)))
		return false;
	host.reused = span_skip(&at, SPAN("*"));
	*host_r = host;
	*rest = at;
	return true;
}

bool exim_helo_goes_on(struct span helo, struct span rest)
{
	struct span piece;

	while (helo.at != NULL && span_cut(&rest, ')', &piece))
		if (span_starts(rest, SPAN(" [")))
			return true;
	return false;
}

void exim_take_authenticator(struct span value, struct event *event)
{
	struct span login;

	if (!span_cut(&value, ':', &event->method)) {
		event->method = value;
		return;
	}
	event->login = span_cut(&value, ':', &login) ? login : value;
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

void exim_set_reply(struct event *event, struct span words)
{
	struct span rest = words, before;

	event->reply = words;
	if (!starts_with_code(words)) {
		size_t after = span_find(span_head(words, 80), SPAN(" after "));

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
	}
	event->dsn = enhanced_code(event->reply);
}
