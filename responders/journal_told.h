/*
 * By which id an account's states were told of last: from the journal's own lines. Where Redis was away when a verdict
 * was found, nobody holds its claim; found again after a kill, by another line, it is known from here.
 */
#ifndef SENDWATCH_RESPONDERS_JOURNAL_TOLD_H
#define SENDWATCH_RESPONDERS_JOURNAL_TOLD_H

#include "base/clock.h"

struct told;

struct told *told_new(void);
void told_free(struct told **told);

/* A line of the journal: a verdict, or an act that ends what verdicts said. Others tell nothing. */
void told_line(struct told *told, struct span line);

/*
 * Was ACCOUNT's STATE told of, within an hour of TIME (of the log) and as LATE, and nothing since that ended it? Then
 * ID becomes the one by which it was.
 */
bool told_before(const struct told *told, struct span account, struct span state, usec_t time, bool late,
		 char *id, size_t id_size);

#endif
