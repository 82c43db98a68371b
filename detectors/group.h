/*
 * Groups: what accounts have in common. A group's record stands in a store of its own (store.h: `beside`), under
 * a name like "domain:example.com", and is kept, shared and restored as an account's is. Of an account's record
 * it has the windows, and a crowd.
 */
#ifndef SENDWATCH_DETECTORS_GROUP_H
#define SENDWATCH_DETECTORS_GROUP_H

#include "detectors/record.h"

enum group_kind {
	GROUP_OF_CUSTOMER,
	GROUP_OF_DOMAIN,
	GROUP_OF_SUBNET, /* of clients */
	GROUP_OF_HELO,
	GROUP_OF_ADDRESS, /* an own address, and a provider that is sent to from there */
	GROUP_KINDS
};

#define GROUP_NAME_SIZE 128

/* The name of the group of KIND for WHAT; what does not fit is told apart by a hash. */
struct span group_name(enum group_kind kind, struct span what, char into[GROUP_NAME_SIZE]);

/* Is NAME one of a group, as a person would type it? INTO gets it as the store has it. */
bool group_parse(struct span name, char into[GROUP_NAME_SIZE], struct span *name_r);

/* What an account's change, and what was FOUND when it was counted, is to its groups. */
struct delta group_delta(const struct delta *delta, const struct applied *found);

/* Count a change of one of the kinds that groups have (record_apply). */
void group_apply(struct record *group, const struct delta *delta);

#endif
