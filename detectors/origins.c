/*
 * Where it comes from: networks and countries that the account is not used to, and how many at once.
 *
 * The account's own novelty excuses it: who is on a new network every third day (phone, VPN, travel) is
 * hardly suspect on the next. Without a learned day the first network is home, and the server's average
 * stands for the account's. A country counts by how rare it is among this server's honest mail: next door is
 * likelier than the other end of the world.
 *
 * Three mails from a cafe are weak, three hundred strong: the finding grows with the strangers written to.
 */
#include "detectors/detector.h"

#include <math.h>
#include <stdio.h>

struct origins_options {
	double abroad;
	double away;
	double most_network, most_country, most_many;
	double most, most_clean;
	double own;
};

const struct setting origins_settings[] = {
	SETTING(PERCENT, struct origins_options, away, "80", 1, 99,
		"abuse that comes from networks new to the account"),
	SETTING(PERCENT, struct origins_options, abroad, "75", 1, 99,
		"of it, abuse from countries new to the account"),
	SETTING(NUMBER, struct origins_options, most_network, "12", 0, 40, "most decibans for a new network"),
	SETTING(NUMBER, struct origins_options, most_country, "14", 0, 40, "most decibans for a new country"),
	SETTING(NUMBER, struct origins_options, most_many, "10", 0, 40,
		"most decibans for many new networks at once"),
	SETTING(NUMBER, struct origins_options, most, "22", 0, 40, "most decibans for all of these together"),
	SETTING(NUMBER, struct origins_options, most_clean, "17", 0, 40,
		"the same where nothing is refused: travellers write to many too, once in a while"),
	SETTING(NUMBER, struct origins_options, own, "-4", -40, 0, "decibans where nothing is new"),
	{ .name = NULL },
};

#define PRIOR_DAYS      3.0 /* days that the server's average novelty weighs: as many as trust a habit half */
#define FEW             3.5 /* strangers at which the finding has half its weight: assumed */
#define ELSEWHERE       0.01 /* of honest mail days, for a network to be a place to turn up: assumed */
#define PLACE_HONEST    0.5  /* of a network's share, in which honest people turn up anew: assumed */
#define PLACE_ABUSE     0.1  /* and who abuses accounts: a fifth of that, assumed */
/*
 * Of a journey, and of abuse, the chance that it is in one country: in part as the server's people are spread, in part
 * evenly over some eighty (fifty) countries. The figures come from a trial on simulated mail, lowered for popular
 * countries; assumed, and bounded by `most_country`.
 */
#define TRIP_POPULAR    0.3
#define TRIP_ANYWHERE   0.0125
#define ABUSE_POPULAR   0.2
#define ABUSE_ANYWHERE  0.02
/* The same of a first mail, which for honest accounts comes from home; a familiar country excuses little. Assumed. */
#define FIRST_POPULAR   0.3
#define FIRST_ANYWHERE  0.015
#define FIRST_FLOOR     0.004
#define FIRST_LEAST     -3.0
#define MANY_ABUSE      0.4   /* of abuse on a new network, that which soon has another: botnets, assumed */
#define COUNTRIES_KNOWN 100.0 /* learned days at which the server's countries are half known: assumed */
#define REFUSED         0.1 /* share at which a list is no longer anybody's own; ordinary is 1 to 3 %. Assumed */
#define BOTH_PLACES     4.0  /* decibans, assumed: phones stay at home, and some use a VPN */
#define HOME_SILENT     -5.0 /* likewise: three to one that its owner travels */
#define FIRST_NETWORK \
	0.2 /* chance of a second network on an account's first day in a log: twice the usual. Assumed */
#define MANY_DAILY 0.15 /* chance that a day with a new network has yet another: phones on trains. Assumed */

/*
 * A place proves less where every mail is welcome: of those who write to some dozens from abroad, and are not
 * refused anywhere, most are on a journey.
 */
static double most_of(const struct view *view, const struct origins_options *o)
{
	double refused = (view->invalid + view->spam) / fmax(1, view->recipients);

	return o->most_clean + (o->most - o->most_clean) * fmin(1, refused / REFUSED);
}

/* The rarest country that the account is not used to, seen in this horizon; 0 where there is none. */
static uint32_t strangest_country(const struct view *view, double *share_r)
{
	uint32_t begin = horizon_begin(view->horizon, view->now), found = 0;
	bool home = false, known = false;

	*share_r = 1;
	for (int i = 0; i < view->record->seen_used; i++)
		known = known || (view->record->seen[i].kind == SEEN_COUNTRY &&
				  view->record->seen[i].credit >= SEEN_FAMILIAR);
	for (int i = 0; i < view->record->seen_used; i++) {
		const struct seen *seen = &view->record->seen[i];
		double share;

		if (seen->kind != SEEN_COUNTRY)
			continue;
		if (seen->credit >= SEEN_FAMILIAR || (!known && !home)) {
			home = true;
			continue;
		}
		share = population_country_share(view->population, seen->hash);
		if (seen->last >= begin && share < *share_r) {
			*share_r = share;
			found = seen->hash;
		}
	}
	return found;
}

/* Days of the horizon in which something new could have come along. */
static double days_of(const struct view *view)
{
	return view->horizon == HORIZON_7D ? fmin(7, view->habit->days + 1.0) : 1;
}

/* The chance of something that comes with CHANCE a day, in the days of the horizon. */
static double within(const struct view *view, double chance)
{
	return 1 - pow(1 - fmin(chance, 0.95), days_of(view));
}

/* How popular the most popular of the new networks is among the server's own people. */
static double popularity(const struct view *view)
{
	uint32_t begin = horizon_begin(view->horizon, view->now);
	double most = 0;

	for (int i = 0; i < view->record->seen_used; i++) {
		const struct seen *seen = &view->record->seen[i];

		if (seen->kind == SEEN_NETWORK && seen->credit < SEEN_FAMILIAR && seen->last >= begin)
			most = fmax(most, population_network_share(view->population, seen->hash));
	}
	return most;
}

/*
 * On how many of its days it has a network that is new to it. On a log's first days each of everybody's is: what the
 * server's people are like is not known yet, and their offices, homes and phones are met one after the other.
 */
static double network_chance(const struct view *view)
{
	const struct habit *habit = view->habit;
	double chance = (PRIOR_DAYS * population_new_network(view->population) + habit->new_networks) /
			(PRIOR_DAYS + fmax(0, habit->days - HABIT_SETTLED));
	double settled = fmin(1, habit->days / (double)HABIT_SETTLED);

	if (view->age > HABIT_SETTLED)
		return chance;
	return fmax(chance, FIRST_NETWORK * (1 - settled) + chance * settled);
}

static double network_decibans(const struct view *view, const struct origins_options *o, double *chance_r)
{
	double chance = network_chance(view);
	double share = popularity(view);
	/* Where the server's people are, they also turn up anew; who abuses accounts a fifth as often. */
	double place = (PLACE_ABUSE * share + ELSEWHERE) / (PLACE_HONEST * share + ELSEWHERE);

	*chance_r = within(view, chance);
	return fmin(o->most_network, odds_decibans(o->away * place / *chance_r));
}

static double country_decibans(const struct view *view, const struct origins_options *o, double share)
{
	const struct habit *habit = view->habit;
	double chance = (PRIOR_DAYS * population_new_country(view->population) + habit->new_countries) /
			(PRIOR_DAYS + fmax(0, habit->days - HABIT_SETTLED));
	chance = within(view, chance);
	/*
	 * Honest journeys go where the server's people are; who abuses accounts is anywhere.
	 */
	double honest = chance * (TRIP_POPULAR * share + TRIP_ANYWHERE);
	double abuse = o->abroad * (ABUSE_POPULAR * share + ABUSE_ANYWHERE);

	return fmax(0, fmin(o->most_country, odds_decibans(abuse / honest)));
}

/*
 * Nobody writes from home and from abroad within hours; and while one is away, home is silent. Decibans for
 * the time since something came from a familiar network.
 */
static double silence_decibans(const struct view *view)
{
	const struct habit *habit = view->habit;
	uint32_t now = (uint32_t)(view->now / USEC_MINUTE), last = 0;
	uint32_t today = now / (24 * 60);
	double elapsed = (double)today - habit->first;

	for (int i = 0; i < view->record->seen_used; i++) {
		const struct seen *seen = &view->record->seen[i];

		if (seen->kind == SEEN_NETWORK && seen->credit >= SEEN_FAMILIAR && seen->last > last)
			last = seen->last;
	}
	if (last == 0 || elapsed <= 0)
		return 0;
	/* Three hours: hardly anybody is abroad so soon. */
	if (now - last <= 3 * 60)
		return BOTH_PLACES;
	/* Silence says something only of those who are seldom silent. */
	return now - last >= 24 * 60 ? HOME_SILENT * fmin(1, habit->days / elapsed) : 0;
}

/* An account without past: its first country, against where the server's people are. */
static void first_country(const struct view *view, struct evidence *evidence)
{
	for (int i = 0; i < view->record->seen_used; i++) {
		const struct seen *seen = &view->record->seen[i];
		double share, decibans;

		if (seen->kind != SEEN_COUNTRY)
			continue;
		share = population_country_share(view->population, seen->hash);
		decibans = odds_decibans((FIRST_POPULAR * share + FIRST_ANYWHERE) / (share + FIRST_FLOOR));
		evidence->decibans = fmax(FIRST_LEAST, decibans) * view->strangers / (view->strangers + FEW) *
				     view->population->country_days /
				     (view->population->country_days + COUNTRIES_KNOWN);
		if (!view->explain || decibans < 1)
			return;
		evidence->window = horizon_name(view->horizon);
		evidence->seen = view->strangers;
		snprintf(
			evidence->text, sizeof(evidence->text),
			"its first mail comes from a country (%c%c) where %.1f %% of this server's mail days are",
			(int)('A' + (seen->hash - 1) / 26), (int)('A' + (seen->hash - 1) % 26), share * 100);
		return;
	}
}

/*
 * Has it a learned day with any of these, which too few days make familiar? Then it is not true that it never sent
 * from there.
 */
static const char *how_often(const struct view *view, uint32_t country)
{
	uint32_t begin = horizon_begin(view->horizon, view->now);

	for (int i = 0; i < view->record->seen_used; i++) {
		const struct seen *seen = &view->record->seen[i];
		bool counted = seen->kind == SEEN_NETWORK ||
			       (seen->kind == SEEN_COUNTRY && seen->hash == country);

		if (counted && seen->last >= begin && seen->credit > 0 && seen->credit < SEEN_FAMILIAR)
			return "hardly ever";
	}
	return "never";
}

static void origins_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	const struct origins_options *o = options;
	double chance, share, decibans, networks, grown;
	uint32_t country;

	if (view->suspicion == SUSPECT_ALL) {
		/* Nothing new in it: it is in the owner's hands, or in those of who sits at the owner's desk. */
		double away = (double)view->sums->n[COUNT_AWAY_STRANGERS];

		evidence_r->decibans = o->own * view->trust * (1 - away / fmax(1, view->strangers));
		if (view->habit->days == 0)
			first_country(view, evidence_r);
		return;
	}
	networks = record_distinct(view->record, SEEN_NETWORK, view->horizon, true);
	country = strangest_country(view, &share);
	/* What was strange when it was counted is familiar by now. */
	if (networks == 0 && country == 0)
		return;
	decibans = network_decibans(view, o, &chance);
	if (networks > 1)
		decibans += fmax(0, fmin(o->most_many, odds_decibans(MANY_ABUSE / fmax(MANY_DAILY, chance)) *
							       (networks - days_of(view))));
	if (country != 0)
		decibans += (country_decibans(view, o, share) + silence_decibans(view)) * view_abroad(view);
	grown = view->strangers + KNOWN_WEIGHT * view_known_messages(view);
	grown /= grown + FEW;
	evidence_r->decibans = fmin(decibans, most_of(view, o)) * grown;
	if (!view->explain)
		return;
	evidence_r->window = horizon_name(view->horizon);
	evidence_r->seen = networks;
	evidence_r->of = -1;
	evidence_r->expected = chance;
	if (country != 0)
		snprintf(evidence_r->text, sizeof(evidence_r->text),
			 "%.0f recipients in %s from %.0f network%s and a country (%c%c) it %s sent from",
			 view->recipients, horizon_words(view->horizon), networks, networks > 1 ? "s" : "",
			 (int)('A' + (country - 1) / 26), (int)('A' + (country - 1) % 26),
			 how_often(view, country));
	else
		snprintf(
			evidence_r->text, sizeof(evidence_r->text),
			"%.0f recipients in %s from %.0f network%s it %s sent from; it has a new one on %.0f %% of its days",
			view->recipients, horizon_words(view->horizon), networks, networks > 1 ? "s" : "",
			how_often(view, country), chance * 100);
}

const struct detector detector_origins = {
	.name = "origins",
	.about = "client networks and countries that the account is not used to",
	.group = GROUP_ORIGIN,
	.settings = origins_settings,
	.options_size = sizeof(struct origins_options),
	.weigh = origins_weigh,
};
