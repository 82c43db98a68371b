/* One account: what is thought of it, the picture, why, and how it was lost; report_details.c has the tables. */
#include "commands/report_parts.h"

#include "commands/case_still.h"
#include "commands/words.h"

#include <stdlib.h>

#define ACCOUNT_LANES 8 /* addresses with a row of their own */
#define LANES_MOST    (1 + ACCOUNT_LANES + ACCOUNT_LANES + 1)

static void account_head(const struct report *report, const struct case_account *account, size_t at,
			 struct text *out)
{
	bool open = account->worst == STATE_FLAGGED ? report->order.flagged <= 12 : report->order.count == 1;

	text_add_format(out, "<details class=account id=a%zu%s><summary><b>", at, open ? " open" : "");
	html_text(out, span_of(account->name));
	text_add_format(out, "</b> <span class=\"badge %s\">%s</span> <small>", state_name(account->worst),
			state_name(account->worst));
	words_counted(out, account->recipients, "recipient");
	html_add(out, ", ");
	report_count(out, report_accepted(account));
	html_add(out, " accepted</small></summary>\n");
}

static void account_said(const struct report *report, const struct case_account *account, struct text *out)
{
	usec_t still = case_still_since(report->book->still, span_of(account->name));

	html_add(out, "<p>");
	if (account->worst == STATE_FLAGGED)
		HTML(out, "<b>Somebody else $t used it</b>: ", span_of(report_likely(account->score)));
	else if (account->worst == STATE_WATCH)
		html_add(out, "<b>Unusual, and not enough to say that somebody else used it</b>: ");
	else if (still != USEC_NEVER)
		html_add(out, "<b>Flagged before the time that is told of, and still</b>; since ");
	else
		html_add(out, "<b>Nothing unusual was found.</b> ");
	if (account->worst != STATE_NORMAL)
		words_odds(out, account->score);
	else if (still != USEC_NEVER)
		report_time(out, still);
	if (account->began != USEC_NEVER) {
		html_add(out, ", since ");
		report_time(out, account->began);
	}
	if (account->flagged != USEC_NEVER) {
		html_add(out, "; flagged ");
		report_time(out, account->flagged);
		if (account->began != USEC_NEVER && account->flagged > account->began) {
			html_add(out, ", ");
			words_duration(out, account->flagged - account->began);
			html_add(out, " later");
		}
	}
	if (account->sure != USEC_NEVER) {
		html_add(out, "; sure enough to disable it ");
		report_time(out, account->sure);
	}
	if (account->over != USEC_NEVER && account->worst != STATE_NORMAL) {
		html_add(out, "; quiet again since ");
		report_time(out, account->over);
	}
	html_add(out, account->worst == STATE_NORMAL && still == USEC_NEVER ? "" : ".");
	if (account->customer != NULL)
		HTML(out, " Customer: $t.", span_of(account->customer));
	html_add(out, " <small>(");
	report_kind(out, account->kind);
	html_add(out, ")</small></p>\n");
}

/* --- the picture --- */

static int client_order(const void *a, const void *b)
{
	const struct case_client *one = *(const struct case_client *const *)a;
	const struct case_client *other = *(const struct case_client *const *)b;

	if (case_client_strange(one) != case_client_strange(other))
		return case_client_strange(one) ? -1 : 1;
	if (one->recipients != other->recipients)
		return one->recipients > other->recipients ? -1 : 1;
	if (one->failed != other->failed)
		return one->failed > other->failed ? -1 : 1;
	return strcmp(one->address, other->address);
}

/* Lanes of a picture: rows by name, several addresses to one where there is no room for each. */
struct lanes {
	const struct case_account *account;
	struct lane {
		char label[64];
		bool strange;
		struct case_lane when;
	} rows[LANES_MOST];
	size_t count;
};

/* To the row of this name; a new one only while there are fewer than MOST, and only where it was seen then. */
static bool lane_add(struct lanes *lanes, size_t most, const char *label, bool strange,
		     const struct case_client *client)
{
	const struct case_account *account = lanes->account;
	struct lane *lane = lanes->rows;

	while (lane < lanes->rows + lanes->count && strcmp(lane->label, label) != 0)
		lane++;
	if (lane == lanes->rows + lanes->count) {
		if (lanes->count == most)
			return false;
		*lane = (struct lane){ .strange = strange };
		memcpy(lane->label, label, strlen(label));
	}
	if (!case_lane_add(&lane->when, client, account->shown_from, account->shown_until))
		return false;
	lanes->count += lane == lanes->rows + lanes->count;
	return true;
}

static void lanes_fill(struct lanes *lanes, const struct case_client *const *clients)
{
	const struct case_account *account = lanes->account;
	size_t addresses = 0;

	for (size_t i = 0; i < account->client_count; i++)
		if (clients[i]->failed > 0 && clients[i]->recipients == 0)
			lane_add(lanes, 1, "logins that failed", false, clients[i]);
	for (size_t i = 0; i < account->client_count; i++) {
		char label[8] = "from ";

		if (clients[i]->recipients == 0 || clients[i]->country[0] == '\0')
			continue;
		memcpy(label + 5, clients[i]->country, 3);
		lane_add(lanes, 1 + ACCOUNT_LANES, label, case_country_new(account, clients[i]->country),
			 clients[i]);
	}
	for (size_t i = 0; i < account->client_count; i++)
		if (clients[i]->recipients + clients[i]->logins > 0)
			addresses += lane_add(lanes, LANES_MOST,
					      addresses < ACCOUNT_LANES ? clients[i]->address
									: "other addresses",
					      case_client_strange(clients[i]), clients[i]);
}

static size_t account_marks(const struct case_account *account, struct chart_mark *marks)
{
	static const struct chart_mark looks[] = {
		[STATE_NORMAL] = { 0, CHART_RING, "normal" },
		[STATE_WATCH] = { 0, CHART_DOT, "watch" },
		[STATE_FLAGGED] = { 0, CHART_TRIANGLE, "flagged" },
		[STATE_DISABLED] = { 0, CHART_SQUARE, "sure" },
		[STATE_RELEASED] = { 0, CHART_RING, "released" },
	};
	size_t count = 0;

	for (size_t i = 0; i < account->step_count; i++) {
		if (account->steps[i].time < account->shown_from ||
		    account->steps[i].time > account->shown_until)
			continue;
		marks[count] = looks[account->steps[i].state];
		marks[count++].time = account->steps[i].time;
	}
	return count;
}

static void account_picture(const struct case_account *account, size_t at,
			    const struct case_client *const *clients, struct text *out)
{
	const struct case_series *series = &account->incident;
	struct chart_span spans[CASE_PARTS / 2];
	struct chart_mark marks[CASE_STEPS];
	struct lanes lanes = { .account = account };
	struct text title = { .at = NULL };
	char id[32];
	struct chart chart = {
		.out = out, .id = id, .from = account->shown_from, .until = account->shown_until
	};

	text_add_format(&title, "a%zu-p", at);
	memcpy(id, title.at, title.len + 1);
	text_clear(&title);
	text_add(&title, SPAN("Mail of "));
	text_add(&title, span_of(account->name));
	text_add(&title, SPAN(" over time"));
	lanes_fill(&lanes, clients);
	chart.lanes = (unsigned)lanes.count;
	html_add(out, "<div class=picture tabindex=0>");
	chart_open(
		&chart, text_span(&title),
		SPAN("Recipients, stacked by what the receiving servers answered at first; the moments of each "
		     "verdict; below, when which country and address was used. The tables say the same."));
	chart_bars(&chart, series->buckets, series->count, series->width == 0 ? USEC_MINUTE : series->width);
	for (size_t i = 0; i < lanes.count; i++) {
		size_t count = case_lane_spans(&lanes.rows[i].when, account->shown_from, account->shown_until,
					       spans);

		chart_lane(&chart, (unsigned)i, span_of(lanes.rows[i].label),
			   lanes.rows[i].strange ? "new" : "", spans, count);
	}
	chart_marks(&chart, marks, account_marks(account, marks));
	chart_close(&chart);
	html_add(out, "</div>\n");
	chart_legend(out, account->first);
	text_free(&title);
}

/* All of the logs, where the picture above is but a part of them. */
static void account_whole(const struct report *report, const struct case_account *account, size_t at,
			  struct text *out)
{
	usec_t span = report->book->stats.last - report->book->stats.first;
	char id[32];
	struct text name = { .at = NULL };
	struct chart chart = { .out = out,
			       .id = id,
			       .from = report->book->stats.first,
			       .until = report->book->stats.last,
			       .head = -1,
			       .bars = 50,
			       .left = 150 };

	if (account->whole.count == 0 || (account->shown_until - account->shown_from) * 3 > span * 2)
		return;
	text_add_format(&name, "a%zu-w", at);
	memcpy(id, name.at, name.len + 1);
	html_add(out, "<h4>All of its mail in these logs</h4><div class=picture tabindex=0>");
	chart_open(&chart, SPAN("All of its mail in these logs"), SPAN("Recipients over the whole time"));
	chart_bars(&chart, account->whole.buckets, account->whole.count, account->whole.width);
	chart_close(&chart);
	html_add(out, "</div>\n");
	text_free(&name);
}

/* --- why, and how --- */

static void account_why(const struct case_account *account, struct text *out)
{
	html_add(out, "<div><h3>Why it is thought so</h3><ul class=why>\n");
	for (size_t i = 0; i < account->evidence_count; i++) {
		const struct evidence *evidence = &account->evidence[i];

		HTML(out, "<li><span>$t</span>", span_of(evidence->text));
		text_add_format(out, "<span class=weight>%s %+.1f</span></li>\n", evidence->detector,
				evidence->decibans);
	}
	html_add(
		out,
		"</ul><p><small>Weights are decibans: +10 is ten times, +20 a hundred times as likely of an account "
		"in foreign hands as of an honest one; what speaks for the account is below 0.</small></p></div>\n");
}

static void account_how(const struct report *report, const struct case_account *account, struct text *out)
{
	struct case_cause causes[CASE_CAUSES];
	size_t count = case_causes(report->book, account, causes);

	html_add(out, "<div><h3>How it was probably lost</h3><ul class=why>\n");
	for (size_t i = 0; i < count; i++)
		HTML(out, "<li><span>$t</span><span class=weight>$t</span><small>$t</small></li>\n",
		     span_of(causes[i].how), span_of(causes[i].likely), span_of(causes[i].evidence));
	if (count == 0)
		html_add(out, "<li>The log has no sign of it.</li>");
	html_add(
		out,
		"</ul><p><small>A log shows how somebody came in, seldom where the key was found.</small></p></div>\n");
}

void report_account(const struct report *report, size_t at, struct text *out)
{
	const struct case_account *account = report->order.accounts[at];
	const struct case_client *clients[CASE_CLIENTS];

	if (at == 0 || at == report->order.flagged)
		html_add(out, account->worst == STATE_FLAGGED ? "<h2>Each abused account</h2>\n"
							      : "<h2>Unusual, but not flagged</h2>\n");
	for (size_t i = 0; i < account->client_count; i++)
		clients[i] = &account->clients[i];
	qsort(clients, account->client_count, sizeof(clients[0]), client_order);
	account_head(report, account, at, out);
	account_said(report, account, out);
	account_picture(account, at, clients, out);
	html_add(out, "<div class=two>\n");
	if (account->evidence_count > 0)
		account_why(account, out);
	account_how(report, account, out);
	html_add(out, "</div>\n");
	report_details(report, account, clients, out);
	if (report->order.flagged <= REPORT_MANY)
		account_whole(report, account, at, out);
	html_add(out, "</details>\n");
}
