/*
 * A mutex, a condition and an eventfd. After a failed try it waits, from 50 ms up to 2 s, and tries the
 * calls that are still open again: that a call may have been run twice is for the calls to bear, and the
 * swap bears it (redis_swap.lua).
 */
#define _GNU_SOURCE
#include "detectors/redis_worker.h"

#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* After a failure, doubled each time: a server that restarts is missed for no longer than it takes. Assumed. */
#define WORKER_PAUSE_FIRST (USEC_SECOND / 20)
#define WORKER_PAUSE_MOST  (2 * USEC_SECOND)

struct redis_worker {
	struct redis_route *route;
	pthread_t thread;
	int finished; /* eventfd */
	pthread_mutex_t lock;
	pthread_cond_t given;
	/* Under the lock: */
	struct redis_call *calls; /* NULL while idle */
	size_t count;
	bool stopping;
	usec_t away;
	struct error why;
	struct spread took;
};

/* Wait for the condition, PAUSE at most where it is not 0. Under the lock. */
static void worker_wait(struct redis_worker *worker, usec_t pause)
{
	struct timespec until;

	if (pause == 0) {
		pthread_cond_wait(&worker->given, &worker->lock);
		return;
	}
	pause += clock_monotonic();
	until = (struct timespec){ .tv_sec = pause / USEC_SECOND, .tv_nsec = pause % USEC_SECOND * 1000 };
	(void)pthread_cond_timedwait(&worker->given, &worker->lock, &until);
}

/* Run the batch to its end, or until the worker is to stop. Under the lock, which is let go meanwhile. */
static void worker_run(struct redis_worker *worker)
{
	usec_t pause = WORKER_PAUSE_FIRST, began = clock_monotonic();

	while (!worker->stopping) {
		struct error error;
		bool done;

		pthread_mutex_unlock(&worker->lock);
		done = redis_route_run(worker->route, worker->calls, worker->count, &error);
		pthread_mutex_lock(&worker->lock);
		if (done) {
			uint64_t one = 1;

			worker->away = USEC_NEVER;
			worker->calls = NULL;
			spread_add(&worker->took, clock_monotonic() - began);
			(void)!write(worker->finished, &one, sizeof(one));
			return;
		}
		worker->why = error;
		if (worker->away == USEC_NEVER)
			worker->away = clock_monotonic();
		if (!worker->stopping)
			worker_wait(worker, pause);
		pause = pause * 2 < WORKER_PAUSE_MOST ? pause * 2 : WORKER_PAUSE_MOST;
	}
}

static void *worker_main(void *argument)
{
	struct redis_worker *worker = argument;

	pthread_mutex_lock(&worker->lock);
	while (!worker->stopping) {
		if (worker->calls != NULL)
			worker_run(worker);
		else
			worker_wait(worker, 0);
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

/* Signals are for the main thread; a lost connection is an error of write, not one. */
static int worker_spawn(struct redis_worker *worker)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&worker->thread, NULL, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

struct redis_worker *redis_worker_start(const struct redis_options *options, struct error *error)
{
	struct redis_worker *worker;
	struct redis_route *route = redis_route_new(options, error);
	pthread_condattr_t monotonic;
	int failed;

	if (route == NULL)
		return NULL;
	worker = memory_new(1, sizeof(*worker));
	worker->route = route;
	worker->away = USEC_NEVER;
	worker->finished = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&worker->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&worker->given, &monotonic);
	pthread_condattr_destroy(&monotonic);
	failed = worker->finished < 0 ? errno : worker_spawn(worker);
	if (failed != 0) {
		error_set(error, "the thread for Redis: %s", strerror(failed));
		if (worker->finished >= 0)
			close(worker->finished);
		redis_route_free(&worker->route);
		free(worker);
		return NULL;
	}
	return worker;
}

void redis_worker_stop(struct redis_worker **worker)
{
	struct redis_worker *gone = *worker;

	if (gone == NULL)
		return;
	pthread_mutex_lock(&gone->lock);
	gone->stopping = true;
	pthread_cond_signal(&gone->given);
	pthread_mutex_unlock(&gone->lock);
	pthread_join(gone->thread, NULL);
	pthread_cond_destroy(&gone->given);
	pthread_mutex_destroy(&gone->lock);
	close(gone->finished);
	redis_route_free(&gone->route);
	free(gone);
	*worker = NULL;
}

void redis_worker_give(struct redis_worker *worker, struct redis_call *calls, size_t count)
{
	pthread_mutex_lock(&worker->lock);
	assert(worker->calls == NULL);
	worker->calls = calls;
	worker->count = count;
	pthread_cond_signal(&worker->given);
	pthread_mutex_unlock(&worker->lock);
}

bool redis_worker_idle(struct redis_worker *worker)
{
	uint64_t count;
	bool idle;

	pthread_mutex_lock(&worker->lock);
	idle = worker->calls == NULL;
	pthread_mutex_unlock(&worker->lock);
	/* Only who asks here gives it more to do. */
	if (idle)
		(void)!read(worker->finished, &count, sizeof(count));
	return idle;
}

int redis_worker_fd(const struct redis_worker *worker)
{
	return worker->finished;
}

usec_t redis_worker_away(struct redis_worker *worker, struct error *why_r)
{
	usec_t away;

	pthread_mutex_lock(&worker->lock);
	away = worker->away;
	if (away != USEC_NEVER)
		*why_r = worker->why;
	pthread_mutex_unlock(&worker->lock);
	return away;
}

struct spread redis_worker_took(struct redis_worker *worker)
{
	struct spread took;

	pthread_mutex_lock(&worker->lock);
	took = worker->took;
	pthread_mutex_unlock(&worker->lock);
	return took;
}
