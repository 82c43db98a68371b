/*
 * How far a tail is behind its log, in bytes as stored: of an archive, compressed. Sizes are asked of the system at
 * this moment, since the watcher may not have told of what was written since.
 */
#include "collector/tail.h"

#include <errno.h>

static uint64_t piece_backlog(const struct piece *piece, uint64_t given)
{
	uint64_t read = piece->kind == NULL ? given : atomic_load(&piece->read);
	struct stat now;
	uint64_t size = fstat(piece->fd, &now) == 0 ? (uint64_t)now.st_size : piece->size;

	return size > read ? size - read : 0;
}

/* Of the logs that are named by default, most machines have one: the others are waited for, and that is no trouble. */
static bool tail_is_awaited(const struct tail *tail)
{
	struct stat named;

	return tail->piece == NULL && !tail->has_given && stat(tail->path, &named) != 0 && errno == ENOENT;
}

void tail_describe(const struct tail *tail, struct collector_source *source_r)
{
	const struct piece *piece = tail->piece;
	uint64_t behind = 0;
	struct stat named;

	if (piece != NULL)
		behind = piece_backlog(piece, tail->given_here ? tail->given.offset : piece->offset);
	for (size_t i = 0; i < tail->queue.count; i++)
		behind += piece_backlog(tail->queue.items[i], tail->queue.items[i]->offset);
	*source_r = (struct collector_source){
		.name = tail->name,
		.position = tail->given_here ? tail->base + tail->given.offset : tail->given.total,
		.behind = behind,
		/* Removed, or renamed and not begun anew: what is held open gets no more lines. */
		.open = piece != NULL && stat(tail->path, &named) == 0 && S_ISREG(named.st_mode),
		.trouble = tail_is_awaited(tail) ? "" : tail->said,
	};
}
