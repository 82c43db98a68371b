/* What the names of logs say before any log is opened. */
#ifndef SENDWATCH_COLLECTOR_NAMES_H
#define SENDWATCH_COLLECTOR_NAMES_H

#include <stdbool.h>

/* The folder that NAME is in, "." where it names none; owned by the caller. */
char *names_folder(const char *name);

/* Is NAME a glob? A file that is really called "mail[1].log" is not. */
bool names_is_pattern(const char *name);

/* Is PATH on a file system that does not tell of what others write? */
bool names_is_remote(const char *path);

#endif
