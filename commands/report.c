/*
 * Putting the report together. Parts are written out one after another, so that memory is needed for one
 * account's part at a time; style and script are named by their hashes in the policy.
 */
#define _GNU_SOURCE
#include "commands/report.h"

#include "base/memory.h"
#include "base/save.h"
#include "commands/case_still.h"
#include "commands/command.h"
#include "commands/report_parts.h"
#include "responders/sign.h"

#include <stdlib.h>

#define REPORT_START "<!DOCTYPE html>"

static int report_harm(const void *a, const void *b)
{
	const struct case_account *one = *(const struct case_account *const *)a;
	const struct case_account *other = *(const struct case_account *const *)b;

	if (one->worst != other->worst)
		return one->worst < other->worst ? 1 : -1;
	if (one->recipients != other->recipients)
		return one->recipients < other->recipients ? 1 : -1;
	return strcmp(one->name, other->name);
}

static void report_sort(struct report *report)
{
	const struct casebook *book = report->book;
	struct report_order *order = &report->order;

	order->accounts = memory_new(book->count + 1, sizeof(struct case_account *));
	for (size_t i = 0; i < book->count; i++)
		order->accounts[order->count++] = &book->accounts[i];
	qsort(order->accounts, order->count, sizeof(struct case_account *), report_harm);
	while (order->flagged < order->count && order->accounts[order->flagged]->worst == STATE_FLAGGED) {
		const struct case_account *account = order->accounts[order->flagged++];

		report->recipients += account->recipients;
		report->accepted += report_accepted(account);
		report->refused += report_refused(account);
		report->waiting += account->waiting;
	}
}

static size_t report_still(const struct report *report)
{
	size_t at = 0, count = 0;
	struct span name;
	usec_t flagged;

	while (case_still_next(report->book->still, &at, &name, &flagged))
		count++;
	return count;
}

/* Nothing may be fetched, sent or run but what is here; without checksums, no script at all. */
static void report_head(struct text *out)
{
	struct text style = { .at = NULL };
	char style_hash[SIGN_BASE64_SIZE], script_hash[SIGN_BASE64_SIZE];
	bool signs;

	html_add(&style, chart_style());
	html_add(&style, report_style());
	signs = sign_base64(text_span(&style), style_hash) &&
		sign_base64(span_of(report_script()), script_hash);
	html_add(out, REPORT_START "\n<html lang=en>\n<head>\n<meta charset=utf-8>\n");
	if (signs)
		text_add_format(out,
				"<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
				"style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; "
				"form-action 'none'\">\n",
				style_hash, script_hash);
	else
		html_add(out,
			 "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src "
			 "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n");
	html_add(out,
		 "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n"
		 "<meta name=referrer content=no-referrer>\n<meta name=color-scheme content=\"light dark\">\n"
		 "<meta name=generator content=\"sendwatch " SENDWATCH_VERSION "\">\n"
		 "<title>Incident report</title>\n<style>");
	text_add(out, text_span(&style));
	html_add(out, "</style>\n</head>\n<body>\n");
	chart_patterns(out);
	text_free(&style);
}

static void report_tail(struct text *out)
{
	html_add(out, "<script>");
	html_add(out, report_script());
	html_add(out, "</script>\n</body>\n</html>\n");
}

static void report_put(struct text *out, FILE *stream, bool *good)
{
	*good = *good && !out->cut && (out->len == 0 || fwrite(out->at, out->len, 1, stream) == 1);
	text_clear(out);
}

static bool report_parts(const struct report *report, FILE *stream)
{
	struct text out = { .at = NULL };
	bool good = true;

	report_head(&out);
	report_front(report, &out);
	report_put(&out, stream, &good);
	report_table(report, &out);
	report_put(&out, stream, &good);
	for (size_t i = 0; i < report->order.count; i++) {
		report_account(report, i, &out);
		report_put(&out, stream, &good);
	}
	report_server(report, &out);
	report_sources(report, &out);
	report_tail(&out);
	report_put(&out, stream, &good);
	text_free(&out);
	return good;
}

/*
 * Unquoted, --html mail.log* makes the first log the report and loses it. So what is there must be empty, or a page;
 * and who may not write there is told before weeks of logs are read.
 */
bool report_can_write(const char *path, struct error *error)
{
	char start[sizeof(REPORT_START) - 1];
	struct save *save;
	FILE *old;
	size_t len;

	if (*path == '\0' || strcmp(path, "-") == 0)
		return error_set(error,
				 "a report needs the name of a file: standard output tells of the logs");
	save = save_begin(path, 0640, error);
	if (save == NULL)
		return false;
	save_cancel(&save);
	old = fopen(path, "re");
	len = old == NULL ? 0 : fread(start, 1, sizeof(start), old);
	if (old != NULL)
		fclose(old);
	if (len > 0 && (len < sizeof(start) || memcmp(start, REPORT_START, len) != 0))
		return error_set(error,
				 "%s: it is there and no report, so it is not replaced; "
				 "put a glob of logs in quotes: '/var/log/mail.log*'",
				 path);
	return true;
}

bool report_write(const struct casebook *book, const char *path, usec_t now, struct error *error)
{
	struct report report = { .book = book, .now = now };
	struct save *save = save_begin(path, 0640, error);
	bool good = save != NULL;

	if (!good)
		return false;
	report_sort(&report);
	report.still = report_still(&report);
	if (report_parts(&report, save_stream(save))) {
		good = save_commit(&save, error);
	} else {
		good = error_set(error, "%s: the report could not be written", path);
		save_cancel(&save);
	}
	free(report.order.accounts);
	return good;
}
