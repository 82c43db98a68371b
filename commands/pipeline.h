/*
 * The way of the data, live and in replay alike:
 *
 *	bytes -source-> line -parser-> event -ledger-> attempt -store-> windows
 *	      -detectors-> evidence -> verdict
 */
#ifndef SENDWATCH_COMMANDS_PIPELINE_H
#define SENDWATCH_COMMANDS_PIPELINE_H

#include "collector/collector.h"
#include "detectors/judge.h"
#include "parsers/frame.h"
#include "parsers/ledger.h"

struct options;

/* Who wants to see what passes; any may be NULL. */
struct pipeline_watcher {
	void *context;
	void (*event)(void *context, const struct line *line, const struct frame *frame,
		      const struct event *event);
	void (*attempt)(void *context, const struct attempt *attempt, enum attempt_stage stage);
	void (*verdict)(void *context, const struct verdict *verdict);
};

struct pipeline;

struct pipeline *pipeline_new(const struct options *options, const struct pipeline_watcher *watcher,
			      struct error *error);
void pipeline_free(struct pipeline **pipeline);

/* For the collector that feeds this pipeline: framers by file, time of lines. */
struct collector_calls pipeline_calls(struct pipeline *pipeline);

/* Read until the end of the logs, or until there is nothing for now. */
enum collected pipeline_run(struct pipeline *pipeline, struct collector *collector);

/* The logs are at their end: open messages are given as they stand. */
void pipeline_finish(struct pipeline *pipeline);

#endif
