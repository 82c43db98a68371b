/*
 * The whole way of a byte in a log, on one screen. Read pipeline_run first, then what stands below it:
 *
 *	bytes    collector_next    lines in the order of time, from any number of logs         collector/
 *	line     framer_cut        a frame: its time, host, program and words                  parsers/frame.c
 *	frame    parser_read       an event: what this line says                               parsers/parser.c
 *	event    ledger_feed       attempts: one recipient, its outcome, whose it is           parsers/ledger.c
 *	attempt  judge_attempt     counts it in its account's windows, which a store keeps,    detectors/judge.c
 *	                           has each detector weigh these: evidence,                    detectors/detector.h
 *	                           and where the sum changes the account's state: a verdict    detectors/judge_state.c
 *	verdict  sink->verdict     replay prints it; watch's is work_verdict, which goes on:   commands/watch_work.c
 *
 *	         deliver_verdict   in the journal first, then it is acted on and told:         commands/deliver.c
 *	         act_verdict       by brakes, exemptions and dry run: is it to be disabled?    commands/act.c
 *	         restrictions_set  if so, the policy service refuses its mail at once,         responders/restrictions.c
 *	         act_jobs_disable  and the deputy, a process that has the rights, disables it  commands/act_jobs.c
 *	         deliver_queue     into the outbox, from which webhooks and people are told    commands/deliver.c
 *
 * The ledger and the judge call back with what they find: pipeline_attempt, pipeline_verdict. What concerns the server
 * and no account alone, server_event finds in the same lines (detectors/server.c).
 *
 * Live and replay run this same code; they differ in the collector and in the sink alone.
 */
#include "commands/pipeline_parts.h"

#include "base/seldom.h"
#include "base/text.h"

#define PIPELINE_BEYOND    10000 /* lines from --until on, one after another, that are taken for the end */
#define PIPELINE_BACKWARDS 100   /* steps back of the time, one after another: the log runs backwards */

static enum collected pipeline_run_ahead(struct pipeline *pipeline, const struct collector *collector,
					 uint64_t most);
static void pipeline_begin_line(struct pipeline *pipeline, const struct collector *collector);
static void pipeline_take(struct pipeline *pipeline, const struct frame *frame, const struct event *event);
static void pipeline_count(struct pipeline *pipeline, const struct frame *frame, const struct event *event);
static bool pipeline_feeds_judge(const struct pipeline *pipeline);
static bool pipeline_is_beyond(struct pipeline *pipeline, usec_t time);

enum collected pipeline_run(struct pipeline *pipeline, struct collector *collector, uint64_t most)
{
	const struct logs_options *logs = &pipeline->options->logs;
	const struct pipeline_sink *sink = &pipeline->sink;
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
		if (logs->until != USEC_NEVER && pipeline_is_beyond(pipeline, frame.time)) {
			if (pipeline->beyond == PIPELINE_BEYOND)
				return COLLECTED_END;
			continue;
		}
		if (sink->line != NULL && !sink->line(sink->context, line, frame.time))
			continue;
		parser_read(&frame, &event);
		pipeline_take(pipeline, &frame, &event);
	}
	return what;
}

/* What a line says, to all who count. */
static void pipeline_take(struct pipeline *pipeline, const struct frame *frame, const struct event *event)
{
	const struct pipeline_sink *sink = &pipeline->sink;
	const struct line *line = &pipeline->line;

	pipeline_count(pipeline, frame, event);
	if (sink->event != NULL && frame->time >= pipeline->options->logs.since)
		sink->event(sink->context, line, frame, event);
	if (pipeline->server != NULL)
		server_event(pipeline->server, frame, event);
	if (pipeline->ledger != NULL)
		ledger_feed(pipeline->ledger, frame, event, line->source, line->position);
	/* Evidence fades by event time, whether or not its account is heard of again. */
	if (frame->time >= pipeline->judged + USEC_MINUTE && pipeline_feeds_judge(pipeline)) {
		judge_time(pipeline->judge, frame->time);
		pipeline->judged = frame->time;
	}
}

/* What is recalled was counted before. */
static bool pipeline_feeds_judge(const struct pipeline *pipeline)
{
	return pipeline->judge != NULL && pipeline->mode != PIPELINE_RECALLS;
}

/* Is a line of this time from --until on? One alone is not the end: a host's clock may have been wrong for a while. */
static bool pipeline_is_beyond(struct pipeline *pipeline, usec_t time)
{
	bool beyond = time >= pipeline->options->logs.until;

	pipeline->beyond = beyond ? pipeline->beyond + 1 : 0;
	return beyond;
}

/* --- what the ledger finds --- */

void pipeline_submitted(void *context, const struct envelope *envelope, uint32_t source, uint64_t position)
{
	struct pipeline *pipeline = context;

	if (pipeline_feeds_judge(pipeline))
		judge_submitted(pipeline->judge, envelope, source, position);
}

void pipeline_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	struct pipeline *pipeline = context;
	const struct pipeline_sink *sink = &pipeline->sink;

	if (sink->attempt != NULL && attempt->time >= pipeline->options->logs.since)
		sink->attempt(sink->context, attempt, stage);
	if (pipeline->server != NULL && stage == ATTEMPT_FIRST)
		server_attempt(pipeline->server, attempt);
	if (!pipeline_feeds_judge(pipeline))
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

void pipeline_login(void *context, const struct login *login)
{
	struct pipeline *pipeline = context;
	const struct pipeline_sink *sink = &pipeline->sink;

	if (sink->login != NULL && pipeline->mode != PIPELINE_RECALLS &&
	    login->time >= pipeline->options->logs.since)
		sink->login(sink->context, login);
	if (pipeline_feeds_judge(pipeline))
		judge_login(pipeline->judge, login);
}

/* --- what the judge finds --- */

void pipeline_verdict(void *context, const struct verdict *verdict)
{
	struct pipeline *pipeline = context;
	struct verdict told = *verdict;

	if (verdict->time < pipeline->options->logs.since) {
		if (pipeline->sink.earlier != NULL)
			pipeline->sink.earlier(pipeline->sink.context, verdict);
		return;
	}
	told.late = verdict->late || pipeline->line.late || pipeline->mode == PIPELINE_JUDGES_LATE;
	pipeline->sink.verdict(pipeline->sink.context, &told);
}

/* Caused by the line that is being read, whichever it is. */
void pipeline_server(void *context, const struct verdict *verdict)
{
	struct pipeline *pipeline = context;
	struct verdict told = *verdict;

	told.source = pipeline->line.source;
	told.position = pipeline->line.position;
	pipeline_verdict(pipeline, &told);
}

/* --- beside the way --- */

/* Told once: as exported with the newest first. */
static SELDOM void pipeline_step_back(struct pipeline *pipeline)
{
	struct text words = { 0 };

	if (pipeline->steps_back > PIPELINE_BACKWARDS || ++pipeline->steps_back <= PIPELINE_BACKWARDS)
		return;
	text_add_format(&words,
			"%s: its newest lines stand first, so that no message can be followed and nobody is "
			"charged; turn it round with tac(1)",
			collector_source_name(pipeline->collector, pipeline->line.source));
	pipeline_report_trouble(pipeline, words.at);
	text_free(&words);
}

static void pipeline_count(struct pipeline *pipeline, const struct frame *frame, const struct event *event)
{
	struct pipeline_stats *stats = &pipeline->stats;

	stats->events[event->kind]++;
	if (stats->first == USEC_NEVER || frame->time < stats->first)
		stats->first = frame->time;
	if (frame->time > stats->last)
		stats->last = frame->time;
	if (frame->time < pipeline->before)
		pipeline_step_back(pipeline);
	else if (frame->time > pipeline->before && pipeline->steps_back <= PIPELINE_BACKWARDS)
		pipeline->steps_back = 0;
	pipeline->before = frame->time;
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
		if (pipeline->mode != PIPELINE_JUDGES)
			text_add(&name, SPAN(" before"));
		if (pipeline->store != NULL)
			store_source(pipeline->store, pipeline->sources, text_span(&name));
		text_free(&name);
	}
}

static void pipeline_begin_line(struct pipeline *pipeline, const struct collector *collector)
{
	pipeline->stats.lines++;
	pipeline->collector = collector;
	if (pipeline->line.source >= pipeline->sources)
		pipeline_name_sources(pipeline, collector);
}

/* Not where that could be told from outside: by where it ends (--until, sink->line), by waiting for a pipe. */
void pipeline_read_ahead(struct pipeline *pipeline, struct collector *collector)
{
	const struct pipeline_sink *sink = &pipeline->sink;

	if (pipeline->options->logs.until == USEC_NEVER && sink->line == NULL &&
	    !collector_may_wait(collector))
		pipeline->ahead = reading_new(collector, sink->event != NULL);
	if (pipeline->ahead != NULL && !reading_start(pipeline->ahead))
		reading_stop(&pipeline->ahead);
}

/*
 * The same as pipeline_run, for lines that another thread has read and cut. There is no --until then and no
 * sink->line: pipeline_read_ahead saw to that.
 */
static enum collected pipeline_run_ahead(struct pipeline *pipeline, const struct collector *collector,
					 uint64_t most)
{
	const struct reading *reading;
	enum collected what = COLLECTED_LINE;

	for (uint64_t count = 0; most == 0 || count < most; count++) {
		what = reading_next(pipeline->ahead, &reading, pipeline_report_trouble, pipeline);
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

/* In the thread of the pipeline, at the place of the line that it came with. */
void pipeline_report_trouble(void *context, const char *words)
{
	struct pipeline *pipeline = context;

	if (pipeline->sink.trouble != NULL)
		pipeline->sink.trouble(pipeline->sink.context, words);
}

void pipeline_read_no_more(struct pipeline *pipeline)
{
	reading_stop(&pipeline->ahead);
}

struct collector_stats pipeline_collected(const struct pipeline *pipeline, const struct collector *collector)
{
	return pipeline->ahead != NULL ? reading_stats(pipeline->ahead) : collector_stats(collector);
}

void pipeline_set_mode(struct pipeline *pipeline, enum pipeline_mode mode)
{
	bool quiet = mode == PIPELINE_LEARNS || mode == PIPELINE_RECALLS;

	pipeline->mode = mode;
	pipeline->sources = 0; /* they go by other names now */
	if (pipeline->judge != NULL)
		judge_quiet(pipeline->judge, quiet);
	if (pipeline->server != NULL)
		server_quiet(pipeline->server, quiet);
}

void pipeline_idle(struct pipeline *pipeline, usec_t silence)
{
	usec_t now = pipeline->stats.last + silence;

	if (pipeline->judge == NULL || pipeline->stats.last == USEC_NEVER ||
	    now < pipeline->judged + USEC_MINUTE)
		return;
	judge_time(pipeline->judge, now);
	if (pipeline->server != NULL)
		server_time(pipeline->server, now);
	pipeline->judged = now;
}

void pipeline_finish(struct pipeline *pipeline)
{
	if (pipeline->ledger != NULL)
		ledger_finish(pipeline->ledger);
	if (pipeline->judge != NULL && pipeline->stats.last != USEC_NEVER)
		judge_time(pipeline->judge, pipeline->stats.last);
}

void pipeline_release(struct pipeline *pipeline, struct span account, usec_t when, usec_t until,
		      bool repeated)
{
	if (pipeline->judge != NULL && repeated)
		judge_release_again(pipeline->judge, account, when, until);
	else if (pipeline->judge != NULL)
		judge_release(pipeline->judge, account, when, until);
}
