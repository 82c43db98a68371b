/* bzip2, where installed. The library takes the input by a pointer to what it could change, and does not. */
#include "collector/archive.h"

#ifdef HAVE_BZIP2

#include "base/memory.h"

#include <bzlib.h>
#include <stdlib.h>

static struct bzip2_calls {
	__typeof__(BZ2_bzDecompress) *Decompress;
	__typeof__(BZ2_bzDecompressEnd) *DecompressEnd;
	__typeof__(BZ2_bzDecompressInit) *DecompressInit;
} bzip2;

static const struct library_function bzip2_functions[] = {
	{ "BZ2_bzDecompress", offsetof(struct bzip2_calls, Decompress) },
	{ "BZ2_bzDecompressEnd", offsetof(struct bzip2_calls, DecompressEnd) },
	{ "BZ2_bzDecompressInit", offsetof(struct bzip2_calls, DecompressInit) },
};

static struct library bzip2_library = LIBRARY("libbz2.so.1.0", "libbz2.so.1", bzip2_functions);

static void *bzip2_begin(void)
{
	bz_stream *stream = memory_new(1, sizeof(*stream));

	if (bzip2.DecompressInit(stream, 0, 0) == BZ_OK)
		return stream;
	free(stream);
	return NULL;
}

static bool bzip2_again(void *state)
{
	bz_stream *stream = state;

	bzip2.DecompressEnd(stream);
	memset(stream, 0, sizeof(*stream));
	return bzip2.DecompressInit(stream, 0, 0) == BZ_OK;
}

static enum archive_step bzip2_step(void *state, struct archive_flow *flow)
{
	bz_stream *stream = state;
	uintptr_t in = (uintptr_t)flow->in;
	int result;

	stream->next_in = (char *)in;
	stream->avail_in = (unsigned)flow->in_len;
	stream->next_out = (char *)flow->out;
	stream->avail_out = (unsigned)flow->out_room;
	result = bzip2.Decompress(stream);
	flow->in += flow->in_len - stream->avail_in;
	flow->in_len = stream->avail_in;
	flow->out += flow->out_room - stream->avail_out;
	flow->out_room = stream->avail_out;
	if (result == BZ_STREAM_END)
		return ARCHIVE_MEMBER;
	return result == BZ_OK ? ARCHIVE_GOING : ARCHIVE_BROKEN;
}

static void bzip2_end(void *state)
{
	bzip2.DecompressEnd(state);
	free(state);
}

const struct archive_kind archive_bzip2 = {
	.name = "bzip2",
	.magic = { "BZh", 3 },
	.library = &bzip2_library,
	.calls = &bzip2,
	.begin = bzip2_begin,
	.again = bzip2_again,
	.step = bzip2_step,
	.end = bzip2_end,
};

#else
extern const int archive_bzip2_missing;
const int archive_bzip2_missing = 1; /* a unit without a declaration is not C11 */
#endif
