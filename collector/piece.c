/*
 * Pieces. Plain files are read by pread, so that looking elsewhere in them needs no care; archives are
 * inflated by the thread that follows, since catching up with one is rare.
 */
#define _GNU_SOURCE
#include "collector/piece.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* As many bytes as there are, ROOM at most; SIZE_MAX where reading fails. */
static size_t piece_pread(const struct piece *piece, void *into, size_t room, uint64_t offset)
{
	size_t len = 0;

	while (len < room) {
		ssize_t got = pread(piece->fd, (char *)into + len, room - len, (off_t)(offset + len));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return SIZE_MAX;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return len;
}

usec_t piece_written(const struct stat *about)
{
	return about->st_mtim.tv_sec * USEC_SECOND + about->st_mtim.tv_nsec / 1000;
}

bool piece_look(struct piece *piece)
{
	struct stat about;

	if (fstat(piece->fd, &about) != 0)
		return false;
	piece->dev = about.st_dev;
	piece->ino = about.st_ino;
	piece->size = (uint64_t)about.st_size;
	piece->written = piece_written(&about);
	return S_ISREG(about.st_mode);
}

static bool piece_begin(struct piece *piece, struct error *error)
{
	struct error why;

	if (piece->fd < 0)
		return error_set(error, "%s: %s", piece->path, strerror(errno));
	if (!piece_look(piece))
		return error_set(error, "%s: is not a file", piece->path);
	piece->head_len = piece_pread(piece, piece->head, POSITION_HEAD, 0);
	if (piece->head_len == SIZE_MAX)
		return error_set(error, "%s: cannot read: %s", piece->path, strerror(errno));
	if (!piece->live &&
	    !archive_kind_of((struct span){ piece->head, piece->head_len }, &piece->kind, &why))
		return error_set(error, "%s: %s", piece->path, why.text);
	if (piece->kind != NULL)
		piece->head_len = 0; /* what it holds is learnt when it is read */
	return true;
}

struct piece *piece_open(const char *path, bool live, struct error *error)
{
	struct piece *piece = memory_new(1, sizeof(*piece));
	const char *base = strrchr(path, '/');

	piece->path = memory_copy(span_of(path));
	piece->live = live;
	piece->rotation = rotation_of(span_of(base == NULL ? path : base + 1));
	piece->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (!piece_begin(piece, error))
		piece_close(&piece);
	return piece;
}

void piece_close(struct piece **piece)
{
	struct piece *old = *piece;

	if (old == NULL)
		return;
	archive_free(&old->archive);
	if (old->fd >= 0)
		close(old->fd);
	free(old->path);
	free(old);
	*piece = NULL;
}

static void piece_remember_head(struct piece *piece, const void *bytes, size_t len)
{
	if (piece->kind == NULL || piece->offset != piece->head_len)
		return;
	if (len > POSITION_HEAD - piece->head_len)
		len = POSITION_HEAD - piece->head_len;
	memcpy(piece->head + piece->head_len, bytes, len);
	piece->head_len += len;
}

bool piece_read(struct piece *piece, void *into, size_t room, size_t *got_r, struct error *error)
{
	bool fine = true;

	if (piece->kind != NULL) {
		struct error why;

		if (piece->archive == NULL)
			piece->archive = archive_new(piece->kind, piece->fd, SPAN(""), &piece->read);
		fine = archive_read(piece->archive, into, room, got_r, &why) ||
		       error_set(error, "%s: %s", piece->path, why.text);
	} else {
		*got_r = piece_pread(piece, into, room, piece->offset);
		if (*got_r == SIZE_MAX) {
			*got_r = 0;
			return error_set(error, "%s: cannot read: %s", piece->path, strerror(errno));
		}
	}
	piece_remember_head(piece, into, *got_r);
	piece->offset += *got_r;
	return fine;
}

static bool piece_skip(struct piece *piece, uint64_t offset, struct error *error)
{
	char buffer[16 * 1024];
	size_t got;

	while (piece->offset < offset) {
		uint64_t left = offset - piece->offset;

		if (!piece_read(piece, buffer, left < sizeof(buffer) ? (size_t)left : sizeof(buffer), &got,
				error))
			return false;
		if (got == 0)
			return error_set(error, "%s: is shorter than what was read of it", piece->path);
	}
	return true;
}

bool piece_seek(struct piece *piece, uint64_t offset, struct error *error)
{
	if (piece->kind == NULL) {
		piece->offset = offset;
		return true;
	}
	if (offset < piece->offset) {
		archive_free(&piece->archive);
		if (lseek(piece->fd, 0, SEEK_SET) != 0)
			return error_set(error, "%s: %s", piece->path, strerror(errno));
		piece->offset = 0;
		piece->head_len = 0;
	}
	return piece_skip(piece, offset, error);
}

/* Read exactly as many bytes as MARK is of, and compare. */
static bool piece_has_mark(struct piece *piece, const struct position_mark *mark)
{
	char bytes[POSITION_BEFORE];
	struct error error;
	size_t len = 0, got;
	struct position_mark found;

	while (len < mark->len) {
		if (!piece_read(piece, bytes + len, mark->len - len, &got, &error) || got == 0)
			return false;
		len += got;
	}
	found = position_mark_of((struct span){ bytes, len });
	return found.hash == mark->hash;
}

bool piece_is_as_opened(const struct piece *piece)
{
	char head[POSITION_HEAD];
	struct stat about;

	if (fstat(piece->fd, &about) != 0 || (uint64_t)about.st_size < piece->size)
		return false;
	if (!piece->live)
		return (uint64_t)about.st_size == piece->size;
	return piece_pread(piece, head, piece->head_len, 0) == piece->head_len &&
	       memcmp(head, piece->head, piece->head_len) == 0;
}

bool piece_holds(struct piece *piece, const struct position *position)
{
	struct error error;

	/* It may have grown since it was opened: a copy that is being made. */
	if (piece->kind == NULL && (!piece_look(piece) || piece->size < position->offset))
		return false;
	if (!piece_seek(piece, 0, &error) || !piece_has_mark(piece, &position->head))
		return false;
	if (position->before.len > 0 &&
	    (!piece_seek(piece, position->offset - position->before.len, &error) ||
	     !piece_has_mark(piece, &position->before)))
		return false;
	return piece_seek(piece, position->offset, &error);
}

size_t piece_before(const struct piece *piece, void *into, size_t room)
{
	size_t len = piece->offset < room ? (size_t)piece->offset : room;

	if (piece->kind != NULL || len == 0)
		return 0;
	return piece_pread(piece, into, len, piece->offset - len) == len ? len : 0;
}

bool piece_is_intact(struct piece *piece, struct span before, uint64_t offset)
{
	char bytes[POSITION_BEFORE];
	struct stat about;
	size_t len;

	if (piece->kind != NULL)
		return true;
	if (fstat(piece->fd, &about) != 0 || (uint64_t)about.st_size < piece->offset ||
	    (uint64_t)about.st_size < piece->size)
		return false;
	if (before.len > sizeof(bytes))
		before = span_from(before, before.len - sizeof(bytes));
	if (piece_pread(piece, bytes, before.len, offset - before.len) != before.len ||
	    !span_equal((struct span){ bytes, before.len }, before))
		return false;
	len = piece_pread(piece, bytes, POSITION_HEAD, 0);
	if (len == SIZE_MAX || len < piece->head_len || memcmp(bytes, piece->head, piece->head_len) != 0)
		return false;
	memcpy(piece->head, bytes, len); /* a young file has more of a head every time */
	piece->head_len = len;
	return piece_look(piece);
}
