/*
 * Following one log. The rules, each of which somebody has lost or doubled lines without:
 *
 * - A file is known by what it holds, not by its inode: before bytes that were read are given, the bytes
 *   before them are compared with what stood there, so that a truncated file is found out even where it has
 *   grown past its old size. What was cut off is looked for in a copy (copytruncate).
 * - A file renamed away is read to its end, and until nobody has written to it for a while and the new one
 *   has something; only then what came after it is read, oldest first.
 * - A position that cannot be found again is said, never guessed over in silence.
 * - Bytes without a newline are not given until the newline comes or the file is over.
 *
 * Not covered: what a writer adds to a file renamed away after more than the grace time of silence.
 */
#define _GNU_SOURCE
#include "collector/tail.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL_BLOCK ((size_t)64 * 1024)

struct tail *tail_new(struct collector *collector, const char *path, uint32_t source,
		      const struct position *position)
{
	struct tail *tail = memory_new(1, sizeof(*tail));

	tail->path = memory_copy(span_of(path));
	tail->name = source_name_of(path);
	tail->source = source;
	tail->collector = collector;
	tail->since = tail->wake = USEC_NEVER;
	tail->watch_file = tail->watch_folder = tail->watch_path = -1;
	tail->dirty = true;
	for (unsigned i = 0; i < 2; i++)
		tail->buffers[i] = memory_new(LINES_HEADROOM + TAIL_BLOCK, 1);
	if (position != NULL) {
		tail->given = *position;
		tail->has_given = tail->late = true;
	}
	tail->given.path = tail->path;
	return tail;
}

static void tail_close_piece(struct tail *tail)
{
	if (tail->was_opened && tail->collector->calls.closed != NULL)
		tail->collector->calls.closed(tail->collector->calls.context, tail->opened);
	tail->was_opened = false;
	piece_close(&tail->piece);
}

void tail_free(struct tail **tail)
{
	struct tail *old = *tail;

	if (old == NULL)
		return;
	tail_close_piece(old);
	pieces_free(&old->queue);
	for (unsigned i = 0; i < 2; i++)
		free(old->buffers[i]);
	free(old->path);
	free(old->name);
	free(old);
	*tail = NULL;
}

static void tail_trouble(void *context, const char *words)
{
	struct tail *tail = context;

	if (strncmp(tail->said, words, sizeof(tail->said) - 1) == 0)
		return;
	snprintf(tail->said, sizeof(tail->said), "%s", words);
	source_trouble(tail->collector, words);
}

static void tail_fail(struct tail *tail, const struct error *error)
{
	tail->collector->stats.files_failed++;
	tail_trouble(tail, error->text);
}

/* The position OFFSET bytes into the piece, as it will be looked for. */
static struct position tail_mark(const struct tail *tail, uint64_t offset)
{
	const struct piece *piece = tail->piece;

	return (struct position){
		.path = tail->path,
		.dev = piece->dev,
		.ino = piece->ino,
		.offset = offset,
		.total = tail->base + offset,
		.written = piece->written,
		.head = position_mark_of((struct span){ piece->head, piece->head_len }),
		.before = position_mark_of(lines_history(&tail->lines, offset)),
	};
}

static void tail_freeze(struct tail *tail)
{
	if (tail->given_here)
		tail->given = tail_mark(tail, tail->given.offset);
	tail->given_here = false;
}

bool tail_position(struct tail *tail, struct position *position_r)
{
	if (tail->has_given)
		*position_r = tail->given_here ? tail_mark(tail, tail->given.offset) : tail->given;
	return tail->has_given;
}

/* Begin with PIECE at the place where it stands; BASE is the total position of its first byte. */
static void tail_begin(struct tail *tail, struct piece *piece, uint64_t base, usec_t now)
{
	char *buffer = tail->buffers[tail->turn];
	const struct collector_calls *calls = &tail->collector->calls;

	tail_close_piece(tail);
	tail->turn ^= 1;
	tail->piece = piece;
	tail->base = base;
	tail->leaving = tail->cut = false;
	tail->grown = now;
	tail->said[0] = '\0';
	lines_start(&tail->lines, piece->offset,
		    (struct span){ buffer, piece_before(piece, buffer, LINES_HISTORY) });
	if (calls->opened != NULL)
		tail->opened = calls->opened(calls->context, piece->path, piece->written);
	tail->was_opened = true;
	tail->collector->stats.files++;
}

/* Where the last whole line of a living file ends. */
static uint64_t tail_last_line(struct tail *tail, struct piece *piece)
{
	char *bytes = tail->buffers[0];
	const char *newline;
	struct error error;
	size_t len;

	(void)piece_seek(piece, piece->size, &error);
	len = piece_before(piece, bytes, LINES_MAX);
	newline = len == 0 ? NULL : memrchr(bytes, '\n', len);
	if (newline != NULL)
		return piece->size - len + (uint64_t)(newline + 1 - bytes);
	return piece->size > len ? piece->size : 0;
}

/* The first stamp of PIECE; USEC_NEVER where there is none in its first block. */
static usec_t tail_first_stamp(struct tail *tail, struct piece *piece)
{
	const struct collector_calls *calls = &tail->collector->calls;
	struct lines lines = { 0 };
	struct error error;
	usec_t time = USEC_NEVER;
	struct span line;
	void *opened;
	size_t len;

	if (calls->time == NULL ||
	    !piece_read(piece, tail->buffers[0] + LINES_HEADROOM, TAIL_BLOCK, &len, &error))
		return USEC_NEVER;
	opened = calls->opened == NULL ? NULL : calls->opened(calls->context, piece->path, piece->written);
	lines_feed(&lines, tail->buffers[0] + LINES_HEADROOM, len);
	while (time == USEC_NEVER && lines_next(&lines, &line))
		time = calls->time(opened, line);
	if (calls->closed != NULL)
		calls->closed(calls->context, opened);
	return time;
}

/* Leave out pieces all of which is older than SINCE: those before the last that begins not after it. */
static void tail_drop_old(struct tail *tail, struct pieces *pieces)
{
	size_t first = 0;
	struct error error;

	for (size_t i = 0; i < pieces->count; i++) {
		usec_t stamp = tail_first_stamp(tail, pieces->items[i]);

		if (stamp != USEC_NEVER && stamp <= tail->since)
			first = i;
		(void)piece_seek(pieces->items[i], 0, &error);
	}
	for (; first > 0; first--) {
		struct piece *old = pieces_take(pieces);

		piece_close(&old);
	}
}

/* A log that was never read: from where the settings say. */
static bool tail_first(struct tail *tail, usec_t now)
{
	struct error error = { "" };
	struct piece *piece;

	if (tail->start == TAIL_BEGINNING || tail->start == TAIL_SINCE) {
		tail->queue = pieces_list(tail->path, tail_trouble, tail);
		if (tail->start == TAIL_SINCE)
			tail_drop_old(tail, &tail->queue);
		piece = pieces_take(&tail->queue);
		tail->late = true;
	} else {
		piece = piece_open(tail->path, true, &error);
		if (piece != NULL && tail->start == TAIL_END)
			(void)piece_seek(piece, tail_last_line(tail, piece), &error);
	}
	if (piece == NULL) {
		if (tail->start == TAIL_END)
			tail->start = TAIL_NEW; /* what appears from now on is news */
		if (error.text[0] != '\0')
			tail_trouble(tail, error.text);
		return false;
	}
	tail_begin(tail, piece, tail->floor, now);
	tail->given.offset = piece->offset;
	tail->has_given = tail->given_here = true;
	return true;
}

/* A log with a position: from there, through what was rotated away meanwhile. */
static bool tail_resume(struct tail *tail, usec_t now)
{
	struct pieces pieces;
	enum pieces_found found = pieces_after(tail->path, &tail->given, &pieces, tail_trouble, tail);
	struct piece *piece = pieces_take(&pieces);
	struct error error;

	if (piece == NULL)
		return false;
	pieces_free(&tail->queue);
	tail->queue = pieces;
	if (found == PIECES_FOUND) {
		tail_begin(tail, piece, tail->given.total - tail->given.offset, now);
		return true;
	}
	if (tail->given.offset > 0) {
		error_set(&error, "%s: what was read last is gone; reading goes on from the beginning of %s",
			  tail->path, piece->path);
		tail_fail(tail, &error);
	}
	tail_begin(tail, piece, tail->given.total, now);
	return true;
}

/* Nobody has written to the piece for a while. */
static bool tail_is_silent(struct tail *tail, usec_t now)
{
	usec_t quiet_at = tail->grown + tail->grace;

	if (now >= quiet_at || tail->piece->kind != NULL || tail->piece->copied)
		return true;
	if (piece_look(tail->piece) && clock_now() - tail->piece->written >= tail->grace)
		return true;
	tail->wake = quiet_at;
	return false;
}

/*
 * The new file has nothing yet, so the old one may still be written to. One that was written to and is empty
 * again was truncated: what it had is looked for when it is read.
 */
static bool tail_is_first_empty(struct tail *tail)
{
	const struct piece *first = tail->queue.items[0];
	struct stat about, named;

	if (first->size > 0 || fstat(first->fd, &about) != 0 || about.st_size > 0 ||
	    piece_written(&about) != first->written || stat(tail->path, &named) != 0 ||
	    named.st_ino != about.st_ino || named.st_dev != about.st_dev)
		return false;
	tail->late = false;
	return true;
}

/* The log's name means another file now: find all that comes after the piece. */
static void tail_queue_later(struct tail *tail)
{
	struct position mark = tail_mark(tail, tail->lines.position);
	struct pieces pieces;
	enum pieces_found found = pieces_after(tail->path, &mark, &pieces, tail_trouble, tail);

	if (found == PIECES_FOUND && pieces.count > 0 && !pieces.items[0]->live) { /* the piece itself */
		struct piece *same = pieces_take(&pieces);

		piece_close(&same);
	}
	pieces_free(&tail->queue);
	tail->queue = pieces;
}

/* At the end of the piece: true where there may be more to read now. */
static bool tail_move_on(struct tail *tail, usec_t now)
{
	struct stat about;

	if (tail->queue.count == 0) {
		if (stat(tail->path, &about) != 0 || ((uint64_t)about.st_ino == tail->piece->ino &&
						      (uint64_t)about.st_dev == tail->piece->dev)) {
			tail->late = false;
			return false;
		}
		if (!tail_is_silent(tail, now))
			return false;
		tail_queue_later(tail);
		if (tail->queue.count == 1 && tail_is_first_empty(tail))
			pieces_free(&tail->queue); /* it will be looked for again: others may come between */
		return tail->queue.count > 0;      /* read the piece once more before it is left */
	}
	if (tail->queue.items[0]->live && (tail_is_first_empty(tail) || !tail_is_silent(tail, now)))
		return false;
	tail->leaving = true;
	return true;
}

/* It begins at its first byte, unless it is the same text in another file (a log that was edited). */
static void tail_next_piece(struct tail *tail, usec_t now)
{
	struct piece *next = pieces_take(&tail->queue);

	tail_freeze(tail);
	if (tail->piece->kind == NULL)
		tail->left = tail_mark(tail, tail->lines.position);
	tail_begin(tail, next, tail->base + tail->lines.position - next->offset, now);
}

/* What is no longer in the file may be in a copy; then the file is read from its beginning. */
static void tail_truncated(struct tail *tail, usec_t now)
{
	struct position mark = tail_mark(tail, tail->lines.position);
	struct pieces pieces;
	enum pieces_found found = pieces_after(tail->path, &mark, &pieces, tail_trouble, tail);
	struct piece *piece = pieces_take(&pieces);
	struct error error;

	tail_freeze(tail);
	pieces_free(&tail->queue);
	tail->queue = pieces;
	if (piece == NULL) { /* truncated and gone: resume when the name is back */
		tail_close_piece(tail);
		tail->given = mark;
		return;
	}
	if (found != PIECES_FOUND && mark.offset > 0) {
		error_set(&error, "%s: was truncated at byte %llu or before, and no copy is there",
			  tail->path, (unsigned long long)mark.offset);
		tail_trouble(tail, error.text);
	}
	tail_begin(tail, piece, found == PIECES_FOUND ? tail->base : tail->base + mark.offset, now);
}

/* Bytes that were read before the place, the unfinished line included. */
static struct span tail_behind(const struct tail *tail)
{
	const struct lines *lines = &tail->lines;

	return (struct span){ lines->floor, (size_t)(lines->end - lines->floor) };
}

/* The file cannot be read any more (a stale NFS handle, a disk that fails): open it anew next time. */
static void tail_lose(struct tail *tail, const struct error *error)
{
	tail_fail(tail, error);
	tail_freeze(tail);
	tail_close_piece(tail);
	tail->lines = (struct lines){ .skipped_long = tail->lines.skipped_long,
				      .skipped_binary = tail->lines.skipped_binary };
}

/*
 * The file was empty when last looked at, and has been written to since. Where nothing was read, nothing can
 * be compared: it may have been filled, copied and truncated meanwhile. That is in a rotation then.
 */
static bool tail_missed(struct tail *tail, usec_t written, usec_t now)
{
	struct position mark = tail_mark(tail, 0);
	struct pieces pieces;
	struct piece *first;

	mark.written = written;
	mark.head.len = 0; /* what is in it now says nothing of what was */
	(void)pieces_after(tail->path, &mark, &pieces, tail_trouble, tail);
	first = pieces_take(&pieces);
	if (first == NULL || first->live || (first->ino == mark.ino && first->dev == mark.dev)) {
		piece_close(&first);
		pieces_free(&pieces);
		return false;
	}
	tail_freeze(tail);
	pieces_free(&tail->queue);
	tail->queue = pieces;
	tail_begin(tail, first, tail->base, now);
	return true;
}

enum tail_fill { TAIL_FED, TAIL_AGAIN, TAIL_NOTHING };

static enum tail_fill tail_fill(struct tail *tail)
{
	usec_t now = clock_monotonic();
	struct error error;
	usec_t written;
	uint64_t offset;
	char *data;
	size_t len;
	bool fine, was_empty;

	if (tail->piece == NULL && !(tail->has_given ? tail_resume(tail, now) : tail_first(tail, now)))
		return TAIL_NOTHING;
	offset = tail->piece->offset;
	written = tail->piece->written;
	was_empty = tail->piece->live && tail->piece->size == 0;
	data = tail->buffers[tail->turn] + LINES_HEADROOM;
	fine = piece_read(tail->piece, data, TAIL_BLOCK, &len, &error);
	if (!fine && tail->piece->kind == NULL) {
		tail_lose(tail, &error);
		return TAIL_NOTHING;
	}
	if (!piece_is_intact(tail->piece, tail_behind(tail), offset)) {
		tail_truncated(tail, now);
		return tail->piece == NULL ? TAIL_NOTHING : TAIL_AGAIN;
	}
	if (!fine && !tail->cut) {
		tail->cut = true;
		tail_fail(tail, &error);
	}
	if (was_empty && offset == 0 && tail->piece->written != written && tail_missed(tail, written, now))
		return TAIL_AGAIN;
	if (len > 0) {
		lines_feed(&tail->lines, data, len);
		tail->turn ^= 1;
		tail->grown = now;
		tail->collector->stats.bytes += len;
		return TAIL_FED;
	}
	return tail_move_on(tail, now) ? TAIL_AGAIN : TAIL_NOTHING;
}

static bool tail_is_wanted(struct tail *tail)
{
	usec_t time;

	if (tail->since == USEC_NEVER)
		return true;
	time = tail->collector->calls.time == NULL ? USEC_NEVER
						   : tail->collector->calls.time(tail->opened, tail->line);
	if (time == USEC_NEVER || time < tail->since)
		return false;
	tail->since = USEC_NEVER;
	return true;
}

static bool tail_last(struct tail *tail)
{
	if (tail->queue.items[0]->offset > 0)
		return false; /* the line goes on there */
	return lines_last(&tail->lines, &tail->line) && !tail->cut && tail_is_wanted(tail);
}

bool tail_look(struct tail *tail)
{
	while (!tail->has_line) {
		if (tail->piece != NULL && lines_next(&tail->lines, &tail->line)) {
			tail->has_line = tail_is_wanted(tail);
			continue;
		}
		if (tail->leaving) {
			tail->has_line = tail_last(tail);
			if (!tail->has_line)
				tail_next_piece(tail, clock_monotonic());
			continue;
		}
		tail->wake = USEC_NEVER;
		if (tail_fill(tail) == TAIL_NOTHING)
			return false;
	}
	return true;
}

uint64_t tail_give(struct tail *tail)
{
	tail->has_line = false;
	tail->given.offset = tail->lines.position;
	tail->has_given = tail->given_here = true;
	tail->collector->stats.lines++;
	return tail->base + tail->lines.position;
}
