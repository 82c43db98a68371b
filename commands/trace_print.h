/*
 * What a trace has found, told: messages (a queue id and all that it became) with their steps in the order of
 * time, for people or as NDJSON: objects of type "message" and "step", bound together by `message`, a number from
 * 1 on; steps of no message have 0.
 */
#ifndef SENDWATCH_COMMANDS_TRACE_PRINT_H
#define SENDWATCH_COMMANDS_TRACE_PRINT_H

#include "commands/trace_group.h"

#include <stdio.h>

struct trace_print_how {
	bool ndjson;
	const struct options *options; /* which account's messages */
	usec_t since, until;           /* USEC_NEVER: no bound */
};

/* How many steps were told. LINES are those of GROUPS. */
size_t trace_print(struct trace_groups *groups, const struct trace_lines *lines,
		   const struct trace_print_how *how, FILE *out);

#endif
