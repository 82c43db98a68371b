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
void payload_add_undo(struct span account, struct text *out);

/* An object of any other type, key by key in their order; absent texts become null. */
struct payload;

struct payload *payload_begin(const char *type);
void payload_add_text(struct payload *payload, const char *key, struct span text);
void payload_add_time(struct payload *payload, const char *key, usec_t time);
void payload_add_count(struct payload *payload, const char *key, uint64_t count);
void payload_add_share(struct payload *payload, const char *key, double share); /* four digits */
void payload_add_flag(struct payload *payload, const char *key, bool flag);
char *payload_end(struct payload **payload);

/* Whole objects, as they were written, as the members of an array. */
void payload_add_objects(struct payload *payload, const char *key, const char *const *objects, size_t count);

/* Reading back what was written above. NULL where it is no object. */
struct payload *payload_read(struct span json);
void payload_free(struct payload **payload);

/* What stands under KEY, added to INTO: a text, or a number's digits. False where there is nothing. */
bool payload_get(const struct payload *payload, const char *key, struct text *into);
usec_t payload_get_time(const struct payload *payload, const char *key); /* USEC_NEVER where there is none */

/* Of an array: how many members, and one of them as text (get) or as an object of its own (free). */
size_t payload_count(const struct payload *payload, const char *key);
bool payload_get_member(const struct payload *payload, const char *key, size_t at, struct text *into);
struct payload *payload_member(const struct payload *payload, const char *key, size_t at);

/* Is it JSON of any kind? */
bool payload_is_json(struct span text);

#endif
