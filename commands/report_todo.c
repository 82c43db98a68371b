/* What to do now, in the order in which it helps: only what this case asks for. */
#include "commands/report_parts.h"

#include "commands/words.h"

#define TODO_THEN 8

static bool any_of_kind(const struct report *report, enum account_kind from, enum account_kind to)
{
	for (size_t i = 0; i < report->order.flagged; i++)
		if (report->order.accounts[i]->kind >= from && report->order.accounts[i]->kind <= to)
			return true;
	return false;
}

static void todo_stop(const struct report *report, struct text *out)
{
	html_add(out, "<li><b>Stop it.</b> ");
	if (report->order.flagged == 1) {
		struct text typed = { .at = NULL };

		text_add_quoted(&typed, span_of(report->order.accounts[0]->name));
		HTML(out,
		     "Lock the account, or take its right to send away; where sendwatch runs on the server: "
		     "<code>sendwatch disable $t</code>.",
		     text_span(&typed));
		text_free(&typed);
	} else {
		html_add(
			out,
			"Lock these accounts, or take their right to send away, those that are still sending first "
			"(<code>sendwatch disable</code> where it runs on the server).");
	}
	html_add(
		out,
		" A new password alone does not end a connection that is open.</li>\n<li><b>Clean the queue.</b> "
		"Remove their mail that still waits to be sent");
	if (report->waiting > 0) {
		html_add(out, ": when the logs end, ");
		words_counted(out, report->waiting, "recipient");
		html_add(out, report->waiting == 1 ? " was waiting" : " were waiting");
	}
	html_add(out, ".</li>\n");
}

/* What the ways in ask for, each once. */
static void todo_close(const struct report *report, struct text *out)
{
	const char *said[TODO_THEN];
	size_t count = 0;

	html_add(out, "<li><b>Close the hole</b> before anybody may send again: ");
	for (size_t i = 0; i < report->order.flagged && count < TODO_THEN; i++) {
		struct case_cause causes[CASE_CAUSES];
		bool known = case_causes(report->book, report->order.accounts[i], causes) == 0;

		for (size_t j = 0; j < count && !known; j++)
			known = strcmp(said[j], causes[0].then) == 0;
		if (known)
			continue;
		HTML(out, count == 0 ? "$t" : "; $t", span_of(causes[0].then));
		said[count++] = causes[0].then;
	}
	html_add(out, count == 0 ? "find out how it was lost.</li>\n" : ".</li>\n");
}

static void todo_delist(const struct report *report, struct text *out)
{
	const struct case_tally *delist = &report->book->delist;

	if (delist->count == 0)
		return;
	html_add(
		out,
		"<li><b>Only then, ask for delisting.</b> The server&rsquo;s own address was refused; ask here, "
		"after it has stopped, since a second listing is harder to lift:\n<ul class=plain>\n");
	for (size_t i = 0; i < delist->count && i < 6; i++) {
		HTML(out, "<li>$t <small>(", span_of(delist->rows[i].name));
		words_counted(out, delist->rows[i].sum, "refusal");
		html_add(out, ")</small></li>\n");
	}
	html_add(out, "</ul></li>\n");
}

void report_todo(const struct report *report, struct text *out)
{
	html_add(out, "<h2>What to do now</h2>\n<ol class=todo>\n");
	todo_stop(report, out);
	todo_close(report, out);
	if (any_of_kind(report, ACCOUNT_LOGIN, ACCOUNT_LOGIN))
		html_add(
			out,
			"<li><b>Set a new password,</b> from a device that is clean, used nowhere else; end all open "
			"sessions; look for forwardings, filters and replies that the owner did not make.</li>\n");
	todo_delist(report, out);
	html_add(out, "<li><b>Tell those concerned.</b> ");
	if (any_of_kind(report, ACCOUNT_LOGIN, ACCOUNT_LOGIN))
		html_add(
			out,
			"Whoever had the password could read the mailbox too: the owner must know. Whether an "
			"authority has to be told depends on what was in it; in the European Union there are "
			"72 hours for that. ");
	html_add(out, "Keep the logs: the checksums at the end of this report say which.</li>\n</ol>\n");
}
