/*
 * All that is told to: webhooks, mails and commands, opened from the settings, in the order of the file. The one
 * list of their kinds is in targets.c.
 */
#ifndef SENDWATCH_COMMANDS_TARGETS_H
#define SENDWATCH_COMMANDS_TARGETS_H

#include "commands/options.h"
#include "responders/responder.h"
#include "responders/telling.h"

#define TARGETS_MOST 64

struct target_of {
	const struct responder *responder;
	const void *options; /* of its kind */
	const struct telling *telling;
	struct target *target;
	char key[80];   /* in the outbox and the journal: "ops", "mail:noc", "command:block" */
	char label[80]; /* for people: "webhook ops" */
};

struct targets {
	struct target_of of[TARGETS_MOST];
	size_t count;
};

/* Their names, without opening any. False where there are too many. */
bool targets_list(const struct options *options, struct targets *targets_r, struct error *error);

/* All of them, or none and ERROR. */
bool targets_open(const struct options *options, const struct responder_calls *calls,
		  struct targets *targets_r, struct error *error);
void targets_close(struct targets *targets);

#endif
