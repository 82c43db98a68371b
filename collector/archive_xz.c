/* xz, where liblzma is installed. Archives that want more than 128 MiB to be read are refused. */
#include "collector/archive.h"

#ifdef HAVE_LIBLZMA

#include "base/memory.h"

#include <lzma.h>
#include <stdlib.h>

#define XZ_MEMORY (UINT64_C(128) * 1024 * 1024)

static struct xz_calls {
	__typeof__(lzma_code) *code;
	__typeof__(lzma_end) *end;
	__typeof__(lzma_stream_decoder) *stream_decoder;
} lzma;

static const struct library_function xz_functions[] = {
	{ "lzma_code", offsetof(struct xz_calls, code) },
	{ "lzma_end", offsetof(struct xz_calls, end) },
	{ "lzma_stream_decoder", offsetof(struct xz_calls, stream_decoder) },
};

static struct library xz_library = LIBRARY("liblzma.so.5", NULL, xz_functions);

static bool xz_again(void *state)
{
	return lzma.stream_decoder(state, XZ_MEMORY, 0) == LZMA_OK;
}

static void *xz_begin(void)
{
	lzma_stream *stream = memory_new(1, sizeof(*stream));
	const lzma_stream fresh = LZMA_STREAM_INIT;

	*stream = fresh;
	if (xz_again(stream))
		return stream;
	free(stream);
	return NULL;
}

static enum archive_step xz_step(void *state, struct archive_flow *flow)
{
	lzma_stream *stream = state;
	lzma_ret result;

	stream->next_in = flow->in;
	stream->avail_in = flow->in_len;
	stream->next_out = flow->out;
	stream->avail_out = flow->out_room;
	result = lzma.code(stream, LZMA_RUN);
	flow->in = stream->next_in;
	flow->in_len = stream->avail_in;
	flow->out = stream->next_out;
	flow->out_room = stream->avail_out;
	if (result == LZMA_STREAM_END)
		return ARCHIVE_MEMBER;
	return result == LZMA_OK || result == LZMA_BUF_ERROR ? ARCHIVE_GOING : ARCHIVE_BROKEN;
}

static void xz_end(void *state)
{
	lzma.end(state);
	free(state);
}

const struct archive_kind archive_xz = {
	.name = "xz",
	.magic = { "\xfd"
		   "7zXZ\0",
		   6 },
	.library = &xz_library,
	.calls = &lzma,
	.begin = xz_begin,
	.again = xz_again,
	.step = xz_step,
	.end = xz_end,
};

#else
extern const int archive_xz_missing;
const int archive_xz_missing = 1; /* a unit without a declaration is not C11 */
#endif
