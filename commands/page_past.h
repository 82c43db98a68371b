/*
 * What the journal's file says of accounts, for people: its last few thousand verdicts and acts, read as the file
 * grows and through its rotations. Any thread may ask.
 */
#ifndef SENDWATCH_COMMANDS_PAGE_PAST_H
#define SENDWATCH_COMMANDS_PAGE_PAST_H

#include "base/clock.h"
#include "responders/payload.h"

struct past;

struct past *past_new(const char *journal);
void past_free(struct past **past);

/* Read what the file has more. */
void past_read(struct past *past);

/*
 * The newest MOST entries of ACCOUNT (absent: of all), newest first; each a payload to be freed. TYPE NULL: of all
 * types. Returns their number.
 */
size_t past_of(struct past *past, struct span account, const char *type, struct payload **entries,
	       size_t most);

#endif
