/*
 * Accounts that ought to be stopped and are not: when they were found, it was too late to act on that (in logs that
 * watch had to catch up with), or watch was in dry run. One of them that sends again is stopped after all:
 *
 *	act_verdict           the brakes say: too long ago                        unstopped_note       is idle
 *	watch_find_unstopped  or its state says so after a start or reload        unstopped_note       is idle
 *	work_attempt          it sends: judge_again, so that it is found anew     unstopped_resumes    is active
 *	work_verdict          found anew: news, not what was told of before       unstopped_is_active
 *	work_verdict          and sure enough to be disabled: all is done         unstopped_settle     is forgotten
 *
 * It is kept in memory alone.
 */
#ifndef SENDWATCH_COMMANDS_UNSTOPPED_H
#define SENDWATCH_COMMANDS_UNSTOPPED_H

#include "base/span.h"

struct unstopped {
	struct unstopped_names {
		char **names;
		size_t count;
	} idle, active;
};

void unstopped_note(struct unstopped *unstopped, struct span account);

/* ACCOUNT sends. Was it idle? Then it is active from now on. */
bool unstopped_resumes(struct unstopped *unstopped, struct span account);

bool unstopped_is_active(const struct unstopped *unstopped, struct span account);

/* An active one need not be known any more. */
void unstopped_settle(struct unstopped *unstopped, struct span account);

void unstopped_free(struct unstopped *unstopped);

#endif
