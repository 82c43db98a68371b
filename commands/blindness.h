/*
 * Watch notices when it goes blind: when the logs fall silent, and when the mail server speaks in words that
 * the parsers do not know. Each is told once, and again only after it was over.
 */
#ifndef SENDWATCH_COMMANDS_BLINDNESS_H
#define SENDWATCH_COMMANDS_BLINDNESS_H

#include "commands/deliver.h"
#include "commands/pipeline.h"

/* Zeroed at start. */
struct blindness {
	uint64_t understood, unknown; /* at the last look */
	bool looked, silent, dim;
};

/* SILENCE: how long no log had a line. */
void blindness_look(struct blindness *blindness, const struct watch_options *options,
		    const struct pipeline_stats *stats, usec_t silence, usec_t now, struct deliver *deliver);

#endif
