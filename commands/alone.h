/*
 * One watch to a state folder: two would overwrite each other's snapshot, and count each line twice.
 */
#ifndef SENDWATCH_COMMANDS_ALONE_H
#define SENDWATCH_COMMANDS_ALONE_H

#include "base/error.h"

#include <stdbool.h>

/* Hold the folder STATE, made where it is not there, until the process ends. False where another process does. */
bool alone_hold(const char *state, struct error *error);

/* Does another process, as far as this one may see? */
bool alone_is_held(const char *state);

#endif
