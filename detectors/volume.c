/*
 * How much, against the account's own past and, where there is none, against what accounts are like.
 *
 * The honest maximum of a day has a heavy tail: being N times over the reference has a chance of about
 * N^-tail. Who abuses an account sends anything between ten and ten thousand: flat over three decades. So
 * the evidence grows with the logarithm of the excess; being under the reference speaks for the account.
 *
 * First-time recipients are the strangers detector's; here all recipients are counted, which catches the
 * flood to one address. The two tell the same story: the judge takes the stronger (GROUP_AMOUNT).
 */
#include "detectors/detector.h"

#include <math.h>
#include <stdio.h>

struct volume_options {
	double tail;
	double most, young;
	int64_t per_hour, per_day;
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
	{ .name = NULL },
};

/* A mail to somebody known is worth this much of one to a stranger (assumed): lists are for being repeated. */
#define KNOWN_WEIGHT 0.3
#define SHRINK       0.6 /* of the ordinary, for an account that is known to write less: assumed */

static void volume_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	const struct volume_options *o = options;
	double hour = (double)o->per_hour, day = (double)o->per_day;
	/* Half of an hour can be in five minutes, and the work of four full days in a week. */
	double reference = view->horizon == HORIZON_5M    ? hour / 2
			   : view->horizon == HORIZON_1H  ? hour
			   : view->horizon == HORIZON_24H ? day
							  : day * 4;
	double usual = (double)view->habit->top_recipients;
	double seen = view->crowd + view->known * KNOWN_WEIGHT, decibans;

	reference *= 1 - SHRINK * view->trust;
	/* A week has five full days at most; a busy day can be over in an hour, and a fifth busier than any. */
	usual *= view->horizon == HORIZON_7D ? 5 : 1.2;
	if (usual > reference)
		reference *= pow(usual / reference, view->trust);
	if (seen <= reference)
		return;
	decibans = odds_decibans(pow(seen / reference, o->tail));
	if (decibans <= 0)
		return;
	evidence_r->decibans = fmin(decibans, o->young + (o->most - o->young) * view->steady);
	if (!view->explain)
		return;
	evidence_r->window = horizon_name(view->horizon);
	evidence_r->seen = view->recipients + view->pending;
	evidence_r->of = -1;
	evidence_r->expected = reference;
	snprintf(evidence_r->text, sizeof(evidence_r->text),
		 "%.0f recipients in %s; at most %.0f were to be expected", evidence_r->seen,
		 horizon_words(view->horizon), reference);
}

const struct detector detector_volume = {
	.name = "volume",
	.about = "recipients at each horizon, against the account's past",
	.group = GROUP_AMOUNT,
	.settings = volume_settings,
	.options_size = sizeof(struct volume_options),
	.weigh = volume_weigh,
};
