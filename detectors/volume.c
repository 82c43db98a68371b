/*
 * How much, against the account's own past and, where there is none, against what accounts are like.
 *
 * The honest maximum of a day has a heavy tail: being N times over the reference has a chance of about
 * N^-tail. Who abuses an account sends anything between ten and ten thousand: flat over three decades. So
 * the evidence grows with the logarithm of the excess; being under the reference speaks for the account.
 *
 * First-time recipients are the strangers detector's; here all recipients are counted, which catches the
 * flood to one address. The two tell the same story: the judge takes the stronger (GROUP_AMOUNT).
 *
 * Whoever took an account over together with its mail writes to its correspondents first, one by one, in answer
 * to what they wrote. No recipient is strange then, and few refuse; but no hand is as fast. So a person's pace is
 * looked at where mail comes from elsewhere: messages to known correspondents within an hour, against the busiest
 * day. A circular to all of them is one message, and at home the habit is the judge.
 */
#include "detectors/detector.h"

#include <math.h>
#include <stdio.h>

struct volume_options {
	double tail;
	double most, young;
	int64_t per_hour, per_day;
	double pace_most;
	int64_t pace;
};

const struct setting volume_settings[] = {
	SETTING(NUMBER, struct volume_options, tail, "1.5", 0.1, 5,
		"how fast honest excess gets rarer with its size"),
	SETTING(NUMBER, struct volume_options, most, "25", 0, 60, "most decibans that an amount can give"),
	SETTING(NUMBER, struct volume_options, young, "11", 0, 60, "the same for an account without past"),
	SETTING(COUNT, struct volume_options, per_hour, "60", 1, 1000000,
		"recipients an hour of an account without past"),
	SETTING(COUNT, struct volume_options, per_day, "100", 1, 1000000,
		"recipients a day of an account without past"),
	SETTING(NUMBER, struct volume_options, pace_most, "17", 0, 60,
		"most decibans that answering by machine, from elsewhere, can give"),
	SETTING(COUNT, struct volume_options, pace, "12", 1, 1000000,
		"messages to correspondents that anybody writes in an hour"),
	{ .name = NULL },
};

#define SHRINK    0.6 /* of the ordinary, for an account that is known to write less: assumed */
/* Of the busiest day's recipients, how many a hand answers in an hour: an evening's work, or what waited offline. */
#define PACE_DAY  0.8
/* Twice as fast as that is rare one in 250, since time, not will, is what a hand is short of: assumed. */
#define PACE_TAIL 8.0

static double pace_decibans(const struct view *view, const struct volume_options *o, double *expected_r)
{
	double messages = view_known_messages(view);

	*expected_r = fmax((double)o->pace, PACE_DAY * (double)view->habit->top_recipients);
	if (view->suspicion != SUSPECT_AWAY || view->horizon > HORIZON_1H || messages <= *expected_r)
		return 0;
	return fmin(o->pace_most, view->person * odds_decibans(pow(messages / *expected_r, PACE_TAIL)));
}

static double amount_decibans(const struct view *view, const struct volume_options *o, double *expected_r)
{
	double hour = (double)o->per_hour, day = (double)o->per_day;
	/* Half of an hour can be in five minutes, and the work of four full days in a week. */
	double reference = view->horizon == HORIZON_5M    ? hour / 2
			   : view->horizon == HORIZON_1H  ? hour
			   : view->horizon == HORIZON_24H ? day
							  : day * 4;
	double usual = (double)view->habit->top_recipients;
	double seen = view->crowd + view->known * KNOWN_WEIGHT;

	reference *= 1 - SHRINK * view->trust;
	/* A week has five full days at most; a busy day can be over in an hour, and a fifth busier than any. */
	usual *= view->horizon == HORIZON_7D ? 5 : 1.2;
	if (usual > reference)
		reference *= pow(usual / reference, view->trust);
	*expected_r = reference;
	if (seen <= reference)
		return 0;
	return fmin(odds_decibans(pow(seen / reference, o->tail)),
		    o->young + (o->most - o->young) * view->steady);
}

static void volume_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	double amount_expected, pace_expected;
	double amount = amount_decibans(view, options, &amount_expected);
	double pace = pace_decibans(view, options, &pace_expected);

	evidence_r->decibans = fmax(amount, pace);
	if (!view->explain || evidence_r->decibans <= 0)
		return;
	evidence_r->window = horizon_name(view->horizon);
	if (amount >= pace) {
		evidence_r->seen = view->recipients + view->pending;
		evidence_r->of = -1;
		evidence_r->expected = amount_expected;
		snprintf(evidence_r->text, sizeof(evidence_r->text),
			 "%.0f recipients in %s; at most %.0f were to be expected", evidence_r->seen,
			 horizon_words(view->horizon), amount_expected);
		return;
	}
	evidence_r->seen = view->known;
	evidence_r->of = view->recipients;
	evidence_r->expected = pace_expected;
	snprintf(evidence_r->text, sizeof(evidence_r->text),
		 "%.0f of those whom it knows written to in %s, from elsewhere; by hand at most %.0f "
		 "were to be expected",
		 view->known, horizon_words(view->horizon), pace_expected);
}

const struct detector detector_volume = {
	.name = "volume",
	.about = "recipients at each horizon, against the account's past",
	.group = GROUP_AMOUNT,
	.settings = volume_settings,
	.options_size = sizeof(struct volume_options),
	.weigh = volume_weigh,
};
