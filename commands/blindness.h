/*
 * Watch notices when it goes blind: when the logs fall silent, and when the mail server speaks in words that
 * the parsers do not know. Each is told once, and again only after it was over.
 */
#ifndef SENDWATCH_COMMANDS_BLINDNESS_H
#define SENDWATCH_COMMANDS_BLINDNESS_H

#include "commands/deliver.h"
#include "commands/pipeline.h"

#define BLINDNESS_SOURCES 256 /* logs beyond are judged with all together */

/* One log and its habit. */
struct blindness_source {
	usec_t time;    /* of its last line, by the log */
	usec_t heard;   /* by the monotonic clock; 0: never */
	usec_t longest; /* pause between two of its lines */
	bool spoke;     /* since the last look */
	bool silent;
};

/* Zeroed at start. */
struct blindness {
	struct blindness_source sources[BLINDNESS_SOURCES];
	uint32_t source_count;
	uint64_t understood, unknown; /* at the last look */
	bool looked, silent, dim;
};

/* A log had a line, of TIME by its stamp. */
void blindness_line(struct blindness *blindness, uint32_t source, usec_t time);

/* SILENCE: how long no log had a line. */
void blindness_look(struct blindness *blindness, const struct watch_options *options,
		    const struct pipeline_stats *stats, const struct collector *collector, usec_t silence,
		    usec_t now, struct deliver *deliver);

#endif
