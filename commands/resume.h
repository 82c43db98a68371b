/*
 * How watch comes back to where it was. The log is the journal of record: what was known of accounts and of
 * messages that were still open is rebuilt by reading the logs that are there once more, quietly, up to the
 * marks of the last save; then following goes on from the positions that were saved with them.
 *
 * At the first start everything that is there is learned from, so that the first hour is judged by weeks.
 */
#ifndef SENDWATCH_COMMANDS_RESUME_H
#define SENDWATCH_COMMANDS_RESUME_H

#include "commands/marks.h"
#include "commands/options.h"
#include "commands/pipeline.h"

/* What the state folder's snapshot said. */
struct resume {
	struct marks *marks;   /* NULL at the first start */
	struct text positions; /* for collector_follow */
	/* while resume_learn runs */
	struct collector *learning;
	struct pipeline *pipeline;
	struct marks *seen;
	usec_t tell_from;
	bool tells;
};

/* False where the snapshot is there and cannot be understood. */
bool resume_read(const char *state, struct resume *resume_r, struct error *error);
void resume_free(struct resume *resume);

/* Both in one file, so that neither is ever newer than the other. */
bool resume_save(const char *state, const struct marks *marks, const struct collector *collector,
		 struct error *error);

/*
 * Feed PIPELINE with what LOGS and their rotations hold, up to the marks; where there are none, to their ends,
 * telling (as late) what happened from TELL_FROM on. The pipeline's `line` must ask resume_covers.
 */
void resume_learn(struct resume *resume, struct pipeline *pipeline, const char *const *logs, size_t count,
		  usec_t tell_from);

/* While resume_learn runs: is this line to be learned from? True at all other times. */
bool resume_covers(struct resume *resume, const struct line *line, usec_t time);

#endif
