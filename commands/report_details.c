/* The tables of one account, for who wants to know it all; with many accounts, each has less room. */
#include "commands/report_parts.h"

#include "commands/words.h"
#include "responders/payload.h"

static bool is_brief(const struct report *report)
{
	return report->order.flagged > REPORT_MANY;
}

/* --- to whom --- */

/* Kinds that never came are left out. */
static bool is_shown(const struct case_account *account, int kind)
{
	return account->first[kind] + account->last[kind] > 0;
}

static void details_cells(const struct case_account *account, const uint64_t n[CHART_KINDS], uint64_t sum,
			  struct text *out)
{
	html_add(out, "<td class=n>");
	report_count(out, sum);
	html_add(out, "</td>");
	for (int kind = 0; kind < CHART_KINDS; kind++) {
		if (!is_shown(account, kind))
			continue;
		html_add(out, "<td class=n>");
		if (n[kind] > 0)
			report_count(out, n[kind]);
		html_add(out, "</td>");
	}
	html_add(out, "</tr>\n");
}

static void details_rest(const char *title, uint64_t rest, struct text *out)
{
	if (rest == 0)
		return;
	text_add_format(out, "<p><small>%s: ", title);
	words_counted(out, rest, "recipient");
	html_add(out, ".</small></p>\n");
}

static void details_providers(const struct report *report, const struct case_account *account,
			      struct text *out)
{
	size_t most = is_brief(report) ? 5 : 12;
	uint64_t rest = account->providers.rest;

	if (account->providers.count == 0)
		return;
	html_add(out, "<h3>To whom, and what they answered</h3><div class=wide tabindex=0><table><thead><tr>"
		      "<th>Provider</th><th class=n>Recipients</th>");
	for (int kind = 0; kind < CHART_KINDS; kind++)
		if (is_shown(account, kind))
			text_add_format(out, "<th class=n>%s</th>", chart_kind_words((enum chart_kind)kind));
	html_add(out, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < account->providers.count; i++) {
		const struct case_row *row = &account->providers.rows[i];

		if (i >= most) {
			rest += row->sum;
			continue;
		}
		HTML(out, "<tr><td class=name>$t</td>", span_of(row->name));
		details_cells(account, row->n, row->sum, out);
	}
	html_add(out, "<tr><td><b>All, at first</b></td>");
	details_cells(account, account->first, account->recipients, out);
	html_add(out, "<tr><td><b>All, in the end</b></td>");
	details_cells(account, account->last, account->recipients, out);
	html_add(out, "</tbody></table></div>\n");
	details_rest("Further providers", rest, out);
}

static void details_classes(const struct case_account *account, struct text *out)
{
	bool any = false;

	for (int i = 0; i < REPLY_CLASSES; i++) {
		if (account->classes[i] == 0 || i == REPLY_DELIVERED)
			continue;
		text_add_format(out, "%s%s ", any ? ", " : "<p><small>Reasons in full: ",
				reply_class_name((enum reply_class)i));
		report_count(out, account->classes[i]);
		any = true;
	}
	html_add(out, any ? ".</small></p>\n" : "");
}

/* --- from where --- */

static void details_sharers(const struct report *report, const struct case_account *account,
			    const struct case_client *client, struct text *out)
{
	struct case_sharers sharers;
	bool any = false;

	case_shared_of(report->book->shared, span_of(client->address), &sharers);
	for (size_t i = 0; i < sharers.count; i++) {
		const struct case_account *other = casebook_find(report->book, span_of(sharers.accounts[i]));

		if (strcmp(sharers.accounts[i], account->name) == 0)
			continue;
		html_add(out, any ? ", " : "");
		HTML(out, other != NULL && other->worst == STATE_FLAGGED ? "<span class=new>$t</span>" : "$t",
		     span_of(sharers.accounts[i]));
		any = true;
	}
	html_add(out, sharers.more ? " and more" : "");
	if (sharers.tried > 1)
		text_add_format(out, "%s<small>logins failed at about %u accounts</small>",
				any || sharers.more ? "; " : "", sharers.tried);
}

/* Columns that have anything to say. */
struct client_columns {
	bool country, helo, sharers;
};

static struct client_columns details_columns(const struct report *report, const struct case_account *account,
					     const struct case_client *const *clients, size_t count)
{
	struct client_columns columns = { .country = report->book->geo != NULL };

	for (size_t i = 0; i < count; i++) {
		struct case_sharers sharers;

		case_shared_of(report->book->shared, span_of(clients[i]->address), &sharers);
		columns.helo = columns.helo || clients[i]->helo[0] != '\0';
		columns.sharers = columns.sharers || sharers.tried > 1 || sharers.count > 1 ||
				  (sharers.count == 1 && strcmp(sharers.accounts[0], account->name) != 0);
	}
	return columns;
}

static void details_client(const struct report *report, const struct case_account *account,
			   const struct case_client *client, struct client_columns columns, struct text *out)
{
	bool fresh = case_country_new(account, client->country);

	HTML(out,
	     case_client_strange(client) && account->before > 0 ? "<tr><td class=\"mono new\">$t</td>"
								: "<tr><td class=mono>$t</td>",
	     span_of(client->address));
	if (columns.country)
		HTML(out, fresh ? "<td class=new>$t</td>" : "<td>$t</td>", span_of(client->country));
	html_add(out, "<td class=time>");
	report_time(out, client->first);
	html_add(out, "</td><td class=time>");
	report_time(out, client->last);
	text_add_format(out,
			"</td><td class=n>%u</td><td class=n>%u</td><td class=n>%u</td><td class=n>%u</td>",
			client->before, client->recipients, client->bad, client->failed);
	if (columns.helo)
		HTML(out, "<td class=name>$t</td>", span_of(client->helo));
	if (columns.sharers) {
		html_add(out, "<td class=name>");
		details_sharers(report, account, client, out);
		html_add(out, "</td>");
	}
	html_add(out, "</tr>\n");
}

static void details_clients(const struct report *report, const struct case_account *account,
			    const struct case_client *const *clients, struct text *out)
{
	size_t most = is_brief(report) ? 8 : 25;
	size_t count = account->client_count < most ? account->client_count : most;
	struct client_columns columns = details_columns(report, account, clients, count);

	if (count == 0)
		return;
	html_add(
		out,
		"<h3>From where</h3><div class=wide tabindex=0><table><caption>Recipients before and since it "
		"began. What it never sent from before is <span class=new>marked</span>");
	html_add(out, columns.sharers
			      ? ", as are abused accounts that the same address was used for.</caption>"
			      : ".</caption>");
	html_add(out, "<thead><tr><th>Address</th>");
	html_add(out, columns.country ? "<th>Country</th>" : "");
	html_add(out, "<th>First seen</th><th>Last seen</th><th class=n>Before</th><th class=n>Since</th>"
		      "<th class=n>Unwanted</th><th class=n>Failed logins</th>");
	html_add(out, columns.helo ? "<th>Calls itself</th>" : "");
	html_add(out, columns.sharers ? "<th>Used for other accounts</th>" : "");
	html_add(out, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < count; i++)
		details_client(report, account, clients[i], columns, out);
	html_add(out, "</tbody></table></div>\n");
	if (account->client_count > count)
		text_add_format(
			out, "<p><small>%zu more addresses are in addresses.csv of the case.</small></p>\n",
			account->client_count - count);
	details_rest("Sent from still more addresses", account->clients_lost, out);
}

/* --- what --- */

static void details_tally(const char *title, const struct case_tally *tally, struct text *out)
{
	if (tally->count == 0)
		return;
	text_add_format(out, "<div><h3>%s</h3><ul class=why>\n", title);
	for (size_t i = 0; i < tally->count && i < 6; i++) {
		HTML(out, "<li><span>$t</span><span class=weight>", span_of(tally->rows[i].name));
		report_count(out, tally->rows[i].sum);
		html_add(out, "</span></li>\n");
	}
	html_add(out, tally->count > 6 || tally->rest > 0 ? "<li><small>and others</small></li>" : "");
	html_add(out, "</ul></div>\n");
}

static const char *show_words(int show)
{
	static const char *const words[] = {
		[CASE_SUBMITTED] = "How the mail came in",
		[CASE_LOGIN] = "Logins from strange addresses",
		[CASE_FAILED] = "Logins that failed",
	};

	return show < CASE_RESULT ? words[show] : chart_kind_words((enum chart_kind)(show - CASE_RESULT));
}

static void details_samples(const struct report *report, const struct case_account *account, struct text *out)
{
	unsigned most = is_brief(report) ? 1 : 3;

	if (account->sample_count == 0)
		return;
	html_add(out, "<details class=more><summary>Lines of the log</summary>\n");
	for (int show = 0; show < CASE_SHOWS; show++) {
		unsigned said = 0;

		for (size_t i = 0; i < account->sample_count && said < most; i++) {
			const struct case_sample *sample = &account->samples[i];

			if ((int)sample->show != show)
				continue;
			if (said++ == 0)
				HTML(out, "<h4>$t</h4><pre>", span_of(show_words(show)));
			html_text(out, span_of(sample->line));
			html_add(out, sample->cut ? "&hellip;\n" : "\n");
		}
		html_add(out, said > 0 ? "</pre>" : "");
	}
	html_add(out, "</details>\n");
}

static void details_history(const struct case_account *account, struct text *out)
{
	html_add(out, "<details class=more><summary>History of its state</summary><table><tbody>\n");
	for (size_t i = 0; i < account->step_count; i++) {
		const struct case_step *step = &account->steps[i];

		html_add(out, "<tr><td class=time>");
		report_time(out, step->time);
		text_add_format(out, "</td><td>%s</td><td>%s</td><td class=n>%.1f decibans</td></tr>\n",
				state_name(step->previous), state_name(step->state), step->score);
	}
	html_add(out, "</tbody></table>");
	if (account->steps_lost > 0)
		text_add_format(out, "<p><small>and %zu more changes</small></p>", account->steps_lost);
	html_add(out, "</details>\n");
}

/* The picture's numbers, as text: cheap however many there are, and read out in order. */
static void details_figures(const struct case_account *account, struct text *out)
{
	html_add(
		out,
		"<details class=more><summary>The picture in figures</summary><pre class=figures>time (UTC)      ");
	for (int kind = 0; kind < CHART_KINDS; kind++)
		text_add_format(out, " %9s", chart_kind_name((enum chart_kind)kind));
	for (size_t i = 0; i < account->incident.count; i++) {
		const struct chart_bucket *bucket = &account->incident.buckets[i];
		struct text time = { .at = NULL };

		words_time(&time, bucket->time);
		text_add_format(out, "\n%.16s", time.at);
		for (int kind = 0; kind < CHART_KINDS; kind++)
			text_add_format(out, " %9u", bucket->n[kind]);
		text_free(&time);
	}
	html_add(out, "\n</pre></details>\n");
}

static void details_commands(const struct case_account *account, struct text *out)
{
	struct text typed = { .at = NULL };

	text_add_quoted(&typed, span_of(account->name));
	HTML(out,
	     "<p class=screen><small>More: <code>sendwatch trace $t LOG&hellip;</code> &middot; after all is done: <code>",
	     text_span(&typed));
	text_clear(&typed);
	payload_add_undo(span_of(account->name), &typed);
	HTML(out, "$t</code></small></p>\n", text_span(&typed));
	text_free(&typed);
}

void report_details(const struct report *report, const struct case_account *account,
		    const struct case_client *const *clients, struct text *out)
{
	details_providers(report, account, out);
	details_classes(account, out);
	details_clients(report, account, clients, out);
	html_add(out, "<div class=two>\n");
	details_tally("Sent as", &account->senders, out);
	details_tally("Subjects", &account->subjects, out);
	html_add(out, "</div>\n");
	details_samples(report, account, out);
	if (account->step_count > 0)
		details_history(account, out);
	if (!is_brief(report) && account->incident.count > 0)
		details_figures(account, out);
	details_commands(account, out);
}
