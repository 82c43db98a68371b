/*
 * The lines that a trace has found: copies, each once, with where they stood, put in the order of time. They are
 * bounded in number and bytes; what passes the bound is counted and left out.
 */
#ifndef SENDWATCH_COMMANDS_TRACE_LINES_H
#define SENDWATCH_COMMANDS_TRACE_LINES_H

#include "base/clock.h"
#include "base/span.h"

#define TRACE_LINES_MOST 4000000
#define TRACE_BYTES_MOST ((size_t)1024 * 1024 * 1024)

struct trace_line {
	const char *at;
	uint32_t len;
	uint32_t file;   /* in the order in which they are read */
	uint64_t offset; /* of its first byte in the file */
	usec_t time;     /* USEC_NEVER until somebody tells */
};

struct trace_lines {
	struct trace_line *all;
	size_t count, room;
	char **chunks;
	size_t chunk_count, chunk_used, bytes;
	uint64_t left_out;
};

void trace_lines_add(struct trace_lines *lines, struct span text, uint32_t file, uint64_t offset,
		     usec_t time);

/* By file and place, each once. */
void trace_lines_by_place(struct trace_lines *lines);

/* By time; what has the same time keeps the order of files and places. */
void trace_lines_by_time(struct trace_lines *lines);

void trace_lines_clear(struct trace_lines *lines);

#endif
