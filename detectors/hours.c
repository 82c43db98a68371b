/*
 * When: mail to strangers at hours at which the account does not send, and around the clock.
 *
 * People sleep. Somebody who sends for them from another time zone, or a program that sends an hour's ration
 * each hour, does not sleep when they do. Machines' accounts have no nights: their habit says so.
 */
#include "detectors/detector.h"

#include <math.h>
#include <stdio.h>

struct hours_options {
	double odd, most_odd;
	double awake, most_awake;
};

const struct setting hours_settings[] = {
	SETTING(PERCENT, struct hours_options, odd, "5", 0.1, 99,
		"honest mail at hours at which the account never sent"),
	SETTING(NUMBER, struct hours_options, most_odd, "6", 0, 40, "most decibans for the wrong hour"),
	SETTING(NUMBER, struct hours_options, awake, "10", 4, 24,
		"hours of a day in which people write to strangers at most"),
	SETTING(NUMBER, struct hours_options, most_awake, "14", 0, 40,
		"most decibans for writing around the clock"),
	{ .name = NULL },
};

#define ABUSE_ODD 0.4 /* share of abuse at the wrong hour: half of the day is, and some keep office hours */
#define PER_HOUR  2.0 /* decibans for each hour beyond those in which one is awake: assumed */

static void hours_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	const struct hours_options *o = options;
	double odd = fmin(view->odd, view->strangers), decibans = 0, hours, usual;

	/* Three strangers give half of it, as with places (origins.c): one late mail is nothing. */
	if (odd > 0)
		decibans = fmin(o->most_odd, odds_decibans(ABUSE_ODD / o->odd)) * view->trust * odd /
			   (view->strangers + 3);
	hours = view->horizon < HORIZON_24H
			? 0
			: windows_hours(&view->record->windows, view->now, COUNT_STRANGERS);
	/* Three hours over the fullest day there was: a long evening. Assumed. */
	usual = fmax(o->awake, (double)view->habit->busy_hours + 3);
	if (hours > usual && view->record->kind == ACCOUNT_LOGIN)
		decibans += fmin(o->most_awake, (hours - usual) * PER_HOUR) * view->habit->days /
			    (view->habit->days + 1.0);
	evidence_r->decibans = decibans;
	if (!view->explain)
		return;
	evidence_r->window = horizon_name(view->horizon);
	evidence_r->seen = hours > usual ? hours : odd;
	evidence_r->of = hours > usual ? 24 : view->strangers;
	if (hours > usual)
		snprintf(evidence_r->text, sizeof(evidence_r->text),
			 "strangers written to in %.0f of the last 24 hours; on its fullest day it was %.0f",
			 fmin(24, hours), (double)view->habit->busy_hours);
	else
		snprintf(evidence_r->text, sizeof(evidence_r->text),
			 "%.0f of %.0f strangers in %s were written to at an hour at which it never sends",
			 odd, view->strangers, horizon_words(view->horizon));
}

const struct detector detector_hours = {
	.name = "hours",
	.about = "mail at hours at which the account does not send, or around the clock",
	.group = GROUP_HOURS,
	.settings = hours_settings,
	.options_size = sizeof(struct hours_options),
	.weigh = hours_weigh,
};
