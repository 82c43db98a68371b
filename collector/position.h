/*
 * How far a log has been read, so that it can be found again whatever happened to its files: the inode, the
 * place, and hashes of the file's first bytes and of those before the place. A saved file of positions is
 * text, one log a line, with a checksum; it is taken whole or not at all.
 */
#ifndef SENDWATCH_COLLECTOR_POSITION_H
#define SENDWATCH_COLLECTOR_POSITION_H

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#define POSITION_HEAD   ((size_t)256)  /* bytes at a file's beginning that tell it from others */
#define POSITION_BEFORE ((size_t)1024) /* bytes before the place */

struct position_mark {
	size_t len; /* bytes that were hashed */
	uint64_t hash;
};

struct position {
	char *path; /* the log, as followed; owned */
	uint64_t dev, ino;
	uint64_t offset; /* in this file: of the byte after the last line dealt with */
	uint64_t total;  /* the same through all rotations; only grows */
	usec_t written;  /* when the file was last written */
	struct position_mark head, before;
};

struct positions {
	struct position *items;
	size_t count;
	usec_t saved; /* when */
};

/* False and untouched where TEXT is not what positions_print wrote. */
bool positions_parse(struct positions *positions, struct span text, struct error *error);
void positions_print(const struct positions *positions, struct text *into);

enum positions_found { POSITIONS_READ, POSITIONS_NONE, POSITIONS_DAMAGED };

/* DAMAGED, with ERROR, also where the file cannot be read. */
enum positions_found positions_load(struct positions *positions, const char *path, struct error *error);

struct position *positions_find(const struct positions *positions, const char *path);
void positions_set(struct positions *positions, const struct position *position); /* copies the path */
void positions_drop(struct positions *positions, const char *path);
void positions_free(struct positions *positions);

struct position_mark position_mark_of(struct span bytes);

#endif
