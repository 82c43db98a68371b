/*
 * The inside of the judge, shared by its two files: what it keeps (judge.c fills it) and the question that
 * may change an account's state (judge_state.c).
 */
#ifndef SENDWATCH_DETECTORS_JUDGE_STATE_H
#define SENDWATCH_DETECTORS_JUDGE_STATE_H

#include "detectors/judge.h"
#include "detectors/neighbourhood.h"
#include "detectors/origin.h"
#include "detectors/suspects.h"
#include "detectors/witness.h"

struct judge {
	const struct judge_options *options;
	struct store *store;
	struct judge_sink sink;
	struct origins origins;
	struct population population;
	struct store *groups;
	bool own_groups, counts_groups;
	struct suspects *suspects; /* where groups are shared; else NULL */
	uint32_t source;           /* the last line that was dealt with */
	uint64_t position;
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
	const struct share_names *names; /* or: what it shares, as it was told before */
	bool look; /* nothing happened but that time passed: no reason to raise a state */
};

/* Where groups are kept: beside the accounts, with them in a shared store, or in memory as long as the judge. */
void judge_join_groups(struct judge *judge);
void judge_leave_groups(struct judge *judge);

/*
 * Where groups are counted: DELTA on those of RECORD too, and the attempt on our address and the provider.
 * CUSTOMER is absent where there is none.
 */
void judge_count(struct judge *judge, const struct record *record, struct span customer,
		 const struct delta *delta, const struct applied *applied, uint32_t source,
		 uint64_t position);
void judge_count_address(struct judge *judge, const struct attempt *attempt, enum attempt_stage stage);

void judge_names_of(const struct judge *judge, const struct record *record, struct share_names *names_r);

/* Of a login its domain, else absent; and the hash of a recipient's. */
struct span judge_domain_of(enum account_kind kind, struct span account);
uint32_t judge_domain(struct span recipient);

/* Ask the detectors about the account, move its state and tell of it. */
void judge_ask(struct judge *judge, struct record *record, const struct cause *cause);

/* It is not normal, or about to be: look at it as time passes, and count it with its state. */
void judge_raise(struct judge *judge, struct record *record);

bool state_is_flagged(enum account_state state);

#endif
