/* The tables of the first page: what is in force, own addresses by provider, logs, and who is to be told. */
#include "commands/page_parts.h"
#include "commands/words.h"

#define TABLE_ROWS 30
#define CALM_ROWS  10 /* of providers, where none of them refuses */

static void address_row(const struct page *page, const struct health_row *row)
{
	struct text *out = page->out;
	double share = row->attempts == 0 ? 0 : (double)row->refused / (double)row->attempts;

	html_add(out, "<tr><td class=\"who\">");
	html_add(out, row->since != USEC_NEVER ? "<span class=\"badge flagged\">refuses</span>" : "");
	HTML(out, "<span class=\"name\">$t</span>", span_of(row->provider));
	html_add(out, "</td><td data-label=\"our address\">");
	html_text(out, span_of(row->address));
	if (row->named[0] != '\0' && strcmp(row->named, row->address) != 0)
		HTML(out, " <span class=\"quiet\">$t</span>", span_of(row->named));
	html_add(out, "</td><td class=\"n\" data-label=\"recipients\">");
	page_count(out, row->attempts);
	html_add(out, "</td><td class=\"n\" data-label=\"refused for it\">");
	page_percent(out, share);
	html_add(out, "</td><td class=\"n\" data-label=\"deferred\">");
	page_count(out, row->deferred);
	html_add(out, "</td><td class=\"brief\" data-label=\"refuses us since\">");
	if (row->since != USEC_NEVER)
		page_ago(out, page->now, row->since);
	else
		html_add(out, "<span class=\"quiet\">no</span>");
	html_add(out, "</td></tr>\n");
}

static void address_listings(const struct page *page)
{
	const struct dnsbl_memory *listings = &page->board->listings;
	struct text *out = page->out;

	if (listings->row_count == 0)
		return;
	html_add(out, "<h3>Listed</h3>\n<table class=\"cards\"><thead><tr><th>Blocklist</th><th>Address</th>"
		      "<th>Since</th><th>What it says</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < listings->row_count && i < TABLE_ROWS; i++) {
		const struct dnsbl_row *row = &listings->rows[i];

		HTML(out,
		     "<tr><td class=\"who\"><span class=\"badge flagged\">listed</span><span class=\"name\">$t</span>"
		     "</td><td data-label=\"address\">$t</td><td data-label=\"since\">",
		     span_of(row->zone), span_of(row->address));
		page_ago(out, page->now, row->since);
		HTML(out, "</td><td data-label=\"it says\">$t $t</td></tr>\n", span_of(row->code),
		     span_of(row->words));
	}
	html_add(out, "</tbody></table>\n");
}

void page_addresses(const struct page *page)
{
	const struct board *board = page->board;
	struct text *out = page->out;
	size_t shown = 0;

	html_add(out, "<section id=\"addresses\"><h2>Our addresses at providers</h2>\n");
	address_listings(page);
	if (board->row_count == 0) {
		html_add(out, "<p class=\"empty\">No mail has gone out yet.</p>\n</section>\n");
		return;
	}
	html_add(
		out,
		"<table class=\"cards dense\"><thead><tr><th>Provider</th><th>Our address</th>"
		"<th class=\"n\">Recipients</th><th class=\"n\">Refused for it</th><th class=\"n\">Deferred</th>"
		"<th>Refuses us since</th></tr></thead><tbody>\n");
	for (; shown < board->row_count && shown < TABLE_ROWS; shown++) {
		if (shown >= CALM_ROWS && board->rows[shown].since == USEC_NEVER)
			break;
		address_row(page, &board->rows[shown]);
	}
	html_add(out, "</tbody></table>\n");
	if (board->row_count > shown)
		text_add_format(
			out,
			"<p class=\"more\">The %zu that refuse most. All of them: <code>sendwatch health</code></p>\n",
			shown);
	html_add(out, "</section>\n");
}

static void order_row(const struct page *page, const struct board_order *order)
{
	struct text *out = page->out;
	const char *tone = strcmp(order->action, "exempt") == 0    ? "normal"
			   : strcmp(order->action, "stopped") == 0 ? "disabled"
								   : "watch";

	HTML(out, "<tr><td class=\"who\"><span class=\"badge $t\">$t</span>", span_of(tone),
	     span_of(order->action));
	page_account_link(out, span_of(order->account));
	html_add(out, "</td><td class=\"brief\" data-label=\"since\">");
	page_ago(out, page->now, order->since);
	html_add(out, "</td><td class=\"brief\" data-label=\"until\">");
	if (order->until != USEC_NEVER)
		page_time(out, order->until);
	else
		HTML(out, "<span class=\"quiet\">$t</span>", span_of(order->ends));
	HTML(out, "</td><td data-label=\"by\">$t</td><td data-label=\"why\">$t</td></tr>\n",
	     span_of(order->by), span_of(order->reason));
}

void page_orders(const struct page *page)
{
	const struct board *board = page->board;
	struct text *out = page->out;

	if (board->order_count == 0)
		return;
	html_add(out,
		 "<section id=\"orders\"><h2>Stopped, throttled or exempt on this server</h2>\n"
		 "<table class=\"cards\"><thead><tr><th>Account</th><th>Since</th><th>Until</th><th>By</th>"
		 "<th>Why</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < board->order_count && i < TABLE_ROWS; i++)
		order_row(page, &board->orders[i]);
	html_add(out, "</tbody></table>\n");
	if (board->order_count > TABLE_ROWS)
		text_add_format(
			out,
			"<p class=\"more\">The newest %d. All of them: <code>sendwatch accounts</code></p>\n",
			TABLE_ROWS);
	html_add(out, "</section>\n");
}

static void source_row(const struct page *page, const struct board_source *source)
{
	struct text *out = page->out;
	const char *state = !source->open ? "missing" : source->silent ? "silent" : NULL;

	html_add(out, "<tr><td class=\"who\">");
	if (state != NULL)
		HTML(out, "<span class=\"badge $t\">$t</span>",
		     source->open ? SPAN("watch") : SPAN("flagged"), span_of(state));
	HTML(out, "<span class=\"name\">$t</span>", span_of(source->name));
	if (source->trouble[0] != '\0')
		HTML(out, "<p class=\"why\">$t</p>", span_of(source->trouble));
	html_add(out, "</td><td class=\"brief\" data-label=\"last line\">");
	page_ago(out, page->now, source->time);
	html_add(out, "</td><td class=\"n\" data-label=\"still to be read\">");
	words_bytes(out, source->behind);
	html_add(out, "</td></tr>\n");
}

static void reading_fact(struct text *out, const char *name, uint64_t count)
{
	text_add_format(out, "<div><dt>%s</dt><dd>", name);
	page_count(out, count);
	html_add(out, "</dd></div>");
}

static void reading_facts(const struct board *board, struct text *out)
{
	const struct pipeline_stats *pipeline = &board->pipeline;

	html_add(out, "<dl class=\"facts\">");
	reading_fact(out, "lines read", pipeline->lines);
	reading_fact(out, "of the mail server", pipeline->understood + pipeline->unknown);
	reading_fact(out, "not understood", pipeline->unknown);
	reading_fact(out, "open messages", pipeline->ledger.open);
	reading_fact(out, "recipients judged", pipeline->judge.attempts);
	html_add(out, "<div><dt>store</dt><dd>");
	html_add(out, board->store_name);
	html_add(out, board->away >= 0 ? ", out of reach" : "");
	html_add(out, "</dd></div></dl>\n");
	if (board->dim)
		html_add(out, "<p class=\"why\">Less is understood lately than it should: "
			      "<code>sendwatch parse --coverage</code> shows which lines were not.</p>\n");
}

void page_reading(const struct page *page)
{
	const struct board *board = page->board;
	struct text *out = page->out;

	html_add(out, "<section id=\"reading\"><h2>Reading</h2>\n");
	for (size_t i = 0; i < page->report->count; i++)
		HTML(out, "<p class=\"notice bad\">$t</p>\n", span_of(page->report->reasons[i].words));
	if (board->source_count > 0) {
		html_add(out, "<table class=\"cards\"><thead><tr><th>Log</th><th>Last line</th>"
			      "<th class=\"n\">Still to be read</th></tr></thead><tbody>\n");
		for (size_t i = 0; i < board->source_count && i < TABLE_ROWS; i++)
			source_row(page, &board->sources[i]);
		html_add(out, "</tbody></table>\n");
	}
	reading_facts(board, out);
	html_add(out, "</section>\n");
}

static void target_row(const struct page *page, const struct board_target *target)
{
	struct text *out = page->out;

	html_add(out, "<tr><td class=\"who\">");
	html_add(out, target->trouble[0] != '\0' ? "<span class=\"badge flagged\">fails</span>" : "");
	HTML(out, "<span class=\"name\">$t</span>", span_of(target->label));
	if (target->trouble[0] != '\0')
		HTML(out, "<p class=\"why\">$t</p>", span_of(target->trouble));
	html_add(out, "</td><td class=\"n\" data-label=\"waiting\">");
	page_count(out, target->waiting);
	html_add(out, "</td><td class=\"brief\" data-label=\"oldest\">");
	if (target->waiting > 0)
		page_ago(out, page->now, target->oldest);
	else
		html_add(out, "<span class=\"quiet\">none</span>");
	html_add(out, "</td><td class=\"n\" data-label=\"told\">");
	page_count(out, target->taken);
	html_add(out, "</td><td class=\"n\" data-label=\"failed tries\">");
	page_count(out, target->failed);
	html_add(out, "</td></tr>\n");
}

static void telling_acts(const struct board *board, struct text *out)
{
	const struct act_stats *act = &board->act;

	html_add(out, "<p class=\"more\">");
	if (act->dry_run)
		html_add(out, "Dry run: nobody is stopped but whom a person stops.");
	else if (!act->serves && !act->deputy)
		html_add(out, "No policy service, no socketmap and no adapter is set: nobody is stopped.");
	else {
		words_counted(out, act->disabled, "account");
		html_add(out, " disabled, ");
		page_count(out, act->throttled);
		html_add(out, " throttled.");
	}
	if (board->outbox.given_up > 0) {
		html_add(out, " <b>");
		words_counted(out, board->outbox.given_up, "message");
		html_add(out, " given up.</b>");
	}
	html_add(out, "</p>\n");
}

void page_telling(const struct page *page)
{
	const struct board *board = page->board;
	struct text *out = page->out;

	html_add(out, "<section id=\"telling\"><h2>Who is told</h2>\n");
	if (board->target_count == 0)
		html_add(out,
			 "<p class=\"empty\">Nobody: verdicts go to the journal alone. [webhook], [mail] and "
			 "[command] in detect.conf name who is.</p>\n");
	else
		html_add(
			out,
			"<table class=\"cards\"><thead><tr><th>Target</th><th class=\"n\">Waiting</th>"
			"<th>Oldest</th><th class=\"n\">Told</th><th class=\"n\">Failed tries</th></tr></thead>"
			"<tbody>\n");
	for (size_t i = 0; i < board->target_count; i++)
		target_row(page, &board->targets[i]);
	html_add(out, board->target_count == 0 ? "" : "</tbody></table>\n");
	telling_acts(board, out);
	html_add(out, "</section>\n");
}
