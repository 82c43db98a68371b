/*
 * Accounts that were told of and could not be acted on: found in logs that watch had to catch up with, or in a dry
 * run. When such an account goes on, that is news. Kept in memory; after a restart, and after a reload that ends a
 * dry run, those that ought to be stopped and are not stand here again.
 */
#ifndef SENDWATCH_COMMANDS_LATE_H
#define SENDWATCH_COMMANDS_LATE_H

#include "base/span.h"

struct late {
	char **names;
	size_t count;
};

void late_note(struct late *late, struct span account);

bool late_has(const struct late *late, struct span account);

/* Is ACCOUNT one of them? From then on it is not. */
bool late_take(struct late *late, struct span account);

void late_free(struct late *late);

#endif
