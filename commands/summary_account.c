/*
 * What is said of an account is the worst that was found of it: a verdict that is no worse than one before it changes
 * what is said of its end alone.
 */
#include "commands/summary_account.h"

#include "base/memory.h"
#include "commands/words.h"

#include <stdlib.h>

void summary_account_begin(struct summary_account *account, struct span name)
{
	*account = (struct summary_account){ .name = memory_copy(name),
					     .first_bad = USEC_NEVER,
					     .earlier = USEC_NEVER,
					     .disabled = USEC_NEVER };
}

void summary_account_free(struct summary_account *account)
{
	free(account->name);
	text_free(&account->details);
	text_free(&account->reason);
}

void summary_account_attempt(struct summary_account *account, const struct attempt *attempt)
{
	if (account->worst != STATE_FLAGGED || attempt->time < account->flagged)
		return;
	account->recipients_after++;
	if (attempt->outcome == OUTCOME_DELIVERED)
		account->leaked_after++;
}

/* What stands under an account's head line, as it was when it was flagged. */
static void summary_account_details(const struct verdict *verdict, const struct summary_colours *colours,
				    struct text *out)
{
	for (size_t i = 0; i < verdict->evidence_count; i++) {
		const struct evidence *evidence = &verdict->evidence[i];

		if (evidence->decibans <= 0 && i > 0)
			continue;
		text_add_format(out, "    %s", i == 0 ? "why    " : "       ");
		text_add_printable(out, span_of(evidence->text));
		text_add_format(out, "  %s%s %+.1f%s\n", colours->dim, evidence->detector, evidence->decibans,
				colours->plain);
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

		text_add_format(out, "    %s%s", i == 0 ? "e.g.   " : "       ", colours->dim);
		text_add_printable(out, sample->queue_id);
		text_add(out, SPAN("  "));
		text_add_printable(out, sample->recipient);
		text_add(out, SPAN("  "));
		text_add_printable(out, span_head(sample->reply, 90));
		text_add_format(out, "%s%s\n", sample->reply.len > 90 ? "..." : "", colours->plain);
	}
}

void summary_account_verdict(struct summary_account *account, const struct verdict *verdict,
			     const struct summary_colours *colours)
{
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
	account->away = verdict->away;
	account->recipients = verdict->recipients;
	account->leaked = verdict->leaked;
	text_clear(&account->details);
	summary_account_details(verdict, colours, &account->details);
	text_clear(&account->reason);
	if (verdict->evidence_count > 0)
		text_add_printable(&account->reason, span_of(verdict->evidence[0].text));
}

void summary_account_earlier(struct summary_account *account, const struct verdict *verdict)
{
	account->state = verdict->state;
	if (verdict->state == STATE_FLAGGED)
		account->earlier = verdict->time;
}

int summary_account_harm(const void *left, const void *right)
{
	const struct summary_account *a = left, *b = right;
	uint64_t harm_a = a->recipients + a->recipients_after, harm_b = b->recipients + b->recipients_after;

	if (a->worst != b->worst)
		return a->worst < b->worst ? 1 : -1;
	if (harm_a != harm_b)
		return harm_a < harm_b ? 1 : -1;
	return strcmp(a->name, b->name);
}

bool summary_account_is_still(const struct summary_account *account)
{
	return account->earlier != USEC_NEVER && account->worst == STATE_NORMAL &&
	       (account->state == STATE_FLAGGED || account->state == STATE_DISABLED);
}

/* The logs as they can be typed again: many with one beginning as a glob, which sendwatch resolves itself. */
static void summary_account_add_names(const struct summary_read *read, struct text *out)
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

void summary_account_print_flagged(const struct summary_account *account,
				   const struct summary_colours *colours, const struct summary_read *read,
				   FILE *out)
{
	struct text text = { 0 };

	text_add_format(&text, "%sFLAGGED%s  %s", colours->red, colours->plain, colours->bold);
	text_add_printable(&text, span_of(account->name));
	text_add_format(&text, "%s  %s", colours->plain, colours->dim);
	words_odds(&text, account->score);
	text_add_format(&text, " (%.1f decibans)%s\n    since  ", account->score, colours->plain);
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
	text_add(&text,
		 account->away ? SPAN(" before the flag from new places, ") : SPAN(" before the flag, "));
	words_count(&text, account->leaked);
	text_add(&text, SPAN(" accepted; after it to "));
	words_count(&text, account->recipients_after);
	text_add(&text, account->away ? SPAN(" more from anywhere, ") : SPAN(" more, "));
	words_count(&text, account->leaked_after);
	text_add(&text, SPAN(" accepted\n"));
	text_add(&text, text_span(&account->details));
	text_add(&text, SPAN("    look   sendwatch trace "));
	text_add_quoted(&text, span_of(account->name));
	summary_account_add_names(read, &text);
	fprintf(out, "%s\n\n", text.at);
	text_free(&text);
}

void summary_account_print_watched(const struct summary_account *account,
				   const struct summary_colours *colours, FILE *out)
{
	struct text text = { 0 };

	text_add_format(&text, "%swatch%s    ", colours->yellow, colours->plain);
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

void summary_account_add_still(const struct summary_account *account, const struct summary_colours *colours,
			       struct text *out)
{
	text_add_format(out, "%sSTILL FLAGGED%s  %s", colours->red, colours->plain, colours->bold);
	text_add_printable(out, span_of(account->name));
	text_add_format(out, "%s  since ", colours->plain);
	words_time(out, account->earlier);
	text_add(out, SPAN(", before --since\n"));
}
