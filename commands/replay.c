/*
 * `sendwatch replay`: judges old logs as watch would have, and acts on nothing. Verdicts as NDJSON are printed
 * as they come; for people everything is gathered and told at the end.
 */
#define _GNU_SOURCE
#include "commands/case_folder.h"
#include "commands/command.h"
#include "commands/options.h"
#include "commands/pipeline.h"
#include "commands/progress.h"
#include "commands/summary.h"
#include "responders/payload.h"

#include <stdlib.h>
#include <unistd.h>

struct replay {
	const struct arguments *arguments;
	struct options options;
	struct summary *summary;    /* NULL where verdicts are printed as NDJSON */
	struct case_folder *folder; /* NULL where no report is wanted */
	struct casebook *book;      /* its */
	bool failed, flagged;
	enum exit_status status;
};

static void replay_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	const struct replay *replay = context;

	if (stage != ATTEMPT_FIRST || !options_want(&replay->options, attempt->envelope->account))
		return;
	if (replay->summary != NULL)
		summary_attempt(replay->summary, attempt);
	if (replay->book != NULL)
		casebook_attempt(replay->book, attempt);
}

static void replay_verdict(void *context, const struct verdict *verdict)
{
	struct replay *replay = context;
	char *json;

	if (!options_want(&replay->options, verdict->account))
		return;
	replay->flagged = replay->flagged ||
			  (verdict->state == STATE_FLAGGED && strcmp(verdict->type, "verdict") == 0);
	if (replay->book != NULL)
		casebook_verdict(replay->book, verdict);
	if (replay->summary != NULL) {
		summary_verdict(replay->summary, verdict);
		return;
	}
	json = payload_verdict(verdict);
	progress_interrupt(stderr);
	puts(json);
	free(json);
}

static void replay_earlier(void *context, const struct verdict *verdict)
{
	const struct replay *replay = context;

	if (!options_want(&replay->options, verdict->account))
		return;
	if (replay->book != NULL)
		casebook_earlier(replay->book, verdict);
	if (replay->summary != NULL)
		summary_earlier(replay->summary, verdict);
}

static void replay_trouble(void *context, const char *words)
{
	struct replay *replay = context;

	replay->failed = true;
	if (replay->summary != NULL)
		summary_trouble(replay->summary, words);
	if (replay->book != NULL)
		casebook_trouble(replay->book, words);
	progress_trouble("replay", words);
}

static void replay_report(struct replay *replay, const struct summary_read *read)
{
	struct error error;

	if (!case_folder_finish(replay->folder, &read->collector, &read->pipeline, clock_now(), &error))
		replay_trouble(replay, error.text);
}

static void replay_logs(struct replay *replay, struct pipeline *pipeline)
{
	const struct arguments *arguments = replay->arguments;
	struct collector_calls calls = pipeline_calls(pipeline);
	struct summary_read read = { .names = arguments->names,
				     .count = arguments->count,
				     .quiet = arguments->quiet,
				     .account = replay->options.logs.account,
				     .since = arguments->since,
				     .until = arguments->until };
	struct error error;
	struct collector *collector = progress_open(arguments, arguments->names, arguments->count, &calls,
						    &error);

	if (collector == NULL) {
		replay->failed = true; /* what is wrong with which file was told as it was found */
		return;
	}
	progress_run(pipeline, collector, arguments, replay->summary == NULL);
	pipeline_finish(pipeline);
	read.collector = collector_stats(collector);
	read.pipeline = pipeline_stats(pipeline);
	collector_close(&collector);
	if (replay->summary != NULL)
		summary_print(replay->summary, &read, stdout);
	if (replay->folder != NULL)
		replay_report(replay, &read);
}

/* NO_COLOR: https://no-color.org, any value that is not empty. */
static bool replay_colours(void)
{
	const char *refused = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && (refused == NULL || *refused == '\0') &&
	       (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

/* Standard input, a folder that cannot be written: said before anything is read. */
static int replay_refuse(struct replay *replay, const struct error *error)
{
	fprintf(stderr, "sendwatch replay: %s\n", error->text);
	summary_free(&replay->summary);
	options_free(&replay->options);
	return EXIT_USAGE;
}

int command_replay(const struct arguments *arguments)
{
	struct replay replay = { .arguments = arguments };
	struct pipeline_sink sink = { .context = &replay,
				      .verdict = replay_verdict,
				      .earlier = replay_earlier,
				      .trouble = replay_trouble };
	struct pipeline *pipeline = NULL;
	struct error error;

	if (arguments->count == 0) {
		fprintf(stderr, "sendwatch replay: which log? (a file, a glob, or - for standard input)\n");
		return EXIT_USAGE;
	}
	if (!options_load(arguments, &replay.options, &error)) {
		fprintf(stderr, "sendwatch replay: %s\n", error.text);
		return EXIT_USAGE;
	}
	if (arguments->format == FORMAT_TEXT) {
		replay.summary = summary_new(replay_colours());
		sink.attempt = replay_attempt;
	}
	if (arguments->html != NULL || arguments->case_folder != NULL) {
		replay.folder = case_folder_new(&replay.options, arguments, &error);
		if (replay.folder == NULL)
			return replay_refuse(&replay, &error);
		replay.book = case_folder_book(replay.folder);
		sink.attempt = replay_attempt;
	}
	pipeline = pipeline_new(&replay.options, &sink, &error);
	if (pipeline != NULL)
		replay_logs(&replay, pipeline);
	else
		fprintf(stderr, "sendwatch replay: %s\n", error.text);
	replay.status = pipeline == NULL                         ? EXIT_USAGE
			: replay.failed                          ? EXIT_FAILED
			: arguments->exit_code && replay.flagged ? EXIT_FLAGGED
								 : EXIT_DONE;
	case_folder_free(&replay.folder);
	summary_free(&replay.summary);
	pipeline_free(&pipeline);
	options_free(&replay.options);
	return (int)replay.status;
}
