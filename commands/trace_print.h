/*
 * What a trace has found, told: messages (a queue id and all that it became) with their steps in the order of
 * time, for people or as NDJSON.
 */
#ifndef SENDWATCH_COMMANDS_TRACE_PRINT_H
#define SENDWATCH_COMMANDS_TRACE_PRINT_H

#include "commands/trace_lines.h"
#include "base/error.h"
#include "commands/trace_wanted.h"

#include <stdio.h>

struct options;

struct trace_told {
	size_t messages, steps;
	bool headless; /* a message whose beginning was not found */
};

/* LINES are in the order of time. False and ERROR where the settings do not do. */
bool trace_print(const struct trace_lines *lines, const struct wanted *wanted, const struct options *options,
		 bool ndjson, FILE *out, struct trace_told *told_r, struct error *error);

#endif
