/*
 * A client of the socketmap that sends anything: in whatever pieces it comes, the same keys are found in it, none is
 * empty of meaning, and what is not answered yet is less than one request may be. The first byte says how large the
 * pieces are.
 */
#define _GNU_SOURCE
#include "responders/socketmap.h"

#include "base/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is heard in DATA when it comes PIECE by PIECE, a line a request; "!" where it is hung up. */
static void fuzz_hear(struct span data, size_t piece, struct text *heard_r)
{
	struct span rest = { data.at, 0 };
	struct policy_request request;

	for (size_t sent = 0; sent < data.len;) {
		size_t more = data.len - sent < piece ? data.len - sent : piece;
		enum policy_heard heard;

		sent += more;
		rest.len += more;
		while ((heard = socketmap_tongue.cut(&rest, &request)) == POLICY_WHOLE) {
			for (size_t i = 0; i < request.sasl_username.len; i++)
				if ((unsigned char)request.sasl_username.at[i] <= ' ')
					abort();
			text_add(heard_r, request.sasl_username);
			text_add(heard_r, SPAN("\n"));
		}
		if (heard == POLICY_NONSENSE) {
			text_add(heard_r, SPAN("!"));
			return;
		}
		if (rest.len > SOCKETMAP_LONGEST + 5 || rest.at + rest.len != data.at + sent)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text whole = { 0 }, pieces = { 0 };
	struct span rest;

	if (size < 2)
		return 0;
	rest = (struct span){ (const char *)data + 1, size - 1 };
	fuzz_hear(rest, rest.len, &whole);
	fuzz_hear(rest, (size_t)1 + data[0], &pieces);
	if (!span_equal(text_span(&whole), text_span(&pieces)))
		abort();
	text_free(&whole);
	text_free(&pieces);
	return 0;
}
