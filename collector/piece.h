/*
 * A piece is one file of a followed log, held open: the log itself, what was rotated away, a copy, an
 * archive. It is read from a place on, and can say whether a position lies in it.
 */
#ifndef SENDWATCH_COLLECTOR_PIECE_H
#define SENDWATCH_COLLECTOR_PIECE_H

#include "collector/archive.h"
#include "collector/position.h"
#include "collector/rotation.h"

#include <sys/stat.h>

struct piece {
	char *path;
	int fd;
	uint64_t dev, ino;
	usec_t written; /* when last looked */
	uint64_t size;  /* likewise, as stored */
	struct rotation rotation;
	bool live;   /* the log itself: not an archive whatever its bytes say, and it may grow */
	bool copied; /* found by its content, not by its inode: nobody writes to it any more */
	const struct archive_kind *kind;
	struct archive *archive;
	atomic_uint_fast64_t read; /* compressed bytes */
	uint64_t offset;           /* of the next byte to read, uncompressed */
	char head[POSITION_HEAD];  /* the first bytes, as far as they are known */
	size_t head_len;
};

/* NULL, and ERROR, where PATH cannot be opened or is not a file. LIVE: as above. */
struct piece *piece_open(const char *path, bool live, struct error *error);
void piece_close(struct piece **piece);

usec_t piece_written(const struct stat *about);

/* Look at size and time again. False where it cannot be told. */
bool piece_look(struct piece *piece);

/*
 * Is POSITION in this piece, by what stands before it? Not by the inode alone: inodes are used again.
 * Where it is, reading goes on from there.
 */
bool piece_holds(struct piece *piece, const struct position *position);

/* Has nothing been done to the file since it was looked at, but for lines added to a log? */
bool piece_is_as_opened(const struct piece *piece);

/* Go on from OFFSET; false where there is less. */
bool piece_seek(struct piece *piece, uint64_t offset, struct error *error);

/* Up to ROOM bytes from the place on; true with 0: no more for now. */
bool piece_read(struct piece *piece, void *into, size_t room, size_t *got_r, struct error *error);

/*
 * Up to ROOM bytes that stand before the place (for what goes on in the middle of a file); plain files only,
 * 0 for archives.
 */
size_t piece_before(const struct piece *piece, void *into, size_t room);

/*
 * Does the file still have its head, and BEFORE in front of OFFSET? False after it was truncated, and then
 * PIECE says what it said before; else its size and time are looked at.
 */
bool piece_is_intact(struct piece *piece, struct span before, uint64_t offset);

#endif
