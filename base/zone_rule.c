/*
 * POSIX rules of summer time. Only the month-week-weekday form is read: no zone of today uses the
 * others, which count days of the year.
 */
#include "base/zone_rule.h"

#include "base/clock.h"

static bool rule_char(struct span *text, char c)
{
	if (text->len == 0 || text->at[0] != c)
		return false;
	*text = span_from(*text, 1);
	return true;
}

static bool rule_number(struct span *text, int *number_r)
{
	int number = 0;
	size_t digits = 0;

	while (digits < text->len && digits < 4 && text->at[digits] >= '0' && text->at[digits] <= '9')
		number = number * 10 + (text->at[digits++] - '0');
	if (digits == 0)
		return false;
	*text = span_from(*text, digits);
	*number_r = number;
	return true;
}

/* "CEST" or "<+0330>". */
static bool rule_name(struct span *text)
{
	struct span head;
	size_t len = 0;

	if (rule_char(text, '<'))
		return span_cut(text, '>', &head);
	while (len < text->len && ((text->at[len] | 0x20) >= 'a' && (text->at[len] | 0x20) <= 'z'))
		len++;
	*text = span_from(*text, len);
	return len >= 3;
}

/* "-1", "3:30", "+4:00:00", in seconds. */
static bool rule_clock(struct span *text, int32_t *seconds_r)
{
	int hours, minutes = 0, seconds = 0;
	int sign = 1;

	if (rule_char(text, '-'))
		sign = -1;
	else
		rule_char(text, '+');
	if (!rule_number(text, &hours))
		return false;
	if (rule_char(text, ':') && !rule_number(text, &minutes))
		return false;
	if (rule_char(text, ':') && !rule_number(text, &seconds))
		return false;
	*seconds_r = sign * (hours * 3600 + minutes * 60 + seconds);
	return true;
}

static bool rule_when(struct span *text, struct zone_rule_when *when)
{
	when->second = 2 * 3600;
	if (!rule_char(text, ',') || !rule_char(text, 'M') || !rule_number(text, &when->month) ||
	    !rule_char(text, '.') || !rule_number(text, &when->week) || !rule_char(text, '.') ||
	    !rule_number(text, &when->weekday))
		return false;
	if (when->month < 1 || when->month > 12 || when->week < 1 || when->week > 5 || when->weekday > 6)
		return false;
	return !rule_char(text, '/') || rule_clock(text, &when->second);
}

bool zone_rule_read(struct span text, struct zone_rule *rule_r)
{
	struct zone_rule rule = { .summer_time = false };
	int32_t west;

	if (!rule_name(&text) || !rule_clock(&text, &west))
		return false;
	rule.standard = -west;
	rule.summer = rule.standard + 3600;
	if (text.len > 0) {
		rule.summer_time = true;
		if (!rule_name(&text))
			return false;
		if (text.len > 0 && text.at[0] != ',') {
			if (!rule_clock(&text, &west))
				return false;
			rule.summer = -west;
		}
		if (!rule_when(&text, &rule.begins) || !rule_when(&text, &rule.ends))
			return false;
	}
	*rule_r = rule;
	return text.len == 0;
}

int64_t zone_rule_day(const struct zone_rule_when *when, int year)
{
	struct civil first = { .year = year, .month = when->month, .day = 1 };
	struct civil after = { .year = year + when->month / 12, .month = when->month % 12 + 1, .day = 1 };
	int64_t day = clock_from_civil(first) / USEC_DAY;
	int64_t end = clock_from_civil(after) / USEC_DAY;
	int64_t weekday = (day + 4) % 7; /* 1970-01-01 was a Thursday */

	day += (when->weekday - weekday + 7) % 7 + (int64_t)(when->week - 1) * 7;
	while (day >= end)
		day -= 7;
	return day * 86400;
}
