/*
 * `sendwatch trace WHAT LOG...`: every step of one message, queue id, message-id, account, sender, recipient or
 * client address, through content filters, bounces, requeues and rotations.
 *
 * What few ids belong to is searched for as text (trace_scan.c). An account with many messages, or a local
 * user or script, whom no text in a line names, is found by parsing every line as replay does, and then once
 * more for all that belongs; each such reading may bring further ids, and there are at most four.
 */
#define _GNU_SOURCE
#include "commands/command.h"
#include "commands/options.h"
#include "commands/pipeline.h"
#include "commands/progress.h"
#include "commands/trace_print.h"
#include "commands/trace_scan.h"

#include "collector/journald_name.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define TRACE_READINGS 4

#define TRACE_SCRIPTS 8

/* A line that may tell where the next local message comes from. */
struct trace_script {
	char text[1024];
	size_t len;
	uint64_t position;
	uint32_t source;
	usec_t time;
};

struct trace {
	const struct arguments *arguments;
	struct options options;
	struct wanted *wanted;
	struct trace_lines lines;
	bool failed, learned;
	struct trace_script scripts[TRACE_SCRIPTS];
	unsigned script_next;
};

static void trace_trouble(void *context, const char *words)
{
	struct trace *trace = context;

	progress_trouble("trace", words);
	trace->failed = true;
}

/* An account as the ledger names it, when no line holds that name. */
static bool trace_is_account(struct span what)
{
	return span_starts(what, SPAN("local:")) || span_starts(what, SPAN("script:")) ||
	       span_starts(what, SPAN("host:")) || span_starts(what, SPAN("sender:"));
}

static void trace_note_script(struct trace *trace, const struct line *line, usec_t time)
{
	struct trace_script *script = &trace->scripts[trace->script_next++ % TRACE_SCRIPTS];

	script->len = line->text.len < sizeof(script->text) ? line->text.len : 0;
	memcpy(script->text, line->text.at, script->len);
	script->position = line->position;
	script->source = line->source;
	script->time = time;
}

/* The scripts right before a local message are kept for the ledger to choose from; kept twice is kept once. */
static void trace_keep_scripts(struct trace *trace)
{
	for (unsigned i = 0; i < TRACE_SCRIPTS; i++) {
		const struct trace_script *script = &trace->scripts[i];

		if (script->len > 0)
			trace_lines_add(&trace->lines, (struct span){ script->text, script->len },
					script->source, script->position, script->time);
	}
}

static void trace_event(void *context, const struct line *line, const struct frame *frame,
			const struct event *event)
{
	struct trace *trace = context;

	if (event->kind == EVENT_SCRIPT && event->queue_id.at == NULL)
		trace_note_script(trace, line, frame->time);
	if (event->kind == EVENT_FOREIGN || wanted_match(trace->wanted, event) == WANTED_NOT)
		return;
	if (wanted_has_script(event))
		trace_keep_scripts(trace);
	trace_lines_add(&trace->lines, line->text, line->source, line->position, frame->time);
	trace->learned = wanted_learn(trace->wanted, event) || trace->learned;
}

/* The first reading by account: the queue ids of its messages. */
static void trace_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	struct trace *trace = context;

	struct span what = wanted_what(trace->wanted), script = what;

	if (stage != ATTEMPT_FIRST)
		return;
	if (!span_equal_nocase(attempt->envelope->account, what) &&
	    !(span_skip(&script, SPAN("script:")) && span_equal(attempt->envelope->script, script)))
		return;
	for (size_t i = 0; i < attempt->queue_id_count; i++)
		wanted_add(trace->wanted, attempt->queue_ids[i]);
}

/* Parse every line once, for events or for attempts. */
static bool trace_read(struct trace *trace, bool attempts, struct error *error)
{
	const struct pipeline_sink sink = {
		.context = trace,
		.event = attempts ? NULL : trace_event,
		.attempt = attempts ? trace_attempt : NULL,
		.trouble = trace_trouble,
	};
	const struct arguments *arguments = trace->arguments;
	struct options options = trace->options;
	struct collector_calls calls;
	struct collector *collector;
	struct pipeline *pipeline;

	/* A message is told whole: what is shown of it is chosen when all is known. */
	options.logs.since = options.logs.until = USEC_NEVER;
	pipeline = pipeline_new(&options, &sink, error);
	if (pipeline == NULL)
		return false;
	calls = pipeline_calls(pipeline);
	collector = progress_open(arguments, arguments->names + 1, arguments->count - 1, &calls, error);
	if (collector != NULL) {
		progress_run(pipeline, collector, arguments, false);
		pipeline_finish(pipeline);
		collector_close(&collector);
	} else {
		trace->failed = true;
	}
	pipeline_free(&pipeline);
	return !trace->failed || trace->lines.count > 0 || attempts;
}

/* Read until no line brings an id that was not known when the reading began. */
static bool trace_read_all(struct trace *trace, struct error *error)
{
	for (int reading = 0; reading < TRACE_READINGS; reading++) {
		trace_lines_clear(&trace->lines);
		trace->learned = false;
		memset(trace->scripts, 0, sizeof(trace->scripts));
		if (!trace_read(trace, false, error))
			return false;
		if (!trace->learned)
			break;
	}
	trace_lines_by_place(&trace->lines);
	trace_lines_by_time(&trace->lines);
	return true;
}

static bool trace_find(struct trace *trace, struct error *error)
{
	struct trace_scan scan = {
		.options = &trace->options,
		.logs = trace->arguments->names + 1,
		.count = trace->arguments->count - 1,
		.wanted = trace->wanted,
		.lines = &trace->lines,
		.trouble = trace_trouble,
		.context = trace,
	};

	if (wanted_by_account(trace->wanted))
		return trace_read(trace, true, error) && trace_read_all(trace, error);
	if (!trace_scan_run(&scan, error))
		return false;
	if (!scan.too_many)
		return true;
	if (scan.piped)
		return error_set(error,
				 "too much belongs to this for one reading of standard input: name a file");
	return trace_read_all(trace, error);
}

static int trace_tell(struct trace *trace, struct error *error)
{
	const struct arguments *arguments = trace->arguments;
	const struct trace_print_how how = {
		.ndjson = arguments->format == FORMAT_NDJSON,
		.options = &trace->options,
		.since = arguments->since,
		.until = arguments->until,
	};
	struct trace_groups *groups = trace_groups_new(&trace->lines, trace->wanted, &trace->options, error);
	size_t steps;

	if (groups == NULL) {
		fprintf(stderr, "sendwatch trace: %s\n", error->text);
		return EXIT_FAILED;
	}
	steps = trace_print(groups, &trace->lines, &how, stdout);
	trace_groups_free(&groups);
	if (trace->lines.left_out > 0)
		fprintf(stderr, "sendwatch trace: %llu lines more were left out: ask for less\n",
			(unsigned long long)trace->lines.left_out);
	if (steps == 0 && !arguments->quiet)
		fprintf(stderr, "sendwatch trace: nothing is said of it in these logs%s\n",
			arguments->account != NULL ? ", of this account"
			: arguments->since != USEC_NEVER || arguments->until != USEC_NEVER ? ", in this time"
											   : "");
	return trace->failed || steps == 0 ? EXIT_FAILED : EXIT_DONE;
}

/* The log first and what is sought behind it, as grep's friends may type it. */
static bool trace_is_swapped(const struct arguments *arguments)
{
	const char *last = arguments->names[arguments->count - 1];

	return access(arguments->names[0], F_OK) == 0 && access(last, F_OK) != 0 && errno == ENOENT &&
	       strcmp(last, "-") != 0 && !journald_name_is(last) && strpbrk(last, "*?[") == NULL;
}

int command_trace(const struct arguments *arguments)
{
	struct trace trace = { .arguments = arguments };
	struct error error;
	int status;

	if (arguments->count < 2) {
		fprintf(stderr,
			"sendwatch trace: what, and in which log? (an address, a queue id, a message-id, an "
			"account; then files)\n");
		return EXIT_USAGE;
	}
	if (trace_is_swapped(arguments)) {
		fprintf(stderr,
			"sendwatch trace: what is sought comes first, then the logs: '%s' is a file\n",
			arguments->names[0]);
		return EXIT_USAGE;
	}
	if (!options_load(arguments, &trace.options, &error)) {
		fprintf(stderr, "sendwatch trace: %s\n", error.text);
		return EXIT_USAGE;
	}
	trace.wanted = wanted_new(span_of(arguments->names[0]),
				  trace_is_account(span_of(arguments->names[0])));
	if (wanted_what(trace.wanted).len == 0) {
		fprintf(stderr, "sendwatch trace: what is to be traced is empty\n");
		status = EXIT_USAGE;
	} else if (!trace_find(&trace, &error)) {
		if (!trace.failed)
			fprintf(stderr, "sendwatch trace: %s\n", error.text);
		status = EXIT_FAILED;
	} else {
		status = trace_tell(&trace, &error);
	}
	trace_lines_clear(&trace.lines);
	wanted_free(&trace.wanted);
	options_free(&trace.options);
	return status;
}
