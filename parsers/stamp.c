/*
 * Reading stamps, by hand and digit by digit: strptime(3) would depend on the locale and cost more than
 * the rest of the line. A stamp with a month 13 or an hour 25 is not a stamp. Second 60 is one: leap
 * seconds are logged, and count as the second after.
 *
 * Limits: names of zones are understood only where they mean UTC; month names are English, as syslog(3)
 * writes them in every locale.
 */
#include "parsers/stamp.h"

static bool stamp_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly COUNT digits at AT. */
static bool stamp_number(struct span text, size_t at, size_t count, int *number_r)
{
	int number = 0;

	if (text.len < at + count)
		return false;
	for (size_t i = at; i < at + count; i++) {
		if (!stamp_digit(text.at[i]))
			return false;
		number = number * 10 + (text.at[i] - '0');
	}
	*number_r = number;
	return true;
}

static bool stamp_is(struct span text, size_t at, char c)
{
	return at < text.len && text.at[at] == c;
}

/* "Jan" is 1; 0 where it is no month. */
static int stamp_month(const char *name)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int month = 0; month < 12; month++)
		if (memcmp(months + month * 3, name, 3) == 0)
			return month + 1;
	return 0;
}

static bool stamp_weekday(struct span text)
{
	static const char days[] = "MonTueWedThuFriSatSun";

	if (text.len < 4 || text.at[3] != ' ')
		return false;
	for (int day = 0; day < 7; day++)
		if (memcmp(days + day * 3, text.at, 3) == 0)
			return true;
	return false;
}

/* ".123456" or ",123" at AT, of any length. Returns the place after it. */
static size_t stamp_fraction(struct span text, size_t at, int32_t *micro_r)
{
	int32_t micro = 0, unit = 100000;
	size_t i = at + 1;

	if (at + 1 >= text.len || (text.at[at] != '.' && text.at[at] != ',') || !stamp_digit(text.at[at + 1]))
		return at;
	for (; i < text.len && stamp_digit(text.at[i]); i++) {
		micro += unit * (text.at[i] - '0');
		unit /= 10;
	}
	*micro_r = micro;
	return i;
}

/* "16:29:42" and a fraction at AT. Returns the place after it, 0 where it is no time. */
static size_t stamp_time(struct span text, size_t at, struct stamp *stamp)
{
	struct civil *civil = &stamp->civil;

	if (!stamp_number(text, at, 2, &civil->hour) || !stamp_is(text, at + 2, ':') ||
	    !stamp_number(text, at + 3, 2, &civil->minute) || !stamp_is(text, at + 5, ':') ||
	    !stamp_number(text, at + 6, 2, &civil->second))
		return 0;
	if (civil->hour > 23 || civil->minute > 59 || civil->second > 60)
		return 0;
	return stamp_fraction(text, at + 8, &stamp->micro);
}

/* "Z", "+0100", "+01:00" or "+01" at AT. Returns the place after it, or AT. */
static size_t stamp_zone(struct span text, size_t at, struct stamp *stamp)
{
	int hours, minutes = 0;
	size_t end;

	if (stamp_is(text, at, 'Z') || stamp_is(text, at, 'z')) {
		stamp->zoned = true;
		return at + 1;
	}
	if ((!stamp_is(text, at, '+') && !stamp_is(text, at, '-')) || !stamp_number(text, at + 1, 2, &hours))
		return at;
	end = at + 3;
	if (stamp_number(text, end, 2, &minutes))
		end += 2;
	else if (stamp_is(text, end, ':') && stamp_number(text, end + 1, 2, &minutes))
		end += 3;
	stamp->zoned = true;
	stamp->offset = (hours * 60 + minutes) * 60 * (text.at[at] == '-' ? -1 : 1);
	return end;
}

size_t stamp_read_tail(struct span text, size_t at, struct stamp *stamp)
{
	return stamp_zone(text, stamp_fraction(text, at, &stamp->micro), stamp);
}

/* " +0100" after Exim's time, " UTC" after journalctl's. */
static size_t stamp_zone_apart(struct span text, size_t at, struct stamp *stamp)
{
	struct stamp tried = *stamp;
	size_t end;

	if (!stamp_is(text, at, ' '))
		return at;
	if (span_starts(span_from(text, at), SPAN(" UTC "))) {
		stamp->zoned = true;
		return at + 4;
	}
	if (!stamp_is(text, at + 1, '+') && !stamp_is(text, at + 1, '-'))
		return at;
	end = stamp_zone(text, at + 1, &tried);
	if (end != at + 6 || !stamp_is(text, end, ' '))
		return at;
	*stamp = tried;
	return end;
}

/* "2026-11-21T16:29:42..." */
static size_t stamp_read_iso(struct span text, struct stamp *stamp)
{
	struct civil *civil = &stamp->civil;
	size_t at, end;

	if (!stamp_number(text, 0, 4, &civil->year) || !stamp_is(text, 4, '-') ||
	    !stamp_number(text, 5, 2, &civil->month) || !stamp_is(text, 7, '-') ||
	    !stamp_number(text, 8, 2, &civil->day))
		return 0;
	stamp->blank = stamp_is(text, 10, ' ');
	if (!stamp->blank && !stamp_is(text, 10, 'T'))
		return 0;
	at = stamp_time(text, 11, stamp);
	if (at == 0)
		return 0;
	end = stamp_zone(text, at, stamp);
	return end == at && stamp->blank ? stamp_zone_apart(text, at, stamp) : end;
}

/*
 * "Sat 2026-11-21 16:29:42 CET", " +03": where journalctl -o short-full runs, its local time. A name says no offset
 * that one could rely on: such a stamp is of the zone that stamps without one are of.
 */
static size_t stamp_read_journal(struct span text, struct stamp *stamp)
{
	size_t end = stamp_read_iso(text, stamp), at = end + 1;

	if (end == 0 || stamp->zoned || !stamp_is(text, end, ' '))
		return end;
	if (stamp_is(text, at, '+') || stamp_is(text, at, '-')) {
		struct stamp tried = *stamp;
		size_t behind = stamp_zone(text, at, &tried);

		if (behind == at || !stamp_is(text, behind, ' '))
			return end;
		*stamp = tried;
		return behind;
	}
	while (at < text.len && text.at[at] >= 'A' && text.at[at] <= 'Z')
		at++;
	return at - end > 2 && at - end < 7 && stamp_is(text, at, ' ') ? at : end;
}

/* "Nov 21 16:29:42", "Nov  1 16:29:42", "Nov 1 16:29:42", "Nov 21 2026 16:29:42" from AT on. */
static size_t stamp_read_month(struct span text, size_t at, struct stamp *stamp)
{
	struct civil *civil = &stamp->civil;
	size_t end;
	int year;

	if (text.len < at + 6 || text.at[at + 3] != ' ')
		return 0;
	civil->month = stamp_month(text.at + at);
	if (civil->month == 0)
		return 0;
	at += text.at[at + 4] == ' ' ? 5 : 4;
	if (stamp_number(text, at, 2, &civil->day))
		at += 2;
	else if (stamp_number(text, at, 1, &civil->day))
		at += 1;
	else
		return 0;
	if (!stamp_is(text, at, ' '))
		return 0;
	at += 1;
	if (civil->year == 0 && stamp_number(text, at, 4, &year) && stamp_is(text, at + 4, ' ')) {
		civil->year = year;
		at += 5;
	}
	end = stamp_time(text, at, stamp);
	return end == 0 ? 0 : stamp_zone(text, end, stamp);
}

/* Seconds since 1970 with a fraction: `journalctl -o short-unix`. */
static size_t stamp_read_unix(struct span text, struct stamp *stamp)
{
	int high, low;
	size_t end;

	if (!stamp_number(text, 0, 5, &high) || !stamp_number(text, 5, 5, &low) || !stamp_is(text, 10, '.'))
		return 0;
	end = stamp_fraction(text, 10, &stamp->micro);
	stamp->civil = clock_to_civil(((int64_t)high * 100000 + low) * USEC_SECOND);
	stamp->zoned = true;
	return end == 10 ? 0 : end;
}

static size_t stamp_read_digits(struct span text, struct stamp *stamp)
{
	int year;

	if (stamp_is(text, 4, '-'))
		return stamp_read_iso(text, stamp);
	if (stamp_is(text, 4, ' ') && stamp_number(text, 0, 4, &year)) {
		stamp->civil.year = year;
		return stamp_read_month(text, 5, stamp);
	}
	return stamp_read_unix(text, stamp);
}

static bool stamp_possible(const struct civil *civil)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return civil->month >= 1 && civil->month <= 12 && civil->day >= 1 &&
	       civil->day <= days[civil->month - 1];
}

size_t stamp_read(struct span text, struct stamp *stamp_r)
{
	struct stamp stamp = { .offset = 0 };
	size_t end;

	if (text.len < 14)
		return 0;
	if (stamp_digit(text.at[0])) {
		end = stamp_read_digits(text, &stamp);
	} else if (stamp_weekday(text)) {
		end = stamp_read_journal(span_from(text, 4), &stamp);
		end += end == 0 ? 0 : 4;
	} else {
		end = stamp_read_month(text, 0, &stamp);
	}
	if (end == 0 || !stamp_possible(&stamp.civil))
		return 0;
	*stamp_r = stamp;
	return end;
}

usec_t stamp_wall(const struct stamp *stamp)
{
	return clock_from_civil(stamp->civil);
}
