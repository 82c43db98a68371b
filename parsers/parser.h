/*
 * A parser is a pure function from the words of one program to an event: it allocates nothing, keeps
 * nothing, and takes fields by position and structure from the side that an attacker cannot reach.
 * The family's list is in parsers/parser.c; the first member that claims a tag reads the line.
 */
#ifndef SENDWATCH_PARSERS_PARSER_H
#define SENDWATCH_PARSERS_PARSER_H

#include "parsers/event.h"
#include "parsers/frame.h"

struct parser {
	const char *name;
	/* Is this line for this parser? Only the tag and, without one, the first bytes are looked at. */
	bool (*claims)(const struct frame *frame);
	/* Fills *event_r, which is zeroed but for uid, size and nrcpt of -1 and mta, repeat. */
	void (*parse)(const struct frame *frame, struct event *event_r);
};

extern const struct parser parser_postfix, parser_exim, parser_dovecot, parser_filter;

/* EVENT_FOREIGN where no parser claims the frame. */
void parser_read(const struct frame *frame, struct event *event_r);

const char *event_kind_name(enum event_kind kind);          /* "result" */
const char *event_outcome_name(enum event_outcome outcome); /* "bounced" */
const char *event_mta_name(enum event_mta mta);             /* "postfix" */
const char *event_phase_name(enum event_phase phase);       /* "rcpt" */

/* All texts of an event but its program, by number: what they are called, in the order in which they are told. */
#define EVENT_TEXTS 26
const char *event_text_name(size_t number); /* "queue_id" */
struct span event_text(const struct event *event, size_t number);

#endif
