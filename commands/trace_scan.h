/*
 * Finding the lines of few ids in any number of logs without reading the others: blocks are searched for the
 * texts that are wanted, and only the lines that hold one are parsed. Ids that such a line brings are searched
 * for from there on, and back through the last 16 MiB; what belongs and stood earlier is not found, and a
 * trace that has no beginning says so.
 */
#ifndef SENDWATCH_COMMANDS_TRACE_SCAN_H
#define SENDWATCH_COMMANDS_TRACE_SCAN_H

#include "collector/collector.h"
#include "commands/trace_lines.h"
#include "commands/trace_wanted.h"

#define TRACE_NEEDLES 12 /* texts searched for at once; where more belong, every line is better parsed */

struct options;

struct trace_scan {
	const struct options *options;
	const char *const *logs;
	size_t count;
	struct wanted *wanted;
	struct trace_lines *lines; /* in the order of time, when all is read */
	void (*trouble)(void *context, const char *words);
	void *context;
	bool too_many; /* more belongs than can be searched for; what is in `lines` is not all */
	bool piped;    /* standard input was read: it cannot be read again */
};

/* False where nothing could be read. */
bool trace_scan_run(struct trace_scan *scan, struct error *error);

#endif
