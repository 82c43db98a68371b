/*
 * Several accounts that share a customer, a domain, a client network or a HELO, each of them a little
 * suspicious, each under every limit: together they are a campaign. The judge weighs how suspicious the
 * others are by themselves (their own evidence, without this detector's, so that two accounts cannot talk
 * each other up).
 *
 * An account without anything against itself is not drawn in: neighbours send newsletters too.
 */
#include "detectors/detector.h"

#include <math.h>
#include <stdio.h>

struct campaign_options {
	double each, most;
};

const struct setting campaign_settings[] = {
	SETTING(NUMBER, struct campaign_options, each, "4", 0, 40,
		"decibans for each suspicious account that shares something"),
	SETTING(NUMBER, struct campaign_options, most, "14", 0, 40, "most decibans for all of them"),
	{ .name = NULL },
};

static void campaign_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	const struct campaign_options *o = options;
	const struct neighbours *n = &view->neighbours;

	if (n->weight <= 0)
		return;
	evidence_r->decibans = fmin(o->most, o->each * n->weight);
	if (!view->explain)
		return;
	evidence_r->seen = n->accounts;
	snprintf(evidence_r->text, sizeof(evidence_r->text),
		 "%u other account%s of the same %s %s the same way", (unsigned)n->accounts,
		 n->accounts > 1 ? "s" : "", n->shared, n->accounts > 1 ? "behave" : "behaves");
}

const struct detector detector_campaign = {
	.name = "campaign",
	.about = "the same over several accounts of one customer, domain, network or HELO",
	.group = GROUP_NEIGHBOURS,
	.settings = campaign_settings,
	.options_size = sizeof(struct campaign_options),
	.weigh = campaign_weigh,
};
