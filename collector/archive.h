/*
 * Archives: what is compressed, as the plain bytes that were. The kind is told by the first bytes, never
 * by the name. Members one after another are one text, whatever zeros pad them; what stands behind
 * the last is told of. What is cut short or damaged gives what can be read, then an error with the place.
 */
#ifndef SENDWATCH_COLLECTOR_ARCHIVE_H
#define SENDWATCH_COLLECTOR_ARCHIVE_H

#include "base/clock.h"
#include "base/error.h"
#include "base/library.h"
#include "base/span.h"

#include <stdatomic.h>

/* Bytes on their way through a member of the family; a step moves both ends on. */
struct archive_flow {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_room;
};

enum archive_step {
	ARCHIVE_GOING,  /* wants more input, or more room */
	ARCHIVE_MEMBER, /* a member is at its end; the next one, if any, begins at IN */
	ARCHIVE_BROKEN  /* the input is not what it should be */
};

struct archive_kind {
	const char *name; /* "gzip" */
	struct span magic;
	bool (*also)(struct span head); /* other first bytes that a member may have; NULL: none */
	bool quick;                     /* inflates faster than its lines are read and judged */
	struct library *library;        /* what it takes; NULL: it is there */
	void *calls;                    /* the library's functions */
	void *(*begin)(void); /* a state for one member after another; NULL where there is no memory */
	bool (*again)(void *state);
	enum archive_step (*step)(void *state, struct archive_flow *flow);
	void (*end)(void *state);
};

/* What this build reads where the libraries are installed, best first, NULL at the end. */
extern const struct archive_kind *const archive_kinds[];

#define ARCHIVE_HEAD 32 /* bytes that are enough to tell */

/*
 * *KIND_R is the kind of what begins with HEAD, NULL for plain text. False, with *KIND_R NULL and ERROR, where it is
 * compressed by something that this build does not read, or whose library is not installed.
 */
bool archive_kind_of(struct span head, const struct archive_kind **kind_r, struct error *error);

/* When the content was written, as a gzip header may say; USEC_NEVER where nothing says. */
usec_t archive_written(struct span head);

struct archive;

/*
 * Inflate what FD gives after HEAD, which was read from it. READ counts compressed bytes. FD stays the
 * caller's.
 */
struct archive *archive_new(const struct archive_kind *kind, int fd, struct span head,
			    atomic_uint_fast64_t *read);

/*
 * Up to ROOM bytes. True with 0 at the end. False where the archive breaks: *got_r bytes came before that,
 * and ERROR says where (without the file's name).
 */
bool archive_read(struct archive *archive, void *into, size_t room, size_t *got_r, struct error *error);

void archive_free(struct archive **archive);

#endif
