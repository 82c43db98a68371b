/*
 * Names of uids: from a passwd file, for logs of another machine, or from this machine's own accounts,
 * asked for once.
 */
#ifndef SENDWATCH_PARSERS_USERS_H
#define SENDWATCH_PARSERS_USERS_H

#include "base/clock.h"
#include "base/error.h"
#include "base/span.h"

struct users;

/*
 * PASSWD: a file in the form of passwd(5), or NULL for this machine's own. NULL and ERROR where it cannot be read, or
 * is full of something else.
 */
struct users *users_new(const char *passwd, struct error *error);
void users_free(struct users **users);

/* The name, good until the next call; the number itself where it has none. */
struct span users_name(struct users *users, uint32_t uid);

#endif
