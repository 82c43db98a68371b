/*
 * The machine's clock, and the calendar. Days are counted from 1 March of year 0, which puts the leap
 * day at the end of a year and makes both directions plain arithmetic.
 */
#define _GNU_SOURCE
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static usec_t clock_read(clockid_t which)
{
	struct timespec now;

	clock_gettime(which, &now);
	return (usec_t)now.tv_sec * USEC_SECOND + now.tv_nsec / 1000;
}

usec_t clock_now(void)
{
	return clock_read(CLOCK_REALTIME);
}

usec_t clock_monotonic(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

usec_t clock_work(void)
{
	return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

static int64_t clock_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

usec_t clock_from_civil(struct civil civil)
{
	int64_t year = civil.month <= 2 ? civil.year - 1 : civil.year;
	int64_t era = clock_floor_div(year, 400);
	int64_t year_of_era = year - era * 400;
	int64_t month_from_march = (civil.month + 9) % 12;
	int64_t day_of_year = (153 * month_from_march + 2) / 5 + civil.day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	int64_t days = era * 146097 + day_of_era - 719468; /* 719468: days from 0000-03-01 to 1970-01-01 */

	return ((days * 24 + civil.hour) * 60 + civil.minute) * USEC_MINUTE + civil.second * USEC_SECOND;
}

struct civil clock_to_civil(usec_t time)
{
	int64_t days = clock_floor_div(time, USEC_DAY);
	int64_t seconds = (time - days * USEC_DAY) / USEC_SECOND;
	int64_t shifted = days + 719468;
	int64_t era = clock_floor_div(shifted, 146097);
	int64_t day_of_era = shifted - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) /
			      365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;
	int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);

	return (struct civil){
		.year = (int)(year_of_era + era * 400 + (month <= 2)),
		.month = month,
		.day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
		.hour = (int)(seconds / 3600),
		.minute = (int)(seconds / 60 % 60),
		.second = (int)(seconds % 60),
	};
}

const char *clock_text(usec_t time, char into[CLOCK_TEXT_SIZE])
{
	struct civil civil = clock_to_civil(time);
	int micro = (int)(time - clock_floor_div(time, USEC_SECOND) * USEC_SECOND);
	int len = snprintf(into, CLOCK_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", civil.year % 10000,
			   civil.month, civil.day, civil.hour, civil.minute, civil.second);

	if (micro != 0)
		len += snprintf(into + len, (size_t)(CLOCK_TEXT_SIZE - len), ".%06d", micro);
	snprintf(into + len, (size_t)(CLOCK_TEXT_SIZE - len), "Z");
	return into;
}

static bool clock_number(struct span *text, size_t digits, int *number_r)
{
	uint64_t number;

	if (text->len < digits || !span_to_u64(span_head(*text, digits), &number))
		return false;
	*number_r = (int)number;
	*text = span_from(*text, digits);
	return true;
}

/* The offset from UTC that ends a stamp, in seconds; nothing and "Z" are UTC. */
static bool clock_offset(struct span text, int *seconds_r)
{
	int hours, minutes;
	bool west;

	*seconds_r = 0;
	if (text.len == 0 || span_equal(text, SPAN("Z")) || span_equal(text, SPAN("z")))
		return true;
	west = text.at[0] == '-';
	if (!west && text.at[0] != '+')
		return false;
	text = span_from(text, 1);
	if (!clock_number(&text, 2, &hours))
		return false;
	(void)span_skip(&text, SPAN(":"));
	if (!clock_number(&text, 2, &minutes) || text.len > 0 || hours > 23 || minutes > 59)
		return false;
	*seconds_r = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

static int clock_month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

bool clock_parse(struct span text, usec_t *time_r)
{
	struct civil civil = { 0 };
	int offset = 0;
	usec_t micro = 0;

	if (!clock_number(&text, 4, &civil.year) || !span_skip(&text, SPAN("-")) ||
	    !clock_number(&text, 2, &civil.month) || !span_skip(&text, SPAN("-")) ||
	    !clock_number(&text, 2, &civil.day))
		return false;
	if (civil.month < 1 || civil.month > 12 || civil.day < 1 ||
	    civil.day > clock_month_days(civil.year, civil.month))
		return false;
	if (text.len > 0) {
		if (!span_skip(&text, SPAN("T")) && !span_skip(&text, SPAN("t")) &&
		    !span_skip(&text, SPAN(" ")))
			return false;
		if (!clock_number(&text, 2, &civil.hour) || !span_skip(&text, SPAN(":")) ||
		    !clock_number(&text, 2, &civil.minute))
			return false;
		if (span_skip(&text, SPAN(":")) && !clock_number(&text, 2, &civil.second))
			return false;
		if (civil.hour > 23 || civil.minute > 59 || civil.second > 60)
			return false;
		if (span_skip(&text, SPAN(".")))
			for (usec_t unit = USEC_SECOND / 10;
			     text.len > 0 && text.at[0] >= '0' && text.at[0] <= '9';
			     unit /= 10, text = span_from(text, 1))
				micro += (text.at[0] - '0') * unit;
		if (!clock_offset(text, &offset))
			return false;
	}
	*time_r = clock_from_civil(civil) + micro - offset * USEC_SECOND;
	return true;
}
