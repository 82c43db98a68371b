/*
 * Content filters and their neighbours.
 */
#include "parsers/parser.h"

static bool filter_claims(const struct frame *frame)
{
	return span_equal(frame->tag, SPAN("amavis"));
}

static void filter_parse(const struct frame *frame, struct event *event)
{
	(void)frame;
	event->mta = MTA_FILTER;
	event->kind = EVENT_IDLE;
}

const struct parser parser_filter = {
	.name = "filter",
	.claims = filter_claims,
	.parse = filter_parse,
};
