/*
 * The states of an account: normal, watch and flagged by thresholds, left again with hysteresis and after the
 * hold time, so that one line cannot flip them; disabled needs kinds of evidence that agree independently.
 * Evidence fades with the windows: whoever is not normal is looked at again as event time passes.
 */
#include "detectors/judge_state.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/seldom.h"
#include "detectors/score.h"
#include "detectors/trail.h"

#include <math.h>
#include <stdlib.h>

#define LOOK_EVERY (30 * USEC_MINUTE) /* event time between looks at accounts that are not normal */
#define WATCH_HOLD USEC_HOUR          /* watching is cheap to leave, but not at every line */

static bool raised_has(const struct judge *judge, const struct record *record)
{
	size_t i = 0;

	while (i < judge->raised_count && strcmp(judge->raised[i], record->name) != 0)
		i++;
	return i < judge->raised_count;
}

void judge_raise(struct judge *judge, struct record *record)
{
	if (record->raised)
		return;
	record->raised = true;
	/* After a restart, and of other servers' accounts, records do not know it. */
	if (record->standing.state != STATE_NORMAL && raised_has(judge, record))
		return;
	if (judge->raised_count == judge->raised_room) {
		judge->raised_room = judge->raised_room == 0 ? 16 : judge->raised_room * 2;
		judge->raised = memory_grow(judge->raised, judge->raised_room, sizeof(*judge->raised));
	}
	judge->raised[judge->raised_count++] = memory_copy(span_of(record->name));
}

static void verdict_id(struct verdict *verdict, const struct cause *cause)
{
	struct span stamp = { (const char *)&cause->time, sizeof(cause->time) };
	uint64_t hash;

	hash = hash_stable_more(0, verdict->account);
	hash = hash_stable_more(hash, span_of(state_name(verdict->state)));
	hash = hash_stable_more(hash, cause->queue_id);
	hash = hash_stable_more(hash, cause->recipient);
	hash = hash_stable_more(hash, stamp);
	verdict_identify(verdict, hash);
}

/* Accepted by the remotes. What came from away and was put off is not counted apart, and taken as accepted. */
static uint32_t leaked_of(const struct counts *sums, bool away)
{
	uint32_t sent = sums->n[away ? COUNT_AWAY : COUNT_RECIPIENTS], refused, taken;

	if (!away)
		return sums->n[COUNT_DELIVERED] < sent ? sums->n[COUNT_DELIVERED] : sent;
	refused = sums->n[COUNT_AWAY_INVALID] + sums->n[COUNT_AWAY_SPAM];
	taken = sent > refused ? sent - refused : 0;
	return sums->n[COUNT_DELIVERED] < taken ? sums->n[COUNT_DELIVERED] : taken;
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
		.away = away,
		.recipients = sums[score->horizon].n[away ? COUNT_AWAY : COUNT_RECIPIENTS],
		.leaked = leaked_of(&sums[score->horizon], away),
	};

	verdict.evidence_count = score_explain(view, sums, score, judge->options->detector, evidence);
	verdict.first_bad = windows_since(&record->windows, record->now, score->horizon,
					  away ? COUNT_AWAY_STRANGERS : COUNT_STRANGERS);
	if (record->trail != NULL)
		trail_show(record->trail, &verdict, samples);
	verdict_id(&verdict, cause);
	judge->stats.verdicts++;
	if (!judge->quiet && judge->sink.verdict != NULL)
		judge->sink.verdict(judge->sink.context, &verdict);
}

bool state_is_flagged(enum account_state state)
{
	return state == STATE_FLAGGED || state == STATE_DISABLED;
}

static bool state_is_higher(enum account_state state, enum account_state than)
{
	static const int height[] = { [STATE_NORMAL] = 0,
				      [STATE_RELEASED] = 0,
				      [STATE_WATCH] = 1,
				      [STATE_FLAGGED] = 2,
				      [STATE_DISABLED] = 3 };

	return height[state] > height[than];
}

/* The state that SCORE calls for, from the one that the account is in. */
static enum account_state state_for(const struct judge *judge, const struct record *record,
				    const struct score *score, usec_t now)
{
	const struct judge_options *o = judge->options;
	const struct standing *standing = &record->standing;
	enum account_state state = standing->state;
	usec_t hold = state_is_flagged(state) ? o->hold : WATCH_HOLD;

	/* Somebody looked at it, and said so. */
	if (state == STATE_RELEASED && now < standing->until)
		return state;
	if (score->decibans >= o->disabled && score->independent >= o->agree)
		return STATE_DISABLED;
	if (score->decibans >= o->flagged && !state_is_flagged(state))
		return STATE_FLAGGED;
	if (score->decibans >= o->watch && !state_is_flagged(state))
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
	if (state_is_flagged(state))
		standing->taint = (uint32_t)(record->now / USEC_DAY);
	if (state == standing->state || (cause->look && state_is_higher(state, standing->state)))
		return;
	judge_raise(judge, record);
	/* Who goes straight to disabled is flagged on the way: each state is told once. */
	if (state == STATE_DISABLED && !state_is_flagged(standing->state)) {
		tell(judge, record, view, sums, score, STATE_FLAGGED, cause);
		standing->state = STATE_FLAGGED;
	}
	tell(judge, record, view, sums, score, state, cause);
	standing->state = state;
	/* Of two servers' standings the newer wins: behind a release, too, while lines come late. */
	standing->since = cause->time > standing->since ? cause->time : standing->since + 1;
	judge->store->calls->keep(judge->store, record);
	if (state == STATE_NORMAL)
		store_ended(judge->store, record);
}

/* What the account shares, for when a shared store brings news of it or of those that it shares it with. */
static void remember_shared(struct judge *judge, const struct record *record, const struct cause *cause,
			    struct share_names *names)
{
	if (cause->names != NULL)
		*names = *cause->names;
	else
		neighbourhood_names(&cause->shared, names);
	if (judge->suspects != NULL && names->any)
		suspects_note(judge->suspects, span_of(record->name), names, cause->time);
}

/* Who else is suspicious of those that the account shares something with; it is one of them from now on. */
static bool meet_neighbours(struct judge *judge, const struct record *record, const struct cause *cause,
			    struct view *view)
{
	const struct sighting who = { neighbourhood_account(record, judge->store->server), cause->time,
				      judge->source, judge->position };
	struct share_names names;
	bool any;

	remember_shared(judge, record, cause, &names);
	any = neighbourhood_of(judge->groups, &names, &who, &judge->population, view->neighbours);
	neighbourhood_note(judge->groups, &names, &who, view->alone);
	return any;
}

void judge_ask(struct judge *judge, struct record *record, const struct cause *cause)
{
	struct counts sums[HORIZONS];
	struct view view = {
		.now = record->now > cause->time ? record->now : cause->time,
		.record = record,
		.population = &judge->population,
		.age = (uint32_t)(cause->time / USEC_DAY) - judge->population.first_day,
	};
	struct score score;

	if (record->unsettled) {
		struct share_names names;

		if (judge->suspects != NULL)
			remember_shared(judge, record, cause, &names);
		return;
	}
	windows_sum(&record->windows, view.now, sums);
	score = score_account(&view, sums, judge->options->detector);
	view.alone = score.decibans;
	record->alone = fmaxf(record->alone, (float)score.decibans);
	if (score.decibans >= judge->options->alone && meet_neighbours(judge, record, cause, &view))
		score = score_account(&view, sums, judge->options->detector);
	move(judge, record, &view, sums, &score, cause);
	judge->stats.asked++;
	record->asked = cause->time;
	record->step = sums[HORIZON_5M].n[COUNT_STRANGERS];
	record->pending = record->bad = 0;
	record->moved = false;
}

static void store_trim(struct store *store, usec_t now)
{
	usec_t idle = now - horizon_length(HORIZON_7D) - USEC_DAY;

	for (struct record *record = store->calls->next(store, NULL);
	     record != NULL && record->now < idle + STORE_ORDER; record = store->calls->next(store, record))
		if (record->now < idle)
			record_trim(record, now);
}

/* Once a day, those that were not heard of for longer than any window give back what only windows need. */
static void judge_trim(struct judge *judge, usec_t now)
{
	if (now / USEC_DAY == judge->trimmed)
		return;
	judge->trimmed = now / USEC_DAY;
	store_trim(judge->store, now);
	store_trim(judge->groups, now);
}

static struct record *raised_record(const struct judge *judge, const char *name)
{
	return judge->store->calls->record(judge->store, span_of(name), false);
}

/* Is RECORD to be looked at again? */
static bool raised_look(struct judge *judge, struct record *record, usec_t now)
{
	const struct cause cause = { .time = now, .look = true };

	/* It was among them already. */
	if (record->raised)
		return false;
	record->raised = true;
	if (record->standing.state != STATE_NORMAL)
		judge_ask(judge, record, &cause);
	/* Where a shared store was not heard of it yet, it may still be raised. */
	record->raised = record->unsettled || record->standing.state != STATE_NORMAL;
	return record->raised;
}

static SELDOM void judge_look(struct judge *judge, usec_t now)
{
	size_t kept = 0;

	judge->looked = now;
	judge_trim(judge, now);
	for (size_t i = 0; i < judge->raised_count; i++) {
		struct record *record = raised_record(judge, judge->raised[i]);

		if (record != NULL)
			record->raised = false;
	}
	for (size_t i = 0; i < judge->raised_count; i++) {
		char *name = judge->raised[i];
		struct record *record = raised_record(judge, name);

		if (record != NULL && raised_look(judge, record, now))
			judge->raised[kept++] = name;
		else
			free(name);
	}
	judge->raised_count = kept;
}

void judge_time(struct judge *judge, usec_t now)
{
	/* Or a clock was ahead, and is set right (record_apply). */
	if (now - judge->looked >= LOOK_EVERY ||
	    (now < judge->looked - USEC_DAY && judge->looked > clock_now() + USEC_DAY))
		judge_look(judge, now);
}

/* As it was found when it was raised: the same id however often it is told. */
static void judge_tell_one(struct judge *judge, struct record *record)
{
	struct counts sums[HORIZONS];
	struct view view = {
		.now = record->now > judge->looked ? record->now : judge->looked,
		.record = record,
		.population = &judge->population,
		.age = (uint32_t)(record->now / USEC_DAY) - judge->population.first_day,
	};
	const struct cause cause = { .time = record->standing.since };
	enum account_state state = record->standing.state;
	struct score score;

	windows_sum(&record->windows, view.now, sums);
	score = score_account(&view, sums, judge->options->detector);
	if (score.decibans < judge->options->flagged - judge->options->hysteresis)
		return;
	record->standing.state = STATE_NORMAL;
	tell(judge, record, &view, sums, &score, state, &cause);
	record->standing.state = state;
}

void judge_tell_standing(struct judge *judge, usec_t since)
{
	for (size_t i = 0; i < judge->raised_count; i++) {
		struct record *record = judge->store->calls->record(judge->store, span_of(judge->raised[i]),
								    false);

		if (record != NULL && !record->unsettled && state_is_flagged(record->standing.state) &&
		    record->standing.since < since)
			judge_tell_one(judge, record);
	}
}

void judge_again(struct judge *judge, struct span account)
{
	struct record *record = judge->store->calls->record(judge->store, account, false);

	if (record == NULL || record->unsettled || !state_is_flagged(record->standing.state))
		return;
	record->standing.state = STATE_WATCH;
	record->standing.since++;
	judge->store->calls->keep(judge->store, record);
}
