/* What came in, as a change of an account's record. */
#ifndef SENDWATCH_DETECTORS_DELTA_H
#define SENDWATCH_DETECTORS_DELTA_H

#include "detectors/origin.h"
#include "detectors/record.h"

/* 32 bits of the stable hash; 0 for absent text only. */
uint32_t delta_hash(struct span text);
uint32_t delta_hash_known(uint64_t stable,
			  struct span text); /* STABLE: hash_stable of TEXT; 0: to be found out */

/* Which counter the outcome of an attempt is. */
enum counter delta_outcome(enum reply_class class, enum event_outcome outcome);

/* The change that a message of ENVELOPE makes, as far as the envelope tells it. */
struct delta delta_of(const struct envelope *envelope, enum delta_kind kind, usec_t time,
		      struct origin origin);

/* Was it sent under an address of another domain than the login's? */
bool delta_foreign(const struct envelope *envelope);

/* The envelope sender; of mail that no login sent, its domain. ACCOUNT is hash_stable of the envelope's. */
uint32_t delta_sender(const struct envelope *envelope, uint64_t account);

#endif
