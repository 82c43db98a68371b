/*
 * The summary. An account is remembered from its first verdict on: its first flag with all evidence (written
 * out at once, since a verdict's text is borrowed), its state at the end, and what it sent before and after
 * the flag. Accounts without a verdict are only counted, so memory grows with the abused, not with the log.
 */
#define _GNU_SOURCE
#include "commands/summary.h"

#include "base/hash.h"
#include "base/memory.h"
#include "commands/words.h"

#include <stdlib.h>

#define SUMMARY_MARKS   4096
#define SUMMARY_WATCHED 20 /* accounts that are only watched, shown at most */

struct summary_account {
	char *name;
	enum account_state worst, state;
	usec_t first_bad, flagged;
	usec_t earlier;                          /* flagged before what is told of; USEC_NEVER: not so */
	usec_t disabled;                         /* sure enough to; USEC_NEVER where it was not */
	usec_t last;                             /* of its last verdict */
	double score;                            /* at the worst */
	uint64_t recipients, leaked;             /* up to the flag */
	uint64_t recipients_after, leaked_after; /* from the flag on */
	struct text details;                     /* evidence, clients, samples: ready to print */
	struct text reason;                      /* the strongest evidence alone */
};

struct summary {
	const char *red, *yellow, *bold, *dim, *plain;
	struct summary_account *accounts;
	size_t count, room;
	uint32_t *slots; /* open addressing by hash of the name: 1 + index, 0 free; twice as many as room */
	uint64_t marks[SUMMARY_MARKS / 64]; /* summary_mark of all names that there are */
	uint64_t messages, recipients;
	struct text server; /* what was unusual of the log as a whole */
	struct text troubles;
};

struct summary *summary_new(bool colours)
{
	struct summary *summary = memory_new(1, sizeof(*summary));

	summary->red = colours ? "\033[1;31m" : "";
	summary->yellow = colours ? "\033[33m" : "";
	summary->bold = colours ? "\033[1m" : "";
	summary->dim = colours ? "\033[2m" : "";
	summary->plain = colours ? "\033[0m" : "";
	return summary;
}

void summary_free(struct summary **summary)
{
	if (*summary == NULL)
		return;
	for (size_t i = 0; i < (*summary)->count; i++) {
		free((*summary)->accounts[i].name);
		text_free(&(*summary)->accounts[i].details);
		text_free(&(*summary)->accounts[i].reason);
	}
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
	*account = (struct summary_account){ .name = memory_copy(name),
					     .first_bad = USEC_NEVER,
					     .earlier = USEC_NEVER,
					     .disabled = USEC_NEVER };
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
	if (account == NULL || account->worst != STATE_FLAGGED || attempt->time < account->flagged)
		return;
	account->recipients_after++;
	if (attempt->outcome == OUTCOME_DELIVERED)
		account->leaked_after++;
}

/* What stands under an account's head line, as it was when it was flagged. */
static void summary_details(const struct summary *summary, const struct verdict *verdict, struct text *out)
{
	for (size_t i = 0; i < verdict->evidence_count; i++) {
		const struct evidence *evidence = &verdict->evidence[i];

		if (evidence->decibans <= 0 && i > 0)
			continue;
		text_add_format(out, "    %s", i == 0 ? "why    " : "       ");
		text_add_printable(out, span_of(evidence->text));
		text_add_format(out, "  %s%s %+.1f%s\n", summary->dim, evidence->detector, evidence->decibans,
				summary->plain);
	}
	if (verdict->client_count > 0)
		text_add(out, SPAN("    from   "));
	for (size_t i = 0; i < verdict->client_count; i++) {
		text_add(out, i == 0 ? SPAN("") : SPAN(", "));
		text_add_printable(out, verdict->clients[i]);
	}
	text_add(out, verdict->client_count > 0 ? SPAN("\n") : SPAN(""));
	for (size_t i = 0; i < verdict->sample_count && i < 3; i++) {
		const struct verdict_sample *sample = &verdict->samples[i];

		text_add_format(out, "    %s%s", i == 0 ? "e.g.   " : "       ", summary->dim);
		text_add_printable(out, sample->queue_id);
		text_add(out, SPAN("  "));
		text_add_printable(out, sample->recipient);
		text_add(out, SPAN("  "));
		text_add_printable(out, span_head(sample->reply, 90));
		text_add_format(out, "%s%s\n", sample->reply.len > 90 ? "..." : "", summary->plain);
	}
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
		text_add_format(out, "\n    e.g.   %s", summary->dim);
		text_add_printable(out, span_head(verdict->samples[0].reply, 110));
		text_add_format(out, "%s%s", verdict->samples[0].reply.len > 110 ? "..." : "",
				summary->plain);
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
	account->state = verdict->state;
	account->last = verdict->time;
	if (account->first_bad == USEC_NEVER)
		account->first_bad = verdict->first_bad;
	if (verdict->state == STATE_DISABLED && account->disabled == USEC_NEVER)
		account->disabled = verdict->time;
	if ((verdict->state != STATE_WATCH && verdict->state != STATE_FLAGGED) ||
	    verdict->state <= account->worst)
		return;
	account->worst = verdict->state;
	account->flagged = verdict->time;
	account->first_bad = verdict->first_bad;
	account->score = verdict->score;
	account->recipients = verdict->recipients;
	account->leaked = verdict->leaked;
	text_clear(&account->details);
	summary_details(summary, verdict, &account->details);
	text_clear(&account->reason);
	if (verdict->evidence_count > 0)
		text_add_printable(&account->reason, span_of(verdict->evidence[0].text));
}

void summary_earlier(struct summary *summary, const struct verdict *verdict)
{
	struct summary_account *account = summary_find(summary, verdict->account);

	if (strcmp(verdict->type, "verdict") != 0 || (account == NULL && verdict->state != STATE_FLAGGED))
		return;
	if (account == NULL)
		account = summary_add(summary, verdict->account);
	account->state = verdict->state;
	if (verdict->state == STATE_FLAGGED)
		account->earlier = verdict->time;
}

void summary_trouble(struct summary *summary, const char *words)
{
	text_add(&summary->troubles, SPAN("  "));
	text_add_printable(&summary->troubles, span_of(words));
	text_add(&summary->troubles, SPAN("\n"));
}

static int summary_harm(const void *left, const void *right)
{
	const struct summary_account *a = left, *b = right;
	uint64_t harm_a = a->recipients + a->recipients_after, harm_b = b->recipients + b->recipients_after;

	if (a->worst != b->worst)
		return a->worst < b->worst ? 1 : -1;
	if (harm_a != harm_b)
		return harm_a < harm_b ? 1 : -1;
	return strcmp(a->name, b->name);
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

/* The logs as they can be typed again: many with one beginning as a glob, which sendwatch resolves itself. */
static void summary_add_names(const struct summary_read *read, struct text *out)
{
	struct span common = span_of(read->names[0]), folder = common, last;
	struct text glob = { 0 };

	for (size_t i = 1; i < read->count; i++) {
		size_t len = 0;

		while (len < common.len && common.at[len] == read->names[i][len])
			len++;
		common.len = len;
	}
	folder.len = common.len;
	if (!span_cut_last(&folder, SPAN("/"), &last))
		last = common;
	text_add(out, SPAN(" "));
	if (read->count > 2 && last.len > 0) {
		text_add(&glob, common);
		text_add(&glob, SPAN("*"));
		text_add_quoted(out, text_span(&glob));
	} else {
		for (size_t i = 0; i < read->count; i++) {
			text_add(out, i == 0 ? SPAN("") : SPAN(" "));
			text_add_quoted(out, span_of(read->names[i]));
		}
	}
	text_free(&glob);
}

static void summary_print_flagged(const struct summary *summary, const struct summary_account *account,
				  const struct summary_read *read, FILE *out)
{
	struct text text = { 0 };

	text_add_format(&text, "%sFLAGGED%s  %s", summary->red, summary->plain, summary->bold);
	text_add_printable(&text, span_of(account->name));
	text_add_format(&text, "%s  %s", summary->plain, summary->dim);
	words_odds(&text, account->score);
	text_add_format(&text, " (%.1f decibans)%s\n    since  ", account->score, summary->plain);
	words_time(&text, account->first_bad == USEC_NEVER ? account->flagged : account->first_bad);
	text_add(&text, SPAN(", flagged "));
	words_time(&text, account->flagged);
	if (account->first_bad != USEC_NEVER && account->flagged > account->first_bad) {
		text_add(&text, SPAN(", "));
		words_duration(&text, account->flagged - account->first_bad);
		text_add(&text, SPAN(" later"));
	}
	if (account->disabled != USEC_NEVER) {
		text_add(&text, SPAN("; sure enough to disable "));
		words_time(&text, account->disabled);
	}
	if (account->state == STATE_NORMAL) {
		text_add(&text, SPAN("; quiet again since "));
		words_time(&text, account->last);
	}
	text_add(&text, SPAN("\n    sent   to "));
	words_counted(&text, account->recipients, "recipient");
	text_add(&text, SPAN(" before the flag, "));
	words_count(&text, account->leaked);
	text_add(&text, SPAN(" accepted; after it to "));
	words_count(&text, account->recipients_after);
	text_add(&text, SPAN(" more, "));
	words_count(&text, account->leaked_after);
	text_add(&text, SPAN(" accepted\n"));
	text_add(&text, text_span(&account->details));
	text_add(&text, SPAN("    look   sendwatch trace "));
	text_add_quoted(&text, span_of(account->name));
	summary_add_names(read, &text);
	fprintf(out, "%s\n\n", text.at);
	text_free(&text);
}

static void summary_print_watched(const struct summary *summary, const struct summary_account *account,
				  FILE *out)
{
	struct text text = { 0 };

	text_add_format(&text, "%swatch%s    ", summary->yellow, summary->plain);
	text_add_printable(&text, span_of(account->name));
	text_add(&text, SPAN("  from "));
	words_time(&text, account->flagged);
	if (account->state == STATE_NORMAL)
		text_add(&text, SPAN(", normal again"));
	text_add(&text, SPAN(": "));
	text_add(&text, text_span(&account->reason));
	fprintf(out, "%s\n", text.at);
	text_free(&text);
}

/* Was it flagged before the time that is told of, and is nothing told of it since that says otherwise? */
static bool summary_is_still(const struct summary_account *account)
{
	return account->earlier != USEC_NEVER && account->worst == STATE_NORMAL &&
	       (account->state == STATE_FLAGGED || account->state == STATE_DISABLED);
}

static size_t summary_print_still(const struct summary *summary, FILE *out)
{
	struct text text = { 0 };
	size_t still = 0;

	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_account *account = &summary->accounts[i];

		if (!summary_is_still(account))
			continue;
		text_add_format(&text, "%sSTILL FLAGGED%s  %s", summary->red, summary->plain, summary->bold);
		text_add_printable(&text, span_of(account->name));
		text_add_format(&text, "%s  since ", summary->plain);
		words_time(&text, account->earlier);
		text_add(&text, SPAN(", before --since\n"));
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
		fprintf(out, "\n%sIn reading:%s\n%s", summary->yellow, summary->plain, text.at);
	text_free(&text);
}

void summary_print(struct summary *summary, const struct summary_read *read, FILE *out)
{
	size_t flagged = 0, watched = 0, still;

	if (summary->count > 0)
		qsort(summary->accounts, summary->count, sizeof(*summary->accounts), summary_harm);
	if (!read->quiet)
		summary_print_read(summary, read, out);
	for (size_t i = 0; i < summary->count; i++)
		if (summary->accounts[i].worst == STATE_FLAGGED) {
			summary_print_flagged(summary, &summary->accounts[i], read, out);
			flagged++;
		}
	for (size_t i = 0; i < summary->count; i++)
		if (summary->accounts[i].worst == STATE_WATCH && watched++ < SUMMARY_WATCHED)
			summary_print_watched(summary, &summary->accounts[i], out);
	if (watched > SUMMARY_WATCHED)
		fprintf(out, "         and %zu more (--format ndjson names them all)\n",
			watched - SUMMARY_WATCHED);
	if (watched > 0)
		fputc('\n', out);
	still = summary_print_still(summary, out);
	summary_print_count(summary, read, flagged, watched, still, out);
	if (summary->server.len > 0)
		fprintf(out, "\n%sThe server itself:%s\n%s", summary->yellow, summary->plain,
			summary->server.at);
	if (!read->quiet)
		summary_print_troubles(summary, read, out);
}
