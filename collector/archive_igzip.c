/*
 * gzip by ISA-L's igzip, where it is installed: several times as fast as zlib (make bench has the figure).
 *
 * The library takes the input by a pointer to what it could change, and does not change it.
 */
#include "collector/archive.h"

#ifdef HAVE_LIBISAL

#include "base/memory.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

static struct igzip_calls {
	__typeof__(isal_inflate) *inflate;
	__typeof__(isal_inflate_init) *inflate_init;
	__typeof__(isal_inflate_reset) *inflate_reset;
} isal;

static const struct library_function igzip_functions[] = {
	{ "isal_inflate", offsetof(struct igzip_calls, inflate) },
	{ "isal_inflate_init", offsetof(struct igzip_calls, inflate_init) },
	{ "isal_inflate_reset", offsetof(struct igzip_calls, inflate_reset) },
};

static struct library igzip_library = LIBRARY("libisal.so.2", NULL, igzip_functions);

static bool igzip_again(void *state)
{
	struct inflate_state *inflate = state;

	isal.inflate_reset(inflate);
	inflate->crc_flag = ISAL_GZIP;
	return true;
}

static void *igzip_begin(void)
{
	struct inflate_state *inflate = memory_new(1, sizeof(*inflate));

	isal.inflate_init(inflate);
	(void)igzip_again(inflate);
	return inflate;
}

static enum archive_step igzip_step(void *state, struct archive_flow *flow)
{
	struct inflate_state *inflate = state;
	uintptr_t in = (uintptr_t)flow->in;
	int result;

	inflate->next_in = (uint8_t *)in;
	inflate->avail_in = (uint32_t)flow->in_len;
	inflate->next_out = flow->out;
	inflate->avail_out = (uint32_t)flow->out_room;
	result = isal.inflate(inflate);
	if (inflate->avail_in > flow->in_len) /* of damaged data it gives back more than it got */
		inflate->avail_in = (uint32_t)flow->in_len;
	flow->in += flow->in_len - inflate->avail_in;
	flow->in_len = inflate->avail_in;
	flow->out = inflate->next_out;
	flow->out_room = inflate->avail_out;
	if (result < ISAL_DECOMP_OK || result == ISAL_NEED_DICT)
		return ARCHIVE_BROKEN;
	return inflate->block_state == ISAL_BLOCK_FINISH ? ARCHIVE_MEMBER : ARCHIVE_GOING;
}

const struct archive_kind archive_igzip = {
	.name = "gzip",
	.magic = { "\x1f\x8b\x08", 3 },
	.quick = true,
	.library = &igzip_library,
	.calls = &isal,
	.begin = igzip_begin,
	.again = igzip_again,
	.step = igzip_step,
	.end = free,
};

#endif
