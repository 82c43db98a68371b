/*
 * Dovecot's logins.
 */
#include "parsers/parser.h"

static bool dovecot_claims(const struct frame *frame)
{
	return span_equal(frame->tag, SPAN("dovecot"));
}

static void dovecot_parse(const struct frame *frame, struct event *event)
{
	(void)frame;
	event->mta = MTA_DOVECOT;
	event->kind = EVENT_IDLE;
}

const struct parser parser_dovecot = {
	.name = "dovecot",
	.claims = dovecot_claims,
	.parse = dovecot_parse,
};
