/*
 * Reading ahead. Each stream has a ring of blocks; a thread takes the oldest stream that has a free
 * block, fills that one block without holding the lock, and looks again. One lock for all: it is taken
 * twice a block of 256 KiB.
 */
#define _GNU_SOURCE
#include "collector/ahead.h"

#include "base/memory.h"
#include "collector/lines.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct ahead_stream {
	struct ahead *pool;        /* NULL: the reader inflates */
	struct ahead_stream *next; /* started later */
	struct archive *archive;
	char *blocks[AHEAD_BLOCKS]; /* allocated when first filled */
	size_t lens[AHEAD_BLOCKS];
	size_t ring, block;     /* blocks of it that are used, and their bytes */
	uint64_t filled, taken; /* blocks, since the beginning */
	bool busy;              /* a thread is filling a block */
	bool ended, broken;
	struct error error;
};

struct ahead {
	pthread_mutex_t lock;
	pthread_cond_t work; /* for threads: a block became free, or a stream came */
	pthread_cond_t news; /* for the reader: a block was filled */
	struct ahead_stream *streams;
	pthread_t *threads;
	unsigned wanted, count; /* none is there before the first stream */
	bool stopping;
};

/* Fill one block; nothing else touches this part of the ring meanwhile. */
static void ahead_fill(struct ahead_stream *stream, size_t *len_r, bool *ended_r, bool *broken_r)
{
	size_t at = stream->filled % stream->ring;

	if (stream->blocks[at] == NULL)
		stream->blocks[at] = memory_new(LINES_HEADROOM + stream->block, 1);
	*broken_r = !archive_read(stream->archive, stream->blocks[at] + LINES_HEADROOM, stream->block, len_r,
				  &stream->error);
	*ended_r = *broken_r || *len_r == 0;
	stream->lens[at] = *len_r;
}

/* Two blocks are the reader's; with one it has begun, it holds one. */
static bool ahead_has_room(const struct ahead_stream *stream)
{
	return stream->filled - stream->taken < stream->ring - 2;
}

static struct ahead_stream *ahead_choose(const struct ahead *ahead)
{
	for (struct ahead_stream *stream = ahead->streams; stream != NULL; stream = stream->next)
		if (!stream->busy && !stream->ended && ahead_has_room(stream))
			return stream;
	return NULL;
}

static void ahead_note(struct ahead_stream *stream, size_t len, bool ended, bool broken)
{
	if (len > 0)
		stream->filled++;
	stream->ended = ended;
	stream->broken = broken;
}

static void *ahead_work(void *context)
{
	struct ahead *ahead = context;

	pthread_mutex_lock(&ahead->lock);
	while (!ahead->stopping) {
		struct ahead_stream *stream = ahead_choose(ahead);
		size_t len;
		bool ended, broken;

		if (stream == NULL) {
			pthread_cond_wait(&ahead->work, &ahead->lock);
			continue;
		}
		stream->busy = true;
		pthread_mutex_unlock(&ahead->lock);
		ahead_fill(stream, &len, &ended, &broken);
		pthread_mutex_lock(&ahead->lock);
		ahead_note(stream, len, ended, broken);
		stream->busy = false;
		pthread_cond_broadcast(&ahead->news);
	}
	pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

struct ahead *ahead_new(unsigned threads)
{
	struct ahead *ahead = memory_new(1, sizeof(*ahead));

	pthread_mutex_init(&ahead->lock, NULL);
	pthread_cond_init(&ahead->work, NULL);
	pthread_cond_init(&ahead->news, NULL);
	ahead->threads = memory_new(threads, sizeof(*ahead->threads));
	ahead->wanted = threads;
	return ahead;
}

/*
 * Most runs have no archive for them, and a thread takes a tenth of a millisecond to come and go. Signals are for the
 * thread that reads; a thread that cannot be had is done without. False where there is none.
 */
static bool ahead_begin(struct ahead *ahead)
{
	sigset_t all, before;

	if (ahead == NULL || ahead->count > 0)
		return ahead != NULL;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (ahead->count < ahead->wanted &&
	       pthread_create(&ahead->threads[ahead->count], NULL, ahead_work, ahead) == 0)
		ahead->count++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ahead->count > 0;
}

void ahead_free(struct ahead **ahead)
{
	struct ahead *pool = *ahead;

	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->count; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->work);
	pthread_cond_destroy(&pool->news);
	pthread_mutex_destroy(&pool->lock);
	free(pool->threads);
	free(pool);
	*ahead = NULL;
}

unsigned ahead_threads(const struct ahead *ahead)
{
	return ahead == NULL ? 0 : ahead->wanted;
}

struct ahead_stream *ahead_start(struct ahead *ahead, struct archive *archive)
{
	struct ahead_stream *stream = memory_new(1, sizeof(*stream));
	struct ahead_stream **last;

	stream->archive = archive;
	stream->pool = ahead_begin(ahead) ? ahead : NULL;
	stream->ring = stream->pool == NULL ? 2 : AHEAD_BLOCKS;
	stream->block = stream->pool == NULL ? AHEAD_ALONE : AHEAD_BLOCK;
	if (stream->pool == NULL)
		return stream;
	pthread_mutex_lock(&ahead->lock);
	for (last = &ahead->streams; *last != NULL; last = &(*last)->next)
		;
	*last = stream;
	pthread_cond_signal(&ahead->work);
	pthread_mutex_unlock(&ahead->lock);
	return stream;
}

static void ahead_wait(struct ahead_stream *stream)
{
	pthread_mutex_lock(&stream->pool->lock);
	while (stream->filled == stream->taken && !stream->ended)
		pthread_cond_wait(&stream->pool->news, &stream->pool->lock);
}

static void ahead_inflate(struct ahead_stream *stream)
{
	size_t len;
	bool ended, broken;

	if (stream->ended)
		return;
	ahead_fill(stream, &len, &ended, &broken);
	ahead_note(stream, len, ended, broken);
}

bool ahead_next(struct ahead_stream *stream, char **data_r, size_t *len_r, bool *broken_r,
		struct error *error)
{
	bool got;

	if (stream->pool != NULL)
		ahead_wait(stream);
	else
		ahead_inflate(stream);
	got = stream->filled > stream->taken;
	if (got) {
		size_t at = stream->taken++ % stream->ring;

		*data_r = stream->blocks[at] + LINES_HEADROOM;
		*len_r = stream->lens[at];
	}
	*broken_r = !got && stream->broken;
	if (*broken_r)
		*error = stream->error;
	if (stream->pool != NULL) {
		pthread_cond_signal(&stream->pool->work);
		pthread_mutex_unlock(&stream->pool->lock);
	}
	return got;
}

void ahead_stop(struct ahead_stream **stream)
{
	struct ahead_stream *old = *stream;

	if (old == NULL)
		return;
	if (old->pool != NULL) {
		struct ahead_stream **link = &old->pool->streams;

		pthread_mutex_lock(&old->pool->lock);
		old->ended = true;
		while (old->busy)
			pthread_cond_wait(&old->pool->news, &old->pool->lock);
		while (*link != old)
			link = &(*link)->next;
		*link = old->next;
		pthread_mutex_unlock(&old->pool->lock);
	}
	for (size_t i = 0; i < AHEAD_BLOCKS; i++)
		free(old->blocks[i]);
	archive_free(&old->archive);
	free(old);
	*stream = NULL;
}
