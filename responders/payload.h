/*
 * Events, attempts and verdicts as JSON, one object a line: the interface of `parse`, `replay --format
 * ndjson`, the journal and webhooks. The only file that knows jansson is payload.c.
 *
 * Each returns a NUL-terminated text without a newline, owned by the caller (free). Bytes that are not
 * UTF-8 become U+FFFD.
 */
#ifndef SENDWATCH_RESPONDERS_PAYLOAD_H
#define SENDWATCH_RESPONDERS_PAYLOAD_H

#include "base/text.h"
#include "detectors/verdict.h"
#include "parsers/frame.h"

char *payload_event(const struct frame *frame, const struct event *event);
char *payload_attempt(const struct attempt *attempt);
char *payload_verdict(const struct verdict *verdict);

/* What a person types to take the verdict back; an account's name is quoted where a shell would misread it. */
void payload_undo(const struct verdict *verdict, struct text *out);

#endif
