/* gzip by zlib: the reference, always there. */
#include "collector/archive.h"

#include "base/memory.h"

#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

static void *zlib_begin(void)
{
	z_stream *stream = memory_new(1, sizeof(*stream));

	if (inflateInit2(stream, MAX_WBITS + 16) == Z_OK) /* + 16: a gzip header and nothing else */
		return stream;
	free(stream);
	return NULL;
}

static bool zlib_again(void *state)
{
	return inflateReset(state) == Z_OK;
}

static enum archive_step zlib_step(void *state, struct archive_flow *flow)
{
	z_stream *stream = state;
	int result;

	stream->next_in = flow->in;
	stream->avail_in = (uInt)flow->in_len;
	stream->next_out = flow->out;
	stream->avail_out = (uInt)flow->out_room;
	result = inflate(stream, Z_NO_FLUSH);
	flow->in = stream->next_in;
	flow->in_len = stream->avail_in;
	flow->out = stream->next_out;
	flow->out_room = stream->avail_out;
	if (result == Z_STREAM_END)
		return ARCHIVE_MEMBER;
	return result == Z_OK || result == Z_BUF_ERROR ? ARCHIVE_GOING : ARCHIVE_BROKEN;
}

static void zlib_end(void *state)
{
	inflateEnd(state);
	free(state);
}

const struct archive_kind archive_zlib = {
	.name = "gzip",
	.magic = { "\x1f\x8b\x08", 3 },
	.begin = zlib_begin,
	.again = zlib_again,
	.step = zlib_step,
	.end = zlib_end,
};
