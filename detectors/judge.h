/*
 * The judge: attempts, submissions and logins in, verdicts out. It applies each to the store, asks the
 * detectors about the windows that changed, adds their evidence up and moves the account's state.
 * The same calls in the same order give the same verdicts, live and in replay.
 */
#ifndef SENDWATCH_DETECTORS_JUDGE_H
#define SENDWATCH_DETECTORS_JUDGE_H

#include "base/settings.h"
#include "detectors/verdict.h"

struct judge_options;
struct store;
struct judge;

struct judge_sink {
	void *context;
	void (*verdict)(void *context, const struct verdict *verdict);
};

struct judge_stats {
	uint64_t accounts, attempts, recipients, verdicts, evicted;
	uint64_t in_state[5]; /* accounts by enum account_state */
};

struct judge *judge_new(const struct judge_options *options, struct store *store,
			const struct judge_sink *sink);
void judge_free(struct judge **judge);

void judge_submitted(struct judge *judge, const struct envelope *envelope, uint32_t source,
		     uint64_t position);
void judge_attempt(struct judge *judge, const struct attempt *attempt, enum attempt_stage stage);
void judge_login(struct judge *judge, const struct login *login);

/* Event time passed without lines: evidence fades, states return to normal. */
void judge_time(struct judge *judge, usec_t now);

struct judge_stats judge_stats(const struct judge *judge);

#endif
