/*
 * A program is run: its argument vector, never a shell; a closed environment; text on its standard input; what
 * it says, up to a bound; and a time limit after which it is killed with all that it started.
 */
#ifndef SENDWATCH_RESPONDERS_RUN_H
#define SENDWATCH_RESPONDERS_RUN_H

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#define RUN_ARGUMENTS 128

struct run {
	const char *const *argv; /* ended by NULL; the program by its whole path */
	struct span input;
	usec_t timeout;
	struct text *output; /* of standard output; NULL: not kept */
	/* Where there is one, it takes from OUTPUT what it has seen, whenever more has come. */
	void (*sift)(void *context, struct text *output);
	void *context;
};

/* False where it could not be run, took too long or died; ERROR ends with the last line that it said of it. */
bool run_program(const struct run *run, int *status_r, struct error *error);

/* The same, where anything but the exit status 0 is a failure. */
bool run_well(const struct run *run, struct error *error);

#endif
