/*
 * No inline style and no script: the browser is told to take neither (status_site.c). Whatever a stranger chose goes
 * through html.h.
 */
#include "commands/page_parts.h"

#include "base/hash.h"
#include "commands/command.h"
#include "commands/words.h"
#include "responders/payload.h"

#include <math.h>
#include <stdio.h>

static void page_age(const struct page *page)
{
	struct text *out = page->out;

	if (page->board == NULL)
		return;
	html_add(out, "<p class=\"fresh\">");
	text_add_format(out, page->pulse.phase == DESK_RUNS && page->now - page->board->made < 5 * USEC_SECOND
				     ? "As of "
				     : "<b>Not up to date:</b> as of ");
	page_time(out, page->board->made);
	html_add(out, " UTC</p>");
}

void page_open(const struct page *page, struct span title, unsigned refresh)
{
	struct text *out = page->out;
	char style[20];

	/* A browser keeps a style for as long as it is this one. */
	snprintf(style, sizeof(style), "%016llx", (unsigned long long)hash_stable(span_of(page_style())));
	html_add(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n");
	if (refresh > 0)
		text_add_format(out, "<meta http-equiv=\"refresh\" content=\"%u\">\n", refresh);
	HTML(out,
	     "<title>$t</title>\n<link rel=\"icon\" href=\"icon.svg\">\n"
	     "<link rel=\"stylesheet\" href=\"style.css?v=$u\">\n</head>\n<body>\n",
	     title, span_of(style));
	chart_patterns(out);
	html_add(out, "<header><div><a class=\"brand\" href=\"./\">sendwatch</a>");
	if (page->board != NULL)
		HTML(out, "<span class=\"host\">$t</span>", span_of(page->board->host));
	html_add(out, "</div>");
	page_age(page);
	html_add(out, "</header>\n<main>\n");
	if (page->notice != NULL)
		HTML(out, "<p class=\"notice $t\" role=\"status\">$t</p>\n",
		     page->failed ? SPAN("bad") : SPAN("good"), span_of(page->notice));
}

void page_close(const struct page *page)
{
	struct text *out = page->out;

	html_add(out, "</main>\n<footer><p>sendwatch " SENDWATCH_VERSION ", up for ");
	words_duration(out, page->now - page->pulse.started);
	html_add(out,
		 ". Times are UTC.</p><p><a href=\"metrics\">metrics</a> <a href=\"healthz\">healthz</a> "
		 "<a href=\"readyz\">readyz</a> <a href=\"accounts.json\">accounts.json</a></p></footer>\n"
		 "</body>\n</html>\n");
}

const char *page_state_words(enum account_state state)
{
	return state == STATE_DISABLED ? "flagged, sure" : state_name(state);
}

void page_badge(struct text *out, enum account_state state)
{
	/* The state called disabled says that it is sure enough for that; what was done is said beside it. */
	text_add_format(out, "<span class=\"badge %s\" title=\"state: %s\">%s</span>", state_name(state),
			state_name(state), page_state_words(state));
}

void page_ordered(struct text *out, const struct board_order *order)
{
	if (order->by[0] != '\0')
		HTML(out, ", by $t", span_of(order->by));
	if (order->reason[0] != '\0')
		HTML(out, ": $t", span_of(order->reason));
}

void page_count(struct text *out, uint64_t count)
{
	words_count(out, count);
}

void page_percent(struct text *out, double share)
{
	double percent = share * 100;

	/* Neither 0 nor 100 where it is not quite so. */
	if (percent > 0 && percent < 0.1)
		html_add(out, "&lt; 0.1 %");
	else if (percent > 99.9 && percent < 100)
		html_add(out, "&gt; 99.9 %");
	else if (percent == floor(percent) || percent >= 10)
		text_add_format(out, "%.0f %%", percent >= 99.5 && percent < 100 ? 99 : percent);
	else
		text_add_format(out, "%.1f %%", percent);
}

void page_time(struct text *out, usec_t time)
{
	char at[CLOCK_TEXT_SIZE];
	usec_t whole = time - time % USEC_SECOND;

	text_add_format(out, "<time datetime=\"%s\">", clock_text(whole, at));
	words_time(out, whole);
	html_add(out, "</time>");
}

void page_ago(struct text *out, usec_t now, usec_t time)
{
	char at[CLOCK_TEXT_SIZE];

	if (time == USEC_NEVER || time == 0) {
		html_add(out, "never");
		return;
	}
	clock_text(time - time % USEC_SECOND, at);
	text_add_format(out, "<time datetime=\"%s\" title=\"%s\">", at, at);
	if (now - time < USEC_SECOND)
		html_add(out, "just now");
	else
		words_duration(out, now - time);
	html_add(out, now - time < USEC_SECOND ? "</time>" : " ago</time>");
}

void page_account_link(struct text *out, struct span name)
{
	HTML(out, "<a class=\"name\" href=\"account?name=$u\">$t</a>", name, name);
}

static void page_typed(struct text *words, const char *verb, struct span account)
{
	text_add_format(words, "sendwatch %s ", verb);
	if (span_starts(account, SPAN("-")))
		text_add(words, SPAN("-- "));
	text_add_quoted(words, account);
}

/* A source is called HOST:LOG; what was sent by syslog or came from standard input cannot be read again. */
static void page_log(struct text *words, struct span source)
{
	struct span host;
	struct text log = { 0 };

	if (!span_cut(&source, ':', &host) ||
	    (!span_starts(source, SPAN("/")) && !span_starts(source, SPAN("journal:"))))
		return;
	text_add(&log, source);
	if (span_starts(source, SPAN("/")))
		text_add(&log, SPAN("*"));
	text_add(words, SPAN(" "));
	text_add_quoted(words, text_span(&log));
	text_free(&log);
}

void page_trace(struct text *out, const struct board *board, struct span account)
{
	struct text words = { 0 };
	size_t bare;

	page_typed(&words, "trace", account);
	bare = words.len;
	for (size_t i = 0; board != NULL && i < board->source_count; i++)
		page_log(&words, span_of(board->sources[i].name));
	if (words.len == bare)
		text_add(&words, SPAN(" LOG"));
	HTML(out, "<code class=\"type\">$t</code>", text_span(&words));
	text_free(&words);
}

void page_command(struct text *out, const char *verb, struct span account)
{
	struct text words = { 0 };

	page_typed(&words, verb, account);
	HTML(out, "<code class=\"type\">$t</code>", text_span(&words));
	text_free(&words);
}

void page_kinds(const struct counts *counts, uint64_t kinds_r[CHART_KINDS])
{
	const uint32_t *n = counts->n;
	uint64_t sum = 0;

	kinds_r[CHART_DELIVERED] = n[COUNT_DELIVERED];
	kinds_r[CHART_INVALID] = n[COUNT_INVALID];
	kinds_r[CHART_SPAM] = n[COUNT_SPAM];
	kinds_r[CHART_BLOCKED] = (uint64_t)n[COUNT_BLOCKED] + n[COUNT_LIMITED];
	kinds_r[CHART_REFUSED] = n[COUNT_REFUSED];
	kinds_r[CHART_DELAYED] = 0;
	for (int kind = 0; kind < CHART_KINDS; kind++)
		sum += kinds_r[kind];
	kinds_r[CHART_DELAYED] = n[COUNT_RECIPIENTS] > sum ? n[COUNT_RECIPIENTS] - sum : 0;
}

void page_shares(struct text *out, const struct counts *counts)
{
	uint64_t kinds[CHART_KINDS], sum = 0, before = 0;

	page_kinds(counts, kinds);
	for (int kind = 0; kind < CHART_KINDS; kind++)
		sum += kinds[kind];
	if (sum == 0)
		return;
	html_add(
		out,
		"<svg class=\"shares\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\"><title>");
	for (int kind = 0; kind < CHART_KINDS; kind++)
		if (kinds[kind] > 0)
			text_add_format(out, "%s%llu %s", before++ == 0 ? "" : ", ",
					(unsigned long long)kinds[kind],
					chart_kind_words((enum chart_kind)kind));
	html_add(out, "</title>");
	before = 0;
	for (int kind = 0; kind < CHART_KINDS; kind++) {
		if (kinds[kind] == 0)
			continue;
		text_add_format(out, "<rect class=\"k-%s\" x=\"%.1f\" width=\"%.1f\" height=\"10\"/>",
				chart_kind_name((enum chart_kind)kind), 1000. * (double)before / (double)sum,
				1000. * (double)kinds[kind] / (double)sum);
		before += kinds[kind];
	}
	html_add(out, "</svg>");
}

void page_curve(struct text *out, const struct board_account *account, unsigned id)
{
	double values[WINDOW_SERIES], hours = fmax(1, (double)account->habit.busy_hours);
	struct chart_curve curve = { .values = values, .count = WINDOW_SERIES, .low = -1, .high = 0 };
	struct text title = { 0 };
	char name[16];

	for (size_t i = 0; i < WINDOW_SERIES; i++)
		values[i] = account->hours[i].n[COUNT_RECIPIENTS];
	/* Its fullest day, spread over the hours in which it sent. */
	if (account->habit.days > 0) {
		curve.low = 0;
		curve.high = (double)account->habit.top_recipients / hours;
	}
	text_add_format(&title, "Recipients an hour over 24 hours");
	if (curve.low >= 0)
		text_add_format(&title, "; usual on its fullest day: %.0f", ceil(curve.high));
	curve.id = name;
	text_add_format(&title, ".");
	snprintf(name, sizeof(name), "s%u", id);
	chart_curve(out, &curve, text_span(&title));
	text_free(&title);
}

usec_t page_account_now(const struct board *board, const struct board_account *account)
{
	return board != NULL && board->pipeline.last > account->now ? board->pipeline.last : account->now;
}
