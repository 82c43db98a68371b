/*
 * Which of several servers acts on an account's new state: a key in Redis that the first one sets, for an hour, or
 * until the account is normal again or released, which ends the case. Its value is "SERVER ID". Blocking, with a
 * connection of its own.
 */
#ifndef SENDWATCH_DETECTORS_REDIS_CLAIM_H
#define SENDWATCH_DETECTORS_REDIS_CLAIM_H

#include "base/text.h"
#include "detectors/redis_route.h"
#include "detectors/verdict.h"

struct redis_claims;

/* OPTIONS are borrowed. Nothing is connected before the first question. */
struct redis_claims *redis_claims_new(const struct redis_options *options);
void redis_claims_free(struct redis_claims **claims);

/* See store_claim. True where Redis cannot be asked: told twice is better than not at all. */
bool redis_claims_ask(struct redis_claims *claims, uint64_t server, struct span account,
		      enum account_state state, bool late, char id[VERDICT_ID_SIZE]);

/* The case of ACCOUNT is over: what was claimed of it is nobody's any more. False where Redis could not be asked. */
bool redis_claims_end(struct redis_claims *claims, struct span account);

#define REDIS_CLAIMS 6 /* keys of one case */

/*
 * The same as CALLS for somebody else to run, by NAME as Redis has it. They borrow KEYS, which are the caller's. A key
 * each: of a slot that moves to another node, Redis answers for several at once only when all of it has moved.
 */
void redis_claims_end_calls(const char *prefix, struct span name, struct text keys[REDIS_CLAIMS],
			    struct redis_call calls[REDIS_CLAIMS]);

#endif
