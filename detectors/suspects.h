/*
 * Accounts that had something against them of late, and what they share: where a shared store brings news of a
 * group, those of its members that are dealt with here are asked about again. For that the store is asked for
 * their groups now and then, for some minutes. Bounded; the oldest is forgotten.
 */
#ifndef SENDWATCH_DETECTORS_SUSPECTS_H
#define SENDWATCH_DETECTORS_SUSPECTS_H

#include "base/pack.h"
#include "detectors/neighbourhood.h"

struct suspects;

struct suspects *suspects_new(void);
void suspects_free(struct suspects **suspects);

void suspects_note(struct suspects *suspects, struct span account, const struct share_names *names,
		   usec_t time);

/* What the account shared when it was noted; false where it is not remembered. */
bool suspects_find(const struct suspects *suspects, struct span account, struct share_names *names_r);

/* NOW of the monotonic clock: ask for the groups of those that were noted lately, where it is time to. */
void suspects_refresh(struct suspects *suspects, struct store *groups, usec_t now);

/* As bytes, and back into an empty one. NULL: there are none, and what was read is forgotten. */
void suspects_pack(const struct suspects *suspects, struct text *into);
bool suspects_unpack(struct suspects *suspects, struct unpack *from);

/* After a restart: ask for all of them, and for their groups. */
void suspects_recall(const struct suspects *suspects, struct store *accounts, struct store *groups);

/* There is news of GROUP. */
void suspects_stir(struct suspects *suspects, const struct record *group);

/* The next account that there is news for, borrowed until the next call of any kind; false where there is none. */
bool suspects_next(struct suspects *suspects, struct span *account_r, struct share_names *names_r);

#endif
