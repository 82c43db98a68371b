/*
 * The rules of parsers/replies.rules, which the build puts into the program. A block begins with the line
 * "rule NAME" or "class NAME" and goes on to the next; its fields are "key  text", one a line, longer ones go
 * on in indented lines that begin with "|". What a rule does not say, its class says.
 */
#ifndef SENDWATCH_PARSERS_REPLY_RULES_H
#define SENDWATCH_PARSERS_REPLY_RULES_H

#include "parsers/reply.h"

struct reply_book {
	struct reply_rule *rules;
	size_t count;
	struct reply_rule classes[REPLY_CLASSES]; /* meaning and advice where no rule says more */
	char *text;                               /* the file, cut up: every string above points into it */
};

/* Read TEXT, a rules file. False and "line N: ..." in ERROR where it is wrong. */
bool reply_book_read(struct span text, struct reply_book *book_r, struct error *error);
void reply_book_free(struct reply_book *book);

/* The file as built in. */
struct span reply_book_builtin(void);

#endif
