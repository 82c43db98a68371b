/*
 * What a trace looks for: the text that was typed, and the queue ids and message ids that turned out to belong
 * to it. A line belongs where one of its fields is what was asked for or an id that belongs; text in which an
 * address merely occurs (a subject, a reply) makes nothing belong.
 */
#ifndef SENDWATCH_COMMANDS_TRACE_WANTED_H
#define SENDWATCH_COMMANDS_TRACE_WANTED_H

#include "parsers/event.h"

enum wanted_why {
	WANTED_NOT,
	WANTED_PART, /* by an id that belongs */
	WANTED_SEED  /* by what was asked for */
};

struct wanted;

/* WHAT may stand in angle brackets. BY_ACCOUNT: it is the ledger's name of an account, and found by ids alone. */
struct wanted *wanted_new(struct span what, bool by_account);
void wanted_free(struct wanted **wanted);

struct span wanted_what(const struct wanted *wanted);
bool wanted_by_account(const struct wanted *wanted);

/* An id that belongs from now on; false where it did already, or where there are too many. */
bool wanted_add(struct wanted *wanted, struct span id);
bool wanted_has(const struct wanted *wanted, struct span id);
size_t wanted_count(const struct wanted *wanted);
struct span wanted_id(const struct wanted *wanted, size_t at); /* in the order in which they were learned */

enum wanted_why wanted_match(const struct wanted *wanted, const struct event *event);

/* The ids of a line that belongs belong too. True where one was new. */
bool wanted_learn(struct wanted *wanted, const struct event *event);

/* The id under which a filter of ours gave the message back, or an alias passed it on; absent where none is said. */
struct span wanted_child(const struct event *event);

/* Does a line before EVENT's tell who is answerable: Exim's "cwd=", or cPanel's on who connects? */
bool wanted_has_script(const struct event *event);

#endif
