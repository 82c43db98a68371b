/*
 * Page one: what happened, in words; the figures that count; what to do; how it went. Whoever reads no further
 * knows enough to act.
 */
#include "commands/report_parts.h"

#include "base/memory.h"
#include "commands/case_still.h"
#include "commands/words.h"

#include <stdlib.h>

/* It had not stopped when the logs end, as far as an hour says so, or a twentieth of shorter logs. */
static bool is_going_on(const struct report *report, const struct case_account *account)
{
	const struct pipeline_stats *stats = &report->book->stats;
	usec_t close = (stats->last - stats->first) / 20;

	return account->worst == STATE_FLAGGED && account->state != STATE_NORMAL &&
	       account->sent != USEC_NEVER &&
	       stats->last - account->sent < (close < USEC_HOUR ? close : USEC_HOUR);
}

/* What was read is another program's, or of another time: then that nobody was flagged says nothing. */
static bool front_is_of_mail(const struct report *report)
{
	return report->book->stats.understood + report->book->stats.unknown > 0;
}

static void front_heading(const struct report *report, struct text *out)
{
	const struct casebook *book = report->book;
	const struct report_order *order = &report->order;

	html_add(out, "<header>\n<p class=over>Incident report &middot; mail logs from ");
	report_minute(out, book->stats.first);
	html_add(out, " to ");
	report_minute(out, book->stats.last);
	html_add(out, "</p>\n<h1>");
	if (!front_is_of_mail(report)) {
		html_add(out, "These logs hold no mail");
	} else if (order->flagged == 0 && report->still > 0) {
		words_counted(out, report->still, "account");
		html_add(out, " flagged earlier, and still");
	} else if (order->flagged == 0 && book->with.arguments->account != NULL) {
		HTML(out, "No signs of abuse of $t", span_of(book->with.arguments->account));
	} else if (order->flagged == 0) {
		html_add(out, "No account shows signs of abuse");
	} else if (order->flagged == 1) {
		const struct case_account *first = order->accounts[0];

		HTML(out, "Somebody else $t sent mail through $t", span_of(report_likely(first->score)),
		     span_of(first->name));
	} else {
		report_count(out, order->flagged);
		html_add(out, " accounts sent mail that their owners very likely did not write");
	}
	html_add(out, "</h1>\n</header>\n");
}

/* How many, what became of it. */
static void front_amount(const struct report *report, struct text *out)
{
	words_counted(out, report->recipients, "recipient");
	html_add(out, ": the receiving servers accepted the mail for ");
	report_count(out, report->accepted);
	html_add(out, " and refused it for ");
	report_count(out, report->refused);
	if (report->waiting > 0) {
		html_add(out, "; for ");
		report_count(out, report->waiting);
		html_add(out, " it was still waiting in the queue when the logs end");
	}
	html_add(out, ".");
}

static void front_one(const struct report *report, struct text *out)
{
	const struct case_account *account = report->order.accounts[0];
	struct case_cause causes[CASE_CAUSES];
	size_t count = case_causes(report->book, account, causes);

	html_add(out, "<p>It began on <b>");
	report_minute(out, account->began);
	html_add(out, "</b> and ");
	if (is_going_on(report, account)) {
		html_add(out, "<b>was still going on</b> when the logs end");
	} else {
		html_add(out, "the last mail went out on <b>");
		report_minute(out, account->sent);
		html_add(out, "</b>");
	}
	html_add(out, ". Since it began, mail was sent to <b>");
	front_amount(report, out);
	html_add(out, "</b>");
	if (account->own > 0) {
		html_add(out, " Of these recipients, ");
		report_count(out, account->own);
		html_add(
			out,
			" were written to from an address that the account used before, so probably by its owner.");
	}
	html_add(out, "</p>\n<p>The odds that this was not the owner: ");
	words_odds(out, account->score);
	html_add(out, ". ");
	if (account->evidence_count > 0)
		HTML(out, "The strongest sign: $t.", span_of(account->evidence[0].text));
	html_add(out, "</p>\n");
	if (count > 0)
		HTML(out, "<p><b>How it was lost:</b> $t ($t). $t</p>\n", span_of(causes[0].how),
		     span_of(causes[0].likely), span_of(causes[0].evidence));
}

/* "12 guessed, 3 web script", of the likeliest way in each. */
static void front_ways(const struct report *report, struct text *out)
{
	struct case_tally ways = { 0 };

	for (size_t i = 0; i < report->order.flagged; i++) {
		struct case_cause causes[CASE_CAUSES];

		if (case_causes(report->book, report->order.accounts[i], causes) > 0)
			case_tally_add(&ways, span_of(causes[0].how), CHART_DELIVERED, 16);
	}
	case_tally_sort(&ways);
	html_add(out, ways.count > 0 ? "<p><b>How they were lost,</b> most likely:</p>\n<ul>\n" : "");
	for (size_t i = 0; i < ways.count; i++) {
		html_add(out, "<li>");
		words_counted(out, ways.rows[i].sum, "account");
		HTML(out, ": $t</li>\n", span_of(ways.rows[i].name));
	}
	html_add(out, ways.count > 0 ? "</ul>\n" : "");
	case_tally_free(&ways);
}

static void front_many(const struct report *report, struct text *out)
{
	usec_t first = USEC_NEVER, last = USEC_NEVER;
	size_t going = 0;

	for (size_t i = 0; i < report->order.flagged; i++) {
		const struct case_account *account = report->order.accounts[i];
		usec_t since = account->began;

		first = first == USEC_NEVER || since < first ? since : first;
		last = since > last ? since : last;
		going += is_going_on(report, account);
	}
	html_add(out, "<p>The first began on <b>");
	report_minute(out, first);
	html_add(out, "</b>, the latest on ");
	report_minute(out, last);
	html_add(out, going > 0 ? "; <b>" : "; ");
	if (going > 0)
		report_count(out, going);
	else
		html_add(out, "none");
	html_add(out, going > 0 ? " were still sending</b>" : " was still sending");
	html_add(out, " when the logs end. Together they sent to <b>");
	front_amount(report, out);
	html_add(out, "</b></p>\n");
	front_ways(report, out);
}

/* Of others nothing is known here: who was asked for is the only one that was looked at. */
static void front_calm_one(const struct report *report, struct text *out)
{
	HTML(out, "<p>This report is about $t alone.", span_of(report->book->with.arguments->account));
	if (report->order.count > 0)
		html_add(out, " It is told of below, since it was asked for.");
	else if (report->still == 0)
		html_add(out, " Nothing was sent under this name.");
}

static void front_calm_all(const struct report *report, struct text *out)
{
	html_add(out, "<p>Of ");
	words_counted(out, report->book->stats.judge.accounts, "account");
	html_add(out, report->still == 0
			      ? " that sent mail, none did so in a way that points to somebody else."
			      : " that sent mail, none was flagged anew.");
	if (report->order.count > 0) {
		html_add(out, " ");
		report_count(out, report->order.count);
		html_add(out, report->order.count == 1
				      ? " is told of below, since something about it was unusual."
				      : " are told of below, since something about them was unusual.");
	}
}

static void front_calm(const struct report *report, struct text *out)
{
	const struct arguments *arguments = report->book->with.arguments;

	if (!front_is_of_mail(report))
		html_add(out, "<p>None of what was read is of a mail server, in the time that was asked for. "
			      "So nothing is said of any account: are these the right logs?");
	else if (arguments->account != NULL)
		front_calm_one(report, out);
	else
		front_calm_all(report, out);
	if (arguments->since != USEC_NEVER) {
		html_add(out, " It tells of what was found from ");
		report_minute(out, arguments->since);
		html_add(out,
			 report->still == 0 ? " on; nobody who was flagged before that still is." : " on.");
	}
	html_add(out, " What logs do not show, this report cannot know.</p>\n");
}

/* They send as before, or would: what is told of is only what was found since. */
static void front_still(const struct report *report, struct text *out)
{
	size_t at = 0, told = 0;
	struct span name;
	usec_t flagged;

	html_add(out, "<p><b>Flagged before the time that is told of, and still:</b></p>\n<ul>\n");
	while (told < REPORT_MANY && case_still_next(report->book->still, &at, &name, &flagged)) {
		HTML(out, "<li>$t, since ", name);
		report_time(out, flagged);
		html_add(out, "</li>\n");
		told++;
	}
	if (told < report->still)
		text_add_format(out, "<li>and %zu more</li>\n", report->still - told);
	html_add(out, "</ul>\n");
}

static void tile(struct text *out, const char *title, uint64_t count, uint64_t whole, const char *of)
{
	text_add_format(out, "<div><dt>%s</dt><dd>", title);
	report_count(out, count);
	html_add(out, "<small>");
	if (of == NULL) {
		report_share(out, count, whole);
		html_add(out, " of them");
	} else {
		text_add_format(out, "%s", of);
	}
	html_add(out, "</small></dd></div>\n");
}

static void front_tiles(const struct report *report, struct text *out)
{
	struct text of = { .at = NULL };

	text_add(&of, SPAN("of "));
	report_count(&of, report->book->stats.judge.accounts);
	text_add(&of, SPAN(" that sent mail"));
	html_add(out, "<dl class=tiles>\n");
	tile(out, "Abused accounts", report->order.flagged, 0, of.at);
	tile(out, "Recipients", report->recipients, 0, "since it began");
	tile(out, "Accepted", report->accepted, report->recipients, NULL);
	tile(out, "Refused", report->refused, report->recipients, NULL);
	html_add(out, "</dl>\n");
	text_free(&of);
}

/* --- the course of all --- */

#define COURSE_LANES 24

static void course_bars(const struct report *report, struct chart *chart, usec_t width)
{
	size_t room = (size_t)((chart->until - chart->from) / width) + 2;
	struct chart_bucket *sums = memory_new(room, sizeof(*sums));
	usec_t start = chart->from - chart->from % width;

	for (size_t i = 0; i < room; i++)
		sums[i].time = start + (usec_t)i * width;
	for (size_t i = 0; i < report->order.flagged; i++) {
		const struct case_account *account = report->order.accounts[i];

		for (size_t b = 0; b < account->whole.count; b++) {
			const struct chart_bucket *bucket = &account->whole.buckets[b];
			usec_t at = (bucket->time - start) / width;

			if (at < 0 || (size_t)at >= room ||
			    bucket->time + account->whole.width <= account->began)
				continue;
			for (int kind = 0; kind < CHART_KINDS; kind++)
				sums[at].n[kind] += bucket->n[kind];
		}
	}
	chart_bars(chart, sums, room, width);
	free(sums);
}

/* When which account was in whose hands, for as many as there is room; those that sent most. */
static void front_course(const struct report *report, struct text *out)
{
	size_t lanes = report->order.flagged < COURSE_LANES ? report->order.flagged : COURSE_LANES;
	struct chart chart = { .out = out,
			       .id = "course",
			       .from = report->book->stats.first,
			       .until = report->book->stats.last,
			       .head = -1,
			       .lanes = (unsigned)lanes,
			       .left = 190 };
	usec_t width = USEC_MINUTE;

	if (report->order.flagged < 2)
		return;
	/* Each of them has bars that fit; those of all are as wide as the widest. */
	for (size_t i = 0; i < report->order.flagged; i++)
		if (report->order.accounts[i]->whole.width > width)
			width = report->order.accounts[i]->whole.width;
	html_add(
		out,
		"<h2>The course of it</h2>\n<p>Recipients of the abused accounts, by what the receiving servers "
		"answered; below, which account was abused when.");
	if (lanes < report->order.flagged)
		text_add_format(out, " Shown are the %zu that sent most.", lanes);
	html_add(out, "</p>\n<div class=picture tabindex=0>");
	chart_open(
		&chart, SPAN("Recipients of all abused accounts over time"),
		SPAN("Bars stacked by what the receiving servers answered; a row for each account from its first "
		     "sign to its last mail. The table of accounts has the same times."));
	course_bars(report, &chart, width);
	for (size_t i = 0; i < lanes; i++) {
		const struct case_account *account = report->order.accounts[i];
		struct chart_span span = { account->began, account->sent };

		chart_lane(&chart, (unsigned)i, span_of(account->name), "new", &span, 1);
	}
	chart_close(&chart);
	html_add(out, "</div>\n");
	chart_legend(out, NULL);
}

void report_front(const struct report *report, struct text *out)
{
	front_heading(report, out);
	text_add_format(out, "<section class=\"box %s\">\n",
			report->order.flagged + report->still > 0 ? "alarm" : "calm");
	if (report->order.flagged == 0)
		front_calm(report, out);
	else if (report->order.flagged == 1)
		front_one(report, out);
	else
		front_many(report, out);
	if (report->still > 0)
		front_still(report, out);
	html_add(out, "</section>\n");
	if (report->order.flagged > 0) {
		front_tiles(report, out);
		report_todo(report, out);
	}
	front_course(report, out);
}
