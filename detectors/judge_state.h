/*
 * The inside of the judge, shared by its two files: what it keeps (judge.c fills it) and the question that
 * may change an account's state (judge_state.c).
 */
#ifndef SENDWATCH_DETECTORS_JUDGE_STATE_H
#define SENDWATCH_DETECTORS_JUDGE_STATE_H

#include "detectors/judge.h"
#include "detectors/neighbourhood.h"
#include "detectors/origin.h"
#include "detectors/witness.h"

struct judge {
	const struct judge_options *options;
	struct store *store;
	struct judge_sink sink;
	struct origins origins;
	struct population population;
	struct neighbourhood *hood;
	struct witnesses *witnesses;
	struct judge_stats stats;
	bool quiet;
	usec_t looked;
	int64_t trimmed; /* the day */
	char **raised;   /* names of accounts that are not normal */
	size_t raised_count, raised_room;
};

/* What caused a question: the verdict tells. */
struct cause {
	usec_t time;
	struct span queue_id, recipient, host, customer;
	struct shared shared;
	uint32_t source;
	uint64_t position;
};

/* Ask the detectors about the account, move its state and tell of it. */
void judge_ask(struct judge *judge, struct record *record, const struct cause *cause);

bool state_is_flagged(enum account_state state);

#endif
