/*
 * Recipients that do not exist, against the account's own share of stale addresses.
 *
 * Two of three who abuse accounts use lists with a tenth or more of dead addresses; the others have
 * cleaned theirs. Of honest accounts a few send to lists long out of date. Both are mixtures in odds.c, so that
 * neither a clean list acquits nor a stale one condemns.
 */
#include "detectors/detector.h"

#include <math.h>
#include <stdio.h>

struct invalid_options {
	double usual_weight;
	double abused, abused_weight, dirty;
	double stale, stale_weight, neglected, neglected_bulk;
	double memory;
};

const struct setting invalid_settings[] = {
	SETTING(NUMBER, struct invalid_options, usual_weight, "25", 1, 1000,
		"recipients that the server's usual share weighs"),
	SETTING(PERCENT, struct invalid_options, abused, "17", 1, 99,
		"usual share in lists of those who abuse accounts"),
	SETTING(NUMBER, struct invalid_options, abused_weight, "6", 1, 1000,
		"how sure that is: small means it varies widely"),
	SETTING(PERCENT, struct invalid_options, dirty, "65", 1, 99, "abuse that uses such lists"),
	SETTING(PERCENT, struct invalid_options, stale, "8", 1, 99,
		"usual share in honest lists long unused"),
	SETTING(NUMBER, struct invalid_options, stale_weight, "15", 1, 1000, "how sure that is"),
	SETTING(PERCENT, struct invalid_options, neglected, "3", 0.01, 50, "honest accounts with such lists"),
	SETTING(PERCENT, struct invalid_options, neglected_bulk, "25", 0.01, 90,
		"honest accounts with such lists, of those that suddenly write to many"),
	SETTING(NUMBER, struct invalid_options, memory, "60", 0, 10000,
		"recipients that an account's own past weighs at most"),
	{ .name = NULL },
};

/* Refusals come at once, acceptance takes its time: what is open is more likely good. Half is assumed. */
#define OPEN 0.5
#define ONE_PROVES_LITTLE \
	1.5 /* K hits count for K / (K + this): one is a slip of the pen, three are a list */

static void invalid_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	const struct invalid_options *o = options;
	struct belief usual = { population_invalid(view->population).mean, o->usual_weight };
	struct mixture mixture = { .dirty = { o->abused, o->abused_weight }, .share = o->dirty };
	double decibans;

	mixture.unlucky = (struct belief){ o->stale, o->stale_weight };
	/* Who writes to many for once takes the list from a drawer: stale is then to be expected. */
	mixture.rare = o->neglected + (o->neglected_bulk - o->neglected) * fmin(1, view->bulk);
	usual = belief_after(usual, (double)view->habit->invalid, (double)view->habit->recipients,
			     o->memory * view->trust);
	mixture.usual = usual;
	decibans = odds_share(view->invalid, view->recipients + view->open * OPEN, &mixture);
	if (decibans > 0)
		decibans *= view->invalid / (view->invalid + ONE_PROVES_LITTLE);
	evidence_r->decibans = decibans;
	if (!view->explain)
		return;
	evidence_r->window = horizon_name(view->horizon);
	evidence_r->seen = view->invalid;
	evidence_r->of = view->recipients;
	evidence_r->expected = usual.mean;
	snprintf(evidence_r->text, sizeof(evidence_r->text),
		 "%.0f of %.0f recipients in %s do not exist; this account usually has %.1f %%",
		 view->invalid, view->recipients, horizon_words(view->horizon), usual.mean * 100);
}

const struct detector detector_invalid_recipients = {
	.name = "invalid_recipients",
	.about = "recipients that do not exist, against what is usual for the account",
	.group = GROUP_LIST,
	.settings = invalid_settings,
	.options_size = sizeof(struct invalid_options),
	.weigh = invalid_weigh,
};
