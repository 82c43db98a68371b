/*
 * The words of Exim 4.80 to 4.98: main log, reject log, panic log and syslog. This file finds the message id
 * and the two-character flag behind it; each family of lines has its own file: exim_arrival.c,
 * exim_delivery.c, exim_refusal.c, exim_login.c, exim_note.c, over what exim_fields.c takes apart.
 *
 * Exim says by which login a message came in once, in the line of its arrival. What a line's position does
 * not prove to be Exim's own word is not used to name an account.
 */
#include "parsers/exim.h"

#include "base/seldom.h"
#include "parsers/exim_id.h"
#include "parsers/parser.h"

static bool is_digit(char c)
{
	return (unsigned)(c - '0') < 10;
}

/* Other programs that write files of their own say "name: Info: ..." after the stamp. */
static bool sounds_like_dovecot(struct span text)
{
	struct span head = span_head(text, 80);
	size_t colon = span_find(head, SPAN(": "));
	struct span rest = span_from(head, colon + 2);

	return span_starts(rest, SPAN("Info: ")) || span_starts(rest, SPAN("Warning: ")) ||
	       span_starts(rest, SPAN("Error: ")) || span_starts(rest, SPAN("Fatal: ")) ||
	       span_starts(rest, SPAN("Panic: ")) || span_starts(rest, SPAN("Debug: "));
}

/* What else stands in the output of containers: "#48(normal) <700828>; task; words" of rspamd, and supervisord's. */
static bool sounds_like_container(struct span text)
{
	return text.at[0] == '#' || span_starts(text, SPAN("INFO ")) || span_starts(text, SPAN("WARN ")) ||
	       span_starts(text, SPAN("CRIT ")) || span_starts(text, SPAN("DEBG "));
}

static bool exim_claims(const struct frame *frame)
{
	/* Behind a host comes a tag; "plesk sendmail[7]: words" is none of ours. */
	if (frame->tag.len == 0)
		return frame->host.at == NULL &&
		       (frame->text.len == 0 ||
			!((unsigned)(frame->text.at[0] - 'a') < 26 ? sounds_like_dovecot(frame->text)
								   : sounds_like_container(frame->text)));
	return span_starts(frame->tag, SPAN("exim"));
}

/* "[23362] " before the words, which +pid writes though syslog has told it. */
static void skip_pid(struct span *text)
{
	struct span at = span_from(*text, 1);

	if (text->len < 4 || text->at[0] != '[')
		return;
	while (at.len > 0 && is_digit(at.at[0]))
		at = span_from(at, 1);
	if (at.at > text->at + 1 && span_skip(&at, SPAN("] ")))
		*text = at;
}

/* Syslog lines may repeat Exim's own stamp: "2026-11-21 16:29:42.254 +0100 [23362] words". */
static SELDOM struct span without_stamp(struct span text)
{
	struct span at = text;

	skip_pid(&text);
	if (at.len < 20 || at.at[4] != '-' || at.at[7] != '-' || at.at[10] != ' ' || at.at[13] != ':' ||
	    !is_digit(at.at[0]) || !is_digit(at.at[18]))
		return text;
	exim_take_word(&at);
	at = span_from(at, 1);
	exim_take_word(&at);
	at = span_from(at, 1);
	if (at.len > 5 && (at.at[0] == '+' || at.at[0] == '-') && is_digit(at.at[1]) && at.at[5] == ' ')
		at = span_from(at, 6);
	skip_pid(&at);
	return at;
}

/* The two characters and a blank that begin the lines of arrivals and results. */
static bool flagged(struct span text, struct event *event)
{
	struct span rest = span_from(text, 3);

	if (text.len < 4 || text.at[2] != ' ')
		return false;
	switch (text.at[0]) {
	case '<':
	case '(':
		if (text.at[1] != '=')
			return false;
		exim_arrival(rest, event);
		return true;
	case '=':
		if (text.at[1] == '>' && span_starts(rest, SPAN("blackhole ("))) {
			event->kind = EVENT_DISCARD;
			event->reason = rest;
			return true;
		}
		if (text.at[1] != '>' && text.at[1] != '=')
			return false;
		exim_delivery(rest, text.at[1], event);
		return true;
	case '-':
	case '>':
		if (text.at[1] != '>')
			return false;
		event->early = text.at[0] == '>';
		exim_delivery(rest, '>', event);
		return true;
	case '*':
		if (text.at[1] != '*' && text.at[1] != '>')
			return false;
		exim_delivery(rest, text.at[1] == '*' ? '*' : 'N', event);
		return true;
	default:
		return false;
	}
}

/* Apart from what most lines are, so that these save no registers for it. */
static __attribute__((noinline)) void exim_other(struct span text, struct event *event)
{
	/* A quarter of a log with +arguments are "cwd=" lines. */
	if (span_starts(text, SPAN("cwd=")) || !exim_refusal(text, event))
		exim_note(text, event);
}

static void exim_parse(const struct frame *frame, struct event *event_r)
{
	struct span text = frame->tag.len > 0 ? without_stamp(frame->text) : frame->text;
	size_t id;

	event_r->mta = MTA_EXIM;
	event_r->program = SPAN("exim");
	id = frame->exim_id > 0 ? frame->exim_id : exim_id_length(text);
	if (id > 0) {
		event_r->queue_id = span_head(text, id);
		text = span_from(text, id + 1);
		if (flagged(text, event_r))
			return;
		if (span_starts(text, SPAN("Completed"))) {
			event_r->kind = EVENT_END;
			return;
		}
	}
	exim_other(text, event_r);
}

const struct parser parser_exim = {
	.name = "exim",
	.claims = exim_claims,
	.parse = exim_parse,
};
