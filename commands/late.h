/*
 * Accounts that were told of too late to be acted on: found in logs that watch had to catch up with. When such
 * an account goes on, that is news. Kept in memory; after a restart those that are sure enough to be disabled and
 * are not stand here again.
 */
#ifndef SENDWATCH_COMMANDS_LATE_H
#define SENDWATCH_COMMANDS_LATE_H

#include "base/span.h"

struct late {
	char **names;
	size_t count;
};

void late_note(struct late *late, struct span account);

/* Is ACCOUNT one of them? From then on it is not. */
bool late_take(struct late *late, struct span account);

void late_free(struct late *late);

#endif
