/*
 * Envelope senders of other domains than the login's own, and their number. Many send for a second domain of
 * theirs, as a habit; to begin with it on a day on which one also writes to strangers is rare. A new sender
 * with each mail is forgery.
 *
 * A local user or script has no domain of its own: there the domains that it never used count, of which a site
 * has one or two. (The judge gives senders of local mail by their domain, so that a list that marks each
 * recipient's mail by a sender of its own is one.)
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

/* Assumed, all of them. */
#define USUAL_WEIGHT 10.0  /* strangers that what is usual weighs */
#define OWN_LEAST    0.005 /* of strangers: nobody is so sure to keep to one name */
#define OWN_MOST     0.95  /* nor to another */
#define NAMES_USUAL  2.0   /* new sender names that anybody may take up at once */
#define NAME_EACH    1.5   /* decibans for each beyond */
#define FEW          2.0   /* strangers at which the finding has half its weight */
#define LOCAL_USUAL  3.0 /* sender domains that a site may take up at once: its own, its shop's, its owner's */
#define LOCAL_EACH   2.0 /* decibans for each beyond: assumed */

static bool is_local(const struct view *view)
{
	return view->record->kind == ACCOUNT_LOCAL || view->record->kind == ACCOUNT_SCRIPT;
}

static void local_weigh(const struct view *view, const struct senders_options *o, struct evidence *evidence_r)
{
	double names = record_distinct(view->record, SEEN_SENDER, view->horizon, true);

	/* As many as there are strangers at most: a form that answers under its visitor's address has few. */
	names = fmin(names, view->strangers);
	if (names <= LOCAL_USUAL)
		return;
	evidence_r->decibans = fmin(o->most, (names - LOCAL_USUAL) * LOCAL_EACH);
	if (!view->explain)
		return;
	evidence_r->window = horizon_name(view->horizon);
	evidence_r->seen = names;
	evidence_r->of = -1;
	evidence_r->expected = LOCAL_USUAL;
	snprintf(evidence_r->text, sizeof(evidence_r->text),
		 "senders of %.0f domains in %s that it never used before", names,
		 horizon_words(view->horizon));
}

static void senders_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	const struct senders_options *o = options;
	const struct habit *habit = view->habit;
	double seen = fmin(view->foreign, view->strangers), own, names, decibans;

	if (is_local(view)) {
		local_weigh(view, o, evidence_r);
		return;
	}
	if (seen < 1)
		return;
	/* Soon the account's own share says more than what is usual. */
	own = ((double)habit->foreign + o->usual * USUAL_WEIGHT) / ((double)habit->strangers + USUAL_WEIGHT);
	names = record_distinct(view->record, SEEN_SENDER, view->horizon, true);
	decibans = odds_decibans(o->forged / fmin(OWN_MOST, fmax(own, OWN_LEAST)));
	decibans += fmax(0, names - NAMES_USUAL) * NAME_EACH;
	evidence_r->decibans = fmin(o->most, fmax(0, decibans)) * seen / (view->strangers + FEW);
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
