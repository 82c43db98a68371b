/*
 * Who shares something with whom: for each customer, domain, client subnet and HELO the accounts that were
 * suspicious by themselves within the last two days. Bounded; the longest unused group is forgotten.
 */
#ifndef SENDWATCH_DETECTORS_NEIGHBOURHOOD_H
#define SENDWATCH_DETECTORS_NEIGHBOURHOOD_H

#include "base/clock.h"
#include "base/span.h"
#include "detectors/detector.h"
#include "base/pack.h"

enum share { SHARE_CUSTOMER, SHARE_SUBNET, SHARE_HELO, SHARES };

struct neighbourhood;

struct neighbourhood *neighbourhood_new(void);
void neighbourhood_free(struct neighbourhood **hood);

/* What one account shares: hashes, 0 where there is nothing to share. */
struct shared {
	uint64_t key[SHARES];
};

/* ACCOUNT, whatever it is like, sends from the client subnet SUBNET (a key of SHARE_SUBNET). */
void neighbourhood_meet(struct neighbourhood *hood, uint64_t subnet, uint64_t account, usec_t now);

/* The key that a client subnet has here; 0 where there is none. */
uint64_t neighbourhood_subnet(uint32_t subnet);

/* ACCOUNT has DECIBANS against it now, by itself. */
void neighbourhood_note(struct neighbourhood *hood, const struct shared *shared, uint64_t account, usec_t now,
			double decibans);

/* The others, in the group that says most. */
struct neighbours neighbourhood_of(const struct neighbourhood *hood, const struct shared *shared,
				   uint64_t account, usec_t now);

/* As bytes for this machine, and back into an empty one. */
void neighbourhood_pack(const struct neighbourhood *hood, struct text *into);
bool neighbourhood_unpack(struct neighbourhood *hood, struct unpack *from);

#endif
