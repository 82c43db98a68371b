/*
 * What is in force on this server at this time, whoever ordered it: who is stopped, who is throttled, and who is
 * exempt. The judge knows of evidence alone, and one whom a person stopped has none.
 */
#ifndef SENDWATCH_COMMANDS_IN_FORCE_H
#define SENDWATCH_COMMANDS_IN_FORCE_H

#include "commands/options.h"

struct in_force {
	const char *action; /* "stopped", "throttled", "exempt" */
	struct span account;
	usec_t since;
	usec_t until; /* USEC_NEVER: until ENDS, "it is released" */
	const char *ends;
	struct span by, reason; /* "uid 0 on mx1"; empty where they are not known */
};

struct cases;
struct orders;

/*
 * TELL each, those that are stopped or throttled first, from the oldest to the newest; what is borrowed is so until it
 * returns.
 */
void in_force_each(const struct cases *cases, const struct orders *orders,
		   void (*tell)(void *context, const struct in_force *order), void *context);

/* The same for who is not watch, from its files. False where they cannot be read. */
bool in_force_read(const struct options *options, void (*tell)(void *context, const struct in_force *order),
		   void *context, struct error *error);

#endif
