/*
 * Accounts that had something against them of late, and what they share: where a shared store brings news of a
 * group, those of its members that are dealt with here are asked about again. Bounded; the oldest is forgotten.
 */
#ifndef SENDWATCH_DETECTORS_SUSPECTS_H
#define SENDWATCH_DETECTORS_SUSPECTS_H

#include "detectors/neighbourhood.h"

struct suspects;

struct suspects *suspects_new(void);
void suspects_free(struct suspects **suspects);

void suspects_note(struct suspects *suspects, struct span account, const struct share_names *names,
		   usec_t time);

/* There is news of GROUP. */
void suspects_stir(struct suspects *suspects, const struct record *group);

/* The next account that there is news for, borrowed until the next call of any kind; false where there is none. */
bool suspects_next(struct suspects *suspects, struct span *account_r, struct share_names *names_r);

#endif
