/* The table of accounts: a row each, which the script filters and sorts. */
#include "commands/report_parts.h"

static void table_countries(const struct case_account *account, struct text *out)
{
	char seen[8][3];
	size_t count = 0;

	for (size_t i = 0; i < account->client_count && count < 8; i++) {
		const struct case_client *client = &account->clients[i];
		bool known = client->country[0] == '\0' || client->recipients == 0;

		for (size_t j = 0; j < count; j++)
			known = known || strcmp(seen[j], client->country) == 0;
		if (known)
			continue;
		memcpy(seen[count], client->country, 3);
		text_add_format(out, "%s%s", count == 0 ? "" : " ",
				case_country_new(account, client->country) ? "<span class=new>" : "<span>");
		html_text(out, span_of(client->country));
		html_add(out, "</span>");
		count++;
	}
	if (count == 0)
		html_add(out, "&ndash;");
}

static void table_number(struct text *out, uint64_t count)
{
	text_add_format(out, "<td class=n data-v=%llu>", (unsigned long long)count);
	report_count(out, count);
	html_add(out, "</td>");
}

static void table_row(const struct report *report, size_t at, struct text *out)
{
	const struct case_account *account = report->order.accounts[at];
	struct case_cause causes[CASE_CAUSES];
	size_t count = case_causes(report->book, account, causes);
	usec_t since = account->began;

	text_add_format(out, "<tr data-account=a%zu><td class=name><a href=\"#a%zu\">", at, at);
	html_text(out, span_of(account->name));
	text_add_format(out, "</a></td><td><span class=\"badge %s\">%s</span></td>",
			state_name(account->worst), state_name(account->worst));
	text_add_format(out, "<td class=time data-v=%lld>",
			since == USEC_NEVER ? 0 : (long long)(since / USEC_SECOND));
	report_time_short(out, since);
	text_add_format(out, "</td><td class=time data-v=%lld>",
			account->sent == USEC_NEVER ? 0 : (long long)(account->sent / USEC_SECOND));
	report_time_short(out, account->sent);
	html_add(out, "</td>");
	table_number(out, account->recipients);
	table_number(out, report_accepted(account));
	table_number(out, report_refused(account));
	if (report->book->geo != NULL) {
		html_add(out, "<td>");
		table_countries(account, out);
		html_add(out, "</td>");
	}
	HTML(out, "<td>$t</td></tr>\n", span_of(count > 0 ? causes[0].brief : "not known"));
}

void report_table(const struct report *report, struct text *out)
{
	if (report->order.count == 0)
		return;
	html_add(out,
		 "<h2>The accounts</h2>\n<div class=tools id=tools></div>\n<div class=wide tabindex=0>"
		 "<table id=accounts>\n<caption>Times are UTC. Counted is from when it began; accepted and "
		 "refused as last known.");
	if (report->book->geo != NULL)
		html_add(out, " Countries never sent from before are <span class=new>marked</span>.");
	html_add(out, "</caption>\n<thead><tr><th>Account</th><th>State</th><th>Began</th><th>Last mail</th>"
		      "<th class=n>Recipients</th><th class=n>Accepted</th><th class=n>Refused</th>");
	html_add(out, report->book->geo != NULL ? "<th>Countries</th>" : "");
	html_add(out, "<th>Way in, probably</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < report->order.count; i++)
		table_row(report, i, out);
	html_add(out, "</tbody></table></div>\n");
	if (report->book->lost > 0)
		text_add_format(out, "<p>%llu more accounts were watched or flagged and did not fit.</p>\n",
				(unsigned long long)report->book->lost);
}
