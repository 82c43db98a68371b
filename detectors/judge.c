/*
 * The way of one attempt: name what it is (origin.c, and the class of its outcome), count it on the
 * account's record, and ask the detectors where it can matter.
 *
 * It can matter when a first-time recipient was written to, and then only at steps of a sixteenth of
 * what was there when last asked, or when something bad happened: a refusal, a dead address, a network or a
 * country that is new. A known correspondent who accepts mail from a known place costs no question.
 *
 * An account's day is learned when its next day begins, if nothing spoke against it (baseline.h). States:
 * normal, watch and flagged by thresholds, left again with hysteresis and after the hold time; disabled
 * needs kinds of evidence that agree independently.
 */
#include "detectors/judge.h"

#include "base/hash.h"
#include "base/memory.h"
#include "detectors/neighbourhood.h"
#include "detectors/origin.h"
#include "detectors/score.h"
#include "detectors/trail.h"
#include "detectors/witness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const struct setting judge_settings[] = {
	SETTING(NUMBER, struct judge_options, watch, "14", 0, 100,
		"decibans from which an account is watched"),
	SETTING(NUMBER, struct judge_options, flagged, "21", 0, 100, "decibans from which it is flagged"),
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
	SETTING(TEXT, struct judge_options, geo, "", 0, 0,
		"countries of addresses: a MaxMind database (.mmdb) or a CSV of network and country"),
	{ .name = NULL },
};

#define BAD_MOST     8.0 /* decibans */
#define NEW_MOST     25.0
#define GROWTH_MOST  12.0 /* decibans for twice as many strangers: amount and share together */
#define GROWTH_FLOOR 12.0 /* strangers below which their number says nothing */
#define STEP_MOST    12
#define FEWEST_MET   3                  /* strangers in the account's whole time */
#define LOOK_EVERY   (30 * USEC_MINUTE) /* event time between looks at accounts that are not normal */
#define INNOCENT     5.0                /* decibans below which an account may witness for others */
#define ALONE_FULL   8.0                /* decibans over `alone` at which neighbours have their full weight */
#define TRAIL_KEPT   (2 * USEC_DAY)
#define WATCH_HOLD   USEC_HOUR /* watching is cheap to leave, but not at every line */

struct judge {
	const struct judge_options *options;
	struct store *store;
	struct judge_sink sink;
	struct origins origins;
	struct population population;
	struct neighbourhood *hood;
	struct witnesses *witnesses;
	struct judge_stats stats;
	bool quiet;
	usec_t looked;
	char **raised; /* names of accounts that are not normal */
	size_t raised_count, raised_room;
};

/* What caused a question: the verdict tells. */
struct cause {
	usec_t time;
	struct span queue_id, recipient, host, customer;
	struct shared shared;
	uint32_t source;
	uint64_t position;
};

static void judge_evicted(void *context, struct record *record)
{
	(void)context;
	trail_free(&record->trail);
}

static void judge_changed(void *context, struct record *record);

struct judge *judge_new(const struct judge_options *options, struct store *store,
			const struct judge_sink *sink)
{
	struct judge *judge = memory_new(1, sizeof(*judge));

	judge->options = options;
	judge->store = store;
	judge->sink = *sink;
	judge->hood = neighbourhood_new();
	judge->witnesses = witnesses_new();
	store->context = judge;
	store->evicted = judge_evicted;
	store->changed = judge_changed;
	return judge;
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
	for (size_t i = 0; i < (*judge)->raised_count; i++)
		free((*judge)->raised[i]);
	free((*judge)->raised);
	neighbourhood_free(&(*judge)->hood);
	witnesses_free(&(*judge)->witnesses);
	population_free(&(*judge)->population);
	free(*judge);
	*judge = NULL;
}

void judge_use_geo(struct judge *judge, const struct geo *geo)
{
	judge->origins.geo = geo;
}

void judge_quiet(struct judge *judge, bool quiet)
{
	judge->quiet = quiet;
}

/* --- states --- */

static void raised_add(struct judge *judge, const struct record *record)
{
	if (judge->raised_count == judge->raised_room) {
		judge->raised_room = judge->raised_room == 0 ? 16 : judge->raised_room * 2;
		judge->raised = memory_grow(judge->raised, judge->raised_room, sizeof(*judge->raised));
	}
	judge->raised[judge->raised_count++] = memory_copy(span_of(record->name));
}

static void verdict_id(struct verdict *verdict, const struct cause *cause)
{
	struct span stamp = { (const char *)&cause->time, sizeof(cause->time) };
	uint64_t a, b;

	a = hash_stable_more(0, verdict->account);
	a = hash_stable_more(a, span_of(state_name(verdict->state)));
	a = hash_stable_more(a, cause->queue_id);
	a = hash_stable_more(a, cause->recipient);
	a = hash_stable_more(a, stamp);
	b = hash_stable_more(a, SPAN("verdict"));
	snprintf(verdict->id, sizeof(verdict->id), "%016llx%016llx", (unsigned long long)a,
		 (unsigned long long)b);
}

static void tell(struct judge *judge, struct record *record, struct view *view,
		 const struct counts sums[HORIZONS], const struct score *score, enum account_state state,
		 const struct cause *cause)
{
	struct evidence evidence[VERDICT_EVIDENCE];
	struct verdict_sample samples[VERDICT_SAMPLES];
	bool away = score->suspicion == SUSPECT_AWAY;
	struct verdict verdict = {
		.type = "verdict",
		.time = cause->time,
		.account = span_of(record->name),
		.customer = cause->customer,
		.account_kind = record->kind,
		.state = state,
		.previous = record->standing.state,
		.score = score->decibans,
		.host = cause->host,
		.source = cause->source,
		.position = cause->position,
		.evidence = evidence,
		.recipients = sums[score->horizon].n[away ? COUNT_AWAY : COUNT_RECIPIENTS],
		.leaked = sums[score->horizon].n[COUNT_DELIVERED],
	};

	verdict.evidence_count = score_explain(view, sums, score, judge->options->detector, evidence);
	verdict.first_bad = windows_since(&record->windows, record->now, score->horizon,
					  away ? COUNT_AWAY_STRANGERS : COUNT_STRANGERS);
	if (verdict.leaked > verdict.recipients)
		verdict.leaked = verdict.recipients;
	if (record->trail != NULL)
		trail_show(record->trail, &verdict, samples);
	verdict_id(&verdict, cause);
	judge->stats.verdicts++;
	if (!judge->quiet && judge->sink.verdict != NULL)
		judge->sink.verdict(judge->sink.context, &verdict);
}

static bool is_flagged(enum account_state state)
{
	return state == STATE_FLAGGED || state == STATE_DISABLED;
}

/* The state that SCORE calls for, from the one that the account is in. */
static enum account_state state_for(const struct judge *judge, const struct record *record,
				    const struct score *score, usec_t now)
{
	const struct judge_options *o = judge->options;
	const struct standing *standing = &record->standing;
	enum account_state state = standing->state;
	usec_t hold = is_flagged(state) ? o->hold : WATCH_HOLD;

	if (score->decibans >= o->disabled && score->independent >= o->agree)
		return STATE_DISABLED;
	if (score->decibans >= o->flagged && !is_flagged(state))
		return STATE_FLAGGED;
	if (score->decibans >= o->watch && !is_flagged(state))
		return STATE_WATCH;
	if (score->decibans < o->watch - o->hysteresis && state != STATE_NORMAL &&
	    now - standing->raised >= hold)
		return STATE_NORMAL;
	return state;
}

static void move(struct judge *judge, struct record *record, struct view *view,
		 const struct counts sums[HORIZONS], const struct score *score, const struct cause *cause)
{
	struct standing *standing = &record->standing;
	enum account_state state = state_for(judge, record, score, cause->time);

	standing->score = (float)score->decibans;
	standing->peak = fmaxf(standing->peak, (float)score->decibans);
	if (score->decibans >= judge->options->watch)
		standing->raised = cause->time;
	if (is_flagged(state))
		standing->taint = (uint32_t)(record->now / USEC_DAY);
	if (state == standing->state)
		return;
	/* Who goes straight to disabled is flagged on the way: each state is told once. */
	if (state == STATE_DISABLED && !is_flagged(standing->state)) {
		if (standing->state == STATE_NORMAL)
			raised_add(judge, record);
		tell(judge, record, view, sums, score, STATE_FLAGGED, cause);
		standing->state = STATE_FLAGGED;
	}
	if (standing->state == STATE_NORMAL)
		raised_add(judge, record);
	tell(judge, record, view, sums, score, state, cause);
	standing->state = state;
	standing->since = cause->time;
	judge->store->calls->keep(judge->store, record);
}

/* What the sender of this shares with others; a subnet only where it is strange to the account. */
static struct shared shared_of(const struct envelope *envelope, const struct origin *origin, bool away)
{
	struct shared shared = { { 0 } };
	struct span domain = envelope->account;

	if (envelope->customer.len > 0)
		shared.key[SHARE_CUSTOMER] = hash_stable_more(SHARE_CUSTOMER + 1, envelope->customer);
	else if (envelope->account_kind == ACCOUNT_LOGIN && span_cut_last(&domain, SPAN("@"), &domain))
		shared.key[SHARE_CUSTOMER] = hash_stable_more(SHARE_CUSTOMER + 1, domain);
	if (away && origin->subnet != 0)
		shared.key[SHARE_SUBNET] = origin->subnet * UINT64_C(0x9e3779b97f4a7c15);
	if (away && envelope->helo.len > 0)
		shared.key[SHARE_HELO] = hash_stable_more(SHARE_HELO + 1, envelope->helo);
	return shared;
}

static void ask(struct judge *judge, struct record *record, const struct cause *cause)
{
	struct counts sums[HORIZONS];
	struct view view = {
		.now = record->now > cause->time ? record->now : cause->time,
		.record = record,
		.population = &judge->population,
		.age = (uint32_t)(cause->time / USEC_DAY) - judge->population.first_day,
	};
	struct score score;

	if (record->unsettled)
		return;
	windows_sum(&record->windows, view.now, sums);
	score = score_account(&view, sums, judge->options->detector);
	if (score.decibans >= judge->options->alone) {
		view.neighbours = neighbourhood_of(judge->hood, &cause->shared, record->hash, cause->time);
		neighbourhood_note(judge->hood, &cause->shared, record->hash, cause->time, score.decibans);
		/* The less there is against it by itself, the less do the neighbours prove. */
		if (!view.neighbours.strong)
			view.neighbours.weight *= fmin(1,
						       (score.decibans - judge->options->alone) / ALONE_FULL);
		if (view.neighbours.weight > 0)
			score = score_account(&view, sums, judge->options->detector);
	}
	move(judge, record, &view, sums, &score, cause);
	judge->stats.asked++;
	record->asked = cause->time;
	record->step = sums[HORIZON_24H].n[COUNT_STRANGERS];
	record->pending = record->bad = 0;
	record->moved = false;
}

/* Other servers counted on it too: no line of ours is the cause. */
static void judge_changed(void *context, struct record *record)
{
	const struct cause cause = { .time = record->now };

	if (record->habit.first != 0)
		ask(context, record, &cause);
}

/* --- what comes in --- */

/* The account's record, with the days that are over learned. */
static struct record *record_for(struct judge *judge, struct span account, enum account_kind kind,
				 usec_t time)
{
	struct record *record = judge->store->calls->record(judge->store, account, true);
	struct habit_day day;

	if (record->habit.first == 0)
		record->kind = kind;
	if (judge->population.first_day == 0)
		judge->population.first_day = (uint32_t)(time / USEC_DAY);
	if (record_due(record, time)) {
		if (record_close(record, time, judge->options->learn, &day))
			population_learn(&judge->population, record, &day);
		judge->store->calls->keep(judge->store, record);
		if (record->trail != NULL && time - trail_time(record->trail) > TRAIL_KEPT)
			trail_free(&record->trail);
	}
	return record;
}

static uint32_t short_hash(struct span text)
{
	uint32_t hash;

	if (text.len == 0)
		return 0;
	hash = (uint32_t)hash_stable(text);
	return hash == 0 ? 1 : hash;
}

/* Somebody whose mail we judge: not strangers' mail to us, bounces, or what is only passed on. */
static bool is_ours(enum account_kind kind)
{
	return kind != ACCOUNT_NONE && kind != ACCOUNT_FORWARD;
}

static enum counter outcome_of(enum reply_class class, enum event_outcome outcome)
{
	switch (class) {
	case REPLY_INVALID_RECIPIENT:
		return COUNT_INVALID;
	case REPLY_CONTENT_SPAM:
	case REPLY_CONTENT_MALWARE:
		return COUNT_SPAM;
	case REPLY_IP_LISTED:
	case REPLY_IP_BLOCKED:
		return COUNT_BLOCKED;
	case REPLY_RATE_LIMITED:
		return COUNT_LIMITED;
	case REPLY_SENDER_AUTH:
	case REPLY_SENDER_REJECTED:
	case REPLY_RELAY_DENIED:
	case REPLY_POLICY:
		return COUNT_REFUSED;
	case REPLY_DELIVERED:
		return COUNT_DELIVERED;
	case REPLY_UNKNOWN:
	case REPLY_MAILBOX_FULL:
	case REPLY_MAILBOX_DISABLED:
	case REPLY_GREYLISTED:
	case REPLY_MESSAGE_TOO_BIG:
	case REPLY_DNS:
	case REPLY_NETWORK:
	case REPLY_TLS:
	case REPLY_REMOTE_TEMPORARY:
	case REPLY_EXPIRED:
	case REPLY_LOOP:
	case REPLY_LOCAL_LIMIT:
	case REPLY_CLASSES:
		break;
	}
	return outcome == OUTCOME_DELIVERED ? COUNT_DELIVERED : COUNT_TEMPORARY;
}

/* Under the account's own address, or another of its domain? */
static bool is_foreign(const struct envelope *envelope)
{
	struct span account = envelope->account, sender = envelope->sender, domain, own;

	if (envelope->account_kind != ACCOUNT_LOGIN || sender.len == 0)
		return false;
	if (!span_cut_last(&sender, SPAN("@"), &domain) || !span_cut_last(&account, SPAN("@"), &own))
		return false;
	return !span_equal_nocase(domain, own);
}

static struct delta delta_of(const struct envelope *envelope, enum delta_kind kind, usec_t time,
			     struct origin origin)
{
	return (struct delta){
		.kind = kind,
		.account_kind = envelope->account_kind,
		.time = time,
		.count = 1,
		.client = origin.client,
		.network = origin.network,
		.country = origin.country,
	};
}

void judge_submitted(struct judge *judge, const struct envelope *envelope, uint32_t source, uint64_t position)
{
	struct applied applied;
	struct record *record;
	struct origin origin;
	struct delta delta;

	if (!is_ours(envelope->account_kind))
		return;
	record = record_for(judge, envelope->account, envelope->account_kind, envelope->time);
	origin = origins_find(&judge->origins, envelope->client_ip, envelope->account_kind);
	delta = delta_of(envelope, DELTA_SUBMITTED, envelope->time, origin);
	delta.count = envelope->nrcpt > 0 ? (uint32_t)envelope->nrcpt : 1;
	delta.sender = short_hash(envelope->sender);
	delta.helo = short_hash(envelope->helo);
	judge->store->calls->apply(judge->store, record, &delta, source, position, &applied);
	/* More than it could know: the first moment at which a flood can be told. */
	if (delta.count > record->recipient_used + 20U) {
		struct cause cause = { envelope->time,
				       envelope->queue_id,
				       { NULL, 0 },
				       envelope->host,
				       envelope->customer,
				       shared_of(envelope, &origin, applied.away),
				       source,
				       position };

		ask(judge, record, &cause);
	}
	judge_time(judge, envelope->time);
}

/* Refused by whom, and are others whom nobody suspects refused there too? Then it is not for the content. */
static void weigh_refusal(struct judge *judge, const struct record *record, const struct attempt *attempt,
			  struct delta *delta)
{
	uint32_t provider = short_hash(attempt->provider);
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

	if (!bad && !(applied->stranger && applied->away) && !is_flagged(record->standing.state))
		return;
	if (record->trail == NULL)
		record->trail = trail_new();
	trail_add(record->trail, attempt, bad);
}

/*
 * Can this attempt have brought the score to where it matters? BAD_MOST and NEW_MOST are more than one
 * refusal or one new network can add; strangers since the last question add less than in proportion. A
 * doubling is worth a question in any case.
 */
static bool matters(const struct judge *judge, struct record *record, const struct delta *delta,
		    const struct applied *applied)
{
	bool bad = delta->outcome != COUNT_DELIVERED && delta->outcome != COUNT_TEMPORARY;
	double hope;

	record->pending += applied->stranger;
	record->met += applied->stranger;
	record->bad += bad;
	record->moved = record->moved || (applied->away && applied->stranger && record->pending == 1);
	if (record->met < FEWEST_MET)
		return false;
	if (!bad && !applied->stranger)
		return false;
	if (record->pending > record->step + STEP_MOST)
		return true;
	hope = (double)record->standing.score + record->bad * BAD_MOST + (record->moved ? NEW_MOST : 0) +
	       record->pending * GROWTH_MOST / (record->step + GROWTH_FLOOR);
	return hope >= judge->options->watch && (bad || record->pending * 16 > record->step);
}

void judge_attempt(struct judge *judge, const struct attempt *attempt, enum attempt_stage stage)
{
	const struct envelope *envelope = attempt->envelope;
	struct applied applied;
	struct record *record;
	struct origin origin;
	struct delta delta;

	judge->stats.attempts++;
	if (stage == ATTEMPT_DONE || !is_ours(envelope->account_kind))
		return;
	judge->stats.recipients++;
	record = record_for(judge, envelope->account, envelope->account_kind, attempt->time);
	origin = origins_find(&judge->origins, envelope->client_ip, envelope->account_kind);
	delta = delta_of(envelope, stage == ATTEMPT_FIRST ? DELTA_ATTEMPT : DELTA_CHANGED, attempt->time,
			 origin);
	delta.outcome = outcome_of(attempt->meaning.class, attempt->outcome);
	delta.elsewhere = attempt->direction == DIRECTION_OUTBOUND || attempt->direction == DIRECTION_UNKNOWN;
	delta.recipient = short_hash(attempt->recipient);
	delta.message = short_hash(envelope->queue_id);
	delta.foreign = is_foreign(envelope);
	weigh_refusal(judge, record, attempt, &delta);
	judge->store->calls->apply(judge->store, record, &delta, attempt->source, attempt->position,
				   &applied);
	if (delta.elsewhere) {
		follow_trail(record, attempt, &delta, &applied);
		if (matters(judge, record, &delta, &applied)) {
			struct cause cause = { attempt->time,      envelope->queue_id,
					       attempt->recipient, envelope->host,
					       envelope->customer, shared_of(envelope, &origin, applied.away),
					       attempt->source,    attempt->position };

			ask(judge, record, &cause);
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
	record = record_for(judge, login->account, ACCOUNT_LOGIN, login->time);
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
	judge->store->calls->apply(judge->store, record, &delta, login->source, login->position, &applied);
	judge_time(judge, login->time);
}

void judge_time(struct judge *judge, usec_t now)
{
	size_t kept = 0;

	if (now - judge->looked < LOOK_EVERY)
		return;
	judge->looked = now;
	for (size_t i = 0; i < judge->raised_count; i++) {
		char *name = judge->raised[i];
		struct record *record = judge->store->calls->record(judge->store, span_of(name), false);
		struct cause cause = { .time = now };

		if (record != NULL && record->standing.state != STATE_NORMAL)
			ask(judge, record, &cause);
		if (record != NULL && record->standing.state != STATE_NORMAL)
			judge->raised[kept++] = name;
		else
			free(name);
	}
	judge->raised_count = kept;
}

struct judge_stats judge_stats(const struct judge *judge)
{
	struct judge_stats stats = judge->stats;
	struct store_stats store = judge->store->calls->stats(judge->store);

	stats.accounts = store.records;
	stats.evicted = store.evicted;
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
