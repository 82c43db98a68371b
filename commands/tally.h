/*
 * What watch counts of what passes, beyond what the parts count themselves: for /metrics and the page. One thread
 * counts; others see copies.
 */
#ifndef SENDWATCH_COMMANDS_TALLY_H
#define SENDWATCH_COMMANDS_TALLY_H

#include "detectors/verdict.h"

#include <string.h>

#define TALLY_STATES 5 /* by enum account_state */

struct tally {
	uint64_t attempts[REPLY_CLASSES]; /* first outcomes */
	uint64_t verdicts[TALLY_STATES];  /* of accounts */
	uint64_t server, address;         /* verdicts of other types */
	uint64_t late;                    /* of them all, found while catching up */
};

static inline void tally_attempt(struct tally *tally, const struct attempt *attempt, enum attempt_stage stage)
{
	if (stage == ATTEMPT_FIRST)
		tally->attempts[attempt->meaning.class]++;
}

static inline void tally_verdict(struct tally *tally, const struct verdict *verdict)
{
	if (strcmp(verdict->type, "verdict") == 0)
		tally->verdicts[verdict->state]++;
	else if (strcmp(verdict->type, "address") == 0)
		tally->address++;
	else
		tally->server++;
	tally->late += verdict->late;
}

#endif
