/*
 * What the rules of other programs would have done on the same logs, at the limits that they publish. Each is
 * one row, or some rows that follow each other under one name.
 */
#ifndef SENDWATCH_COMMANDS_BACKTEST_PEERS_H
#define SENDWATCH_COMMANDS_BACKTEST_PEERS_H

#include "detectors/geo.h"
#include "parsers/attempt.h"

struct peers;

struct peer_sink {
	void *context;
	/* The first time that rule RULE fires at ACCOUNT; an account may be told of twice by rows of one rule. */
	void (*fired)(void *context, size_t rule, uint32_t account, usec_t time);
};

size_t peers_rules(void);
const char *peers_name(size_t rule);
const char *peers_about(size_t rule);
bool peers_usual(size_t rule); /* in force as shipped; else somebody has to switch it on */

/* GEO may be NULL: then no rule on countries ever fires. */
struct peers *peers_new(const struct geo *geo, const struct peer_sink *sink);
void peers_free(struct peers **peers);

/* The first outcome of a recipient; ACCOUNT is the caller's number for the account. */
void peers_attempt(struct peers *peers, const struct attempt *attempt, uint32_t account);

#endif
