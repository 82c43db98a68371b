/*
 * Lines kept by a trace: text in large chunks, places in one array.
 */
#include "commands/trace_lines.h"

#include "base/memory.h"

#include <stdlib.h>

#define CHUNK ((size_t)1024 * 1024)

static char *trace_lines_room(struct trace_lines *lines, size_t len)
{
	char *at;

	if (lines->chunk_count == 0 || lines->chunk_used + len > CHUNK) {
		lines->chunks = memory_grow(lines->chunks, lines->chunk_count + 1, sizeof(*lines->chunks));
		lines->chunks[lines->chunk_count++] = memory_grow(NULL, len > CHUNK ? len : CHUNK, 1);
		lines->chunk_used = 0;
	}
	at = lines->chunks[lines->chunk_count - 1] + lines->chunk_used;
	lines->chunk_used += len;
	lines->bytes += len;
	return at;
}

void trace_lines_add(struct trace_lines *lines, struct span text, uint32_t file, uint64_t offset, usec_t time)
{
	char *copy;

	if (lines->count >= TRACE_LINES_MOST || lines->bytes >= TRACE_BYTES_MOST) {
		lines->left_out++;
		return;
	}
	if (lines->count == lines->room) {
		lines->room = lines->room == 0 ? 256 : 2 * lines->room;
		lines->all = memory_grow(lines->all, lines->room, sizeof(*lines->all));
	}
	copy = trace_lines_room(lines, text.len);
	memcpy(copy, text.at, text.len);
	lines->all[lines->count++] = (struct trace_line){ copy, (uint32_t)text.len, file, offset, time };
}

static int trace_lines_place(const void *a, const void *b)
{
	const struct trace_line *one = a, *other = b;

	if (one->file != other->file)
		return one->file < other->file ? -1 : 1;
	return one->offset < other->offset ? -1 : one->offset > other->offset;
}

static int trace_lines_time(const void *a, const void *b)
{
	const struct trace_line *one = a, *other = b;

	if (one->time != other->time)
		return one->time < other->time ? -1 : 1;
	return trace_lines_place(a, b);
}

void trace_lines_by_place(struct trace_lines *lines)
{
	size_t kept = 0;

	if (lines->count > 1)
		qsort(lines->all, lines->count, sizeof(*lines->all), trace_lines_place);
	for (size_t i = 0; i < lines->count; i++)
		if (kept == 0 || trace_lines_place(&lines->all[kept - 1], &lines->all[i]) != 0)
			lines->all[kept++] = lines->all[i];
	lines->count = kept;
}

void trace_lines_by_time(struct trace_lines *lines)
{
	if (lines->count > 1)
		qsort(lines->all, lines->count, sizeof(*lines->all), trace_lines_time);
}

void trace_lines_clear(struct trace_lines *lines)
{
	for (size_t i = 0; i < lines->chunk_count; i++)
		free(lines->chunks[i]);
	free(lines->chunks);
	free(lines->all);
	*lines = (struct trace_lines){ .all = NULL };
}
