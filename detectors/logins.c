/*
 * Password failures, and then success from a network that the account is not used to: guessed. People
 * mistype too, and their phones try an old password all night: from a known network failures say nothing.
 *
 * A new network is what origins says already; the two share a group and the stronger counts, so this one
 * speaks as a whole: failures, success elsewhere, and mail from there.
 */
#include "detectors/detector.h"

#include <math.h>
#include <stdio.h>

struct logins_options {
	int64_t minimum;
	double most;
};

const struct setting logins_settings[] = {
	SETTING(COUNT, struct logins_options, minimum, "10", 1, 100000, "fewest failures that say anything"),
	SETTING(NUMBER, struct logins_options, most, "18", 0, 40, "most decibans for a guessed password"),
	{ .name = NULL },
};

#define FEW 2.0 /* strangers at which the finding has half its weight: assumed */
#define FIRST \
	8.0 /* decibans at the minimum: of ten accounts with so many failures and a new network, six are guessed */

static void logins_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	const struct logins_options *o = options;
	const struct counts *sums = view->sums;
	double failed = sums->n[COUNT_LOGINS_FAILED], minimum = (double)o->minimum;

	if (view->suspicion != SUSPECT_AWAY || failed < minimum)
		return;
	evidence_r->decibans = fmin(o->most, FIRST + odds_decibans(sqrt(failed / minimum))) *
			       view->strangers / (view->strangers + FEW);
	if (!view->explain)
		return;
	evidence_r->window = horizon_name(view->horizon);
	evidence_r->seen = failed;
	evidence_r->of = failed + sums->n[COUNT_LOGINS];
	snprintf(evidence_r->text, sizeof(evidence_r->text),
		 "%.0f failed logins in %s, then mail from a network it never sent from", failed,
		 horizon_words(view->horizon));
}

const struct detector detector_logins = {
	.name = "logins",
	.about = "password failures, then success from a new network",
	.group = GROUP_ORIGIN,
	.settings = logins_settings,
	.options_size = sizeof(struct logins_options),
	.weigh = logins_weigh,
};
