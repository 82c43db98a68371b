/*
 * One step of a message in a person's words: a word for what happened, and the rest of it.
 */
#ifndef SENDWATCH_COMMANDS_TRACE_STEP_H
#define SENDWATCH_COMMANDS_TRACE_STEP_H

#include "base/text.h"
#include "parsers/frame.h"
#include "parsers/event.h"

/* "delivered", "came in", "authentication failed" ... */
const char *trace_step_name(const struct event *event);

/* The rest: to whom, by what, and what was answered. Text of strangers is made printable. */
void trace_step_words(struct text *out, const struct frame *frame, const struct event *event);

#endif
