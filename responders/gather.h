/*
 * How a storm reaches a target: the first messages go at once, what follows within a while waits and becomes one
 * message; the same state of the same account is not told again for a while; or all waits for a daily digest.
 *
 * What waits is in the outbox, under a name of its own (gather_waiting), so that nothing is lost; here is only
 * what is counted. It is forgotten at a restart: at worst a state is told twice.
 */
#ifndef SENDWATCH_RESPONDERS_GATHER_H
#define SENDWATCH_RESPONDERS_GATHER_H

#include "base/text.h"
#include "base/zone.h"
#include "responders/telling.h"

struct gather;

/* ALONE: nothing may be gathered, only repeats are left out. ZONE: of the digest's time; borrowed. */
struct gather *gather_new(const struct telling *telling, bool alone, const struct zone *zone);
void gather_free(struct gather **gather);

enum gather_way {
	GATHER_NOW,
	GATHER_WAIT,
	GATHER_REPEATED /* not to be told at all */
};

/* What to do with a message. WAITING: others wait already. ACCOUNT is empty for what is of none. */
enum gather_way gather_ask(struct gather *gather, usec_t now, usec_t time, struct span account,
			   enum account_state state, bool waiting);

/* The account was released: whatever comes next is news. */
void gather_forget(struct gather *gather, struct span account);

/* When what waits is to be told, the oldest of it being there since OLDEST. */
usec_t gather_due(const struct gather *gather, usec_t oldest);

#endif
