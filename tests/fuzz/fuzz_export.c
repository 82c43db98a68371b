/*
 * A journal's export that anybody wrote: whatever pieces it comes in, the same lines; every line begins with a stamp
 * and has no control byte, so that no field can pass for another line.
 */
#include "collector/export.h"

#include "base/clock.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_export(struct span text, size_t piece, struct text *lines)
{
	struct export *export = export_new();

	while (text.len > 0) {
		export_feed(export, span_head(text, piece), lines);
		text = span_from(text, piece);
	}
	export_last(export, lines);
	export_free(&export);
}

static void fuzz_line(struct span line)
{
	struct span stamp;
	usec_t time;

	if (!span_cut(&line, ' ', &stamp) || !clock_parse(stamp, &time))
		abort();
	for (size_t i = 0; i < line.len; i++)
		if (((unsigned char)line.at[i] < ' ' && line.at[i] != '\t') || line.at[i] == 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text whole = { 0 }, pieces = { 0 };
	struct span text = { (const char *)data, size }, line, rest;

	if (size == 0)
		return 0;
	fuzz_export(text, size, &whole);
	fuzz_export(text, 1 + data[0] % 7, &pieces);
	if (!span_equal(text_span(&whole), text_span(&pieces)))
		abort();
	rest = text_span(&whole);
	while (span_cut(&rest, '\n', &line))
		fuzz_line(line);
	if (rest.len != 0)
		abort();
	text_free(&whole);
	text_free(&pieces);
	return 0;
}
