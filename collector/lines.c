/*
 * Cutting lines: one memchr a line, and one a block for NUL bytes, which are so rare that blocks
 * without any take the short way. Nothing is copied but what lies across the end of a block.
 *
 * NUL bytes before a line (the hole that copytruncate leaves under a writer that does not append) are
 * dropped and the line is given; a line with NUL bytes inside is skipped. Both are counted.
 */
#define _GNU_SOURCE
#include "collector/lines.h"

#include "base/seldom.h"

void lines_start(struct lines *lines, uint64_t position, struct span before)
{
	lines->floor = before.at;
	lines->at = lines->end = before.at + before.len;
	lines->position = position;
	lines->odd = 0;
}

static void lines_be(struct lines *lines, unsigned what, bool so)
{
	lines->odd = so ? lines->odd | what : lines->odd & ~what;
}

/* Leading NULs do not make a line too long, however many they are. */
static SELDOM void lines_drop_nuls(struct lines *lines)
{
	const char *from = lines->at;

	while (lines->at < lines->end && *lines->at == '\0')
		lines->at++;
	if (lines->at == from)
		return;
	lines->position += (uint64_t)(lines->at - from);
	if ((lines->odd & LINES_HOLE) == 0)
		lines->skipped_binary++;
	lines_be(lines, LINES_HOLE, lines->at == lines->end); /* it may go on in the next block */
}

void lines_feed(struct lines *lines, char *data, size_t len)
{
	size_t left = (size_t)(lines->end - lines->at);
	size_t history = lines->at == NULL ? 0 : (size_t)(lines->at - lines->floor);

	if (left > 0 && (lines->odd & LINES_SKIPPING) != 0) {
		lines->position += left;
		history += left;
		left = 0;
	} else if (left > LINES_MAX + 1) { /* + 1: what could still be the CR before the newline */
		lines->odd |= LINES_SKIPPING;
		lines->skipped_long++;
		lines->position += left;
		history += left;
		left = 0;
	}
	if (history > LINES_HISTORY)
		history = LINES_HISTORY;
	if (left + history > 0)
		memmove(data - left - history, lines->end - left - history, left + history);
	lines_be(lines, LINES_FOUL,
		 (left > 0 && (lines->odd & LINES_FOUL) != 0) || memchr(data, '\0', len) != NULL);
	lines->at = data - left;
	lines->floor = lines->at - history;
	lines->end = data + len;
}

struct span lines_history(const struct lines *lines, uint64_t position)
{
	size_t room = lines->at == NULL ? 0 : (size_t)(lines->at - lines->floor);
	uint64_t back = lines->position - position;
	size_t len;

	if (position > lines->position || back >= room)
		return (struct span){ "", 0 };
	len = room - (size_t)back;
	if (len > LINES_HISTORY)
		len = LINES_HISTORY;
	return (struct span){ lines->at - back - len, len };
}

/* A line of a block with NUL bytes, a long one, or the end of one that is skipped. */
static SELDOM bool lines_fit_odd(struct lines *lines, const struct span *line)
{
	if ((lines->odd & LINES_SKIPPING) != 0) {
		lines->odd &= ~LINES_SKIPPING;
		return false;
	}
	if (line->len > LINES_MAX) {
		lines->skipped_long++;
		return false;
	}
	if ((lines->odd & LINES_FOUL) != 0 && line->len > 0 && memchr(line->at, '\0', line->len) != NULL) {
		lines->skipped_binary++;
		return false;
	}
	return true;
}

/* False where the line that was cut is not to be given. */
static bool lines_fit(struct lines *lines, struct span *line)
{
	if (line->len > 0 && line->at[line->len - 1] == '\r')
		line->len--;
	return ((lines->odd & (LINES_SKIPPING | LINES_FOUL)) == 0 && line->len <= LINES_MAX) ||
	       lines_fit_odd(lines, line);
}

bool lines_next_odd(struct lines *lines, struct span *line_r)
{
	for (;;) {
		const char *from, *newline;

		if ((lines->odd & (LINES_FOUL | LINES_SKIPPING)) == LINES_FOUL)
			lines_drop_nuls(lines);
		from = lines->at;
		newline = from == lines->end ? NULL : memchr(from, '\n', (size_t)(lines->end - from));
		if (newline == NULL)
			return false;
		lines->odd &= ~LINES_HOLE;
		*line_r = (struct span){ from, (size_t)(newline - from) };
		lines->at = newline + 1;
		lines->position += line_r->len + 1;
		if (lines_fit(lines, line_r))
			return true;
	}
}

bool lines_last(struct lines *lines, struct span *line_r)
{
	*line_r = (struct span){ lines->at, (size_t)(lines->end - lines->at) };
	lines->at = lines->end;
	lines->position += line_r->len;
	return line_r->len > 0 && lines_fit(lines, line_r);
}
