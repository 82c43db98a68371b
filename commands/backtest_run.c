/*
 * Every account that sends has an entry, since how much it sent before it was flagged is only known by having
 * counted from the beginning: some hundred bytes an account, and no text of its mail.
 */
#include "commands/backtest_run.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "commands/backtest_peers.h"
#include "commands/progress.h"

#include <stdlib.h>

struct running {
	struct backtest_run *run;
	const struct arguments *arguments;
	const struct options *options;
	struct peers *peers; /* NULL: not asked for */
	enum backtest_way way;
	struct geo *geo;
	struct map *places; /* account to uint32_t: where it is in run->accounts */
	size_t room, hit_room;
};

static bool same_account(const void *record, struct span key)
{
	const char *const *name = record;

	return span_equal(span_of(*name), key);
}

struct place {
	const char *name;
	uint32_t at;
};

static uint32_t account_at(struct running *running, struct span name)
{
	struct backtest_run *run = running->run;
	uint64_t hash = hash_text(name);
	struct place *place = map_find(running->places, hash, name);
	struct backtest_account *account;

	if (place != NULL)
		return place->at;
	if (run->count == running->room) {
		running->room = running->room == 0 ? 64 : running->room * 2;
		run->accounts = memory_grow(run->accounts, running->room, sizeof(*run->accounts));
	}
	account = &run->accounts[run->count];
	*account = (struct backtest_account){ .name = memory_copy(name), .score = -1 };
	for (int i = 0; i < BACKTEST_STAGES; i++)
		account->first[i].time = USEC_NEVER;
	place = map_add(running->places, hash);
	*place = (struct place){ account->name, (uint32_t)run->count };
	run->count++;
	return place->at;
}

static void running_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	struct running *running = context;
	const struct envelope *envelope = attempt->envelope;
	struct backtest_account *account;
	uint32_t at;

	if (stage != ATTEMPT_FIRST || envelope->account_kind == ACCOUNT_NONE ||
	    !options_want(running->options, envelope->account))
		return;
	at = account_at(running, envelope->account);
	if (running->peers != NULL)
		peers_attempt(running->peers, attempt, at);
	account = &running->run->accounts[at];
	account->recipients += attempt->direction == DIRECTION_OUTBOUND;
	account->delivered += attempt->direction == DIRECTION_OUTBOUND &&
			      attempt->outcome == OUTCOME_DELIVERED;
}

static void running_fired(void *context, size_t rule, uint32_t account, usec_t time)
{
	struct running *running = context;
	struct backtest_run *run = running->run;
	uint64_t bit = UINT64_C(1) << rule;

	if (run->accounts[account].hit & bit)
		return;
	run->accounts[account].hit |= bit;
	if (run->hit_count == running->hit_room) {
		running->hit_room = running->hit_room == 0 ? 64 : running->hit_room * 2;
		run->hits = memory_grow(run->hits, running->hit_room, sizeof(*run->hits));
	}
	run->hits[run->hit_count++] = (struct backtest_hit){ account, rule, time,
							     run->accounts[account].recipients };
}

static void running_verdict(void *context, const struct verdict *verdict)
{
	struct running *running = context;
	struct backtest_account *account;
	enum backtest_stage stage = verdict->state == STATE_WATCH      ? BACKTEST_WATCHED
				    : verdict->state == STATE_FLAGGED  ? BACKTEST_FLAGGED
				    : verdict->state == STATE_DISABLED ? BACKTEST_DISABLED
								       : BACKTEST_STAGES;

	if (stage == BACKTEST_STAGES || strcmp(verdict->type, "verdict") != 0 ||
	    !options_want(running->options, verdict->account))
		return;
	account = &running->run->accounts[account_at(running, verdict->account)];
	account->flags += stage == BACKTEST_FLAGGED;
	running->run->flags += stage == BACKTEST_FLAGGED;
	if (verdict->score > account->score)
		account->score = verdict->score;
	if (account->first[stage].time != USEC_NEVER)
		return;
	account->first[stage] = (struct backtest_moment){ verdict->time, verdict->recipients, verdict->leaked,
							  account->recipients };
	if (verdict->evidence_count > 0 && (account->reason == NULL || stage == BACKTEST_FLAGGED)) {
		free(account->reason);
		account->reason = memory_copy(span_of(verdict->evidence[0].text));
	}
}

static void running_trouble(void *context, const char *words)
{
	struct running *running = context;

	running->run->failed = true;
	if (running->way != BACKTEST_AGAIN)
		progress_trouble("backtest", words);
}

/* Of what is told of: what comes before --since is only learned from. */
static double weeks_of(const struct pipeline_stats *stats, usec_t since)
{
	usec_t first = stats->first > since ? stats->first : since;

	if (stats->first == USEC_NEVER || stats->last - first < 7 * USEC_DAY)
		return 1;
	return (double)(stats->last - first) / (double)(7 * USEC_DAY);
}

static void running_logs(struct running *running, struct pipeline *pipeline, const char *const *names,
			 size_t count)
{
	struct collector_calls calls = pipeline_calls(pipeline);
	struct backtest_run *run = running->run;
	struct error error;
	struct collector *collector = progress_open(running->arguments, names, count, &calls, &error);

	if (collector == NULL) {
		run->failed = run->none = true; /* what is wrong with which file was told as it was found */
		return;
	}
	progress_run(pipeline, collector, running->arguments, false);
	pipeline_finish(pipeline);
	collector_close(&collector);
	run->stats = pipeline_stats(pipeline);
	run->weeks = weeks_of(&run->stats, running->options->logs.since);
}

bool backtest_run(const struct options *options, const struct arguments *arguments, const char *const *names,
		  size_t count, enum backtest_way way, struct backtest_run *run_r, struct error *error)
{
	const struct map_options places = { .record_size = sizeof(struct place), .same = same_account };
	struct running running = { .run = run_r, .arguments = arguments, .options = options, .way = way };
	const struct pipeline_sink sink = { .context = &running,
					    .attempt = running_attempt,
					    .verdict = running_verdict,
					    .trouble = running_trouble };
	const struct peer_sink peer_sink = { &running, running_fired };
	struct pipeline *pipeline;

	*run_r = (struct backtest_run){ .weeks = 1, .stats = { .first = USEC_NEVER, .last = USEC_NEVER } };
	pipeline = pipeline_new(options, &sink, error);
	if (pipeline == NULL)
		return false;
	if (way == BACKTEST_BESIDE && options->judge.geo != NULL)
		running.geo = geo_open(options->judge.geo, error);
	running.places = map_new(&places);
	running.peers = way == BACKTEST_BESIDE ? peers_new(running.geo, &peer_sink) : NULL;
	running_logs(&running, pipeline, names, count);
	peers_free(&running.peers);
	geo_close(&running.geo);
	map_free(&running.places);
	pipeline_free(&pipeline);
	return true;
}

void backtest_run_free(struct backtest_run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		free(run->accounts[i].name);
		free(run->accounts[i].reason);
	}
	free(run->accounts);
	free(run->hits);
	*run = (struct backtest_run){ 0 };
}
