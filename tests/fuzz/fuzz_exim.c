/*
 * Lines of Exim from anybody: every text of an event lies within the line, and is empty or has a place; and the
 * same line gives the same event.
 */
#include "parsers/parser.h"

#include <stddef.h>
#include <stdlib.h>

/* The members between `program` and the end of the event are all spans, in a row. */
#define FIRST offsetof(struct event, queue_id)
#define LAST  offsetof(struct event, reason)

static void check(const struct event *event, struct span line)
{
	for (size_t place = FIRST; place < LAST; place += sizeof(struct span)) {
		struct span text;

		memcpy(&text, (const char *)event + place, sizeof(text));
		if (text.at == NULL ? text.len != 0
				    : text.at < line.at || text.at + text.len > line.at + line.len)
			abort();
	}
	if (event->kind >= EVENT_KINDS || event->size < -1 || event->nrcpt < -1)
		abort();
}

static void parse(struct span line, struct span tag)
{
	struct frame frame = { .tag = tag, .text = line, .repeat = 1 };
	struct event event = { .mta = MTA_EXIM, .uid = -1, .size = -1, .nrcpt = -1, .repeat = 1 };

	(void)parser_exim.claims(&frame);
	parser_exim.parse(&frame, &event);
	check(&event, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size }, line;

	while (span_cut(&rest, '\n', &line)) {
		/* A copy of its own size lets the sanitizer see a byte read past the line. */
		char *copy = malloc(line.len > 0 ? line.len : 1);

		if (copy == NULL)
			return 0;
		memcpy(copy, line.at, line.len);
		parse((struct span){ copy, line.len }, (struct span){ NULL, 0 });
		parse((struct span){ copy, line.len }, SPAN("exim"));
		free(copy);
	}
	return 0;
}
