/*
 * The whole path of a log line on one screen. Read pipeline_run first, then what hangs on it:
 *
 *	collector_next    bytes to lines, in the order of time, from any number of logs     collector/
 *	framer_cut        a line to its time, host, program and words                       parsers/frame.c
 *	parser_read       the program's words to an event: what this line says              parsers/parser.c
 *	ledger_feed       events to attempts: one recipient, its outcome, whose it is       parsers/ledger.c
 *	judge_attempt     attempts to windows, evidence and verdicts                        detectors/judge.c
 *	server_event      the same lines by the hour: what concerns the server, no account alone   detectors/server.c
 *	watcher->verdict  what is done about it: printed by replay, acted on by watch       responders/
 *
 * Live and replay run this same code; they differ in the collector and in the watcher alone.
 */
#include "commands/pipeline.h"

#include "base/memory.h"
#include "base/text.h"
#include "commands/options.h"
#include "commands/reading.h"
#include "detectors/geo.h"
#include "detectors/redis_record.h"
#include "detectors/store_redis.h"

#include <stdlib.h>

struct pipeline {
	const struct options *options;
	struct pipeline_watcher watcher;
	struct replies *replies;
	struct ledger *ledger;
	struct store *store;
	struct store *groups; /* beside it, where both are shared; else the judge has one */
	struct redis_options groups_options;
	char *groups_prefix; /* of them */
	struct geo *geo;
	struct judge *judge;
	struct server *server;
	struct pipeline_stats stats;
	struct reading_ahead *ahead; /* NULL: lines are read as they are asked for */
	struct line line;            /* the one that is being read */
	usec_t judged;               /* when the judge was last told the time */
	enum pipeline_telling telling;
	uint32_t sources; /* whose names the store knows */
	bool shared;      /* windows live in a shared store */
};

static void pipeline_count(struct pipeline *pipeline, const struct frame *frame, const struct event *event)
{
	struct pipeline_stats *stats = &pipeline->stats;

	stats->events[event->kind]++;
	if (stats->first == USEC_NEVER || frame->time < stats->first)
		stats->first = frame->time;
	if (frame->time > stats->last)
		stats->last = frame->time;
}

/*
 * A shared store counts each line of a source once, by its position; positions of a reading that is not the
 * following one are others, so that it goes by another name.
 */
static void pipeline_name_sources(struct pipeline *pipeline, const struct collector *collector)
{
	for (; pipeline->sources <= pipeline->line.source; pipeline->sources++) {
		struct text name = { 0 };

		text_add(&name, span_of(collector_source_name(collector, pipeline->sources)));
		if (pipeline->telling != PIPELINE_TELLS)
			text_add(&name, SPAN(" before"));
		if (pipeline->store != NULL)
			store_source(pipeline->store, pipeline->sources, text_span(&name));
		text_free(&name);
	}
}

static bool pipeline_judges(const struct pipeline *pipeline)
{
	return pipeline->judge != NULL && pipeline->telling != PIPELINE_RECALLS;
}

static void pipeline_tell_trouble(void *context, const char *words)
{
	struct pipeline *pipeline = context;

	if (pipeline->watcher.trouble != NULL)
		pipeline->watcher.trouble(pipeline->watcher.context, words);
}

/* What a line says, to all who count. */
static void pipeline_take(struct pipeline *pipeline, const struct frame *frame, const struct event *event)
{
	const struct pipeline_watcher *watcher = &pipeline->watcher;
	const struct line *line = &pipeline->line;

	pipeline_count(pipeline, frame, event);
	if (watcher->event != NULL && frame->time >= pipeline->options->logs.since)
		watcher->event(watcher->context, line, frame, event);
	if (pipeline->server != NULL)
		server_event(pipeline->server, frame, event);
	if (pipeline->ledger != NULL)
		ledger_feed(pipeline->ledger, frame, event, line->source, line->position);
	/* Evidence fades by event time, whether or not its account is heard of again. */
	if (frame->time >= pipeline->judged + USEC_MINUTE && pipeline_judges(pipeline)) {
		judge_time(pipeline->judge, frame->time);
		pipeline->judged = frame->time;
	}
}

static void pipeline_begin_line(struct pipeline *pipeline, const struct collector *collector)
{
	pipeline->stats.lines++;
	if (pipeline->line.source >= pipeline->sources)
		pipeline_name_sources(pipeline, collector);
}

/* The same as below, for lines that another thread has read. */
static enum collected pipeline_run_ahead(struct pipeline *pipeline, const struct collector *collector,
					 uint64_t most)
{
	const struct reading *reading;
	enum collected what = COLLECTED_LINE;

	for (uint64_t count = 0; most == 0 || count < most; count++) {
		what = reading_next(pipeline->ahead, &reading, pipeline_tell_trouble, pipeline);
		if (what != COLLECTED_LINE)
			break;
		pipeline->line = reading->line;
		pipeline_begin_line(pipeline, collector);
		if (reading->framed)
			pipeline_take(pipeline, &reading->frame, reading->event);
		else
			pipeline->stats.unframed++;
	}
	return what;
}

enum collected pipeline_run(struct pipeline *pipeline, struct collector *collector, uint64_t most)
{
	const struct logs_options *logs = &pipeline->options->logs;
	const struct pipeline_watcher *watcher = &pipeline->watcher;
	struct line *line = &pipeline->line;
	struct frame frame;
	struct event event;
	enum collected what = COLLECTED_LINE;

	if (pipeline->ahead != NULL)
		return pipeline_run_ahead(pipeline, collector, most);
	for (uint64_t count = 0; most == 0 || count < most; count++) {
		what = collector_next(collector, line);
		if (what != COLLECTED_LINE)
			break;
		pipeline_begin_line(pipeline, collector);
		if (!framer_cut(collector_opened(collector), line->text, &frame)) {
			pipeline->stats.unframed++;
			continue;
		}
		if (logs->until != USEC_NEVER && frame.time >= logs->until)
			return COLLECTED_END;
		if (watcher->line != NULL && !watcher->line(watcher->context, line, frame.time))
			continue;
		parser_read(&frame, &event);
		pipeline_take(pipeline, &frame, &event);
	}
	return what;
}

/* Lines are not read ahead where that could be told from outside: by where it ends, by waiting for a pipe. */
void pipeline_read_ahead(struct pipeline *pipeline, struct collector *collector)
{
	const struct pipeline_watcher *watcher = &pipeline->watcher;

	if (pipeline->options->logs.until == USEC_NEVER && watcher->line == NULL &&
	    !collector_may_wait(collector))
		pipeline->ahead = reading_new(collector, watcher->event != NULL);
	if (pipeline->ahead != NULL && !reading_start(pipeline->ahead))
		reading_stop(&pipeline->ahead);
}

void pipeline_read_no_more(struct pipeline *pipeline)
{
	reading_stop(&pipeline->ahead);
}

struct collector_stats pipeline_collected(const struct pipeline *pipeline, const struct collector *collector)
{
	return pipeline->ahead != NULL ? reading_stats(pipeline->ahead) : collector_stats(collector);
}

static void pipeline_submitted(void *context, const struct envelope *envelope, uint32_t source,
			       uint64_t position)
{
	struct pipeline *pipeline = context;

	if (pipeline_judges(pipeline))
		judge_submitted(pipeline->judge, envelope, source, position);
}

static void pipeline_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	struct pipeline *pipeline = context;
	const struct pipeline_watcher *watcher = &pipeline->watcher;

	if (watcher->attempt != NULL && attempt->time >= pipeline->options->logs.since)
		watcher->attempt(watcher->context, attempt, stage);
	if (pipeline->server != NULL && stage == ATTEMPT_FIRST)
		server_attempt(pipeline->server, attempt);
	if (!pipeline_judges(pipeline))
		return;
	/* A shared store counts lines by their positions: one that was held back counts with the line that freed it. */
	if (pipeline->shared) {
		struct attempt freed = *attempt;

		freed.source = pipeline->line.source;
		freed.position = pipeline->line.position;
		judge_attempt(pipeline->judge, &freed, stage);
		return;
	}
	judge_attempt(pipeline->judge, attempt, stage);
}

static void pipeline_login(void *context, const struct login *login)
{
	struct pipeline *pipeline = context;
	const struct pipeline_watcher *watcher = &pipeline->watcher;

	if (watcher->login != NULL && pipeline->telling != PIPELINE_RECALLS &&
	    login->time >= pipeline->options->logs.since)
		watcher->login(watcher->context, login);
	if (pipeline_judges(pipeline))
		judge_login(pipeline->judge, login);
}

static void pipeline_verdict(void *context, const struct verdict *verdict)
{
	struct pipeline *pipeline = context;
	struct verdict told = *verdict;

	if (verdict->time < pipeline->options->logs.since)
		return;
	told.late = verdict->late || pipeline->line.late || pipeline->telling == PIPELINE_TELLS_LATE;
	pipeline->watcher.verdict(pipeline->watcher.context, &told);
}

/* Caused by the line that is being read, whichever it is. */
static void pipeline_server(void *context, const struct verdict *verdict)
{
	struct pipeline *pipeline = context;
	struct verdict told = *verdict;

	told.source = pipeline->line.source;
	told.position = pipeline->line.position;
	pipeline_verdict(pipeline, &told);
}

static void *pipeline_opened(void *context, const char *path, usec_t written)
{
	struct pipeline *pipeline = context;
	const struct logs_options *logs = &pipeline->options->logs;
	const struct framer_options options = {
		.year = (int)logs->year,
		.timezone = logs->timezone,
		.written = written == USEC_NEVER ? clock_now() : written, /* standard input: the present */
	};
	struct error error;

	(void)path;
	return framer_new(&options, &error); /* the zone was tried by pipeline_new, so it is known */
}

static usec_t pipeline_time(void *opened, struct span line)
{
	return framer_time(opened, line);
}

static void pipeline_closed(void *context, void *opened)
{
	struct framer *framer = opened;

	(void)context;
	framer_free(&framer);
}

static void pipeline_trouble(void *context, const char *words)
{
	struct pipeline *pipeline = context;

	if (pipeline->ahead != NULL)
		reading_note_trouble(pipeline->ahead, words);
	else
		pipeline_tell_trouble(pipeline, words);
}

struct collector_calls pipeline_calls(struct pipeline *pipeline)
{
	return (struct collector_calls){
		.context = pipeline,
		.opened = pipeline_opened,
		.time = pipeline_time,
		.closed = pipeline_closed,
		.trouble = pipeline_trouble,
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
	pipeline->shared = pipeline->watcher.shared && pipeline->options->redis.topology != REDIS_OFF;
	pipeline->store = pipeline->shared ? store_redis_new(&pipeline->options->redis,
							     (uint32_t)options->accounts, error)
					   : store_memory_new((uint32_t)options->accounts);
	if (pipeline->store == NULL)
		return false;
	if (pipeline->shared && !pipeline_share_groups(pipeline, error))
		return false;
	pipeline->judge = judge_new(options, pipeline->store, &sink);
	if (pipeline->watcher.shared)
		judge_count_groups(pipeline->judge);
	judge_use_geo(pipeline->judge, pipeline->geo);
	pipeline->server = server_new(&pipeline->options->server, pipeline_server, pipeline);
	return true;
}

/* The ledger and the judge, as far as somebody wants to know what they find. */
static bool pipeline_build(struct pipeline *pipeline, struct error *error)
{
	const struct options *options = pipeline->options;
	const struct framer_options zone = { .timezone = options->logs.timezone, .written = USEC_NEVER };
	struct framer *framer = framer_new(&zone, error);
	const struct ledger_sink sink = {
		.context = pipeline,
		.submitted = pipeline_submitted,
		.attempt = pipeline_attempt,
		.login = pipeline_login,
		.want_done = pipeline->watcher.want_done,
	};

	if (framer == NULL)
		return false;
	framer_free(&framer);
	if (pipeline->watcher.attempt == NULL && pipeline->watcher.verdict == NULL)
		return true;
	pipeline->replies = replies_configured(&options->replies, error);
	if (pipeline->replies == NULL)
		return false;
	pipeline->ledger = ledger_new(&options->ledger, pipeline->replies, &sink, error);
	if (pipeline->ledger == NULL || pipeline->watcher.verdict == NULL)
		return pipeline->ledger != NULL;
	return pipeline_build_judge(pipeline, error);
}

struct pipeline *pipeline_new(const struct options *options, const struct pipeline_watcher *watcher,
			      struct error *error)
{
	struct pipeline *pipeline = memory_new(1, sizeof(*pipeline));

	pipeline->options = options;
	pipeline->watcher = *watcher;
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

void pipeline_tell(struct pipeline *pipeline, enum pipeline_telling telling)
{
	pipeline->telling = telling;
	pipeline->sources = 0;
	if (pipeline->judge != NULL)
		judge_quiet(pipeline->judge, telling == PIPELINE_QUIET || telling == PIPELINE_RECALLS);
	if (pipeline->server != NULL)
		server_quiet(pipeline->server, telling == PIPELINE_QUIET || telling == PIPELINE_RECALLS);
}

void pipeline_idle(struct pipeline *pipeline, usec_t silence)
{
	usec_t now = pipeline->stats.last + silence;

	if (pipeline->judge == NULL || pipeline->stats.last == USEC_NEVER ||
	    now < pipeline->judged + USEC_MINUTE)
		return;
	judge_time(pipeline->judge, now);
	pipeline->judged = now;
}

void pipeline_finish(struct pipeline *pipeline)
{
	if (pipeline->ledger != NULL)
		ledger_finish(pipeline->ledger);
	if (pipeline->judge != NULL && pipeline->stats.last != USEC_NEVER)
		judge_time(pipeline->judge, pipeline->stats.last);
}

void pipeline_release(struct pipeline *pipeline, struct span account, usec_t when, usec_t until, bool again)
{
	if (pipeline->judge != NULL && again)
		judge_release_again(pipeline->judge, account, when, until);
	else if (pipeline->judge != NULL)
		judge_release(pipeline->judge, account, when, until);
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
