/*
 * Programs that are run beside everything else: an argument vector, an environment of two variables, text on
 * standard input, a time limit after which the program and what it started are killed. Nothing here blocks.
 */
#ifndef SENDWATCH_RESPONDERS_SPAWN_H
#define SENDWATCH_RESPONDERS_SPAWN_H

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#include <stdint.h>

struct spawn_result {
	uint64_t number;
	/* Exit status; 128 and the signal's number where one ended it. Not started: 127, or 75 where that may pass. */
	int status;
	bool late;        /* killed at its time limit */
	struct span back; /* the first bytes of its standard output and error; hostile */
};

typedef void spawn_done(void *context, const struct spawn_result *result);

struct spawn_pool;

struct spawn_pool *spawn_open(spawn_done *done, void *context, struct error *error);
void spawn_close(struct spawn_pool **pool); /* what still runs is killed */

/* ARGUMENTS end with NULL; the first is the program, by its path. All is copied. */
void spawn_start(struct spawn_pool *pool, uint64_t number, const char *const *arguments, struct span input,
		 usec_t limit);

/* Wait for it to be readable, then run; DONE is called from within run. */
int spawn_fd(const struct spawn_pool *pool);
void spawn_run(struct spawn_pool *pool);

#endif
