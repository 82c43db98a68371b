/*
 * Refusals for what is in the message, against the account's past and what is usual on the server.
 *
 * Refusals for our address (listed, blocked) and for how much came (rates) are no evidence, whoever meets them:
 * they follow abuse, but a listed neighbour brings them too, and how much an account sends is weighed as such. A
 * refusal as spam that unsuspicious others meet at that provider, too, is counted as one of these (judge.c).
 *
 * One provider that dislikes a newsletter refuses it to all its users: that is one opinion. Several
 * providers are several.
 */
#include "detectors/detector.h"

#include <math.h>
#include <stdio.h>

struct rejects_options {
	double usual_weight;
	double abused, abused_weight, caught;
	double disliked, disliked_weight, unlucky;
	double memory;
	int64_t opinion;
};

const struct setting rejects_settings[] = {
	SETTING(NUMBER, struct rejects_options, usual_weight, "60", 1, 1000,
		"recipients that the server's usual share weighs"),
	SETTING(PERCENT, struct rejects_options, abused, "10", 1, 99,
		"share of abusive mail that providers refuse as spam"),
	SETTING(NUMBER, struct rejects_options, abused_weight, "10", 1, 1000,
		"how sure that is: small means it varies widely"),
	SETTING(PERCENT, struct rejects_options, caught, "70", 1, 99, "abuse that providers notice at all"),
	SETTING(PERCENT, struct rejects_options, disliked, "3", 1, 99,
		"share refused of honest mail that is taken for spam"),
	SETTING(NUMBER, struct rejects_options, disliked_weight, "20", 1, 1000, "how sure that is"),
	SETTING(PERCENT, struct rejects_options, unlucky, "2", 0.01, 50,
		"honest accounts whose mail is taken for spam"),
	SETTING(NUMBER, struct rejects_options, memory, "60", 0, 10000,
		"recipients that an account's own past weighs at most"),
	SETTING(COUNT, struct rejects_options, opinion, "2", 1, 1000,
		"refusals that one provider's opinion counts for at most"),
	{ .name = NULL },
};

/* Both as with invalid recipients: refusals come first; one refusal may be anybody's, three are not. */
#define OPEN              0.5
#define ONE_PROVES_LITTLE 1.5

static void rejects_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	const struct rejects_options *o = options;
	struct belief usual = { population_spam(view->population).mean, o->usual_weight };
	struct mixture mixture = { .dirty = { o->abused, o->abused_weight }, .share = o->caught };
	double providers = record_distinct(view->record, SEEN_REFUSER, view->horizon, false);
	double hits = fmin(view->spam, fmax(1, providers) * (double)o->opinion);
	double of = view->recipients - (view->spam - hits) + view->open * OPEN, decibans;

	usual = belief_after(usual, (double)view->habit->spam, (double)view->habit->recipients,
			     o->memory * view->trust);
	mixture.usual = usual;
	mixture.unlucky = (struct belief){ o->disliked, o->disliked_weight };
	mixture.rare = o->unlucky;
	decibans = odds_share(hits, of, &mixture);
	if (decibans > 0)
		decibans *= hits / (hits + ONE_PROVES_LITTLE);
	evidence_r->decibans = decibans;
	if (!view->explain)
		return;
	evidence_r->window = horizon_name(view->horizon);
	evidence_r->seen = view->spam;
	evidence_r->of = view->recipients;
	evidence_r->expected = usual.mean;
	if (view->spam < 1)
		snprintf(evidence_r->text, sizeof(evidence_r->text),
			 "none of %.0f recipients in %s refused as spam", view->recipients,
			 horizon_words(view->horizon));
	else
		snprintf(
			evidence_r->text, sizeof(evidence_r->text),
			"%.0f of %.0f recipients in %s refused as spam by %.0f provider%s; this account usually has %.1f %%",
			view->spam, view->recipients, horizon_words(view->horizon), fmax(1, providers),
			providers > 1 ? "s" : "", usual.mean * 100);
}

const struct detector detector_rejects = {
	.name = "rejects",
	.about = "refusals of content, against the account's past and the server's",
	.group = GROUP_CONTENT,
	.settings = rejects_settings,
	.options_size = sizeof(struct rejects_options),
	.weigh = rejects_weigh,
};
