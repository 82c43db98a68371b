/* zstd, where installed. Its window is limited by the library's default (128 MiB). */
#include "collector/archive.h"

#ifdef HAVE_LIBZSTD

#include <zstd.h>

/* Input goes in pieces: of one in which it breaks, the library says no more than that it was in there. */
#define ZSTD_PIECE ((size_t)8192)

static struct zstd_calls {
	__typeof__(ZSTD_createDStream) *createDStream;
	__typeof__(ZSTD_DCtx_reset) *DCtx_reset;
	__typeof__(ZSTD_decompressStream) *decompressStream;
	__typeof__(ZSTD_freeDStream) *freeDStream;
	__typeof__(ZSTD_isError) *isError;
} zstd;

static const struct library_function zstd_functions[] = {
	{ "ZSTD_createDStream", offsetof(struct zstd_calls, createDStream) },
	{ "ZSTD_DCtx_reset", offsetof(struct zstd_calls, DCtx_reset) },
	{ "ZSTD_decompressStream", offsetof(struct zstd_calls, decompressStream) },
	{ "ZSTD_freeDStream", offsetof(struct zstd_calls, freeDStream) },
	{ "ZSTD_isError", offsetof(struct zstd_calls, isError) },
};

static struct library zstd_library = LIBRARY("libzstd.so.1", NULL, zstd_functions);

/* A frame that says nothing of the text: pzstd writes one before each that does. */
static bool zstd_skippable(struct span head)
{
	return head.len >= 4 && ((unsigned char)head.at[0] & 0xf0) == 0x50 &&
	       memcmp(head.at + 1, "\x2a\x4d\x18", 3) == 0;
}

static void *zstd_begin(void)
{
	return zstd.createDStream();
}

static bool zstd_again(void *state)
{
	return !zstd.isError(zstd.DCtx_reset(state, ZSTD_reset_session_only));
}

static enum archive_step zstd_step(void *state, struct archive_flow *flow)
{
	ZSTD_inBuffer in = { flow->in, flow->in_len < ZSTD_PIECE ? flow->in_len : ZSTD_PIECE, 0 };
	ZSTD_outBuffer out = { flow->out, flow->out_room, 0 };
	size_t result = zstd.decompressStream(state, &out, &in);

	flow->in += in.pos;
	flow->in_len -= in.pos;
	flow->out += out.pos;
	flow->out_room -= out.pos;
	if (zstd.isError(result))
		return ARCHIVE_BROKEN;
	return result == 0 ? ARCHIVE_MEMBER : ARCHIVE_GOING;
}

static void zstd_end(void *state)
{
	zstd.freeDStream(state);
}

const struct archive_kind archive_zstd = {
	.name = "zstd",
	.magic = { "\x28\xb5\x2f\xfd", 4 },
	.also = zstd_skippable,
	.quick = true,
	.library = &zstd_library,
	.calls = &zstd,
	.begin = zstd_begin,
	.again = zstd_again,
	.step = zstd_step,
	.end = zstd_end,
};

#else
extern const int archive_zstd_missing;
const int archive_zstd_missing = 1; /* a unit without a declaration is not C11 */
#endif
