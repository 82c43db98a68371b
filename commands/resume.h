/*
 * How watch comes back to where it was. What is known of accounts comes from the snapshot, or is in a shared
 * store; messages that were still open are known again by reading the logs once more, quietly, from the oldest of
 * them up to the marks of the last save; then following goes on from the positions that were saved with them.
 *
 * At the first start, and where the snapshot is of no use, everything that is there is learned from, so that the
 * first hour is judged by weeks. But what a shared store has counted it has still, and counting it once more could flag
 * honest accounts: so STATE/counted (counted.h) holds how far the logs were read for such a store.
 *
 *	snapshot           counted      windows in memory   windows in Redis
 *	good               (any)        goes on             goes on: what was open is recalled, the logs are followed
 *	                                                    from the snapshot's positions
 *	damaged, or of     good         learns all          goes on, from the positions in `counted`; health is learned
 *	another form, or                                    again, as far back as [watch] recall
 *	absent             other form   learns all          learns all: records of another form have other keys in Redis
 *	damaged, or of     damaged,     learns all          recalls what was open, and counts what is newer than the
 *	another form       absent                           snapshot's file was
 *	absent             the same     learns all          learns all: the first start, or the whole state folder is
 *	                                                    gone, which README says is to be kept
 *
 * To learn all is: with [logs] start = end quietly from what is there, and then to follow from the end; else to follow
 * from there. Of servers that share a Redis each has its own positions: a source's name has the server's number in it.
 */
#ifndef SENDWATCH_COMMANDS_RESUME_H
#define SENDWATCH_COMMANDS_RESUME_H

#include "commands/marks.h"
#include "commands/options.h"
#include "commands/pipeline.h"
#include "commands/snapshot.h"

/* What the state folder's snapshot said. */
struct resume {
	struct marks *marks;   /* NULL at the first start */
	struct text positions; /* for collector_live */
	usec_t open;           /* the oldest message then open */
	usec_t judged;         /* see pipeline_judged */
	bool lost;             /* the snapshot is of no use, or it is gone */
	usec_t counted;        /* where there are no marks: in a shared store is what was logged until then */
	/* while resume_learn runs */
	struct collector *learning;
	struct pipeline *pipeline;
	struct marks *seen;
	usec_t tell_from, recall_from;
	bool tells;
};

/* Asked every few milliseconds of reading. */
struct resume_calls {
	void *context;
	bool (*goes_on)(void *context); /* false: there is no time to learn more */
};

/*
 * Read the snapshot in the folder STATE; PIPELINE and HEALTH, both new, know again what they knew. False where it
 * is of no use, as ERROR says: it was put aside, and both may be half filled.
 */
bool resume_read(const char *state, struct resume *resume_r, struct pipeline *pipeline, struct health *health,
		 struct error *error);
void resume_free(struct resume *resume);

/* The text of a snapshot; resume_read does. False where it is none; what was read is to be freed either way. */
bool resume_parse(struct span text, struct resume *resume);

/* All in one file, so that no part of it is ever newer than another. */
bool resume_save(const char *state, struct span text, const struct pipeline *pipeline,
		 const struct health *health, struct error *error);

/* The text of a snapshot: how far everything was read. */
void resume_text(const struct marks *marks, const struct collector *collector,
		 const struct pipeline *pipeline, struct text *text);

/*
 * Feed PIPELINE with what LOGS and their rotations hold: up to the marks, and then at most RECALL of time, for what
 * was open; where there are no marks all, to their ends, telling (as late) what happened from TELL_FROM on.
 * The pipeline's `line` must ask resume_covers. False where it was not to go on: what PIPELINE knows is of no use then.
 */
bool resume_learn(struct resume *resume, struct pipeline *pipeline, const char *const *logs, size_t count,
		  usec_t recall, usec_t tell_from, const struct resume_calls *calls);

/* While resume_learn runs: is this line to be learned from? True at all other times. */
bool resume_covers(struct resume *resume, const struct line *line, usec_t time);

#endif
