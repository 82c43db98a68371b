/*
 * By which id an account's states were told of last: from the journal's own lines. Found again after a kill a verdict
 * may come by another line, since several logs are read in another order when they are caught up with, and nobody
 * holds its claim where Redis was away: it is known from here.
 */
#ifndef SENDWATCH_RESPONDERS_JOURNAL_TOLD_H
#define SENDWATCH_RESPONDERS_JOURNAL_TOLD_H

#include "detectors/verdict.h"

struct told;

struct told *told_new(void);
void told_free(struct told **told);

/* A line of the journal: a verdict, or an act that ends what verdicts said. Others tell nothing. */
void told_line(struct told *told, struct span line);

/*
 * Was ACCOUNT's STATE told of, within an hour of TIME (of the log), and nothing since that ended it? Then ID becomes
 * the one by which it was. What was told too late to be acted on is another than what is not LATE.
 */
bool told_before(const struct told *told, struct span account, enum account_state state, usec_t time,
		 bool late, char id[VERDICT_ID_SIZE]);

#endif
