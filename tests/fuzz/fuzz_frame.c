/*
 * Whole logs from anybody through one framer: no line is read past its end, showing a line to framer_time
 * first changes nothing, and what a frame holds is text.
 */
#include "parsers/frame.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every byte is looked at, so that the sanitizer sees those that are nobody's. */
static size_t touch(struct span text)
{
	size_t sum = 0;

	if (text.at == NULL && text.len != 0)
		abort();
	for (size_t i = 0; i < text.len; i++)
		sum += (unsigned char)text.at[i];
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct framer_options options = { .timezone = "+01:00",
					  .written = INT64_C(1795278582) * USEC_SECOND };
	struct error error;
	struct framer *framer = framer_new(&options, &error);
	struct span rest = { (const char *)data, size }, line;
	struct frame frame;

	while (framer != NULL && span_cut(&rest, '\n', &line)) {
		char *copy = malloc(line.len > 0 ? line.len : 1);
		usec_t time;

		if (copy == NULL)
			break;
		memcpy(copy, line.at, line.len);
		line.at = copy;
		time = framer_time(framer, line);
		if (framer_cut(framer, line, &frame)) {
			if (time == USEC_NEVER || frame.repeat == 0)
				abort();
			touch(frame.host);
			touch(frame.tag);
			touch(frame.text);
		}
		free(copy);
	}
	framer_free(&framer);
	return 0;
}
