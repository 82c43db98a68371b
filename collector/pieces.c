/*
 * Finding the pieces. Rotation may go on while the folder is read, so names are looked up again after
 * all files were opened, and everything is done once more where a name has come to mean another file.
 *
 * Order is by the names where all agree on one style (mail.log.2 before mail.log.1, or by date), else by
 * the time of the last writing, which rename, gzip and logrotate keep.
 *
 * A rotation being compressed is there twice for a while: the plain one counts. The archive is told by its name, since
 * it has no first bytes yet when it is just begun, and would be read as text.
 */
#define _GNU_SOURCE
#include "collector/pieces.h"

#include "base/memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECES_TRIES 8

struct pieces_search {
	struct pieces pieces;
	char *folder;
	const char *name; /* of the log, within the folder */
	const char *path;
	void (*trouble)(void *context, const char *words);
	void *context;
	bool quiet; /* the last try says what is wrong */
};

/* Its folder is to be freed. */
static struct pieces_search pieces_search_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct span folder = SPAN(".");

	if (slash != NULL)
		folder = (struct span){ path, slash == path ? 1 : (size_t)(slash - path) };
	return (struct pieces_search){
		.path = path,
		.name = slash == NULL ? path : slash + 1,
		.folder = memory_copy(folder),
	};
}

static bool pieces_has(const struct pieces *pieces, const struct piece *piece)
{
	for (size_t i = 0; i < pieces->count; i++)
		if (pieces->items[i]->dev == piece->dev && pieces->items[i]->ino == piece->ino)
			return true;
	return false;
}

static void pieces_add(struct pieces_search *search, const char *path, bool live)
{
	struct pieces *pieces = &search->pieces;
	struct error error;
	struct piece *piece = piece_open(path, live, &error);

	if (piece == NULL) {
		if (!search->quiet && search->trouble != NULL && access(path, F_OK) == 0)
			search->trouble(search->context, error.text);
		return;
	}
	if (pieces_has(pieces, piece)) {
		piece_close(&piece);
		return;
	}
	pieces->items = memory_grow(pieces->items, pieces->count + 1, sizeof(struct piece *));
	pieces->items[pieces->count++] = piece;
}

static bool pieces_is_rotation(const struct pieces_search *search, const char *name)
{
	struct rotation rotation = rotation_of(span_of(name));

	return rotation.style != ROTATION_CURRENT && strcmp(rotation.stem, search->name) == 0;
}

/* The log itself first: should a rotation turn out to be the same file, it is the log. */
static void pieces_open(struct pieces_search *search)
{
	DIR *folder;

	pieces_add(search, search->path, true);
	folder = opendir(search->folder);
	if (folder == NULL)
		return;
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		size_t room = strlen(search->folder) + strlen(entry->d_name) + 2;
		char *path;

		if (!pieces_is_rotation(search, entry->d_name))
			continue;
		path = memory_new(room, 1);
		snprintf(path, room, "%s/%s", search->folder, entry->d_name);
		pieces_add(search, path, false);
		free(path);
	}
	closedir(folder);
}

/* Do all names still mean the files that were opened, and have none come? */
static bool pieces_are_stable(const struct pieces_search *search)
{
	const struct pieces *pieces = &search->pieces;
	DIR *folder = opendir(search->folder);
	size_t rotations = 0, known = 0;
	bool live_known = false;

	if (folder == NULL)
		return true;
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		rotations += pieces_is_rotation(search, entry->d_name);
	closedir(folder);
	for (size_t i = 0; i < pieces->count; i++) {
		struct stat about;

		if (stat(pieces->items[i]->path, &about) != 0 || about.st_ino != pieces->items[i]->ino ||
		    about.st_dev != pieces->items[i]->dev)
			return false;
		known += !pieces->items[i]->live;
		live_known = live_known || pieces->items[i]->live;
	}
	return known == rotations && (live_known || access(search->path, F_OK) != 0);
}

static bool pieces_by_name(const struct pieces *pieces)
{
	enum rotation_style style = ROTATION_CURRENT;

	for (size_t i = 0; i < pieces->count; i++) {
		const struct piece *piece = pieces->items[i];

		if (piece->live)
			continue;
		if (style != ROTATION_CURRENT && piece->rotation.style != style)
			return false;
		style = piece->rotation.style;
	}
	return true;
}

static int pieces_order(const void *a, const void *b, void *by_name)
{
	const struct piece *one = *(struct piece *const *)a, *other = *(struct piece *const *)b;
	int names = rotation_compare(&one->rotation, &other->rotation);

	if (one->live != other->live)
		return one->live ? 1 : -1;
	if (*(bool *)by_name && names != 0)
		return names;
	if (one->written != other->written)
		return one->written < other->written ? -1 : 1;
	if (names != 0)
		return names;
	return (one->kind == NULL) - (other->kind == NULL); /* the archive first: see pieces_drop_doubles */
}

static void pieces_remove(struct pieces *pieces, size_t at)
{
	piece_close(&pieces->items[at]);
	pieces->count--;
	memmove(&pieces->items[at], &pieces->items[at + 1], (pieces->count - at) * sizeof(struct piece *));
}

static void pieces_drop_doubles(struct pieces *pieces)
{
	for (size_t i = 0; i < pieces->count; i++)
		for (size_t other = 0; other < pieces->count; other++) {
			const struct piece *packed = pieces->items[i], *plain = pieces->items[other];

			if (packed->rotation.packed && !plain->rotation.packed && !plain->live &&
			    packed->rotation.style == plain->rotation.style &&
			    packed->rotation.rank == plain->rotation.rank) {
				pieces_remove(pieces, i--);
				break;
			}
		}
}

struct pieces pieces_list(const char *path, void (*trouble)(void *context, const char *words), void *context)
{
	struct pieces_search search = pieces_search_of(path);
	bool by_name;

	search.trouble = trouble;
	search.context = context;
	for (unsigned try = 1;; try++) {
		search.quiet = try < PIECES_TRIES;
		pieces_open(&search);
		if (try == PIECES_TRIES || pieces_are_stable(&search))
			break;
		pieces_free(&search.pieces);
	}
	by_name = pieces_by_name(&search.pieces);
	if (search.pieces.count > 1)
		qsort_r(search.pieces.items, search.pieces.count, sizeof(struct piece *), pieces_order,
			&by_name);
	pieces_drop_doubles(&search.pieces);
	free(search.folder);
	return search.pieces;
}

/*
 * Has nothing been rotated since they were opened? Names and inodes tell of renaming, sizes of a copy in the making,
 * the first bytes of one that was truncated.
 */
static bool pieces_are_settled(const char *path, const struct pieces *pieces)
{
	struct pieces_search search = pieces_search_of(path);
	bool settled;

	search.pieces = *pieces;
	settled = pieces_are_stable(&search);
	free(search.folder);
	for (size_t i = 0; i < pieces->count; i++)
		settled = settled && piece_is_as_opened(pieces->items[i]);
	return settled;
}

/* By its inode first; then a copy or an archive, by content. */
static bool pieces_find(struct pieces *pieces, const struct position *position, size_t *at_r)
{
	for (unsigned round = 0; round < 2 && position->offset + position->head.len > 0; round++)
		for (size_t i = pieces->count; i-- > 0;) {
			struct piece *piece = pieces->items[i];
			bool same = piece->ino == position->ino && piece->dev == position->dev;

			if (same != (round == 0) || !piece_holds(piece, position))
				continue;
			piece->copied = !same;
			*at_r = i;
			return true;
		}
	return false;
}

/* What was written after the position's file was; the log itself in any case. */
static size_t pieces_later(const struct pieces *pieces, const struct position *position)
{
	size_t at = 0;

	while (at < pieces->count && !pieces->items[at]->live &&
	       pieces->items[at]->written <= position->written &&
	       (position->offset + position->head.len > 0 || pieces->items[at]->ino != position->ino ||
		pieces->items[at]->dev != position->dev))
		at++;
	return at;
}

enum pieces_found pieces_after(const char *path, const struct position *position, struct pieces *pieces_r,
			       void (*trouble)(void *context, const char *words), void *context)
{
	enum pieces_found found = PIECES_FOUND;
	struct error error;
	size_t at;

	for (unsigned try = 1;; try++) {
		*pieces_r = pieces_list(path, trouble, context);
		if (pieces_find(pieces_r, position, &at))
			break;
		if (try == PIECES_TRIES || pieces_are_settled(path, pieces_r)) {
			at = pieces_later(pieces_r, position);
			found = at + 1 < pieces_r->count ? PIECES_AFTER : PIECES_NOTHING;
			break;
		}
		pieces_free(pieces_r);
	}
	for (size_t i = at; i < pieces_r->count; i++) /* looking for the position has moved them */
		if (i > at || found != PIECES_FOUND)
			(void)piece_seek(pieces_r->items[i], 0, &error);
	while (at-- > 0)
		pieces_remove(pieces_r, 0);
	return found;
}

struct piece *pieces_take(struct pieces *pieces)
{
	struct piece *piece = pieces->count == 0 ? NULL : pieces->items[0];

	if (piece != NULL) {
		pieces->count--;
		memmove(&pieces->items[0], &pieces->items[1], pieces->count * sizeof(struct piece *));
	}
	if (pieces->count == 0)
		pieces_free(pieces);
	return piece;
}

void pieces_free(struct pieces *pieces)
{
	for (size_t i = 0; i < pieces->count; i++)
		piece_close(&pieces->items[i]);
	free(pieces->items);
	*pieces = (struct pieces){ 0 };
}
