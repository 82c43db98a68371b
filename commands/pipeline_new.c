/*
 * The parts of the pipeline, as the settings and whoever watches want them, and what others ask of these. Nothing of a
 * line's way is here.
 */
#include "commands/pipeline_parts.h"

#include "base/memory.h"
#include "base/text.h"
#include "commands/framers.h"
#include "detectors/redis_record.h"

#include <stdlib.h>

static void *pipeline_opened(void *context, const char *path, usec_t written)
{
	const struct pipeline *pipeline = context;

	(void)path;
	return framers_open(&pipeline->options->logs, written);
}

/* From whichever thread reads: where that is one of its own, the words wait for their place among the lines. */
static void pipeline_collector_trouble(void *context, const char *words)
{
	struct pipeline *pipeline = context;

	if (pipeline->ahead != NULL)
		reading_note_trouble(pipeline->ahead, words);
	else
		pipeline_report_trouble(pipeline, words);
}

struct collector_calls pipeline_calls(struct pipeline *pipeline)
{
	return (struct collector_calls){
		.context = pipeline,
		.opened = pipeline_opened,
		.time = framers_time,
		.closed = framers_close,
		.trouble = pipeline_collector_trouble,
	};
}

/* Groups are shared too, under keys of their own. */
static bool pipeline_share_groups(struct pipeline *pipeline, struct error *error)
{
	struct text prefix = { 0 };

	pipeline->groups_options = redis_options_of_groups(&pipeline->options->redis, &prefix);
	pipeline->groups_prefix = prefix.at;
	pipeline->groups = store_redis_new(&pipeline->groups_options,
					   (uint32_t)pipeline->options->judge.groups, error);
	pipeline->store->beside = pipeline->groups;
	return pipeline->groups != NULL;
}

static bool pipeline_build_judge(struct pipeline *pipeline, struct error *error)
{
	const struct judge_options *options = &pipeline->options->judge;
	const struct judge_sink sink = { .context = pipeline, .verdict = pipeline_verdict };

	if (options->geo != NULL) {
		pipeline->geo = geo_open(options->geo, error);
		if (pipeline->geo == NULL)
			return false;
	}
	pipeline->shared = pipeline->sink.shared && pipeline->options->redis.topology != REDIS_OFF;
	pipeline->store = pipeline->shared ? store_redis_new(&pipeline->options->redis,
							     (uint32_t)options->accounts, error)
					   : store_memory_new((uint32_t)options->accounts);
	if (pipeline->store == NULL)
		return false;
	if (pipeline->shared && !pipeline_share_groups(pipeline, error))
		return false;
	pipeline->judge = judge_new(options, pipeline->store, &sink);
	if (pipeline->sink.shared)
		judge_count_groups(pipeline->judge);
	judge_use_geo(pipeline->judge, pipeline->geo);
	pipeline->server = server_new(&pipeline->options->server, pipeline_server, pipeline);
	return true;
}

/* The ledger and the judge, as far as somebody wants to know what they find. */
static bool pipeline_build(struct pipeline *pipeline, struct error *error)
{
	const struct options *options = pipeline->options;
	struct framer *framer = framers_cutting(&options->logs, error); /* is the zone known? */
	const struct ledger_sink sink = {
		.context = pipeline,
		.submitted = pipeline_submitted,
		.attempt = pipeline_attempt,
		.login = pipeline_login,
		.want_done = pipeline->sink.want_done,
	};

	if (framer == NULL)
		return false;
	framer_free(&framer);
	if (pipeline->sink.attempt == NULL && pipeline->sink.verdict == NULL)
		return true;
	pipeline->replies = replies_configured(&options->replies, error);
	if (pipeline->replies == NULL)
		return false;
	pipeline->ledger = ledger_new(&options->ledger, pipeline->replies, &sink, error);
	if (pipeline->ledger == NULL || pipeline->sink.verdict == NULL)
		return pipeline->ledger != NULL;
	return pipeline_build_judge(pipeline, error);
}

struct pipeline *pipeline_new(const struct options *options, const struct pipeline_sink *sink,
			      struct error *error)
{
	struct pipeline *pipeline = memory_new(1, sizeof(*pipeline));

	pipeline->options = options;
	pipeline->sink = *sink;
	pipeline->stats.first = pipeline->stats.last = USEC_NEVER;
	if (!pipeline_build(pipeline, error))
		pipeline_free(&pipeline);
	return pipeline;
}

void pipeline_free(struct pipeline **pipeline)
{
	if (*pipeline == NULL)
		return;
	pipeline_read_no_more(*pipeline);
	server_free(&(*pipeline)->server);
	judge_free(&(*pipeline)->judge);
	store_free(&(*pipeline)->store);
	store_free(&(*pipeline)->groups);
	free((*pipeline)->groups_prefix);
	geo_close(&(*pipeline)->geo);
	ledger_free(&(*pipeline)->ledger);
	replies_free(&(*pipeline)->replies);
	free(*pipeline);
	*pipeline = NULL;
}

struct store *pipeline_store(const struct pipeline *pipeline)
{
	return pipeline->store;
}

struct judge *pipeline_judge(const struct pipeline *pipeline)
{
	return pipeline->judge;
}

struct span pipeline_country(const struct pipeline *pipeline, struct span address)
{
	const struct span unknown = { NULL, 0 };
	uint8_t bytes[16];

	if (pipeline->geo == NULL || !span_to_address(address, bytes))
		return unknown;
	return geo_country(pipeline->geo, bytes);
}

bool pipeline_is_shared(const struct pipeline *pipeline)
{
	return pipeline->shared;
}

usec_t pipeline_judged(const struct pipeline *pipeline)
{
	return pipeline->judged;
}

void pipeline_set_judged(struct pipeline *pipeline, usec_t judged)
{
	pipeline->judged = judged;
}

usec_t pipeline_oldest(const struct pipeline *pipeline)
{
	return pipeline->ledger == NULL ? USEC_NEVER : ledger_oldest(pipeline->ledger);
}

struct pipeline_stats pipeline_stats(const struct pipeline *pipeline)
{
	struct pipeline_stats stats = pipeline->stats;

	stats.foreign = stats.events[EVENT_FOREIGN];
	stats.unknown = stats.events[EVENT_UNKNOWN];
	for (unsigned kind = EVENT_IDLE; kind < EVENT_KINDS; kind++)
		stats.understood += stats.events[kind];
	if (pipeline->ledger != NULL)
		stats.ledger = ledger_stats(pipeline->ledger);
	if (pipeline->judge != NULL)
		stats.judge = judge_stats(pipeline->judge);
	return stats;
}

double pipeline_coverage(const struct pipeline_stats *stats)
{
	uint64_t own = stats->understood + stats->unknown;

	return own == 0 ? 1 : (double)stats->understood / (double)own;
}
