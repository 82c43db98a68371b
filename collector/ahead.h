/*
 * Archives inflated ahead of their reader by a few threads, in bounded memory: at most AHEAD_BLOCKS
 * blocks an archive. What is read does not depend on the number of threads; with none, the reader
 * inflates for itself. Plain files are not read so (input.c).
 */
#ifndef SENDWATCH_COLLECTOR_AHEAD_H
#define SENDWATCH_COLLECTOR_AHEAD_H

#include "collector/archive.h"

#define AHEAD_BLOCK  ((size_t)256 * 1024)
#define AHEAD_BLOCKS 6                   /* two of them with the reader */
#define AHEAD_ALONE  ((size_t)64 * 1024) /* a block where the reader inflates, in the nearest caches */

struct ahead;

struct ahead *ahead_new(unsigned threads); /* they come with the first stream */
void ahead_free(struct ahead **ahead);     /* after its streams */

unsigned ahead_threads(const struct ahead *ahead); /* NULL has none */

struct ahead_stream;

/*
 * Takes ARCHIVE over. AHEAD may be NULL: no threads. Archives started earlier are inflated first. One thread starts all
 * streams of AHEAD.
 */
struct ahead_stream *ahead_start(struct ahead *ahead, struct archive *archive);

/*
 * The next block, LINES_HEADROOM free bytes before it; this one and the one before stay valid. False at the
 * end; where the archive broke, *broken_r is true and ERROR says where.
 */
bool ahead_next(struct ahead_stream *stream, char **data_r, size_t *len_r, bool *broken_r,
		struct error *error);

void ahead_stop(struct ahead_stream **stream);

#endif
