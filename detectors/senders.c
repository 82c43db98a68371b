/*
 * Envelope senders of other domains than the login's own, and their number. Many send for a second domain of
 * theirs, as a habit; to begin with it on a day on which one also writes to strangers is rare. A new sender
 * with each mail is forgery.
 */
#include "detectors/detector.h"

#include <math.h>
#include <stdio.h>

struct senders_options {
	double usual, forged;
	double most;
};

const struct setting senders_settings[] = {
	SETTING(PERCENT, struct senders_options, usual, "3", 0.1, 99,
		"honest accounts that use a sender of another domain"),
	SETTING(PERCENT, struct senders_options, forged, "25", 1, 99, "abuse that does"),
	SETTING(NUMBER, struct senders_options, most, "15", 0, 40, "most decibans for senders"),
	{ .name = NULL },
};

static void senders_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	const struct senders_options *o = options;
	const struct habit *habit = view->habit;
	double seen = fmin(view->foreign, view->strangers), own, names, decibans;

	if (seen < 1)
		return;
	own = ((double)habit->foreign + o->usual * 10) / ((double)habit->strangers + 10);
	names = record_distinct(view->record, SEEN_SENDER, view->horizon, true);
	decibans = odds_decibans(o->forged / fmin(0.95, fmax(own, 0.005)));
	/* Every further new sender name is as odd again as half a new network. */
	decibans += fmax(0, names - 2) * 1.5;
	evidence_r->decibans = fmin(o->most, fmax(0, decibans)) * seen / (view->strangers + 2);
	if (!view->explain)
		return;
	evidence_r->window = horizon_name(view->horizon);
	evidence_r->seen = seen;
	evidence_r->of = view->strangers;
	evidence_r->expected = own;
	snprintf(evidence_r->text, sizeof(evidence_r->text),
		 "%.0f of %.0f strangers in %s written to under senders of other domains, %.0f of them new",
		 seen, view->strangers, horizon_words(view->horizon), names);
}

const struct detector detector_senders = {
	.name = "senders",
	.about = "envelope senders that are not the login's own, and their number",
	.group = GROUP_SENDER,
	.settings = senders_settings,
	.options_size = sizeof(struct senders_options),
	.weigh = senders_weigh,
};
