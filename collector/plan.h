/*
 * The plan of a replay: which files there are behind the names, each once, which belong to one log, and
 * in which order of time they are read.
 */
#ifndef SENDWATCH_COLLECTOR_PLAN_H
#define SENDWATCH_COLLECTOR_PLAN_H

#include "collector/collector.h"
#include "collector/input.h"
#include "collector/rotation.h"

struct plan_file {
	char *path;
	struct input_about about;
	struct rotation rotation;
	char *log;     /* the log it belongs to: folder and stem */
	usec_t first;  /* its first stamp; where it has none, when it was written */
	uint64_t head; /* hash of its first bytes */
	uint64_t more; /* of so many that no two logs share them; 0: it has fewer */
	uint32_t source;
	void *opened;    /* the caller's context for it */
	bool was_opened; /* ... which is there, and to be closed */
	bool empty;
	struct input *kept; /* already open: a pipe, which cannot be opened again */
	int held; /* its descriptor, should its name go to another file meanwhile; -1: there are too many */
};

struct plan {
	struct plan_file *files; /* in time order; those of one source keep this order */
	size_t count;
	char **sources; /* the names of the logs */
	uint32_t source_count;
	uint64_t failed, bytes;
};

/* Troubles with single files are told through CALLS; false where there is no file left. */
bool plan_make(struct plan *plan, const char *const *logs, size_t count, const struct collector_calls *calls,
	       atomic_uint_fast64_t *read, struct error *error);

/* FILE from its beginning. NULL, and ERROR, where it cannot be read, or is another file than was planned. */
struct input *plan_input(const struct plan_file *file, struct ahead *ahead, atomic_uint_fast64_t *read,
			 struct error *error);

/* FILE's context for `time`, made when first asked for. */
void *plan_opened(struct plan_file *file, const struct collector_calls *calls);
void plan_closed(struct plan_file *file, const struct collector_calls *calls);

void plan_free(struct plan *plan, const struct collector_calls *calls);

#endif
