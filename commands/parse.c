/*
 * `sendwatch parse`: what the lines say, one JSON object a line; with --attempts what became of each
 * recipient, with --coverage how much was understood and what was not. Nothing is judged.
 */
#define _GNU_SOURCE
#include "commands/command.h"
#include "commands/coverage.h"
#include "commands/options.h"
#include "commands/pipeline.h"
#include "commands/progress.h"
#include "responders/payload.h"

#include <stdlib.h>

struct parse {
	const struct arguments *arguments;
	struct options options;
	struct coverage *coverage;
	bool failed;
};

static void parse_print(char *json)
{
	fputs(json, stdout);
	fputc('\n', stdout);
	free(json);
}

/* A message's other lines, which name nobody, are only shown with everybody's. */
static bool parse_wants(const struct parse *parse, const struct event *event)
{
	struct account_name name;

	return parse->options.logs.account == NULL ||
	       options_want(&parse->options, options_named(&parse->options, event, &name));
}

static void parse_event(void *context, const struct line *line, const struct frame *frame,
			const struct event *event)
{
	const struct parse *parse = context;

	if (parse->coverage != NULL)
		coverage_count(parse->coverage, line->text, frame, event);
	else if (event->kind != EVENT_FOREIGN && parse_wants(parse, event))
		parse_print(payload_event(frame, event));
}

static void parse_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	const struct parse *parse = context;

	if (stage == ATTEMPT_DONE && options_want(&parse->options, attempt->envelope->account))
		parse_print(payload_attempt(attempt));
}

static void parse_trouble(void *context, const char *words)
{
	struct parse *parse = context;

	progress_trouble("parse", words);
	parse->failed = true;
}

static int parse_logs(struct parse *parse)
{
	const struct arguments *arguments = parse->arguments;
	const struct pipeline_sink sink = {
		.context = parse,
		.event = arguments->attempts ? NULL : parse_event,
		.attempt = arguments->attempts ? parse_attempt : NULL,
		.trouble = parse_trouble,
		.want_done = true,
	};
	struct error error;
	struct pipeline *pipeline = pipeline_new(&parse->options, &sink, &error);
	struct collector_calls calls;
	struct collector *collector;

	if (pipeline == NULL) {
		fprintf(stderr, "sendwatch parse: %s\n", error.text);
		return EXIT_USAGE;
	}
	calls = pipeline_calls(pipeline);
	collector = progress_open(arguments, arguments->names, arguments->count, &calls, &error);
	if (collector == NULL) {
		/* What is wrong with which file was told as it was found. */
		parse->failed = true;
	} else {
		progress_run(pipeline, collector, arguments, parse->coverage == NULL);
		collector_close(&collector);
		pipeline_finish(pipeline);
	}
	pipeline_free(&pipeline);
	return parse->failed ? EXIT_FAILED : EXIT_DONE;
}

int command_parse(const struct arguments *arguments)
{
	struct parse parse = { .arguments = arguments };
	struct error error;
	int status;

	if (arguments->count == 0) {
		fprintf(stderr, "sendwatch parse: which log? (a file, a glob, or - for standard input)\n");
		return EXIT_USAGE;
	}
	if (arguments->attempts && arguments->coverage) {
		fprintf(stderr, "sendwatch parse: --attempts or --coverage, not both\n");
		return EXIT_USAGE;
	}
	if (arguments->coverage && arguments->account != NULL) {
		fprintf(stderr, "sendwatch parse: --coverage is of all lines: no --account beside it\n");
		return EXIT_USAGE;
	}
	if (!options_load(arguments, &parse.options, &error)) {
		fprintf(stderr, "sendwatch parse: %s\n", error.text);
		return EXIT_USAGE;
	}
	if (arguments->coverage)
		parse.coverage = coverage_new();
	status = parse_logs(&parse);
	if (parse.coverage != NULL)
		coverage_print(parse.coverage, arguments->format == FORMAT_NDJSON, stdout);
	coverage_free(&parse.coverage);
	options_free(&parse.options);
	return status;
}
