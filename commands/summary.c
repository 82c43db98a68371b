/*
 * The summary as a whole: which accounts there are in it, and what is said beside them. An account is remembered
 * from its first verdict on. Accounts without a verdict are only counted, so memory grows with the abused, not with
 * the log.
 */
#define _GNU_SOURCE
#include "commands/summary.h"

#include "base/hash.h"
#include "base/memory.h"
#include "commands/summary_account.h"
#include "commands/words.h"

#include <stdlib.h>

#define SUMMARY_MARKS   4096
#define SUMMARY_WATCHED 20 /* accounts that are only watched, shown at most */

struct summary {
	struct summary_colours colours;
	struct summary_account *accounts;
	size_t count, room;
	uint32_t *slots; /* open addressing by hash of the name: 1 + index, 0 free; twice as many as room */
	uint64_t marks[SUMMARY_MARKS / 64]; /* summary_mark of all names that there are */
	uint64_t recipients;
	struct text server; /* what was unusual of the log as a whole */
	struct text troubles;
};

struct summary *summary_new(bool colours)
{
	struct summary *summary = memory_new(1, sizeof(*summary));

	summary->colours.red = colours ? "\033[1;31m" : "";
	summary->colours.yellow = colours ? "\033[33m" : "";
	summary->colours.bold = colours ? "\033[1m" : "";
	summary->colours.dim = colours ? "\033[2m" : "";
	summary->colours.plain = colours ? "\033[0m" : "";
	return summary;
}

void summary_free(struct summary **summary)
{
	if (*summary == NULL)
		return;
	for (size_t i = 0; i < (*summary)->count; i++)
		summary_account_free(&(*summary)->accounts[i]);
	free((*summary)->accounts);
	free((*summary)->slots);
	text_free(&(*summary)->server);
	text_free(&(*summary)->troubles);
	free(*summary);
	*summary = NULL;
}

/* By the first letters and the length. Most mail is of accounts that have none, which a hash need not find out. */
static uint32_t summary_mark(struct span name)
{
	uint64_t letters = 0;

	if (name.len >= sizeof(letters))
		memcpy(&letters, name.at, sizeof(letters));
	return (uint32_t)((letters ^ name.len) * UINT64_C(0x9e3779b97f4a7c15) >> 32) % SUMMARY_MARKS;
}

static uint32_t *summary_slot(const struct summary *summary, struct span name)
{
	size_t mask = summary->room * 2 - 1, at = hash_text(name) & mask;

	while (summary->slots[at] != 0 &&
	       !span_equal(name, span_of(summary->accounts[summary->slots[at] - 1].name)))
		at = (at + 1) & mask;
	return &summary->slots[at];
}

static void summary_grow(struct summary *summary)
{
	summary->room = summary->room == 0 ? 64 : summary->room * 2;
	summary->accounts = memory_grow(summary->accounts, summary->room, sizeof(*summary->accounts));
	free(summary->slots);
	summary->slots = memory_new(summary->room * 2, sizeof(*summary->slots));
	for (size_t i = 0; i < summary->count; i++)
		*summary_slot(summary, span_of(summary->accounts[i].name)) = (uint32_t)i + 1;
}

static struct summary_account *summary_find(const struct summary *summary, struct span name)
{
	uint32_t mark = summary_mark(name), slot;

	if ((summary->marks[mark / 64] >> mark % 64 & 1) == 0)
		return NULL;
	slot = *summary_slot(summary, name);
	return slot == 0 ? NULL : &summary->accounts[slot - 1];
}

static struct summary_account *summary_add(struct summary *summary, struct span name)
{
	struct summary_account *account;
	uint32_t mark = summary_mark(name);

	if (summary->accounts == NULL || summary->count == summary->room)
		summary_grow(summary);
	summary->marks[mark / 64] |= UINT64_C(1) << mark % 64;
	account = &summary->accounts[summary->count];
	summary_account_begin(account, name);
	*summary_slot(summary, name) = (uint32_t)++summary->count;
	return account;
}

void summary_attempt(struct summary *summary, const struct attempt *attempt)
{
	const struct envelope *envelope = attempt->envelope;
	struct summary_account *account;

	if (envelope->account_kind == ACCOUNT_NONE || attempt->direction != DIRECTION_OUTBOUND)
		return;
	summary->recipients++;
	account = summary_find(summary, envelope->account);
	if (account != NULL)
		summary_account_attempt(account, attempt);
}

/* What concerns no account: a line each, with a sample of what it is about. */
static void summary_server(struct summary *summary, const struct verdict *verdict)
{
	struct text *out = &summary->server;

	if (verdict->state != STATE_FLAGGED)
		return;
	text_add(out, SPAN("  "));
	words_time(out, verdict->time);
	text_add(out, SPAN("  "));
	if (verdict->evidence_count > 0)
		text_add_printable(out, span_of(verdict->evidence[0].text));
	if (verdict->sample_count > 0) {
		text_add_format(out, "\n    e.g.   %s", summary->colours.dim);
		text_add_printable(out, span_head(verdict->samples[0].reply, 110));
		text_add_format(out, "%s%s", verdict->samples[0].reply.len > 110 ? "..." : "",
				summary->colours.plain);
	}
	text_add(out, SPAN("\n"));
}

void summary_verdict(struct summary *summary, const struct verdict *verdict)
{
	struct summary_account *account;

	if (strcmp(verdict->type, "verdict") != 0) {
		summary_server(summary, verdict);
		return;
	}
	account = summary_find(summary, verdict->account);
	if (account == NULL)
		account = summary_add(summary, verdict->account);
	summary_account_verdict(account, verdict, &summary->colours);
}

void summary_earlier(struct summary *summary, const struct verdict *verdict)
{
	struct summary_account *account = summary_find(summary, verdict->account);

	if (strcmp(verdict->type, "verdict") != 0 || (account == NULL && verdict->state != STATE_FLAGGED))
		return;
	if (account == NULL)
		account = summary_add(summary, verdict->account);
	summary_account_earlier(account, verdict);
}

void summary_trouble(struct summary *summary, const char *words)
{
	text_add(&summary->troubles, SPAN("  "));
	text_add_printable(&summary->troubles, span_of(words));
	text_add(&summary->troubles, SPAN("\n"));
}

/* An access log, an empty file, a time before the log's: then that nobody was flagged means nothing. */
static bool summary_is_of_mail(const struct summary_read *read)
{
	return read->pipeline.understood + read->pipeline.unknown > 0;
}

static void summary_add_nothing(const struct summary_read *read, struct text *out)
{
	text_add(out, SPAN("None of it is of a mail server"));
	if (read->until != USEC_NEVER) {
		text_add(out, SPAN(" and from before "));
		words_time(out, read->until);
		text_add(out, SPAN(" UTC"));
	} else if (read->pipeline.lines > 0) {
		text_add(out, SPAN(": is this the log of Postfix or Exim?"));
	}
	text_add(out, SPAN("\n"));
}

/* Who sent how much, in the time and of the account that were asked for; and how far that can be trusted. */
static void summary_add_sent(const struct summary *summary, const struct summary_read *read, struct text *out)
{
	const struct pipeline_stats *stats = &read->pipeline;

	if (read->account != NULL)
		text_add_printable(out, span_of(read->account));
	else
		words_counted(out, stats->judge.accounts, "account");
	text_add(out, read->account == NULL && read->since != USEC_NEVER ? SPAN(" in all; they sent to ")
									 : SPAN(" sent to "));
	words_counted(out, summary->recipients, "recipient");
	if (read->since != USEC_NEVER) {
		text_add(out, SPAN(" from "));
		words_time(out, read->since);
		text_add(out, SPAN(" UTC on"));
	}
	/* Rounded down: 100 % means all. */
	text_add_format(out, "; %.2f %% of the mail server's lines were understood",
			(double)(int64_t)(pipeline_coverage(stats) * 10000) / 100);
	if (stats->unknown > 0) {
		text_add(out, SPAN(", "));
		words_count(out, stats->unknown);
		text_add(out, SPAN(" not (parse --coverage shows them)"));
	}
	text_add(out, SPAN("\n"));
}

static void summary_print_read(const struct summary *summary, const struct summary_read *read, FILE *out)
{
	const struct pipeline_stats *stats = &read->pipeline;
	struct text text = { 0 };

	text_add(&text, SPAN("Read "));
	words_counted(&text, read->collector.files, "file");
	text_add(&text, SPAN(", "));
	words_counted(&text, stats->lines, "line");
	text_add(&text, SPAN(", "));
	words_bytes(&text, read->collector.bytes);
	if (stats->first != USEC_NEVER) {
		text_add(&text, SPAN(": "));
		words_time(&text, stats->first);
		text_add(&text, SPAN(" to "));
		words_time(&text, stats->last);
		text_add(&text, SPAN(" UTC ("));
		words_duration(&text, stats->last - stats->first);
		text_add(&text, SPAN(")"));
	}
	text_add(&text, SPAN("\n"));
	if (summary_is_of_mail(read))
		summary_add_sent(summary, read, &text);
	else
		summary_add_nothing(read, &text);
	fprintf(out, "%s\n", text.at);
	text_free(&text);
}

static size_t summary_print_still(const struct summary *summary, FILE *out)
{
	struct text text = { 0 };
	size_t still = 0;

	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_account *account = &summary->accounts[i];

		if (!summary_account_is_still(account))
			continue;
		summary_account_add_still(account, &summary->colours, &text);
		still++;
	}
	if (still > 0)
		fprintf(out, "%s\n", text.at);
	text_free(&text);
	return still;
}

static void summary_print_count(const struct summary *summary, const struct summary_read *read,
				size_t flagged, size_t watched, size_t still, FILE *out)
{
	uint64_t told = flagged + watched + still, accounts = read->pipeline.judge.accounts;
	struct text text = { 0 };

	if (!summary_is_of_mail(read))
		text_add(&text, SPAN("No account was flagged, since there is no mail in what was read"));
	else if (told == 0 && read->account != NULL && summary->recipients == 0)
		text_add(&text, SPAN("No account was flagged, and none of this name sent anything"));
	else if (flagged == 0)
		text_add(&text, SPAN("No account was flagged"));
	else
		words_counted(&text, flagged, "account");
	text_add(&text, flagged == 0   ? SPAN("")
			: flagged == 1 ? SPAN(" was flagged")
				       : SPAN(" were flagged"));
	if (watched > 0) {
		text_add(&text, SPAN(", "));
		words_count(&text, watched);
		text_add(&text, SPAN(" only watched"));
	}
	if (read->account == NULL && accounts > told) {
		text_add(&text,
			 told == 0 ? SPAN("; nothing unusual in ") : SPAN("; nothing unusual in the other "));
		if (told == 0)
			words_counted(&text, accounts, "account");
		else
			words_count(&text, accounts - told);
	}
	fprintf(out, "%s.\n", text.at);
	text_free(&text);
}

/* What was lost on the way, if anything was. */
static void summary_print_troubles(const struct summary *summary, const struct summary_read *read, FILE *out)
{
	const struct collector_stats *collector = &read->collector;
	struct text text = { 0 };

	text_add(&text, text_span(&summary->troubles));
	if (collector->skipped_long > 0) {
		text_add(&text, SPAN("  "));
		words_counted(&text, collector->skipped_long, "line");
		text_add(&text, SPAN(" over 64 KiB skipped\n"));
	}
	if (collector->skipped_binary > 0) {
		text_add(&text, SPAN("  "));
		words_counted(&text, collector->skipped_binary, "line");
		text_add(&text, SPAN(" with NUL bytes skipped\n"));
	}
	if (read->pipeline.unframed > 0) {
		text_add(&text, SPAN("  "));
		words_counted(&text, read->pipeline.unframed, "line");
		text_add(&text, SPAN(" without a time stamp that is known\n"));
	}
	if (read->pipeline.ledger.orphans > 0) {
		text_add(&text, SPAN("  "));
		words_counted(&text, read->pipeline.ledger.orphans, "line");
		text_add(
			&text,
			SPAN(" about messages that do not begin in their log: nobody is charged with them\n"));
	}
	if (read->pipeline.ledger.evicted > 0) {
		text_add(&text, SPAN("  "));
		words_counted(&text, read->pipeline.ledger.evicted, "message");
		text_add(&text, SPAN(" forgotten while still open, for want of room ([ledger] messages)\n"));
	}
	if (text.len > 0)
		fprintf(out, "\n%sIn reading:%s\n%s", summary->colours.yellow, summary->colours.plain,
			text.at);
	text_free(&text);
}

void summary_print(struct summary *summary, const struct summary_read *read, FILE *out)
{
	size_t flagged = 0, watched = 0, still;

	if (summary->count > 0)
		qsort(summary->accounts, summary->count, sizeof(*summary->accounts), summary_account_harm);
	if (!read->quiet)
		summary_print_read(summary, read, out);
	for (size_t i = 0; i < summary->count; i++)
		if (summary->accounts[i].worst == STATE_FLAGGED) {
			summary_account_print_flagged(&summary->accounts[i], &summary->colours, read, out);
			flagged++;
		}
	for (size_t i = 0; i < summary->count; i++)
		if (summary->accounts[i].worst == STATE_WATCH && watched++ < SUMMARY_WATCHED)
			summary_account_print_watched(&summary->accounts[i], &summary->colours, out);
	if (watched > SUMMARY_WATCHED)
		fprintf(out, "         and %zu more (--format ndjson names them all)\n",
			watched - SUMMARY_WATCHED);
	if (watched > 0)
		fputc('\n', out);
	still = summary_print_still(summary, out);
	summary_print_count(summary, read, flagged, watched, still, out);
	if (summary->server.len > 0)
		fprintf(out, "\n%sThe server itself:%s\n%s", summary->colours.yellow, summary->colours.plain,
			summary->server.at);
	if (!read->quiet)
		summary_print_troubles(summary, read, out);
}
