/*
 * Years of stamps that have none. Lines may be out of order by minutes, and a log may rest for months;
 * so a step back by more than YEARS_BACK is a new year, and a step ahead of nearly a year is a late line
 * of the old one.
 *
 * Limits: a rest of more than eleven months looks like a rest shorter by a year, unless the time when
 * the file was written, or --year, says otherwise; and a file that spans more than a year and was
 * copied without its time is put too late by as many years.
 */
#include "parsers/year.h"

#define YEARS_BACK   (2 * USEC_DAY)  /* with a bound that excludes the wrong guess */
#define YEARS_BLIND  (30 * USEC_DAY) /* without one, or where the log still grows */
#define YEARS_AHEAD  (355 * USEC_DAY)
#define YEARS_FAR    (300 * USEC_DAY)
#define YEARS_SILENT (30 * USEC_DAY)
#define YEARS_SLACK  (2 * USEC_DAY) /* zones, and clocks that are wrong */

static usec_t years_wall(struct civil civil, int year)
{
	civil.year = year;
	return clock_from_civil(civil);
}

static bool years_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool years_to_come(const struct years *years, usec_t wall)
{
	return wall > years->bound + YEARS_SLACK;
}

static int years_first(const struct years *years, struct civil civil)
{
	int year;

	if (years->first != 0)
		return years->first;
	if (years->bound == USEC_NEVER)
		return 1970;
	year = clock_to_civil(years->bound).year + 1;
	while (years_to_come(years, years_wall(civil, year)))
		year--;
	return year;
}

static int years_next(const struct years *years, struct civil civil)
{
	int year = clock_to_civil(years->last).year;
	usec_t wall = years_wall(civil, year), next = years_wall(civil, year + 1);
	bool bounded = years->bound != USEC_NEVER && !years->growing;

	/* A log that was opened in December, then silent over New Year, without being known to grow. */
	if (wall < years->last - YEARS_FAR && bounded && next < years->bound + YEARS_SILENT)
		return year + 1;
	if (wall < years->last - (bounded ? YEARS_BACK : YEARS_BLIND) &&
	    !(bounded && years_to_come(years, next)))
		return year + 1;
	if (wall > years->last + YEARS_AHEAD)
		return year - 1;
	return year;
}

int years_place(struct years *years, struct civil civil)
{
	int year = years->last == USEC_NEVER ? years_first(years, civil) : years_next(years, civil);

	/* 29 February names its year, give or take four. */
	if (civil.month == 2 && civil.day == 29 && years->first == 0)
		while (!years_leap(year))
			year--;
	years_note(years, years_wall(civil, year));
	return year;
}

void years_note(struct years *years, usec_t wall)
{
	years->last = wall;
	if (years->bound != USEC_NEVER && years_to_come(years, wall))
		years->growing = true;
}
