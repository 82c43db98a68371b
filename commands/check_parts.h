/* What the files of `sendwatch check` share: check.c has the rest, check_acting.c what accounts are stopped with. */
#ifndef SENDWATCH_COMMANDS_CHECK_PARTS_H
#define SENDWATCH_COMMANDS_CHECK_PARTS_H

#include "commands/options.h"

struct check {
	unsigned wrong;
	bool makes; /* watch makes its folders before it becomes another user */
};

/* One line: WHERE in the settings, and WORDS, in which there may be text of strangers. */
void check_say(struct check *check, bool good, const char *where, const char *words);

/* Adapters, the policy service, the socketmap. */
void check_acting(struct check *check, const struct options *options);

#endif
