/*
 * Running a pipeline to the end of its logs with a bar on the terminal: share done, rate, time left. Without a
 * terminal (or with --quiet) nothing is shown and nothing is measured.
 */
#ifndef SENDWATCH_COMMANDS_PROGRESS_H
#define SENDWATCH_COMMANDS_PROGRESS_H

#include "commands/arguments.h"
#include "commands/pipeline.h"

/* The collector of LOGS for progress_run, with threads as the arguments say. NULL where none can be opened. */
struct collector *progress_open(const struct arguments *arguments, const char *const *logs, size_t count,
				const struct collector_calls *calls, struct error *error);

/* PRINTS: results go to standard output meanwhile, so the bar would stand between them on a terminal. */
void progress_run(struct pipeline *pipeline, struct collector *collector, const struct arguments *arguments,
		  bool prints);

/* Take the bar off the line before something else is said on OUT; it comes back by itself. */
void progress_interrupt(FILE *out);

/* COMMAND has trouble with a log, whose name may be a stranger's: said on standard error. */
void progress_trouble(const char *command, const char *words);

#endif
