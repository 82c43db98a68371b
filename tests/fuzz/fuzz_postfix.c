/*
 * Lines of Postfix from anybody: every text of an event lies within the line or is a constant, numbers are
 * within their bounds, and a kind is one that there is.
 */
#include "parsers/parser.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The members from `queue_id` up to `reason` are all spans, in a row. */
/* Each lies in the line, or in the tag: the delivery agent is named by it. */
static bool within(struct span text, struct span whole)
{
	return text.at >= whole.at && text.at + text.len <= whole.at + whole.len;
}

static void check(const struct event *event, struct span line, struct span tag)
{
	for (size_t place = offsetof(struct event, queue_id); place < offsetof(struct event, reason);
	     place += sizeof(struct span)) {
		struct span text;

		memcpy(&text, (const char *)event + place, sizeof(text));
		if (text.at == NULL ? text.len != 0
				    : !within(text, line) && !(place == offsetof(struct event, transport) &&
							       within(text, tag)))
			abort();
	}
	if (event->kind >= EVENT_KINDS || event->size < -1 || event->nrcpt < -1 || event->uid < -1)
		abort();
}

static void parse(struct span line, struct span tag)
{
	struct frame frame = { .tag = tag, .text = line, .repeat = 1 };
	struct event event;

	parser_read(&frame, &event);
	check(&event, line, tag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size }, line;

	while (span_cut(&rest, '\n', &line)) {
		char *copy = malloc(line.len > 0 ? line.len : 1);

		if (copy == NULL)
			return 0;
		memcpy(copy, line.at, line.len);
		parse((struct span){ copy, line.len }, SPAN("postfix/smtpd"));
		parse((struct span){ copy, line.len }, SPAN("postfix/smtp"));
		parse((struct span){ copy, line.len }, SPAN("postfix"));
		free(copy);
	}
	return 0;
}
