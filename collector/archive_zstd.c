/* zstd, where installed. Its window is limited by the library's default (128 MiB). */
#include "collector/archive.h"

#ifdef HAVE_LIBZSTD

#include <zstd.h>

/* Input goes in pieces: of one in which it breaks, the library says no more than that it was in there. */
#define ZSTD_PIECE ((size_t)8192)

static void *zstd_begin(void)
{
	return ZSTD_createDStream();
}

static bool zstd_again(void *state)
{
	return !ZSTD_isError(ZSTD_DCtx_reset(state, ZSTD_reset_session_only));
}

static enum archive_step zstd_step(void *state, struct archive_flow *flow)
{
	ZSTD_inBuffer in = { flow->in, flow->in_len < ZSTD_PIECE ? flow->in_len : ZSTD_PIECE, 0 };
	ZSTD_outBuffer out = { flow->out, flow->out_room, 0 };
	size_t result = ZSTD_decompressStream(state, &out, &in);

	flow->in += in.pos;
	flow->in_len -= in.pos;
	flow->out += out.pos;
	flow->out_room -= out.pos;
	if (ZSTD_isError(result))
		return ARCHIVE_BROKEN;
	return result == 0 ? ARCHIVE_MEMBER : ARCHIVE_GOING;
}

static void zstd_end(void *state)
{
	ZSTD_freeDStream(state);
}

const struct archive_kind archive_zstd = {
	.name = "zstd",
	.magic = { "\x28\xb5\x2f\xfd", 4 },
	.quick = true,
	.begin = zstd_begin,
	.again = zstd_again,
	.step = zstd_step,
	.end = zstd_end,
};

#else
extern const int archive_zstd_missing;
const int archive_zstd_missing = 1; /* a unit without a declaration is not C11 */
#endif
