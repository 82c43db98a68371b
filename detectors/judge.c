/*
 * The way of one attempt: name what it is (origin.c, and the class of its outcome), count it on the
 * account's record, and ask the detectors where it can matter.
 *
 * It can matter when a first-time recipient was written to, or anybody from elsewhere, and then only at steps of
 * a sixteenth of what the minutes before the last question had, or when something bad happened: a refusal, a dead
 * address, a network or a country that is new. A known correspondent who accepts mail from a known place costs
 * no question.
 *
 * An account's day is learned when its next day begins, if nothing spoke against it (baseline.h). What
 * becomes of an account that was asked about is in judge_state.c.
 */
#include "detectors/judge.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/seldom.h"
#include "detectors/judge_known.h"
#include "detectors/judge_state.h"
#include "detectors/trail.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * How sure is sure. Measured on all worlds at hand: from 18 to 16, two to six times as many honest accounts are flagged
 * for one or two more of 100 attacks; at 20 half as many are, and of attacks with clean lists one of ten goes by.
 */
const struct setting judge_settings[] = {
	SETTING(NUMBER, struct judge_options, watch, "14", 0, 100,
		"decibans from which an account is watched"),
	SETTING(NUMBER, struct judge_options, flagged, "18", 0, 100, "decibans from which it is flagged"),
	SETTING(NUMBER, struct judge_options, disabled, "35", 0, 100,
		"decibans from which it may be disabled"),
	SETTING(NUMBER, struct judge_options, alone, "3", 0, 100,
		"decibans that an account must have by itself before its neighbours are weighed"),
	SETTING(NUMBER, struct judge_options, learn, "18", 0, 100,
		"decibans from which a day is not learned as usual"),
	SETTING(NUMBER, struct judge_options, hysteresis, "4", 0, 50,
		"decibans below a threshold before its state is left"),
	SETTING(DURATION, struct judge_options, hold, "24h", 0, 365 * USEC_DAY,
		"a flag stays at least so long"),
	SETTING(COUNT, struct judge_options, agree, "2", 1, 6,
		"independent kinds of evidence that must agree before an account is disabled"),
	SETTING(COUNT, struct judge_options, accounts, "2000000", 100, 2e9,
		"accounts that are remembered at most"),
	SETTING(COUNT, struct judge_options, groups, "100000", 100, 2e9,
		"customers, domains, client networks and own addresses that are remembered at most"),
	SETTING(TEXT, struct judge_options, geo, "", 0, 0,
		"countries of addresses: a MaxMind database (.mmdb) or a CSV of network and country"),
	{ .name = NULL },
};

#define BAD_MOST     8.0  /* decibans that one refusal can add: see matters() */
#define NEW_MOST     25.0 /* and somewhere new: a little over `most` of origins */
#define GROWTH_MOST  12.0 /* decibans for twice as many strangers: amount and share together */
#define GROWTH_FLOOR 12.0 /* strangers below which their number says nothing */
#define FADED        -8.0 /* decibans: what was well a while ago excuses little of what begins now. Assumed */
/*
 * Strangers without a question at most, besides as many as the minutes before had. Measured: besides those of the
 * whole day, 33 of 100 attacks with clean lists from the owner's desk were found, and so 42; with a question at each
 * stranger 42, too, for three times as many questions.
 */
#define STEP_MOST    12
#define FEWEST_MET   3   /* strangers in the account's whole time: no score has fewer (score.c) */
#define INNOCENT     5.0 /* decibans below which an account may witness for others: three to one, assumed */
#define TRAIL_KEPT   (2 * USEC_DAY) /* as long as neighbours count (crowd.h) */

static void judge_evicted(void *context, struct record *record)
{
	(void)context;
	trail_free(&record->trail);
}

static void judge_changed(void *context, struct record *record, const struct delta *delta,
			  const struct applied *applied);

struct judge *judge_new(const struct judge_options *options, struct store *store,
			const struct judge_sink *sink)
{
	struct judge *judge = memory_new(1, sizeof(*judge));

	judge->options = options;
	judge->store = store;
	judge->sink = *sink;
	judge->witnesses = witnesses_new();
	store->context = judge;
	store->evicted = judge_evicted;
	store->changed = judge_changed;
	judge_join_groups(judge);
	return judge;
}

void judge_count_groups(struct judge *judge)
{
	judge->counts_groups = true;
}

void judge_free(struct judge **judge)
{
	struct store *store;

	if (*judge == NULL)
		return;
	store = (*judge)->store;
	for (struct record *record = store->calls->next(store, NULL); record != NULL;
	     record = store->calls->next(store, record))
		trail_free(&record->trail);
	store->evicted = NULL;
	store->changed = NULL;
	judge_leave_groups(*judge);
	for (size_t i = 0; i < (*judge)->raised_count; i++)
		free((*judge)->raised[i]);
	free((*judge)->raised);
	witnesses_free(&(*judge)->witnesses);
	population_free(&(*judge)->population);
	free(*judge);
	*judge = NULL;
}

void judge_use_geo(struct judge *judge, const struct geo *geo)
{
	memset(&judge->origins, 0, sizeof(judge->origins));
	judge->origins.geo = geo;
}

void judge_quiet(struct judge *judge, bool quiet)
{
	judge->quiet = quiet;
}

/* --- states --- */

/* What the sender of this shares with others; a subnet only where it is strange to the account. */
static struct shared shared_of(const struct envelope *envelope, const struct origin *origin, bool away)
{
	struct shared shared = {
		.customer = envelope->customer,
		.domain = judge_domain_of(envelope->account_kind, envelope->account),
	};

	if (away) {
		shared.subnet = origin->subnet;
		shared.helo = envelope->helo;
	}
	return shared;
}

/* Whoever is a customer's, or sends from a subnet, is one of those whom its suspicious ones are measured against. */
static void meet_groups(struct judge *judge, const struct record *record, const struct envelope *envelope,
			const struct origin *origin, usec_t time)
{
	const struct sighting who = { neighbourhood_account(record, judge->store->server), time,
				      judge->source, judge->position };
	const struct shared shared = {
		.customer = envelope->customer,
		.domain = judge_domain_of(envelope->account_kind, envelope->account),
		.subnet = origin->subnet,
		.helo = envelope->helo,
	};
	struct share_names names;

	neighbourhood_names(&shared, &names);
	neighbourhood_meet(judge->groups, &names, &who);
}

/* Other servers counted on it too, and no line of ours is the cause; or DELTA is, which had to wait for theirs. */
static void judge_changed(void *context, struct record *record, const struct delta *delta,
			  const struct applied *applied)
{
	struct share_names names;
	struct cause cause = { .time = record->now, .names = &names };

	if (record->habit.first == 0)
		return;
	judge_names_of(context, record, &names);
	if (delta != NULL) {
		cause.time = delta->time;
		neighbourhood_rename(&names, applied->away ? delta->subnet : 0,
				     applied->away ? delta->helo : 0);
	}
	judge_ask(context, record, &cause);
}

/* --- what comes in --- */

static SELDOM void record_next_day(struct judge *judge, struct record *record, usec_t time)
{
	uint32_t tainted = record->standing.taint;
	bool flagged = state_is_flagged(record->standing.state);
	struct habit_day day;

	if (record_close(record, time, judge->options->learn, &day))
		population_learn(&judge->population, record, &day);
	if (day.sums.n[COUNT_RECIPIENTS] > 0 && !flagged && tainted != day.day)
		population_judge(&judge->population, (double)record->alone);
	record->alone = 0;
	judge->store->calls->keep(judge->store, record);
	if (record->trail != NULL && time - trail_time(record->trail) > TRAIL_KEPT)
		trail_free(&record->trail);
}

/* Begin with RECORD, at TIME: the days that are over are learned. */
static void record_begin(struct judge *judge, struct record *record, enum account_kind kind, usec_t time)
{
	if (record->habit.first == 0)
		record->kind = kind;
	if (judge->population.first_day == 0)
		judge->population.first_day = (uint32_t)(time / USEC_DAY);
	if (record_due(record, time))
		record_next_day(judge, record, time);
}

/* The record of the message's account. */
static struct record *record_for(struct judge *judge, const struct envelope *envelope, usec_t time)
{
	struct store *store = judge->store;
	struct record *record = envelope->note != NULL && store->calls->noted != NULL
					? store->calls->noted(store, envelope->account, known_place(envelope))
					: store->calls->record(store, envelope->account, true);

	record_fetch(record);
	record_begin(judge, record, envelope->account_kind, time);
	return record;
}

/* Somebody whose mail we judge: not strangers' mail to us, bounces, or what is only passed on. */
static bool is_ours(enum account_kind kind)
{
	return kind != ACCOUNT_NONE && kind != ACCOUNT_FORWARD;
}

/* On the account, and on what it is part of: by the line that is dealt with. */
static void count_all(struct judge *judge, struct record *record, struct span customer, struct delta *delta,
		      struct applied *applied_r)
{
	delta->distinct = judge->counts_groups;
	judge->store->calls->apply(judge->store, record, delta, judge->source, judge->position, applied_r);
	if (judge->counts_groups)
		judge_count(judge, record, customer, delta, applied_r, judge->source, judge->position);
}

/* What follows is by this line. */
static void begin_line(struct judge *judge, uint32_t source, uint64_t position)
{
	judge->source = source;
	judge->position = position;
}

void judge_submitted(struct judge *judge, const struct envelope *envelope, uint32_t source, uint64_t position)
{
	const struct known *known;
	struct known new;
	struct applied applied;
	struct record *record;
	struct delta delta;

	if (!is_ours(envelope->account_kind))
		return;
	record = record_for(judge, envelope, envelope->time);
	record_prefetch(record, 0);
	known = known_of(&judge->origins, envelope, &new);
	delta = delta_of(envelope, DELTA_SUBMITTED, envelope->time, known->origin);
	delta.count = envelope->nrcpt > 0 ? (uint32_t)envelope->nrcpt : 1;
	delta.sender = delta_sender(envelope, record->hash);
	delta.helo = delta_hash(envelope->helo);
	begin_line(judge, source, position);
	count_all(judge, record, envelope->customer, &delta, &applied);
	if (applied.new_client || applied.first_today)
		meet_groups(judge, record, envelope, &known->origin, envelope->time);
	/* More than it could know, and twenty (assumed): the first moment at which a flood can be told. */
	if (delta.count > record_correspondents(record) + 20U) {
		const struct cause cause = {
			.time = envelope->time,
			.queue_id = envelope->queue_id,
			.host = envelope->host,
			.customer = envelope->customer,
			.shared = shared_of(envelope, &known->origin, applied.away),
			.source = source,
			.position = position,
		};

		judge_ask(judge, record, &cause);
	}
	judge_time(judge, envelope->time);
}

/* Refused by whom, and are others whom nobody suspects refused there too? Then it is not for the content. */
static void weigh_refusal(struct judge *judge, const struct record *record, const struct attempt *attempt,
			  struct delta *delta)
{
	uint32_t provider = delta_hash_known(attempt->provider_hash, attempt->provider);
	bool refused = delta->outcome == COUNT_SPAM || delta->outcome == COUNT_BLOCKED;

	if (delta->outcome == COUNT_SPAM) {
		if (witnesses_agree(judge->witnesses, provider, record->hash, attempt->time))
			delta->outcome = COUNT_BLOCKED;
		else
			delta->refuser = provider;
	}
	if ((refused || delta->outcome == COUNT_DELIVERED) && record->standing.state == STATE_NORMAL &&
	    (double)record->standing.score < INNOCENT)
		witnesses_hear(judge->witnesses, provider, record->hash, attempt->time, refused);
}

static void follow_trail(struct record *record, const struct attempt *attempt, const struct delta *delta,
			 const struct applied *applied)
{
	bool bad = delta->outcome != COUNT_DELIVERED && delta->outcome != COUNT_TEMPORARY;

	if (!bad && !(applied->stranger && applied->away) && !state_is_flagged(record->standing.state))
		return;
	if (record->trail == NULL)
		record->trail = trail_new();
	trail_add(record->trail, attempt, bad);
}

/* Strangers, and from where a settled account never sent also those it knows: its correspondents are abused too. */
static bool is_news(const struct record *record, const struct applied *applied)
{
	return applied->stranger || (applied->away && record->habit.days >= HABIT_SETTLED);
}

/*
 * Can this attempt have brought the score to where it matters? BAD_MOST and NEW_MOST are more than one
 * refusal or one new network can add; what is news since the last question adds less than in proportion to that of
 * the five minutes before it: a day of many would hide the hour in which they become a flood. A doubling of these
 * is worth a question in any case.
 */
static bool matters(const struct judge *judge, struct record *record, const struct delta *delta,
		    const struct applied *applied)
{
	bool bad = delta->outcome != COUNT_DELIVERED && delta->outcome != COUNT_TEMPORARY;
	bool news = is_news(record, applied);
	double hope;

	record->pending += news;
	record->met += applied->stranger;
	record->bad += bad;
	record->moved = record->moved || (applied->away && news);
	if (record->met < FEWEST_MET)
		return false;
	if (!bad && !news)
		return false;
	if (record->pending > record->step + STEP_MOST)
		return true;
	/* Higher it cannot rise; how it fades is looked at as time passes. */
	if (record->standing.state == STATE_DISABLED)
		return false;
	hope = fmax(FADED, (double)record->standing.score) + record->bad * BAD_MOST +
	       (record->moved ? NEW_MOST : 0) + record->pending * GROWTH_MOST / (record->step + GROWTH_FLOOR);
	return hope >= judge->options->watch && (bad || record->pending * 16 > record->step);
}

void judge_attempt(struct judge *judge, const struct attempt *attempt, enum attempt_stage stage)
{
	const struct envelope *envelope = attempt->envelope;
	const struct known *known;
	struct known new;
	struct applied applied;
	struct record *record;
	struct delta delta;
	uint32_t recipient;

	judge->stats.attempts++;
	if (judge->counts_groups)
		judge_count_address(judge, attempt, stage);
	if (stage == ATTEMPT_DONE || (!is_ours(envelope->account_kind) && !attempt->counted))
		return;
	judge->stats.recipients++;
	record = record_for(judge, envelope, attempt->time);
	recipient = delta_hash_known(attempt->recipient_hash, attempt->recipient);
	record_prefetch(record, recipient);
	known = known_of(&judge->origins, envelope, &new);
	delta = delta_of(envelope, stage == ATTEMPT_FIRST ? DELTA_ATTEMPT : DELTA_CHANGED, attempt->time,
			 known->origin);
	delta.submitted = stage == ATTEMPT_CHANGED ? envelope->time : 0;
	/* What a shared store has to answer first is asked about later, and by what it shares then. */
	if (judge->suspects != NULL)
		delta.helo = delta_hash(envelope->helo);
	delta.outcome = delta_outcome(attempt->meaning.class, attempt->outcome);
	delta.elsewhere = attempt->direction == DIRECTION_OUTBOUND ||
			  attempt->direction == DIRECTION_UNKNOWN || attempt->counted;
	delta.recipient = recipient;
	delta.message = known->message;
	delta.foreign = known->foreign != 0;
	weigh_refusal(judge, record, attempt, &delta);
	if (judge->counts_groups)
		delta.domain = judge_domain(attempt->recipient);
	begin_line(judge, attempt->source, attempt->position);
	count_all(judge, record, envelope->customer, &delta, &applied);
	if (applied.new_client)
		meet_groups(judge, record, envelope, &known->origin, attempt->time);
	if (delta.elsewhere) {
		follow_trail(record, attempt, &delta, &applied);
		if (matters(judge, record, &delta, &applied)) {
			const struct cause cause = {
				.time = attempt->time,
				.queue_id = envelope->queue_id,
				.recipient = attempt->recipient,
				.host = envelope->host,
				.customer = envelope->customer,
				.shared = shared_of(envelope, &known->origin, applied.away),
				.source = attempt->source,
				.position = attempt->position,
			};

			judge_ask(judge, record, &cause);
		}
	}
	judge_time(judge, attempt->time);
}

void judge_login(struct judge *judge, const struct login *login)
{
	struct applied applied;
	struct record *record;
	struct origin origin;
	struct delta delta;

	if (login->account.len == 0)
		return;
	/* Failures at names that never sent make no record: anybody can try any name. */
	record = judge->store->calls->record(judge->store, login->account, login->succeeded);
	if (record == NULL)
		return;
	record_begin(judge, record, ACCOUNT_LOGIN, login->time);
	origin = origins_find(&judge->origins, login->client_ip, ACCOUNT_LOGIN);
	delta = (struct delta){
		.kind = login->succeeded ? DELTA_LOGIN : DELTA_LOGIN_FAILED,
		.account_kind = ACCOUNT_LOGIN,
		.time = login->time,
		.count = login->repeat == 0 ? 1 : login->repeat,
		.client = origin.client,
		.network = origin.network,
		.country = origin.country,
	};
	begin_line(judge, login->source, login->position);
	count_all(judge, record, (struct span){ NULL, 0 }, &delta, &applied);
	judge_time(judge, login->time);
}

void judge_release(struct judge *judge, struct span account, usec_t now, usec_t until)
{
	struct store *store = judge->store;
	/* A shared store may know an account that was not heard of here since the start. */
	struct record *record = store->calls->record(store, account, store->calls->settle != NULL);

	if (record == NULL)
		return;
	record_release(record, now, until);
	judge_raise(judge, record);
	store->calls->keep(store, record);
	store_ended(store, record);
}

void judge_release_again(struct judge *judge, struct span account, usec_t then, usec_t until)
{
	struct record *record = judge->store->calls->record(judge->store, account, false);

	if (record == NULL || record->standing.since >= then)
		return;
	record_release(record, then, until);
	judge_raise(judge, record);
	judge->store->calls->keep(judge->store, record);
	store_ended(judge->store, record);
}

struct judge_stats judge_stats(const struct judge *judge)
{
	struct judge_stats stats = judge->stats;
	struct store_stats store = judge->store->calls->stats(judge->store);
	struct store_stats groups = judge->groups->calls->stats(judge->groups);

	stats.accounts = store.records;
	stats.evicted = store.evicted;
	stats.groups = groups.records;
	stats.groups_evicted = groups.evicted;
	for (size_t i = 0; i < judge->raised_count; i++) {
		const struct record *record = judge->store->calls->record(judge->store,
									  span_of(judge->raised[i]), false);

		if (record != NULL)
			stats.in_state[record->standing.state]++;
	}
	stats.in_state[STATE_NORMAL] = stats.accounts;
	for (int state = STATE_WATCH; state <= STATE_RELEASED; state++)
		stats.in_state[STATE_NORMAL] -= stats.in_state[state];
	return stats;
}

const char *const *judge_raised(const struct judge *judge, size_t *count_r)
{
	*count_r = judge->raised_count;
	return (const char *const *)judge->raised;
}
