/*
 * What the files of `sendwatch check` share: check_logs.c has what is read, check_acting.c what accounts are stopped
 * with, check.c the rest.
 */
#ifndef SENDWATCH_COMMANDS_CHECK_PARTS_H
#define SENDWATCH_COMMANDS_CHECK_PARTS_H

#include "commands/options.h"

struct check {
	unsigned wrong;
	bool makes; /* watch makes its folders before it becomes another user */
};

/* One line: WHERE in the settings, and WORDS, in which there may be text of strangers. */
void check_say(struct check *check, bool good, const char *where, const char *words);

void check_logs(struct check *check, const struct options *options);

/* Adapters, the policy service, the socketmap. */
void check_acting(struct check *check, const struct options *options);

#endif
