/*
 * The lines of a trace as messages: which line belongs to which, whose each message is, and what became of its
 * recipients.
 */
#ifndef SENDWATCH_COMMANDS_TRACE_GROUP_H
#define SENDWATCH_COMMANDS_TRACE_GROUP_H

#include "base/error.h"
#include "commands/trace_lines.h"
#include "commands/trace_wanted.h"
#include "parsers/frame.h"

#define TRACE_NO_GROUP UINT32_MAX

struct trace_group {
	uint32_t into; /* the group that it became part of; itself where it is one */
	bool seed;     /* holds what was asked for */
	bool begun;    /* its first line was found */
	bool named;    /* `id` is that of a message that came in */
	char *id, *account, *script;
	uint32_t delivered, deferred, failed; /* recipients, notifications aside */
	usec_t first, last;
};

struct options;
struct trace_groups;

/* LINES, in the order of time, and WANTED stay the caller's and are needed as long as the groups. */
struct trace_groups *trace_groups_new(const struct trace_lines *lines, const struct wanted *wanted,
				      const struct options *options, struct error *error);
void trace_groups_free(struct trace_groups **groups);

uint32_t trace_groups_count(const struct trace_groups *groups);

/* Which group a line belongs to; TRACE_NO_GROUP where it is of no message. */
uint32_t trace_groups_of(const struct trace_groups *groups, size_t line);
const struct trace_group *trace_groups_at(const struct trace_groups *groups, uint32_t group);

/* A kept line once more as frame and event. */
bool trace_groups_read(struct trace_groups *groups, const struct trace_line *line, struct frame *frame,
		       struct event *event);

#endif
