/*
 * A command of the admin's own: an argument vector, run without a shell and in a closed environment (PATH and
 * LC_ALL), with what is told as JSON on standard input. Exit status 0 means done; 75 (EX_TEMPFAIL), a signal or
 * the time limit that it is to be tried again; every other that it never will be. It stands in the journal.
 */
#ifndef SENDWATCH_RESPONDERS_COMMAND_H
#define SENDWATCH_RESPONDERS_COMMAND_H

#include "responders/responder.h"
#include "responders/telling.h"

struct command_options {
	struct telling telling;
	struct setting_list run;
	usec_t timeout;
};

extern const struct setting command_settings[];

#endif
