/*
 * A file of positions that anybody wrote: taken whole or refused, and what is taken is printed and read back
 * as the same. Every second input gets the right checksum, so that what is behind it is reached too.
 */
#include "collector/position.h"

#include "base/hash.h"

#include <inttypes.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_read(struct span text)
{
	struct positions positions = { 0 }, again = { 0 };
	struct text printed = { 0 };
	struct error error;

	if (!positions_parse(&positions, text, &error))
		return;
	positions_print(&positions, &printed);
	if (!positions_parse(&again, text_span(&printed), &error) || again.count != positions.count)
		abort();
	text_free(&printed);
	positions_free(&positions);
	positions_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = { 0 };

	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
		text_add(&text, SPAN("sendwatch-positions 1 1795000000000000\n"));
	text_add(&text, (struct span){ (const char *)data + 1, size - 1 });
	if (data[0] % 2 == 0) {
		size_t lines = 0;

		text_add(&text, SPAN("\n"));
		for (size_t i = 0; i < text.len; i++)
			lines += text.at[i] == '\n';
		text_add_format(&text, "end %zu %" PRIx64 "\n", lines - 1, hash_stable(text_span(&text)));
	}
	fuzz_read(text_span(&text));
	text_free(&text);
	return 0;
}
