/* The first page: three answers, then what stands behind each. */
#include "commands/page_parts.h"
#include "commands/words.h"

#include <stdlib.h>

/* The page shows so many; the rest is for `sendwatch accounts` and `sendwatch health`. */
#define OVERVIEW_ROWS 40

struct overview {
	uint64_t abused, watched;
	size_t refusing; /* pairs of own address and provider */
	size_t listed;
};

static struct overview overview_of(const struct board *board)
{
	const uint64_t *in_state = board->pipeline.judge.in_state;
	struct overview overview = { .abused = in_state[STATE_FLAGGED] + in_state[STATE_DISABLED],
				     .watched = in_state[STATE_WATCH],
				     .listed = board->listings.row_count };

	for (size_t i = 0; i < board->row_count; i++)
		overview.refusing += board->rows[i].since != USEC_NEVER;
	return overview;
}

static void tile_open(struct text *out, const char *tone, const char *question, const char *target)
{
	text_add_format(out, "<a class=\"tile %s\" href=\"#%s\"><h2>%s</h2><p class=\"answer\">", tone,
			target, question);
}

static void tile_reading(const struct page *page)
{
	const struct board *board = page->board;
	struct text *out = page->out;
	bool starts = page->pulse.phase == DESK_STARTS || page->pulse.phase == DESK_RELOADS;

	tile_open(out, page->report->ready ? "good" : starts ? "warn" : "bad", "Is it reading?", "reading");
	html_add(out, page->report->ready ? "Yes" : starts ? "Not yet" : "No");
	html_add(out, "</p><p>");
	if (!page->report->ready && page->report->count > 0) {
		html_text(out, span_of(page->report->reasons[0].words));
	} else if (board != NULL) {
		size_t open = 0;

		for (size_t i = 0; i < board->source_count; i++)
			open += board->sources[i].open;
		words_counted(out, open, "log");
		html_add(out, ", ");
		words_counted(out, board->pipeline.lines, "line");
		html_add(out, ", ");
		page_percent(out, board->coverage);
		html_add(out, " understood");
	}
	html_add(out, "</p></a>\n");
}

static void tile_accounts(const struct page *page, const struct overview *overview)
{
	struct text *out = page->out;

	tile_open(out,
		  overview->abused > 0    ? "bad"
		  : overview->watched > 0 ? "warn"
					  : "good",
		  "Is an account abused?", "accounts");
	if (overview->abused > 0) {
		html_add(out, "Yes: ");
		page_count(out, overview->abused);
	} else {
		html_add(out, "No");
	}
	html_add(out, "</p><p>");
	if (overview->watched > 0) {
		page_count(out, overview->watched);
		html_add(out, " watched, ");
	}
	words_counted(out, page->board->pipeline.judge.accounts, "account");
	html_add(out, " known");
	if (page->board->act.disabled > 0) {
		html_add(out, ", ");
		page_count(out, page->board->act.disabled);
		html_add(out, " stopped");
	}
	html_add(out, "</p></a>\n");
}

static void tile_addresses(const struct page *page, const struct overview *overview)
{
	struct text *out = page->out;
	bool bad = overview->refusing > 0 || overview->listed > 0;

	tile_open(out, bad ? "bad" : "good", "Is an address of ours refused?", "addresses");
	html_add(out, bad ? "Yes" : "No");
	html_add(out, "</p><p>");
	if (overview->refusing > 0) {
		words_counted(out, overview->refusing, "provider");
		html_add(out, overview->refusing == 1 ? " refuses us" : " refuse us");
	} else {
		html_add(out, "no provider refuses us");
	}
	html_add(out, ", ");
	if (!page->board->dnsbl_on)
		html_add(out, "blocklists are not asked");
	else if (overview->listed > 0)
		words_counted(out, overview->listed, "listing");
	else
		html_add(out, "on no blocklist");
	html_add(out, "</p></a>\n");
}

/* The first piece of evidence in the newest verdict on ACCOUNT. */
static void account_why(const struct page *page, const struct board_account *account)
{
	struct payload *verdict = NULL, *evidence = NULL;
	struct text words = { 0 };

	if (page->past != NULL && past_of(page->past, span_of(account->name), "verdict", &verdict, 1) == 1)
		evidence = payload_member(verdict, "evidence", 0);
	if (evidence != NULL && payload_get(evidence, "text", &words))
		html_text_head(page->out, text_span(&words), 200);
	payload_free(&evidence);
	payload_free(&verdict);
	text_free(&words);
}

static void account_row(const struct page *page, const struct board_account *account, unsigned id)
{
	struct text *out = page->out;
	const uint32_t *day = account->sums[HORIZON_24H].n;
	uint32_t bad = day[COUNT_INVALID] + day[COUNT_SPAM] + day[COUNT_BLOCKED] + day[COUNT_LIMITED] +
		       day[COUNT_REFUSED];

	html_add(out, "<tr><td class=\"who\">");
	page_badge(out, account->standing.state);
	page_account_link(out, span_of(account->name));
	html_add(out, "<p class=\"why\">");
	account_why(page, account);
	html_add(out, "</p></td><td class=\"trend\" data-label=\"last 24 hours\">");
	page_curve(out, account, id);
	page_shares(out, &account->sums[HORIZON_24H]);
	html_add(out, "</td><td class=\"n\" data-label=\"recipients in 24 h\">");
	page_count(out, day[COUNT_RECIPIENTS]);
	html_add(out, "</td><td class=\"n\" data-label=\"not accepted\">");
	page_percent(out, day[COUNT_RECIPIENTS] == 0 ? 0 : (double)bad / day[COUNT_RECIPIENTS]);
	html_add(out, "</td><td class=\"brief\" data-label=\"since\">");
	page_ago(out, page->now, account->standing.since);
	html_add(out, "</td><td class=\"brief\" data-label=\"done\">");
	html_add(out, !account->stopped            ? "<span class=\"quiet\">nothing</span>"
		      : account->in_force.disabled ? "<b>stopped</b>"
						   : "<b>throttled</b>");
	html_add(out, "</td></tr>\n");
}

static void overview_accounts(const struct page *page)
{
	const struct board *board = page->board;
	struct text *out = page->out;

	html_add(out, "<section id=\"accounts\"><div class=\"head\"><h2>Accounts that are not normal</h2>"
		      "<form action=\"account\" method=\"get\" role=\"search\"><input name=\"name\" "
		      "aria-label=\"account\" placeholder=\"user@example.com\" required autocomplete=\"off\">"
		      "<button>Show</button></form></div>\n");
	if (board->account_count == 0) {
		html_add(out, "<p class=\"empty\">All accounts are normal.</p>\n</section>\n");
		return;
	}
	html_add(out,
		 "<table class=\"cards\"><thead><tr><th>Account</th><th>Last 24 hours</th>"
		 "<th class=\"n\">Recipients</th><th class=\"n\">Not accepted</th><th>Since</th><th>Done</th>"
		 "</tr></thead><tbody>\n");
	for (size_t i = 0; i < board->account_count && i < OVERVIEW_ROWS; i++)
		account_row(page, &board->accounts[i], (unsigned)i);
	html_add(out, "</tbody></table>\n");
	chart_legend(out, NULL);
	if (board->account_count > OVERVIEW_ROWS) {
		text_add_format(
			out,
			"<p class=\"more\">The worst %d. All of them: <code>sendwatch accounts</code></p>\n",
			OVERVIEW_ROWS);
	}
	html_add(out, "</section>\n");
}

void page_overview(const struct page *page)
{
	struct text *out = page->out;
	const struct overview overview = page->board == NULL ? (struct overview){ 0 }
							     : overview_of(page->board);
	bool calm = page->report->ready && overview.abused == 0 && overview.refusing == 0 &&
		    overview.listed == 0;

	page_open(page, calm ? SPAN("sendwatch: all well") : SPAN("sendwatch: look here"), 30);
	html_add(out, "<h1 class=\"unseen\">How mail goes out</h1>\n<div class=\"tiles\">\n");
	tile_reading(page);
	if (page->board != NULL) {
		tile_accounts(page, &overview);
		tile_addresses(page, &overview);
	}
	html_add(out, "</div>\n");
	if (page->board != NULL) {
		overview_accounts(page);
		page_orders(page);
		page_addresses(page);
		page_reading(page);
		page_telling(page);
	}
	page_close(page);
}

void page_words(const struct page *page, const char *title, const char *words)
{
	page_open(page, span_of(title), 0);
	HTML(page->out,
	     "<section><h1>$t</h1><p class=\"empty\">$t</p><p><a href=\"./\">Back</a></p></section>\n",
	     span_of(title), span_of(words));
	page_close(page);
}
