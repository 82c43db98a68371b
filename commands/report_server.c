/* What the server suffered, what was read, and how far it can be relied upon. */
#include "commands/report_parts.h"

#include "commands/case_files.h"
#include "commands/command.h"
#include "commands/words.h"

#include <stdlib.h>

#define SERVER_ROWS 25
#define SERVER_NEWS 30

static void server_row(const struct health_row *row, struct text *out)
{
	HTML(out, "<tr><td class=mono>$t", span_of(row->address));
	if (row->named[0] != '\0' && strcmp(row->named, row->address) != 0)
		HTML(out, " <small>($t)</small>", span_of(row->named));
	HTML(out, "</td><td class=name>$t</td><td class=n>", span_of(row->provider));
	report_count(out, row->attempts);
	html_add(out, "</td><td class=n>");
	report_count(out, row->refused);
	html_add(out, "</td><td class=n>");
	report_share(out, row->refused, row->attempts);
	html_add(out, "</td><td class=time>");
	report_time(out, row->since);
	html_add(out, "</td><td class=name>");
	for (size_t i = 0; i < row->account_count && i < 3; i++)
		HTML(out, i == 0 ? "$t" : ", $t", span_of(row->accounts[i].name));
	html_add(out, "</td></tr>\n");
}

static void server_addresses(const struct report *report, struct text *out)
{
	size_t count = 0, shown = 0;
	struct health_row *rows = health_rows(report->book->health, &count);

	html_add(out, "<h2>The server itself</h2>\n");
	for (size_t i = 0; i < count && shown < SERVER_ROWS; i++) {
		if (rows[i].refused == 0)
			continue;
		if (shown++ == 0)
			html_add(
				out,
				"<p>Providers that refused mail because of the server&rsquo;s own address, whoever "
				"sent it: everybody on the server suffers from these.</p>\n<div class=wide tabindex=0>"
				"<table><thead><tr><th>Own address</th><th>Provider</th><th class=n>Recipients</th>"
				"<th class=n>Refused for it</th><th class=n>Share</th><th>Refuses since</th>"
				"<th>Unwanted mail there, mostly by</th></tr></thead><tbody>\n");
		server_row(&rows[i], out);
	}
	html_add(out,
		 shown > 0 ? "</tbody></table></div>\n"
			   : "<p>No provider refused mail because of the server&rsquo;s own address.</p>\n");
	free(rows);
}

static void server_news(const struct report *report, struct text *out)
{
	const struct casebook *book = report->book;

	if (book->server_count == 0)
		return;
	html_add(
		out,
		"<details class=more><summary>What else was unusual on the server</summary><table><tbody>\n");
	for (size_t i = 0; i < book->server_count && i < SERVER_NEWS; i++) {
		html_add(out, "<tr><td class=time>");
		report_time(out, book->server[i].time);
		HTML(out, "</td><td>$t<br><small>$t</small></td></tr>\n", span_of(book->server[i].words),
		     span_of(book->server[i].sample));
	}
	html_add(out, "</tbody></table></details>\n");
}

void report_server(const struct report *report, struct text *out)
{
	server_addresses(report, out);
	server_news(report, out);
}

/* --- what was read --- */

static void sources_file(const struct casebook *book, const struct case_file *file, struct text *out)
{
	usec_t gap = case_files_gap(book, file);

	HTML(out, "<tr><td class=name>$t", span_of(file->path));
	html_add(out, "<br><small class=mono>");
	html_text(out, span_of(file->sha256));
	html_add(out, "</small></td><td class=n>");
	words_bytes(out, file->size);
	html_add(out, "</td><td class=n>");
	report_count(out, file->lines);
	html_add(out, "</td><td class=time>");
	report_time(out, file->first);
	html_add(out, "</td><td class=time>");
	report_time(out, file->last);
	html_add(out, case_files_hole(book, gap) ? "</td><td class=new>" : "</td><td>");
	if (gap > 0)
		words_duration(out, gap);
	html_add(out, case_files_hole(book, gap) ? ": lines may be missing</td></tr>\n" : "</td></tr>\n");
}

static void sources_lost(struct text *out, uint64_t count, const char *noun, const char *what)
{
	if (count == 0)
		return;
	html_add(out, "<li>");
	words_counted(out, count, noun);
	text_add_format(out, " %s</li>\n", what);
}

static void sources_figures(const struct casebook *book, struct text *out)
{
	const struct pipeline_stats *stats = &book->stats;

	html_add(out, "<p>");
	words_counted(out, stats->lines, "line");
	html_add(out, ", ");
	words_bytes(out, book->collector.bytes);
	html_add(out, ", ");
	words_counted(out, stats->judge.accounts, "account");
	text_add_format(out, "; %.2f&nbsp;%% of the mail server&rsquo;s own lines were understood.</p>\n",
			(double)(int64_t)(pipeline_coverage(stats) * 10000) / 100);
	html_add(out, "<ul>\n");
	for (size_t i = 0; i < book->reading_count; i++)
		HTML(out, "<li class=new>$t</li>\n", span_of(book->reading[i].words));
	sources_lost(out, stats->unknown, "line", "of the mail server were not understood");
	sources_lost(out, stats->unframed, "line", "had no time stamp that is known");
	sources_lost(out, book->collector.skipped_long, "line", "over 64 KiB were skipped");
	sources_lost(out, book->collector.skipped_binary, "line", "with NUL bytes were skipped");
	sources_lost(out, stats->ledger.evicted, "message", "were forgotten while open, for want of room");
	html_add(out, "</ul>\n");
}

void report_sources(const struct report *report, struct text *out)
{
	const struct casebook *book = report->book;

	html_add(
		out,
		"<h2>What was read</h2>\n<div class=wide tabindex=0><table><caption>Checksums are SHA-256 of the "
		"files as they were; <code>sha256sum FILE</code> shows whether one is still the same.</caption>"
		"<thead><tr><th>File</th><th class=n>Size</th><th class=n>Lines</th><th>First line</th>"
		"<th>Last line</th><th>Gap before it</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < book->file_count; i++)
		sources_file(book, &book->files[i], out);
	html_add(out, "</tbody></table></div>\n");
	sources_figures(book, out);
	html_add(
		out,
		"<h2>How to read this</h2>\n<p>An account is who is answerable for mail: a login, a script, a local user. "
		"Accounts are judged by what the receiving servers answered, to how many strangers they wrote, from "
		"where and when, each against what it is used to and what is usual on this server. The result is a "
		"likelihood and never a proof: <b>flagged</b> is what should be acted on, <b>sure</b> what might be "
		"acted on by a program, <b>watch</b> what is unusual.</p>\n"
		"<p><b>Recipients</b> are counted one by one: a message to fifty people counts fifty times. "
		"<b>Accepted</b> is what the receiving server said: whether the mail came to an inbox or to a "
		"folder of spam, no log of the sender knows. An answer of \xe2\x80\x9c"
		"does not exist\xe2\x80\x9d, in numbers, is "
		"the mark of a bought or guessed list. Countries are those of networks, and can be wrong.</p>\n"
		"<p>All times are UTC. What somebody wrote into a name or a reply that cannot be seen is shown as "
		"<code>\\xNN</code>.</p>\n<footer>Made by sendwatch " SENDWATCH_VERSION " on ");
	report_minute(out, report->now);
	html_add(out,
		 ". Nothing was changed on any server to make it. It holds addresses of persons: pass it on "
		 "only to who needs it.</footer>\n");
}
