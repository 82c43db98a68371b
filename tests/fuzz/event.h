/*
 * What holds for the event of any line: every text of it lies within the line, numbers are within their bounds, and
 * a kind is one that there is.
 */
#ifndef SENDWATCH_TESTS_FUZZ_EVENT_H
#define SENDWATCH_TESTS_FUZZ_EVENT_H

#include "parsers/parser.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline bool event_within(struct span text, struct span whole)
{
	return text.at >= whole.at && text.at + text.len <= whole.at + whole.len;
}

/* A reason may be a constant of ours, and Postfix's delivery agent is named by the tag. */
static inline void event_check(const struct event *event, struct span line, struct span tag)
{
	for (size_t i = 0; i < EVENT_TEXTS; i++) {
		struct span text = event_text(event, i);

		if (strcmp(event_text_name(i), "reason") == 0)
			continue;
		if (text.at == NULL
			    ? text.len != 0
			    : !event_within(text, line) && !(strcmp(event_text_name(i), "transport") == 0 &&
							     event_within(text, tag)))
			abort();
	}
	if (event->kind >= EVENT_KINDS || event->size < -1 || event->nrcpt < -1 || event->uid < -1)
		abort();
}

/* Each line of DATA, under each of the tags, of which NULL is the last. */
static inline void event_lines(const uint8_t *data, size_t size, const char *const *tags,
			       void (*parse)(struct span line, struct span tag))
{
	struct span rest = { (const char *)data, size }, line;

	while (span_cut(&rest, '\n', &line)) {
		/* A copy of its own size lets the sanitizer see a byte read past the line. */
		char *copy = malloc(line.len > 0 ? line.len : 1);

		if (copy == NULL)
			return;
		memcpy(copy, line.at, line.len);
		for (size_t i = 0; tags[i] != NULL; i++)
			parse((struct span){ copy, line.len }, span_of(tags[i]));
		free(copy);
	}
}

#endif
