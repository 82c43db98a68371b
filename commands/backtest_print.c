/*
 * Two tables. The first is the accounts that these settings would have spoken of, with what they sent before and
 * after: the price of waiting. The second is the rules of others beside it: how many accounts each would have
 * hit, how many of those are flagged here, and which it would have hit alone.
 */
#include "commands/backtest_print.h"

#include "base/memory.h"
#include "commands/backtest_peers.h"
#include "commands/words.h"
#include "responders/payload.h"

#include <stdlib.h>

#define ALONE_SHOWN 3 /* accounts that only others' rules hit, by rule */

static bool is_flagged(const struct backtest_account *account)
{
	return account->first[BACKTEST_FLAGGED].time != USEC_NEVER;
}

static bool is_watched(const struct backtest_account *account)
{
	return account->first[BACKTEST_WATCHED].time != USEC_NEVER;
}

void backtest_add_moment(struct text *out, usec_t time)
{
	struct text words = { 0 };

	if (time == USEC_NEVER)
		text_add(&words, SPAN("-"));
	else
		words_time(&words, time);
	text_add_format(out, "%-16.16s", words.at);
	text_free(&words);
}

/* The flagged first, those that sent most before it first of all; then the watched. */
static int by_harm(const void *left, const void *right)
{
	const struct backtest_account *a = *(const struct backtest_account *const *)left;
	const struct backtest_account *b = *(const struct backtest_account *const *)right;

	if (is_flagged(a) != is_flagged(b))
		return is_flagged(a) ? -1 : 1;
	if (a->first[BACKTEST_FLAGGED].recipients != b->first[BACKTEST_FLAGGED].recipients)
		return a->first[BACKTEST_FLAGGED].recipients < b->first[BACKTEST_FLAGGED].recipients ? 1 : -1;
	return strcmp(a->name, b->name);
}

/* The accounts that anything is to be said of, in that order; owned by the caller. */
static const struct backtest_account **told_of(const struct backtest_run *run, size_t *count_r)
{
	const struct backtest_account **told = memory_new(run->count + 1, sizeof(const void *));

	*count_r = 0;
	for (size_t i = 0; i < run->count; i++)
		if (is_flagged(&run->accounts[i]) || is_watched(&run->accounts[i]))
			told[(*count_r)++] = &run->accounts[i];
	qsort(told, *count_r, sizeof(const void *), by_harm);
	return told;
}

static void print_account(const struct backtest_account *account)
{
	const struct backtest_moment *flagged = &account->first[BACKTEST_FLAGGED];
	struct text line = { 0 };

	for (int i = 0; i < BACKTEST_STAGES; i++) {
		backtest_add_moment(&line, account->first[i].time);
		text_add(&line, SPAN("  "));
	}
	if (is_flagged(account))
		text_add_format(&line, "%8llu %8llu  ", (unsigned long long)flagged->recipients,
				(unsigned long long)(account->recipients - flagged->sent));
	else
		text_add_format(&line, "%8s %8llu  ", "-", (unsigned long long)account->recipients);
	text_add_printable(&line, span_of(account->name));
	puts(line.at);
	if (account->reason != NULL) {
		text_clear(&line);
		text_add_printable(&line, span_of(account->reason));
		printf("    %s\n", line.at);
	}
	text_free(&line);
}

static void print_rule(const struct backtest_run *run, size_t rule)
{
	uint64_t hit = 0, agreed = 0, told = 0;
	struct text alone = { 0 };

	for (size_t i = 0; i < run->hit_count; i++) {
		const struct backtest_account *account = &run->accounts[run->hits[i].account];

		if (run->hits[i].rule != rule)
			continue;
		hit++;
		agreed += is_flagged(account);
		if (!is_flagged(account) && told++ < ALONE_SHOWN) {
			text_add(&alone, told == 1 ? SPAN(": ") : SPAN(", "));
			text_add_printable(&alone, span_of(account->name));
		}
	}
	printf("%8llu %8llu %8llu  %-19s%s %s\n", (unsigned long long)hit, (unsigned long long)agreed,
	       (unsigned long long)(hit - agreed), peers_name(rule), peers_usual(rule) ? " " : "*",
	       peers_about(rule));
	if (told > 0)
		printf("%30sonly there%s%s\n", "", alone.at, told > ALONE_SHOWN ? " ..." : "");
	text_free(&alone);
}

static void print_read(const struct backtest_run *run)
{
	struct text text = { 0 };

	text_add(&text, SPAN("Replayed "));
	words_counted(&text, run->stats.lines, "line");
	if (run->stats.first != USEC_NEVER) {
		text_add(&text, SPAN(", "));
		words_time(&text, run->stats.first);
		text_add(&text, SPAN(" to "));
		words_time(&text, run->stats.last);
		text_add(&text, SPAN(" UTC"));
	}
	text_add(&text, SPAN("; "));
	words_counted(&text, run->count, "account");
	printf("%s\n\n", text.at);
	text_free(&text);
}

static void print_text(const struct backtest_run *run, bool quiet)
{
	uint64_t flagged = 0;
	size_t count;
	const struct backtest_account **told = told_of(run, &count);

	if (!quiet)
		print_read(run);
	if (count > 0)
		printf("%-16s  %-16s  %-16s  %8s %8s  %s\n", "watched", "flagged", "disabled", "before",
		       "after", "account");
	for (size_t i = 0; i < count; i++) {
		print_account(told[i]);
		flagged += is_flagged(told[i]);
	}
	printf("%s%llu of %zu accounts would have been flagged (%.1f flags a week), %llu more only watched.\n",
	       count > 0 ? "\n" : "", (unsigned long long)flagged, run->count,
	       (double)run->flags / run->weeks, (unsigned long long)(count - flagged));
	printf("\nWhat the rules of others would have done, at the limits that they publish:\n\n"
	       "%8s %8s %8s  %s\n",
	       "accounts", "flagged", "not here", "rule (*: not in force as shipped)");
	for (size_t rule = 0; rule < peers_rules(); rule++)
		print_rule(run, rule);
	free(told);
}

static void put(struct payload *payload)
{
	char *json = payload_end(&payload);

	puts(json);
	free(json);
}

static void put_account(const char *type, const struct backtest_account *account)
{
	const struct backtest_moment *flagged = &account->first[BACKTEST_FLAGGED];
	struct payload *payload = payload_begin(type);

	payload_add_text(payload, "account", span_of(account->name));
	payload_add_time(payload, "watched", account->first[BACKTEST_WATCHED].time);
	payload_add_time(payload, "flagged", flagged->time);
	payload_add_time(payload, "disabled", account->first[BACKTEST_DISABLED].time);
	payload_add_count(payload, "flags", account->flags);
	payload_add_share(payload, "score", account->score);
	payload_add_count(payload, "recipients", account->recipients);
	payload_add_count(payload, "delivered", account->delivered);
	if (is_flagged(account)) {
		payload_add_count(payload, "recipients_before", flagged->recipients);
		payload_add_count(payload, "delivered_before", flagged->delivered);
		payload_add_count(payload, "recipients_after", account->recipients - flagged->sent);
	}
	payload_add_text(payload, "reason", span_of(account->reason));
	put(payload);
}

static void print_json(const struct backtest_run *run)
{
	size_t count;
	const struct backtest_account **told = told_of(run, &count);

	for (size_t i = 0; i < count; i++)
		put_account("backtest", told[i]);
	free(told);
	for (size_t i = 0; i < run->hit_count; i++) {
		const struct backtest_hit *hit = &run->hits[i];
		struct payload *payload = payload_begin("peer");

		payload_add_text(payload, "rule", span_of(peers_name(hit->rule)));
		payload_add_flag(payload, "as_shipped", peers_usual(hit->rule));
		payload_add_text(payload, "account", span_of(run->accounts[hit->account].name));
		payload_add_time(payload, "time", hit->time);
		payload_add_count(payload, "sent_before", hit->sent);
		payload_add_flag(payload, "flagged", is_flagged(&run->accounts[hit->account]));
		put(payload);
	}
}

void backtest_print(const struct backtest_run *run, int format, bool quiet)
{
	if (format == FORMAT_NDJSON)
		print_json(run);
	else
		print_text(run, quiet);
}

/* --- two runs --- */

static int by_name(const void *left, const void *right)
{
	const struct backtest_account *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static void print_change(const struct backtest_account *a, const struct backtest_account *b, int format,
			 const char *name_a, const char *name_b)
{
	const struct backtest_account *sides[2] = { a, b };
	const char *names[2] = { name_a, name_b };
	struct text line = { 0 };

	if (format == FORMAT_NDJSON) {
		put_account("before", a);
		put_account("after", b);
		return;
	}
	text_add_printable(&line, span_of(a->name));
	puts(line.at);
	for (int i = 0; i < 2; i++) {
		const struct backtest_moment *flagged = &sides[i]->first[BACKTEST_FLAGGED];

		text_clear(&line);
		text_add(&line, SPAN("    flagged "));
		backtest_add_moment(&line, flagged->time);
		text_add(&line, SPAN("  disabled "));
		backtest_add_moment(&line, sides[i]->first[BACKTEST_DISABLED].time);
		if (is_flagged(sides[i]))
			text_add_format(&line, "  after %6llu recipients",
					(unsigned long long)flagged->recipients);
		else
			text_add_format(&line, "  sends to %llu in all",
					(unsigned long long)sides[i]->recipients);
		text_add(&line, SPAN("  "));
		text_add_printable(&line, span_of(names[i]));
		puts(line.at);
	}
	text_free(&line);
}

size_t backtest_print_changes(struct backtest_run *a, struct backtest_run *b, int format, const char *name_a,
			      const char *name_b)
{
	size_t changes = 0;

	/* The logs are the same, so the accounts are; by name they stand side by side. */
	if (a->count > 0)
		qsort(a->accounts, a->count, sizeof(*a->accounts), by_name);
	if (b->count > 0)
		qsort(b->accounts, b->count, sizeof(*b->accounts), by_name);
	for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
		const struct backtest_account *x = &a->accounts[i], *y = &b->accounts[j];
		int order = by_name(x, y);

		i += order <= 0;
		j += order >= 0;
		if (order != 0 || (x->first[BACKTEST_FLAGGED].time == y->first[BACKTEST_FLAGGED].time &&
				   x->first[BACKTEST_DISABLED].time == y->first[BACKTEST_DISABLED].time))
			continue;
		print_change(x, y, format, name_a, name_b);
		changes++;
	}
	return changes;
}
