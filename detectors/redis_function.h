/*
 * The one thing that Redis does for us in one step (redis_swap.lua): a function of a library of ours in
 * Redis 7, a script called by its hash before that, or where the user may not load functions.
 */
#ifndef SENDWATCH_DETECTORS_REDIS_FUNCTION_H
#define SENDWATCH_DETECTORS_REDIS_FUNCTION_H

#include "detectors/redis.h"

/* Of one connection: how it is called there. All zeros: not loaded. */
struct redis_function {
	bool loaded, script;
	char hash[41];
};

/* See that it is there. False, with Redis's words, where it can be neither function nor script. */
bool redis_function_load(struct redis_function *function, struct redis *redis, struct error *error);

/* Queue a call with one key and COUNT (at most 8) arguments. */
void redis_function_queue(const struct redis_function *function, struct redis *redis, struct span key,
			  const struct span *arguments, size_t count);

/* Does this refusal say that it has to be loaded again? */
bool redis_function_missing(struct span refusal);

#endif
