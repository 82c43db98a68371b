/*
 * First-time recipients: how many, and how few of those whom the account knows are among them.
 *
 * A person writes to the people she knows, and to some strangers a week; who takes an account over writes
 * to strangers only. A shop or a newsletter writes to strangers all day: it is compared with its own
 * busiest hour, day and week. The amounts' law is volume.c's, with a steeper tail: it is this number, not that of
 * recipients, which honest mail rarely exceeds.
 *
 * How many of its correspondents are written to from the same place says more than the number: nine of ten
 * who abuse accounts never do. But who invites sixty people does not either, so it is not proof.
 */
#include "detectors/detector.h"

#include <math.h>
#include <stdio.h>

struct strangers_options {
	double tail;
	double most, young, least;
	int64_t per_5m, per_hour, per_day, per_week;
	double habit;
	double unknown;
};

const struct setting strangers_settings[] = {
	SETTING(NUMBER, struct strangers_options, tail, "1.6", 0.1, 5,
		"how fast honest excess gets rarer with its size"),
	SETTING(NUMBER, struct strangers_options, most, "30", 0, 60,
		"most decibans that their number can give"),
	SETTING(NUMBER, struct strangers_options, young, "11", 0, 60, "the same for an account without past"),
	SETTING(NUMBER, struct strangers_options, least, "-17", -40, 0,
		"least decibans: how much few of them excuse"),
	SETTING(COUNT, struct strangers_options, per_5m, "25", 1, 1000000,
		"an ordinary account's most in 5 minutes"),
	SETTING(COUNT, struct strangers_options, per_hour, "35", 1, 1000000,
		"an ordinary account's most in an hour"),
	SETTING(COUNT, struct strangers_options, per_day, "45", 1, 1000000,
		"an ordinary account's most in a day"),
	SETTING(COUNT, struct strangers_options, per_week, "150", 1, 1000000,
		"an ordinary account's most in a week"),
	SETTING(NUMBER, struct strangers_options, habit, "1.2", 1, 10,
		"times its own maximum that an account may reach"),
	SETTING(PERCENT, struct strangers_options, unknown, "85", 1, 99,
		"abuse that writes to none of the account's correspondents"),
	{ .name = NULL },
};

#define SHRINK      0.6  /* of the ordinary, for an account that is known to write less: assumed */
#define AWAY_LEAST  -2.0 /* decibans: that little comes from elsewhere does not excuse it. Assumed */
#define ALL_STRANGE 0.98 /* share of strangers where none of the correspondents is meant to be written to */
#define ALL_WEIGHT  25.0 /* how sure that is: assumed */
#define INVITES     0.1  /* honest accounts that write to strangers only, for once: assumed */
#define VOUCHED     2.0  /* known correspondents at which their being among them counts half: assumed */
#define CIRCULAR    0.2  /* share of correspondents among the recipients of circulars: assumed */
#define HABIT_WEIGHT \
	4.0             /* recipients that an even share of strangers weighs before the account has its own */
#define HABIT_MOST 40.0 /* recipients that the habit weighs at most: people change. Assumed */

static double reference_of(const struct view *view, const struct strangers_options *o)
{
	const struct habit *habit = view->habit;
	double ordinary[HORIZONS] = { (double)o->per_5m, (double)o->per_hour, (double)o->per_day,
				      (double)o->per_week };
	/* Five minutes are not learned: more than half of a busiest hour can be in them (assumed). */
	double own[HORIZONS] = { (double)habit->top_hour * 0.6, (double)habit->top_hour,
				 (double)habit->top_day, (double)habit->top_week };
	double reference = ordinary[view->horizon] * (1 - SHRINK * view->trust);
	double top = own[view->horizon] * o->habit;

	return top > reference ? reference * pow(top / reference, view->trust) : reference;
}

/* That few of those whom it knows are among them. A message to many is one choice: counted by messages. */
static double share_decibans(const struct view *view, const struct strangers_options *o)
{
	struct mixture mixture = {
		.dirty = { ALL_STRANGE, ALL_WEIGHT },
		.share = o->unknown,
		.unlucky = { ALL_STRANGE, ALL_WEIGHT },
		.rare = INVITES,
	};
	double messages = fmax(1, view->mailings) + view->known;
	double scale = view->recipients > messages ? messages / view->recipients : 1, decibans;

	mixture.usual = belief_after((struct belief){ 0.5, HABIT_WEIGHT }, (double)view->habit->strangers,
				     (double)view->habit->recipients, HABIT_MOST);
	decibans = odds_share(view->strangers * scale, view->recipients * scale, &mixture);
	/* Whom it knows it has shown just now; that it knows nobody only a habit can tell. */
	if (decibans < 0)
		return decibans * fmax(view->person, view->known / (view->known + VOUCHED));
	/* More strangers than usual, and a fifth correspondents: a circular, not a list that was bought. */
	return decibans * view->person * fmax(0, 1 - view->known / (view->recipients * CIRCULAR));
}

static void strangers_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	const struct strangers_options *o = options;
	double seen = view->strangers + view->pending, reference = reference_of(view, o);
	double most = o->young + (o->most - o->young) * view->steady;
	double least = view->suspicion == SUSPECT_AWAY ? AWAY_LEAST : o->least;
	double decibans = odds_decibans(pow(view->crowd / reference, o->tail));

	evidence_r->decibans = fmax(least, fmin(most, decibans)) + share_decibans(view, o);
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
