/*
 * The thread that talks to Redis, so that reading logs never waits for a network. It is given one batch
 * of calls at a time, runs it to its end through outages and failovers, and says so.
 */
#ifndef SENDWATCH_DETECTORS_REDIS_WORKER_H
#define SENDWATCH_DETECTORS_REDIS_WORKER_H

#include "base/spread.h"
#include "detectors/redis_route.h"

struct redis_worker;

/* OPTIONS are borrowed. Nothing is connected yet when it returns. */
struct redis_worker *redis_worker_start(const struct redis_options *options, struct error *error);

/* A batch that is not finished is given up: its calls may or may not have been run. */
void redis_worker_stop(struct redis_worker **worker);

/* Only while idle. CALLS are the worker's until it is idle again; `answered` is called in its thread. */
void redis_worker_give(struct redis_worker *worker, struct redis_call *calls, size_t count);
bool redis_worker_idle(struct redis_worker *worker);

/* Readable when a batch was finished; redis_worker_idle then clears it. */
int redis_worker_fd(const struct redis_worker *worker);

/* Since when Redis has not answered, and why; USEC_NEVER (of the monotonic clock) where it does. */
usec_t redis_worker_away(struct redis_worker *worker, struct error *why_r);

/* How long batches took, those that had to be tried again included. */
struct spread redis_worker_took(struct redis_worker *worker);

#endif
