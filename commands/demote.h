/*
 * What watch gives up once it has what takes root's rights: it becomes the user of [watch], with the rights to
 * read the logs and no more. The deputy (responders/deputy.h), started before, keeps those that it needs.
 */
#ifndef SENDWATCH_COMMANDS_DEMOTE_H
#define SENDWATCH_COMMANDS_DEMOTE_H

#include "commands/options.h"

/*
 * Become the user that OPTIONS name; folders that watch writes to are made for it before. True, and nothing
 * changed, where they name none or root is not who we are. False: the process should end.
 */
bool demote(const struct options *options, struct error *error);

/* The same for a look at what that user may do: nothing is made or changed before. */
bool demote_try(const struct options *options, struct error *error);

/* Can OPTIONS, new ones, be had with the rights that are left? ERROR says what takes a new start. */
bool demote_allows(const struct options *options, struct error *error);

#endif
