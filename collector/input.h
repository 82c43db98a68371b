/*
 * An input is one file, plain or compressed, standard input, or a journal, as blocks of plain bytes from its
 * beginning to its end. What a file is, its first bytes say; an exported journal is given as the lines of its
 * entries.
 */
#ifndef SENDWATCH_COLLECTOR_INPUT_H
#define SENDWATCH_COLLECTOR_INPUT_H

#include "collector/ahead.h"

#include <sys/types.h>

struct input;

struct input_about {
	bool regular;   /* can be opened again and gives the same */
	bool packed;    /* is an archive */
	usec_t written; /* its content, as far as the file says; USEC_NEVER for pipes that do not */
	uint64_t size;  /* as stored; 0 where unknown */
	dev_t dev;
	ino_t ino;
};

/* PATH, "-" or "journal:...". AHEAD may be NULL; READ counts bytes as stored. NULL, and ERROR with the name, on failure. */
struct input *input_open(const char *path, struct ahead *ahead, atomic_uint_fast64_t *read,
			 struct error *error);

/*
 * Keep the file of INPUT open beyond it, so that it is the same when its turn comes, whatever name it has by then; -1
 * where there is no room for more. The descriptor is the caller's.
 */
int input_hold(const struct input *input);

/* HELD from its beginning, as PATH in what is said; nobody else may read HELD meanwhile. */
struct input *input_open_held(int held, const char *path, struct ahead *ahead, atomic_uint_fast64_t *read,
			      struct error *error);

struct input_about input_about(const struct input *input);

/* For people; of a journal the name that is the same for every reading of it. */
const char *input_name(const struct input *input);

/*
 * The next block, LINES_HEADROOM free bytes before it; this one and the one before stay valid. False at the
 * end; *broken_r where it is not the true end: ERROR says what is wrong, with the name.
 */
bool input_next(struct input *input, char **data_r, size_t *len_r, bool *broken_r, struct error *error);

/* Give the block that was just given once more: for looking at the beginning of a pipe. */
void input_again(struct input *input);

void input_close(struct input **input);

#endif
