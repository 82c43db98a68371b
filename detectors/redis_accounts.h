/*
 * Accounts in Redis for people: read one, list those that are not normal, release one. No store is needed for
 * it, and nothing is written but a release. Blocking.
 */
#ifndef SENDWATCH_DETECTORS_REDIS_ACCOUNTS_H
#define SENDWATCH_DETECTORS_REDIS_ACCOUNTS_H

#include "detectors/record.h"
#include "detectors/redis_route.h"

struct redis_accounts;

struct redis_accounts *redis_accounts_open(const struct redis_options *options, struct error *error);
void redis_accounts_close(struct redis_accounts **accounts);

/* RECORD is zeroed, and gets a name where there is such an account. False where Redis could not be asked. */
bool redis_accounts_read(struct redis_accounts *accounts, struct span name, struct record *record,
			 struct error *error);

/* The names of those that are not normal. */
bool redis_accounts_raised(struct redis_accounts *accounts, void (*tell)(void *context, struct span name),
			   void *context, struct error *error);

/*
 * Give NAME the state `released`, exempt until UNTIL; all servers know it with their next change of the account.
 * RECORD as by redis_accounts_read, as it was before.
 */
bool redis_accounts_release(struct redis_accounts *accounts, struct span name, usec_t now, usec_t until,
			    struct record *record, struct error *error);

#endif
