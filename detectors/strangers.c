/*
 * First-time recipients: how many, and how few of those whom the account knows are among them.
 *
 * A person writes to the people she knows, and to some strangers a week; who takes an account over writes
 * to strangers only. A shop or a newsletter writes to strangers all day: it is compared with its own
 * busiest hour, day and week. The amounts' law is volume.c's, with a steeper tail: it is this number, not that of
 * recipients, which honest mail rarely exceeds.
 *
 * A message to sixty new addresses is one decision, not sixty: the share is counted by messages.
 */
#include "detectors/detector.h"

#include <math.h>
#include <stdio.h>

struct strangers_options {
	double tail;
	double most, least;
	int64_t per_5m, per_hour, per_day, per_week;
	double habit;
};

const struct setting strangers_settings[] = {
	SETTING(NUMBER, struct strangers_options, tail, "1.5", 0.1, 5,
		"how fast honest excess gets rarer with its size"),
	SETTING(NUMBER, struct strangers_options, most, "37", 0, 60,
		"most decibans that their number can give"),
	SETTING(NUMBER, struct strangers_options, least, "-17", -40, 0,
		"least decibans: how much few of them excuse"),
	SETTING(COUNT, struct strangers_options, per_5m, "12", 1, 1000000,
		"an ordinary account's most in 5 minutes"),
	SETTING(COUNT, struct strangers_options, per_hour, "25", 1, 1000000,
		"an ordinary account's most in an hour"),
	SETTING(COUNT, struct strangers_options, per_day, "45", 1, 1000000,
		"an ordinary account's most in a day"),
	SETTING(COUNT, struct strangers_options, per_week, "150", 1, 1000000,
		"an ordinary account's most in a week"),
	SETTING(NUMBER, struct strangers_options, habit, "1.2", 1, 10,
		"times its own maximum that an account may reach"),
	{ .name = NULL },
};

#define DECADES    6.9  /* ln 1000: abuse is anything between 10 and 10,000 */
#define YOUNG_MOST 17.0 /* decibans: a new customer's first announcement is not yet abuse */

static double reference_of(const struct view *view, const struct strangers_options *o)
{
	const struct habit *habit = view->habit;
	double ordinary[HORIZONS] = { (double)o->per_5m, (double)o->per_hour, (double)o->per_day,
				      (double)o->per_week };
	/* Five minutes are not learned: more than half of a busiest hour can be in them. */
	double own[HORIZONS] = { (double)habit->top_hour * 0.6, (double)habit->top_hour,
				 (double)habit->top_day, (double)habit->top_week };
	double reference = ordinary[view->horizon] * (1 - view->trust / 2);
	double top = own[view->horizon] * o->habit;

	return top > reference ? reference * pow(top / reference, view->trust) : reference;
}

static void strangers_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	const struct strangers_options *o = options;
	double seen = view->strangers + view->pending, reference = reference_of(view, o);
	double most = fmin(o->most, YOUNG_MOST + (o->most - YOUNG_MOST) * view->trust);
	double decibans = odds_decibans(pow(seen / reference, o->tail));

	evidence_r->decibans = fmax(o->least, fmin(most, decibans));
	if (!view->explain)
		return;
	evidence_r->window = horizon_name(view->horizon);
	evidence_r->seen = seen;
	evidence_r->of = view->recipients + view->pending;
	evidence_r->expected = -1;
	snprintf(
		evidence_r->text, sizeof(evidence_r->text),
		"%.0f of %.0f recipients in %s are addresses it never wrote to; up to %.0f were to be expected",
		seen, view->recipients + view->pending, horizon_words(view->horizon), reference);
}

const struct detector detector_strangers = {
	.name = "strangers",
	.about = "first-time recipients, in number and share, against the account's habit",
	.group = GROUP_AMOUNT,
	.settings = strangers_settings,
	.options_size = sizeof(struct strangers_options),
	.weigh = strangers_weigh,
};
