/*
 * A text that grows up to a declared ceiling. What would pass it is cut and remembered in `cut`;
 * nothing is written past it. Always NUL-terminated. The owner frees it by text_free.
 */
#ifndef SENDWATCH_BASE_TEXT_H
#define SENDWATCH_BASE_TEXT_H

#include "base/span.h"

struct text {
	char *at;
	size_t len;
	size_t room;
	size_t ceiling; /* bytes; 0 means 16 MiB */
	bool cut;
};

void text_add(struct text *text, struct span more);
void text_add_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text of strangers, made safe for a terminal: control bytes and broken UTF-8 become \xNN. */
void text_add_printable(struct text *text, struct span strange);

/* Text of strangers as one word for a shell: in quotes where it would be read otherwise, and printable. */
void text_add_quoted(struct text *text, struct span strange);

/* Length of the well-formed UTF-8 sequence at the front of a text that is not empty; 0 where there is none. */
size_t text_utf8_len(struct span text);

/* The first MOST bytes, less what would be a part of a character. */
struct span text_utf8_head(struct span text, size_t most);

void text_clear(struct text *text); /* keeps the room */
void text_free(struct text *text);
struct span text_span(const struct text *text);

#endif
