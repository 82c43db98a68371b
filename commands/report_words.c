/* Words and numbers of the report. */
#include "commands/report_parts.h"

#include "commands/words.h"

void report_count(struct text *out, uint64_t count)
{
	words_count(out, count);
}

static void words_of_time(struct text *out, usec_t time, size_t len)
{
	char machine[CLOCK_TEXT_SIZE];
	struct text words = { .at = NULL };

	if (time == USEC_NEVER) {
		html_add(out, "&ndash;");
		return;
	}
	words_time(&words, time);
	text_add_format(out, "<time datetime=\"%s\">", clock_text(time - time % USEC_SECOND, machine));
	text_add(out, span_head(text_span(&words), len));
	html_add(out, "</time>");
	text_free(&words);
}

void report_time(struct text *out, usec_t time)
{
	words_of_time(out, time, SIZE_MAX);
}

void report_time_short(struct text *out, usec_t time)
{
	words_of_time(out, time, strlen("2026-11-01 03:04"));
}

void report_minute(struct text *out, usec_t time)
{
	static const char *const months[] = { "January",   "February", "March",    "April",
					      "May",       "June",     "July",     "August",
					      "September", "October",  "November", "December" };
	struct civil civil;

	if (time == USEC_NEVER) {
		html_add(out, "&ndash;");
		return;
	}
	civil = clock_to_civil(time);
	text_add_format(out, "%d&nbsp;%s&nbsp;%d, %02d:%02d&nbsp;UTC", civil.day, months[civil.month - 1],
			civil.year, civil.hour, civil.minute);
}

const char *report_likely(double decibans)
{
	return decibans >= 40   ? "almost certainly"
	       : decibans >= 18 ? "very likely" /* as an account is flagged by default */
	       : decibans >= 10 ? "likely"
				: "possibly";
}

void report_kind(struct text *out, enum account_kind kind)
{
	static const char *const words[] = {
		[ACCOUNT_NONE] = "nobody known",          [ACCOUNT_LOGIN] = "login",
		[ACCOUNT_LOCAL] = "local user",           [ACCOUNT_SCRIPT] = "script",
		[ACCOUNT_HOST] = "trusted machine",       [ACCOUNT_SENDER] = "by the sender's domain alone",
		[ACCOUNT_FORWARD] = "forwarding address",
	};

	html_add(out, words[kind]);
}

uint64_t report_accepted(const struct case_account *account)
{
	return account->last[CHART_DELIVERED];
}

uint64_t report_refused(const struct case_account *account)
{
	uint64_t sum = 0;

	for (int kind = CHART_INVALID; kind < CHART_KINDS; kind++)
		sum += account->last[kind];
	return sum;
}

void report_share(struct text *out, uint64_t part, uint64_t whole)
{
	unsigned long long share = whole == 0 ? 0 : (part * 100 + whole / 2) / whole;

	if (part > 0 && share == 0)
		html_add(out, "under 1&nbsp;%");
	else if (part < whole && share == 100)
		html_add(out, "over 99&nbsp;%");
	else
		text_add_format(out, "%llu&nbsp;%%", share);
}
