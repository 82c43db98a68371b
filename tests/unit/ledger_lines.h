/*
 * Raw log lines in, what the ledger says of them out, as text: for tests that go the whole way from bytes
 * to attempts.
 *
 *	+ bob@example.com x@remote.example delivered outbound     a first outcome
 *	~ bob@example.com x@remote.example bounced outbound       its change
 *	= bob@example.com x@remote.example bounced outbound 4A,4B how it ended, and its queue ids (want_done)
 *	> bob@example.com 2                                       a message of two recipients
 *	! bob@example.com 192.0.2.7                               a login that failed; "* " one that succeeded
 */
#ifndef SENDWATCH_TESTS_LEDGER_LINES_H
#define SENDWATCH_TESTS_LEDGER_LINES_H

#include "base/memory.h"
#include "base/text.h"
#include "parsers/ledger.h"

#include <stdlib.h>

#define PT(time, service, words) "Nov 21 " time " mx postfix/" service "[11]: " words "\n"
#define P(service, words)        PT("10:00:00", service, words)
#define ET(time, words)          "2026-11-21 " time " " words "\n"
#define E(words)                 ET("10:00:00", words)

/* Which of the above are wanted. */
struct told {
	struct text text;
	const char *kinds;
};

static void told_account(struct told *told, char kind, struct span account)
{
	text_add_format(&told->text, "%c %.*s ", kind, account.at == NULL ? 1 : (int)account.len,
			account.at == NULL ? "-" : account.at);
}

static void told_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	struct told *told = context;
	char kind = "+~="[stage];
	struct span recipient = attempt->recipient;

	if (strchr(told->kinds, kind) == NULL)
		return;
	told_account(told, kind, attempt->envelope->account);
	text_add_format(&told->text, "%.*s %s %s", recipient.len == 0 ? 1 : (int)recipient.len,
			recipient.len == 0 ? "?" : recipient.at, event_outcome_name(attempt->outcome),
			direction_name(attempt->direction));
	if (attempt->counted)
		text_add(&told->text, SPAN(" counted"));
	for (size_t i = 0; kind == '=' && i < attempt->queue_id_count; i++)
		text_add_format(&told->text, "%c%.*s", i == 0 ? ' ' : ',', SPAN_ARGS(attempt->queue_ids[i]));
	text_add(&told->text, SPAN("\n"));
}

static void told_submitted(void *context, const struct envelope *envelope, uint32_t source, uint64_t position)
{
	struct told *told = context;

	(void)source;
	(void)position;
	if (strchr(told->kinds, '>') == NULL)
		return;
	told_account(told, '>', envelope->account);
	text_add_format(&told->text, "%d\n", envelope->nrcpt);
}

static void told_login(void *context, const struct login *login)
{
	struct told *told = context;
	char kind = login->succeeded ? '*' : '!';

	if (strchr(told->kinds, kind) == NULL)
		return;
	told_account(told, kind, login->account);
	text_add_format(&told->text, "%.*s\n", SPAN_ARGS(login->client_ip));
}

/* A line is another's once it was fed, as where lines are read ahead. */
static void ledger_feed_text(struct ledger *ledger, struct span text)
{
	struct error error;
	struct framer *framer = framer_new(
		&(struct framer_options){ .year = 2026, .timezone = "UTC", .written = USEC_NEVER }, &error);
	struct span line;
	uint64_t position = 0;

	while (span_cut(&text, '\n', &line)) {
		struct frame frame;
		struct event event;
		char *copy;

		uint32_t source = span_skip(&line, SPAN("rejectlog: ")) ? 1 : 0;

		position += line.len + 1;
		copy = memory_copy(line);
		line.at = copy;
		if (framer_cut(framer, line, &frame)) {
			parser_read(&frame, &event);
			ledger_feed(ledger, &frame, &event, source, position);
		}
		memset(copy, '#', line.len);
		free(copy);
	}
	framer_free(&framer);
}

/* The ledger's options in these tests, before a test changes them. */
static struct ledger_options ledger_options_plain(void)
{
	static char name[] = "www-data";
	static char *shared[] = { name };

	return (struct ledger_options){
		.messages = 10000, .forget_after = USEC_DAY, .fold_case = true, .shared_users = { shared, 1 }
	};
}

/* What KINDS of telling the lines in TEXT give, to the end of the log. The caller frees the text. */
static struct text ledger_tells(const struct ledger_options *options, const char *kinds, const char *text)
{
	struct told told = { .kinds = kinds };
	struct ledger_sink sink = { .context = &told,
				    .submitted = told_submitted,
				    .attempt = told_attempt,
				    .login = told_login,
				    .want_done = strchr(kinds, '=') != NULL };
	struct error error;
	struct replies *replies = replies_new(NULL, 0, &error);
	struct ledger *ledger = ledger_new(options, replies, &sink, &error);

	text_add(&told.text, SPAN(""));
	ledger_feed_text(ledger, span_of(text));
	ledger_finish(ledger);
	ledger_free(&ledger);
	replies_free(&replies);
	return told.text;
}

#endif
