/* User ids that the kernel has told of who writes: is it a person's, or a server's? */
#ifndef SENDWATCH_BASE_UID_H
#define SENDWATCH_BASE_UID_H

#include "base/span.h"

/*
 * Is UID, in digits, a person's, by the range that login.defs has everywhere? A server's is none, but where Postfix was
 * built by hand and its user made like one. *UID_R: its number, where it is.
 */
bool uid_is_a_persons(struct span uid, uint64_t *uid_r);

#endif
