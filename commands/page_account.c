/*
 * One account's page: what is so now from the account itself, how it came to be so from the journal. Where the one
 * or the other is missing, its part is left out and the page says so.
 */
#include "commands/page_entry.h"
#include "commands/page_parts.h"
#include "commands/words.h"

#include <stdlib.h>

static void account_client(struct page_account *of, struct span address, usec_t last)
{
	struct board_client *client;

	if (address.len == 0 || address.len >= sizeof(client->address))
		return;
	for (size_t i = 0; i < of->client_count; i++)
		if (span_equal(span_of(of->clients[i].client.address), address))
			return;
	if (of->client_count == PAGE_CLIENTS)
		return;
	client = &of->clients[of->client_count].client;
	memcpy(client->address, address.at, address.len);
	client->address[address.len] = '\0';
	of->clients[of->client_count++].last = last;
}

void page_account_client(struct page_account *of, const struct board_client *client)
{
	for (size_t i = 0; i < of->client_count; i++)
		if (strcmp(of->clients[i].client.address, client->address) == 0) {
			of->clients[i].last = USEC_NEVER;
			return;
		}
	if (of->client_count < PAGE_CLIENTS)
		of->clients[of->client_count++] = (struct page_client){ *client, USEC_NEVER };
}

void page_account_read(struct page_account *of, struct past *past)
{
	struct text address = { 0 };

	if (past != NULL)
		of->entry_count = past_of(past, of->name, NULL, of->entries, PAGE_ENTRIES);
	for (size_t i = 0; i < of->entry_count; i++)
		for (size_t c = 0; c < payload_count(of->entries[i], "clients"); c++) {
			text_clear(&address);
			if (payload_get_member(of->entries[i], "clients", c, &address))
				account_client(of, text_span(&address),
					       payload_get_time(of->entries[i], "time"));
		}
	text_free(&address);
}

void page_account_free(struct page_account *of)
{
	for (size_t i = 0; i < of->entry_count; i++)
		payload_free(&of->entries[i]);
	of->entry_count = 0;
}

/* --- what can be done --- */

static void account_form(const struct page *page, const struct page_account *of, const char *verb,
			 const char *label)
{
	/* The name goes by the address, which keeps each of its bytes. */
	HTML(page->out,
	     "<form action=\"act?account=$u\" method=\"post\"><input type=\"hidden\" name=\"form\" value=\"$t\">"
	     "<input type=\"hidden\" name=\"verb\" value=\"$t\"><input name=\"reason\" aria-label=\"reason\" "
	     "placeholder=\"reason\" maxlength=\"200\" autocomplete=\"off\"><button class=\"$t\">$t</button></form>",
	     of->name, span_of(page->form), span_of(verb), span_of(verb), span_of(label));
}

/* Also one that has not sent anything. */
static bool account_is_stopped(const struct board *board, struct span name)
{
	for (size_t i = 0; board != NULL && i < board->order_count; i++)
		if (span_equal(span_of(board->orders[i].account), name) &&
		    strcmp(board->orders[i].action, "exempt") != 0)
			return true;
	return false;
}

static void account_acts(const struct page *page, const struct page_account *of)
{
	const struct board_account *account = of->account;
	struct text *out = page->out;
	bool normal = account == NULL || account->standing.state == STATE_NORMAL;
	bool stopped = account_is_stopped(page->board, of->name);

	html_add(out, "<section><h2>What you can do</h2>\n");
	if (page->form != NULL) {
		html_add(out, "<div class=\"acts\">");
		account_form(page, of, "release", stopped ? "Release it" : "It is well: release");
		account_form(page, of, "disable", "Disable it");
		html_add(out, "</div>\n");
	}
	html_add(out, "<ul class=\"typed\">");
	html_add(out, "<li><span>Every step of its mail</span>");
	page_trace(out, page->board, of->name);
	html_add(out, "</li><li><span>All that is known</span>");
	page_command(out, "show", of->name);
	html_add(out, normal && !stopped ? "</li>" : "</li><li><span>It is well again</span>");
	if (!normal || stopped)
		page_command(out, "release", of->name);
	html_add(out, stopped ? "</li>" : "</li><li><span>Stop it now</span>");
	if (!stopped)
		page_command(out, "disable", of->name);
	html_add(out, "</li></ul>\n</section>\n");
}

/* --- why --- */

static void evidence_row(struct text *out, const struct payload *evidence)
{
	struct text decibans = { 0 };
	double amount = payload_get(evidence, "decibans", &decibans) ? strtod(decibans.at, NULL) : 0;

	text_add_format(out, "<li><span class=\"weight n\">%+.1f</span><div>", amount);
	(void)page_entry_text(out, evidence, "text");
	html_add(out, "<span class=\"quiet\">");
	(void)page_entry_text(out, evidence, "detector");
	html_add(out, "</span></div></li>");
	text_free(&decibans);
}

/* The newest verdict that says why. */
static const struct payload *account_verdict(const struct page_account *of)
{
	for (size_t i = 0; i < of->entry_count; i++)
		if (page_entry_is(of->entries[i], "verdict") && payload_count(of->entries[i], "evidence") > 0)
			return of->entries[i];
	return NULL;
}

static void account_numbers(const struct page *page, const struct payload *verdict)
{
	struct text *out = page->out, recipients = { 0 }, leaked = { 0 };

	if (payload_get(verdict, "recipients", &recipients) && payload_get(verdict, "leaked", &leaked)) {
		html_add(out, "<p>It began ");
		page_time(out, payload_get_time(verdict, "first_bad"));
		html_add(out, ". Until this verdict it reached for ");
		words_counted(out, strtoull(recipients.at, NULL, 10), "recipient");
		html_add(out, ", and ");
		page_count(out, strtoull(leaked.at, NULL, 10));
		html_add(out, " of them were accepted.</p>\n");
	}
	text_free(&recipients);
	text_free(&leaked);
}

static void account_why(const struct page *page, const struct page_account *of)
{
	const struct payload *verdict = account_verdict(of);
	struct text *out = page->out, score = { 0 };
	enum account_state state;

	if (verdict == NULL)
		return;
	state = page_entry_state(verdict, "state");
	html_add(out, "<section><h2>Why it was ");
	html_add(out, state == STATE_DISABLED ? "flagged" : state_name(state));
	html_add(out, "</h2>\n");
	if (payload_get_time(verdict, "first_bad") != USEC_NEVER)
		account_numbers(page, verdict);
	html_add(out, "<ul class=\"evidence\">");
	for (size_t i = 0; i < payload_count(verdict, "evidence"); i++) {
		struct payload *evidence = payload_member(verdict, "evidence", i);

		if (evidence != NULL)
			evidence_row(out, evidence);
		payload_free(&evidence);
	}
	html_add(out, "</ul>\n");
	if (payload_get(verdict, "score", &score)) {
		double decibans = strtod(score.at, NULL);

		text_add_format(out, "<p class=\"more\">Together %.1f decibans: ", decibans);
		words_odds(out, decibans);
		html_add(out, " that somebody else uses it.</p>\n");
	}
	html_add(out, "</section>\n");
	text_free(&score);
}

/* --- what it did --- */

static void account_marks(struct chart *chart, const struct page_account *of)
{
	struct chart_mark marks[PAGE_ENTRIES];
	size_t count = 0;

	for (size_t i = of->entry_count; i > 0; i--) {
		const struct payload *entry = of->entries[i - 1];
		usec_t time = payload_get_time(entry, "time");

		if (!page_entry_is(entry, "verdict") || time < chart->from || time >= chart->until)
			continue;
		marks[count++] = (struct chart_mark){ time, CHART_TRIANGLE,
						      state_name(page_entry_state(entry, "state")) };
	}
	chart_marks(chart, marks, count);
}

/* WIDTH: of the whole; words keep their size, so that a telephone is shown a narrow one. */
static void account_chart(const struct page *page, const struct page_account *of, const char *name, int width,
			  const struct chart_bucket *buckets)
{
	struct chart chart = { .out = page->out,
			       .id = name,
			       .from = buckets[0].time,
			       .until = buckets[WINDOW_SERIES - 1].time + USEC_HOUR,
			       .width = width };

	text_add_format(page->out, "<div class=\"picture %s\">", name);
	chart_open(
		&chart, SPAN("Recipients an hour, by what became of them"),
		SPAN("The last 24 hours in which the account was heard of; the moments of verdicts are marked."));
	chart_bars(&chart, buckets, WINDOW_SERIES, USEC_HOUR);
	account_marks(&chart, of);
	chart_close(&chart);
	html_add(page->out, "</div>");
}

static void account_day(const struct page *page, const struct page_account *of)
{
	const struct board_account *account = of->account;
	struct chart_bucket buckets[WINDOW_SERIES];
	usec_t first = account->now - account->now % USEC_HOUR - (WINDOW_SERIES - 1) * USEC_HOUR;
	uint64_t totals[CHART_KINDS] = { 0 };

	for (size_t i = 0; i < WINDOW_SERIES; i++) {
		uint64_t kinds[CHART_KINDS];

		page_kinds(&account->hours[i], kinds);
		buckets[i].time = first + (usec_t)i * USEC_HOUR;
		for (int kind = 0; kind < CHART_KINDS; kind++) {
			buckets[i].n[kind] = (uint32_t)kinds[kind];
			totals[kind] += kinds[kind];
		}
	}
	account_chart(page, of, "wide", 900, buckets);
	account_chart(page, of, "narrow", 340, buckets);
	chart_legend(page->out, totals);
}

static void account_windows(const struct page *page, const struct board_account *account)
{
	static const struct {
		const char *words;
		enum counter counter;
	} rows[] = {
		{ "messages", COUNT_MESSAGES },
		{ "recipients", COUNT_RECIPIENTS },
		{ "never written to before", COUNT_STRANGERS },
		{ "accepted", COUNT_DELIVERED },
		{ "do not exist", COUNT_INVALID },
		{ "refused as spam", COUNT_SPAM },
		{ "refused for our address", COUNT_BLOCKED },
		{ "refused for how much came", COUNT_LIMITED },
		{ "refused otherwise", COUNT_REFUSED },
		{ "delayed", COUNT_TEMPORARY },
		{ "from networks new to it", COUNT_AWAY },
		{ "logins", COUNT_LOGINS },
		{ "failed logins", COUNT_LOGINS_FAILED },
	};
	struct text *out = page->out;

	html_add(out, "<table class=\"numbers\"><thead><tr><th></th>");
	for (unsigned h = 0; h < HORIZONS; h++)
		HTML(out, "<th class=\"n\">$t</th>", span_of(horizon_words((enum horizon)h)));
	html_add(out, "</tr></thead><tbody>");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (account->sums[HORIZON_7D].n[rows[i].counter] == 0)
			continue;
		HTML(out, "<tr><th>$t</th>", span_of(rows[i].words));
		for (unsigned h = 0; h < HORIZONS; h++) {
			html_add(out, "<td class=\"n\">");
			page_count(out, account->sums[h].n[rows[i].counter]);
			html_add(out, "</td>");
		}
		html_add(out, "</tr>");
	}
	html_add(out, "</tbody></table>\n");
}

static void account_usual(const struct page *page, const struct board_account *account)
{
	const struct habit *habit = &account->habit;
	struct text *out = page->out;

	html_add(out, "<p class=\"more\">");
	if (habit->days == 0) {
		html_add(
			out,
			"Nothing is known yet of what is usual for it: no day of its own was learned.</p>\n");
		return;
	}
	html_add(out, "Usual, learned on ");
	words_counted(out, habit->days, "day");
	text_add_format(out, ": up to %.0f recipients a day, ", (double)habit->top_recipients);
	text_add_format(out, "%.0f of them new in its busiest hour; ", (double)habit->top_hour);
	page_percent(out, habit->recipients > 0 ? (double)(habit->invalid / habit->recipients) : 0);
	html_add(out, " do not exist. It has written to ");
	words_counted(out, account->correspondents, "address");
	text_add_format(out, account->correspondents == 1 ? "." : "es.");
	html_add(out, "</p>\n");
}

static void account_did(const struct page *page, const struct page_account *of)
{
	struct text *out = page->out;

	html_add(out, "<section><h2>What it sent</h2>\n");
	if (of->account == NULL) {
		html_add(out, "<p class=\"empty\">This server has not heard of it since it started"
			      " (or it sends through another one).</p>\n</section>\n");
		return;
	}
	account_day(page, of);
	account_usual(page, of->account);
	account_windows(page, of->account);
	html_add(out, "</section>\n");
}

/* --- from where, and what --- */

static void client_row(const struct page *page, const struct page_client *client)
{
	struct text *out = page->out;

	HTML(out, "<tr><td class=\"name\">$t</td><td data-label=\"country\">$t</td><td data-label=\"last\">",
	     span_of(client->client.address),
	     client->client.country[0] == '\0' ? SPAN("?") : span_of(client->client.country));
	if (client->last == USEC_NEVER)
		html_add(out, "just now");
	else
		page_ago(out, page->now, client->last);
	html_add(out, "</td></tr>");
}

static void account_clients(const struct page *page, const struct page_account *of)
{
	struct text *out = page->out;

	if (of->client_count == 0)
		return;
	html_add(
		out,
		"<section><h2>Where it was used from</h2>\n<table class=\"numbers\"><thead><tr><th>Address</th><th>Country</th>"
		"<th>Named in a verdict</th></tr></thead><tbody>");
	/* Those of this moment first. */
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < of->client_count; i++)
			if ((of->clients[i].last == USEC_NEVER) == (pass == 0))
				client_row(page, &of->clients[i]);
	html_add(out,
		 "</tbody></table>\n<p class=\"more\">Addresses are kept only while something is unusual. "
		 "Countries need a table: [judge] geo.</p>\n</section>\n");
}

static void sample_row(struct text *out, struct span queue_id, struct span recipient, struct span class,
		       struct span reply)
{
	HTML(out,
	     "<li><div><span class=\"name\">$t</span> <span class=\"class\">$t</span> <span class=\"quiet\">$t</span>"
	     "</div><p>$t</p></li>",
	     recipient, class, queue_id, reply);
}

static void account_verdict_samples(struct text *out, const struct payload *verdict)
{
	static const char *const keys[] = { "queue_id", "recipient", "class", "reply" };

	for (size_t i = 0; i < payload_count(verdict, "samples"); i++) {
		struct payload *sample = payload_member(verdict, "samples", i);
		struct text texts[4] = { { .at = NULL } };

		for (int k = 0; k < 4 && sample != NULL; k++)
			(void)payload_get(sample, keys[k], &texts[k]);
		sample_row(out, text_span(&texts[0]), text_span(&texts[1]), text_span(&texts[2]),
			   text_span(&texts[3]));
		for (int k = 0; k < 4; k++)
			text_free(&texts[k]);
		payload_free(&sample);
	}
}

static void account_samples(const struct page *page, const struct page_account *of)
{
	const struct board_account *account = of->account;
	const struct payload *verdict = account_verdict(of);
	struct text *out = page->out;
	bool fresh = account != NULL && account->sample_count > 0;

	if (!fresh && (verdict == NULL || payload_count(verdict, "samples") == 0))
		return;
	html_add(out, "<section><h2>Some of its mail</h2>\n<ul class=\"samples\">");
	for (size_t i = 0; fresh && i < account->sample_count; i++) {
		const struct board_sample *sample = &account->samples[i];

		sample_row(out, span_of(sample->queue_id), span_of(sample->recipient),
			   span_of(reply_class_name(sample->class)), span_of(sample->reply));
	}
	if (!fresh)
		account_verdict_samples(out, verdict);
	html_add(out, "</ul>\n</section>\n");
}

static void account_order(const struct page *page, const struct board_order *order)
{
	struct text *out = page->out;

	HTML(out, " · <b>$t</b>", span_of(order->action));
	if (order->until != USEC_NEVER) {
		html_add(out, " until ");
		page_time(out, order->until);
	} else {
		HTML(out, " until $t", span_of(order->ends));
	}
	page_ordered(out, order);
}

static void account_head(const struct page *page, const struct page_account *of)
{
	const struct board_account *account = of->account;
	enum account_state state = account != NULL       ? account->standing.state
				   : of->entry_count > 0 ? page_entry_state(of->entries[0], "state")
							 : STATE_NORMAL;
	struct text *out = page->out;

	HTML(out,
	     "<section class=\"top\"><p><a href=\"./\">All accounts</a></p><h1 class=\"name\">$t</h1><p>",
	     of->name);
	page_badge(out, state);
	if (account != NULL && account->standing.since > 0) {
		html_add(out, " since ");
		page_time(out, account->standing.since);
	}
	for (size_t i = 0; page->board != NULL && i < page->board->order_count; i++)
		if (span_equal(span_of(page->board->orders[i].account), of->name))
			account_order(page, &page->board->orders[i]);
	if (account != NULL) {
		html_add(out, "</p><p class=\"quiet\">Last heard of ");
		page_ago(out, page->now, account->now == 0 ? USEC_NEVER : account->now);
	}
	html_add(out, "</p></section>\n");
}

void page_account_show(const struct page *page, const struct page_account *of)
{
	page_open(page, of->name, 60);
	account_head(page, of);
	account_why(page, of);
	account_acts(page, of);
	account_did(page, of);
	account_clients(page, of);
	account_samples(page, of);
	page_account_history(page, of);
	page_close(page);
}
