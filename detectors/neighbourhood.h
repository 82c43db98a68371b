/*
 * Who shares something with whom: for each customer, domain, client subnet and HELO the accounts that were
 * suspicious by themselves within the last two days. They stand in groups' records (group.h), so that where
 * groups are shared, accounts of several servers are neighbours.
 */
#ifndef SENDWATCH_DETECTORS_NEIGHBOURHOOD_H
#define SENDWATCH_DETECTORS_NEIGHBOURHOOD_H

#include "detectors/detector.h"
#include "detectors/group.h"
#include "detectors/store.h"

/* What one account shares; borrowed, absent or 0 where there is nothing to share. */
struct shared {
	struct span customer, domain; /* the domain counts only where there is no customer */
	struct span helo;
	uint32_t subnet;
};

/* An account, and the line on which it was met. */
struct sighting {
	uint64_t account; /* see neighbourhood_account */
	usec_t time;
	uint32_t source;
	uint64_t position;
};

/* The names of the groups that SHARED means; absent where there is none. */
struct share_names {
	char room[SHARES][GROUP_NAME_SIZE];
	struct span name[SHARES];
	bool any;
};

void neighbourhood_names(const struct shared *shared, struct share_names *names_r);

/* The same account with another SUBNET, and a HELO of this hash (delta_hash); 0: without. */
void neighbourhood_rename(struct share_names *names, uint32_t subnet, uint32_t helo);

/*
 * By what groups know the account of RECORD: the hash of its name; of a local user or a script with the SERVER, where
 * several share groups, since one of that name on another machine is somebody else.
 */
uint64_t neighbourhood_account(const struct record *record, uint64_t server);

/* WHO, whatever it is like, is of all of these groups. */
void neighbourhood_meet(struct store *groups, const struct share_names *names, const struct sighting *who);

/* It has DECIBANS against it now, by itself. */
void neighbourhood_note(struct store *groups, const struct share_names *names, const struct sighting *who,
			double decibans);

/* The others, of each group. True where any of them has something against it: others there are, or nothing. */
bool neighbourhood_of(struct store *groups, const struct share_names *names, const struct sighting *who,
		      const struct population *population, struct neighbours into[SHARES]);

#endif
