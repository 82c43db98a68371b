/*
 * Several accounts that share a customer, a domain, a client network or a HELO, each of them a little
 * suspicious, each under every limit: together they are a campaign. How suspicious the others are is their own
 * evidence, without this detector's, so that two accounts cannot talk each other up.
 *
 * Weighed is how many of the others reach a level, against how many of the server's accounts do anyway: who abuses
 * an account has, one time of five, others of the same customer too. Honest accounts are suspicious together as
 * well, by what befalls all of them (greetings, a line that is down), or for a neighbour who is abused alone. So a
 * neighbour's newsletter proves little, and ten of thirty accounts a lot. An account without anything against
 * itself is not drawn in.
 */
#include "detectors/detector.h"

#include <math.h>
#include <stdio.h>

struct campaign_options {
	double each, part, together;
	double full, most;
};

const struct setting campaign_settings[] = {
	SETTING(NUMBER, struct campaign_options, each, "6", 0, 40,
		"decibans for each suspicious account to which the same client network is strange"),
	SETTING(PERCENT, struct campaign_options, part, "20", 0.1, 99,
		"abuse that goes through several accounts which share something"),
	SETTING(PERCENT, struct campaign_options, together, "0.2", 0.01, 99,
		"honest accounts that are suspicious, when others who share something are too"),
	SETTING(NUMBER, struct campaign_options, full, "6", 1, 40,
		"decibans of its own at which an account's neighbours weigh in full"),
	SETTING(NUMBER, struct campaign_options, most, "18", 0, 40, "most decibans for all of them"),
	{ .name = NULL },
};

#define ALL_SURE          2.0  /* any share of a customer's accounts may be in a campaign: evenly spread */
#define TOGETHER          0.3  /* share of the accounts of an office that one cause reaches: assumed */
#define TOGETHER_SURE     3.0  /* how sure that is: assumed */
#define USUAL_SURE        20.0 /* accounts: some customers' are odd more often than others'. Assumed */
#define ONE_PROVES_LITTLE 0.5 /* K others count for 1 - 1 / (K + this): one is nobody's campaign, three are */

/* The levels are one question asked in several ways: their mean, as nobody knows how careful an abuser is. */
static double share_decibans(const struct neighbours *n, const struct campaign_options *o)
{
	double sum = 0;

	for (int level = 0; level < POPULATION_LEVELS; level++) {
		const struct mixture mixture = {
			.usual = { n->usual[level], USUAL_SURE },
			.dirty = { 0.5, ALL_SURE },
			.share = o->part,
			.unlucky = { TOGETHER, TOGETHER_SURE },
			.rare = o->together,
		};
		double decibans = odds_share(n->reached[level], n->others, &mixture);

		if (n->reached[level] >= 1)
			decibans *= 1 - 1 / (n->reached[level] + ONE_PROVES_LITTLE);
		sum += pow(10, decibans / 10);
	}
	return odds_decibans(sum / POPULATION_LEVELS);
}

static void campaign_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	const struct campaign_options *o = options;
	const struct neighbours *strongest = NULL;
	double best = 0;

	for (int s = 0; s < SHARES; s++) {
		const struct neighbours *n = &view->neighbours[s];
		double decibans = n->suspicious <= 0  ? 0
				  : s == SHARE_SUBNET ? o->each * n->weight
						      : share_decibans(n, o) * fmin(1, view->alone / o->full);

		if (decibans <= best)
			continue;
		best = decibans;
		strongest = n;
	}
	if (strongest == NULL)
		return;
	evidence_r->decibans = fmin(o->most, best);
	if (!view->explain)
		return;
	evidence_r->seen = strongest->suspicious;
	evidence_r->of = round(strongest->others);
	snprintf(evidence_r->text, sizeof(evidence_r->text),
		 "%.0f of %.0f other accounts of the same %s %s too", evidence_r->seen, evidence_r->of,
		 strongest->shared, evidence_r->seen > 1 ? "are suspicious" : "is suspicious");
}

const struct detector detector_campaign = {
	.name = "campaign",
	.about = "the same over several accounts of one customer, domain, network or HELO",
	.group = GROUP_NEIGHBOURS,
	.settings = campaign_settings,
	.options_size = sizeof(struct campaign_options),
	.weigh = campaign_weigh,
};
