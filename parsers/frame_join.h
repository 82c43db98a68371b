/*
 * What several lines, or a line in wrapping, say together: split long lines, repeated lines, JSON. The
 * joined text is owned by the joiner and lives until its next call. For frame.c.
 */
#ifndef SENDWATCH_PARSERS_FRAME_JOIN_H
#define SENDWATCH_PARSERS_FRAME_JOIN_H

#include "parsers/frame.h"

struct joiner;

struct joiner *joiner_new(void);
void joiner_free(struct joiner **joiner);

/*
 * Exim's "[2/3] words" in syslog. FRAME's text becomes empty for all parts but the last, and the whole
 * with the last. A part that is shown again is not joined again.
 */
void joiner_split(struct joiner *joiner, struct frame *frame);

/* "message repeated 3 times: [ words]", and "last message repeated 3 times", which means the line before. */
void joiner_repeat(struct joiner *joiner, struct frame *frame);

/* A line that is neither and will not be repeated: what joiner_repeat does with it. */
void joiner_forget(struct joiner *joiner);

/* {"log":"words\n","stream":"stdout","time":"2026-..."}: words and stamp. False where it is not that. */
bool joiner_docker(struct joiner *joiner, struct span line, struct span *words_r);
bool joiner_docker_time(struct span line, struct span *stamp_r);

/* The place for what is read from JSON, JOINER_CEILING bytes. */
#define JOINER_CEILING ((size_t)64 * 1024)
char *joiner_plain(struct joiner *joiner);

/*
 * A piece of a line that Kubernetes split at 16 KiB: kept while FLAG is 'P'; with the last one, 'F', the whole.
 * ERRORS: of the other of a container's two streams. False where the line is not whole yet.
 */
bool joiner_piece(struct joiner *joiner, bool errors, char flag, struct span *words);

#endif
