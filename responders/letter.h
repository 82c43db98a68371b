/*
 * A mail as its bytes: headers of RFC 5322 and MIME, a text in quoted-printable. Whatever stands in a subject or
 * an address, there are never more headers than these.
 */
#ifndef SENDWATCH_RESPONDERS_LETTER_H
#define SENDWATCH_RESPONDERS_LETTER_H

#include "base/clock.h"
#include "base/text.h"

struct letter {
	const char *from;      /* an address */
	const char *const *to; /* addresses */
	size_t to_count;
	const char *id;   /* of what is told; the same for every try */
	const char *host; /* for the message-id */
	struct span subject, text;
	usec_t time;
};

/* An address that can stand in an envelope and a header as it is: ASCII, one @, no quotes, no leading dash. */
bool letter_is_address(struct span text);

/* LINE: what ends a line, "\n" or "\r\n". */
void letter_write(const struct letter *letter, const char *line, struct text *out);

#endif
