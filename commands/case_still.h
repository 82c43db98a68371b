/* Who was flagged before the time that a report tells of (--since), and still is: names alone, and since when. */
#ifndef SENDWATCH_COMMANDS_CASE_STILL_H
#define SENDWATCH_COMMANDS_CASE_STILL_H

#include "detectors/verdict.h"

struct case_still;

struct case_still *case_still_new(void);
void case_still_free(struct case_still **still);

/* A verdict from before that time; one from within it. */
void case_still_earlier(struct case_still *still, const struct verdict *verdict);
void case_still_later(struct case_still *still, const struct verdict *verdict);

/* The next from *AT on, which begins at 0; its flag. False where there is no other. NAME_R is borrowed. */
bool case_still_next(const struct case_still *still, size_t *at, struct span *name_r, usec_t *flagged_r);

/* USEC_NEVER where it is none of them. */
usec_t case_still_since(const struct case_still *still, struct span name);

#endif
