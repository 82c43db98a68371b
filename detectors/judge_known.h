/* What is the same for all attempts of a message, for judge.c alone. */
#ifndef SENDWATCH_DETECTORS_JUDGE_KNOWN_H
#define SENDWATCH_DETECTORS_JUDGE_KNOWN_H

#include "detectors/delta.h"

/* As it stands in an envelope's note. */
struct known {
	uint32_t place;   /* where the store has the record; the store's */
	uint32_t message; /* hash of the queue id; 0: nothing is known yet */
	struct origin origin;
	uint32_t foreign; /* 1: sent under an address of another domain than the login's */
};

/* The place in the envelope's note, which it has. */
uint32_t *known_place(const struct envelope *envelope);

/* In the envelope's note, where it has one; else in NEW. */
const struct known *known_of(struct origins *origins, const struct envelope *envelope, struct known *new);

#endif
