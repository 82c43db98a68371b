/*
 * Which literals a pattern needs: one of them stands in every text that the pattern matches. A text without
 * any of them need not be shown to the pattern.
 */
#ifndef SENDWATCH_PARSERS_REPLY_LITERAL_H
#define SENDWATCH_PARSERS_REPLY_LITERAL_H

#include "base/span.h"

#define REPLY_LITERALS    96
#define REPLY_LITERAL_MIN 3
#define REPLY_LITERAL_MAX 16

struct reply_literal {
	char at[REPLY_LITERAL_MAX]; /* in small letters; zeros behind */
	uint8_t len;
};

struct reply_literals {
	size_t count;    /* 0: no literal is sure, the pattern must be tried on every text */
	size_t shortest; /* how long the shortest is; 0 where there is none */
	struct reply_literal items[REPLY_LITERALS];
};

void reply_literals_of(struct span pattern, struct reply_literals *literals_r);

#endif
