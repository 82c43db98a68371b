/*
 * Lines cut out of blocks of bytes. A block has LINES_HEADROOM free bytes before its data: what is left of
 * the block before (a line begun, and some history) is copied there, so that every line lies in one piece
 * and is borrowed from the block until the next one is fed.
 */
#ifndef SENDWATCH_COLLECTOR_LINES_H
#define SENDWATCH_COLLECTOR_LINES_H

#include "base/span.h"

#define LINES_MAX      ((size_t)64 * 1024) /* bytes of a line; longer ones are skipped and counted */
#define LINES_HISTORY  ((size_t)1024)      /* bytes before a position that can be asked for later */
#define LINES_HEADROOM (LINES_MAX + 1 + LINES_HISTORY)

#define LINES_SKIPPING 1u /* inside a line that is too long */
#define LINES_FOUL     2u /* there are NUL bytes in the block */
#define LINES_HOLE     4u /* inside NUL bytes that were counted */

struct lines {
	const char *at, *end; /* what is not cut yet */
	const char *floor;    /* history reaches back to here */
	uint64_t position;    /* of AT, counted from where the caller began */
	unsigned odd; /* of LINES_SKIPPING ...; 0: nothing is, and lines are cut without further ado */
	uint64_t skipped_long, skipped_binary;
};

/*
 * Go on with LEN bytes at DATA, LINES_HEADROOM bytes before which are free; the block before must still be
 * there, and is not needed afterwards. DATA may lie in the same memory as the block before.
 */
void lines_feed(struct lines *lines, char *data, size_t len);

/* lines_next where something is odd, or a line too long. */
bool lines_next_odd(struct lines *lines, struct span *line_r);

/* The next whole line, without newline and CR. False where the block holds none: feed more. */
static inline bool lines_next(struct lines *lines, struct span *line_r)
{
	const char *from = lines->at, *newline;
	size_t len;

	if (lines->odd != 0)
		return lines_next_odd(lines, line_r);
	newline = from == lines->end ? NULL : memchr(from, '\n', (size_t)(lines->end - from));
	if (newline == NULL)
		return false;
	len = (size_t)(newline - from);
	if (len > LINES_MAX)
		return lines_next_odd(lines, line_r);
	lines->at = newline + 1;
	lines->position += len + 1;
	*line_r = (struct span){ from, len > 0 && newline[-1] == '\r' ? len - 1 : len };
	return true;
}

/* After the last block: the line that no newline ends. */
bool lines_last(struct lines *lines, struct span *line_r);

/* What came right before POSITION, at or a little before the present one: up to LINES_HISTORY bytes; maybe none. */
struct span lines_history(const struct lines *lines, uint64_t position);

/* Begin anew at POSITION; BEFORE it came these bytes, which stay valid until the first block is fed. */
void lines_start(struct lines *lines, uint64_t position, struct span before);

#endif
