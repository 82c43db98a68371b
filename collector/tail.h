/*
 * A tail is one followed log: through its rotations, whatever way they are done, from a position on. It
 * never blocks; what it waits for, its owner watches for and calls again.
 */
#ifndef SENDWATCH_COLLECTOR_TAIL_H
#define SENDWATCH_COLLECTOR_TAIL_H

#include "collector/lines.h"
#include "collector/pieces.h"
#include "collector/source.h"

enum tail_start { TAIL_END, TAIL_BEGINNING, TAIL_SINCE, TAIL_NEW };

struct tail {
	char *path;
	char *name; /* of the source */
	uint32_t source;
	struct collector *collector; /* for its calls and counts */

	enum tail_start
		start;  /* where to begin a log without position; TAIL_NEW: it appeared, read all of it */
	usec_t since;   /* lines before are dropped; USEC_NEVER: none */
	usec_t grace;   /* a file renamed away is read until it is silent for so long */
	uint64_t floor; /* total positions begin here */

	struct piece *piece; /* being read; NULL: none could be opened yet */
	struct pieces queue; /* comes after it */
	struct lines lines;
	char *buffers[2];
	unsigned turn;
	uint64_t base; /* total position of the piece's first byte */
	bool leaving;  /* the piece is at its end, its last line may be unfinished */
	bool cut;      /* ... and it was an archive that broke */
	usec_t grown;  /* monotonic: when the piece last gave something */
	usec_t wake;   /* monotonic: when to look again though nothing happens; USEC_NEVER: not */

	struct span line; /* the line that is next, where HAS_LINE */
	bool has_line;
	bool late;
	void *opened;
	bool was_opened;

	struct position given; /* of the last line given */
	bool has_given;
	bool given_here;      /* it is in the piece, at given.offset; marks are not made yet */
	struct position left; /* where the file that had the name before was left; offset 0: there was none */
	char said[256];       /* the last trouble, not to be repeated */

	int watch_file, watch_folder, watch_path; /* the owner's */
	bool dirty;                               /* something may have happened */
	bool renamed;                             /* ... to its name */
	bool merged;                              /* its line waits among those of the others */
};

/* POSITION may be NULL; it is copied. */
struct tail *tail_new(struct collector *collector, const char *path, uint32_t source,
		      const struct position *position);
void tail_free(struct tail **tail);

/* Look for the next line; it stays until tail_give. False: none for now. */
bool tail_look(struct tail *tail);

/* The line is the caller's; its total position. */
uint64_t tail_give(struct tail *tail);

/* How it stands, for people. */
void tail_describe(const struct tail *tail, struct collector_source *source_r);

/* How far lines were given; false where there is nothing to remember. The path is the tail's. */
bool tail_position(struct tail *tail, struct position *position_r);

#endif
