/*
 * When: mail to strangers at hours at which the account does not send, and around the clock. Where the account's own
 * hours are not known, those of all logins of the server stand for them.
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
#define HEEDLESS  0.5 /* share of abuse for which all hours are alike: assumed, as ABUSE_ODD */
#define SCHEDULED \
	0.05          /* the same of honest mail to strangers: mailings that are set for the night. Assumed */
#define AWAY_ODD 0.25 /* honest mail at such hours, of those who travel: their day is another's. Assumed */
#define RUN_ODD \
	0.3 /* of a run of mail, ten times what is usual: invoices and circulars keep no hours. Assumed */
#define MANY     10.0 /* strangers at which that has half its weight: one mail at night is nothing. Assumed */
#define PER_HOUR 2.0  /* decibans for each hour beyond those in which one is awake: assumed */

/* What is written now, by an account that is not known to write at this hour: abuse heeds no server's nights. */
static double night_decibans(const struct view *view)
{
	double share;

	if (view->record->kind != ACCOUNT_LOGIN || view->horizon > HORIZON_1H ||
	    habit_sent_at(view->habit, view->now))
		return 0;
	share = population_hour_share(view->population, view->now);
	return fmax(0, odds_decibans((HEEDLESS / 24 + (1 - HEEDLESS) * share) /
				     (SCHEDULED / 24 + (1 - SCHEDULED) * share)));
}

static void hours_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	const struct hours_options *o = options;
	double odd = fmin(view->odd, view->strangers), decibans = 0, hours, usual, honest;
	double abroad = view_abroad(view);

	/* Who is abroad, or sends what he sends once a month, was already told of by that: hours add little. */
	honest = fmax(o->odd, fmax(AWAY_ODD * abroad, RUN_ODD * fmin(1, view->bulk)));
	/* Three strangers give half of it, as with places (origins.c): one late mail is nothing. */
	if (odd > 0)
		decibans = fmax(0, fmin(o->most_odd, odds_decibans(ABUSE_ODD / honest))) * view->trust * odd /
			   (view->strangers + 3);
	decibans = fmax(decibans, fmin(o->most_odd, night_decibans(view)) * (1 - abroad) * view->strangers /
					  (view->strangers + MANY));
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
	evidence_r->seen = hours > usual ? hours : odd > 0 ? odd : view->strangers;
	evidence_r->of = hours > usual ? 24 : view->strangers;
	if (hours <= usual && odd <= 0)
		snprintf(evidence_r->text, sizeof(evidence_r->text),
			 "%.0f strangers in %s written to at an hour at which hardly anybody here writes",
			 view->strangers, horizon_words(view->horizon));
	else if (hours > usual)
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
