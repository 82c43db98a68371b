/*
 * Blocklists as the commands use them: watch asks them all the time, check asks each of them once, and health
 * shows what watch knows.
 */
#ifndef SENDWATCH_COMMANDS_BLOCKLISTS_H
#define SENDWATCH_COMMANDS_BLOCKLISTS_H

#include "commands/options.h"

/* Whether anything is to be asked, and can be. */
bool blocklists_wanted(const struct options *options);

/* Each list and address once; what is found is given to `say`: is it as it should be, and words. Takes seconds. */
void blocklists_check(const struct options *options, void (*say)(void *context, bool good, const char *words),
		      void *context);

/* What watch knows to be listed, of the addresses in ROWS; of any where COUNT is 0. */
void blocklists_print(const struct options *options, const struct health_row *rows, size_t count, bool json);

#endif
