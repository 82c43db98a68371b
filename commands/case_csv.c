/* The tables of a case as CSV (RFC 4180, UTF-8): a heading, times in UTC, one row a thing. */
#include "commands/case_cause.h"
#include "commands/case_files.h"
#include "commands/case_folder.h"

#include <stdio.h>

/* Does a spreadsheet take what begins like this for a formula? Some do so for the wide forms too. */
static bool csv_is_formula(struct span field)
{
	static const char wide[] = "\x9d\x8b\x8d\xa0"; /* U+FF1D = U+FF0B + U+FF0D - U+FF20 @ */

	if (field.len == 0)
		return false;
	if (memchr("=+-@\t\r", field.at[0], 6) != NULL)
		return true;
	return field.len >= 3 && memcmp(field.at, "\xef\xbc", 2) == 0 && memchr(wide, field.at[2], 4) != NULL;
}

void case_csv_field(struct text *out, struct span field)
{
	struct text safe = { .at = NULL };

	text_add_printable(&safe, field);
	text_add(out, csv_is_formula(span_trim(text_span(&safe))) ? SPAN("\"'") : SPAN("\""));
	for (size_t i = 0; i < safe.len; i++)
		text_add(out, safe.at[i] == '"' ? SPAN("\"\"") : (struct span){ safe.at + i, 1 });
	text_add(out, SPAN("\""));
	text_free(&safe);
}

static void csv_text(struct text *out, const char *text)
{
	case_csv_field(out, span_of(text == NULL ? "" : text));
	text_add(out, SPAN(","));
}

static void csv_time(struct text *out, usec_t time)
{
	char into[CLOCK_TEXT_SIZE];

	if (time != USEC_NEVER)
		text_add(out, span_of(clock_text(time - time % USEC_SECOND, into)));
	text_add(out, SPAN(","));
}

static void csv_number(struct text *out, uint64_t number)
{
	text_add_format(out, "%llu,", (unsigned long long)number);
}

/* The last comma of a row becomes its end. */
static void csv_end(struct text *out)
{
	out->len -= out->len > 0 && out->at[out->len - 1] == ',';
	text_add(out, SPAN("\r\n"));
}

static void csv_kinds(struct text *out, const char *before)
{
	for (int kind = 0; kind < CHART_KINDS; kind++)
		text_add_format(out, "%s%s,", before, chart_kind_name((enum chart_kind)kind));
}

void case_csv_accounts(const struct casebook *book, struct text *out)
{
	text_add(
		out,
		SPAN("account,kind,customer,worst_state,state,score_decibans,since,began,watched,flagged,sure,quiet,"
		     "last_mail,recipients_before,recipients,waiting,"));
	csv_kinds(out, "first_");
	csv_kinds(out, "last_");
	text_add(out,
		 SPAN("failed_logins_before,failed_logins_since,addresses,way_in,way_in_likely,verdict_id"));
	csv_end(out);
	for (size_t i = 0; i < book->count; i++) {
		const struct case_account *account = &book->accounts[i];
		struct case_cause causes[CASE_CAUSES];
		size_t count = case_causes(book, account, causes);

		csv_text(out, account->name);
		csv_text(out, account_kind_name(account->kind));
		csv_text(out, account->customer);
		csv_text(out, state_name(account->worst));
		csv_text(out, state_name(account->state));
		text_add_format(out, "%.1f,", account->score);
		csv_time(out, account->since);
		csv_time(out, account->began);
		csv_time(out, account->watched);
		csv_time(out, account->flagged);
		csv_time(out, account->sure);
		csv_time(out, account->over);
		csv_time(out, account->sent);
		csv_number(out, account->before);
		csv_number(out, account->recipients);
		csv_number(out, account->waiting);
		for (int kind = 0; kind < CHART_KINDS; kind++)
			csv_number(out, account->first[kind]);
		for (int kind = 0; kind < CHART_KINDS; kind++)
			csv_number(out, account->last[kind]);
		csv_number(out, account->failed);
		csv_number(out, account->failed_late);
		csv_number(out, account->client_count);
		csv_text(out, count > 0 ? causes[0].how : "");
		csv_text(out, count > 0 ? causes[0].likely : "");
		csv_text(out, account->id);
		csv_end(out);
	}
}

static void csv_sharers(const struct casebook *book, const struct case_client *client, const char *but,
			struct text *out)
{
	struct case_sharers sharers;
	struct text names = { .at = NULL };

	case_shared_of(book->shared, span_of(client->address), &sharers);
	for (size_t i = 0; i < sharers.count; i++) {
		if (strcmp(sharers.accounts[i], but) == 0)
			continue;
		text_add(&names, names.len == 0 ? SPAN("") : SPAN(" "));
		text_add(&names, span_of(sharers.accounts[i]));
	}
	text_add(&names, sharers.more ? SPAN(" ...") : SPAN(""));
	case_csv_field(out, text_span(&names));
	text_add(out, SPAN(","));
	csv_number(out, sharers.tried);
	text_free(&names);
}

void case_csv_addresses(const struct casebook *book, struct text *out)
{
	text_add(out, SPAN("account,address,country,new,first_seen,last_seen,recipients_before,recipients,"
			   "recipients_bad,logins,failed_logins,helo,other_accounts,accounts_tried_in_vain"));
	csv_end(out);
	for (size_t i = 0; i < book->count; i++) {
		const struct case_account *account = &book->accounts[i];

		for (size_t j = 0; j < account->client_count; j++) {
			const struct case_client *client = &account->clients[j];

			csv_text(out, account->name);
			csv_text(out, client->address);
			csv_text(out, client->country);
			csv_number(out, case_client_strange(client));
			csv_time(out, client->first);
			csv_time(out, client->last);
			csv_number(out, client->before);
			csv_number(out, client->recipients);
			csv_number(out, client->bad);
			csv_number(out, client->logins);
			csv_number(out, client->failed);
			csv_text(out, client->helo);
			csv_sharers(book, client, account->name, out);
			csv_end(out);
		}
	}
}

void case_csv_files(const struct casebook *book, struct text *out)
{
	text_add(
		out,
		SPAN("file,sha256,bytes,lines,first_line,last_line,gap_seconds_before,longest_silence_seconds,"
		     "longest_silence_from"));
	csv_end(out);
	for (size_t i = 0; i < book->file_count; i++) {
		const struct case_file *file = &book->files[i];

		csv_text(out, file->path);
		csv_text(out, file->sha256);
		csv_number(out, file->size);
		csv_number(out, file->lines);
		csv_time(out, file->first);
		csv_time(out, file->last);
		csv_number(out, (uint64_t)(case_files_gap(book, file) / USEC_SECOND));
		csv_number(out, (uint64_t)(file->silence / USEC_SECOND));
		csv_time(out, file->silence > 0 ? file->silent : USEC_NEVER);
		csv_end(out);
	}
}
