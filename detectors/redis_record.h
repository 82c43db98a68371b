/*
 * An account's hash in Redis: its key, and the bytes that its field `record` holds, which are the positions up to
 * which each source was counted, and the record.
 */
#ifndef SENDWATCH_DETECTORS_REDIS_RECORD_H
#define SENDWATCH_DETECTORS_REDIS_RECORD_H

#include "base/text.h"
#include "detectors/record.h"
#include "detectors/redis_route.h"

#define REDIS_SOURCES \
	8 /* of one account: two or three mail servers, and what was read of their archives. Assumed */

/* How far a source was counted; source 0 is none. */
struct reached {
	uint64_t source;
	uint64_t position;
};

/* Sets of REDIS_SOURCES. Is the line counted? */
bool reached_covers(const struct reached *reached, struct reached line);

/* The source goes first; where there is no place for one more, the last is forgotten. */
void reached_raise(struct reached *reached, struct reached line);

/* Does OURS have all that is in THEIRS? */
bool reached_within(const struct reached *theirs, const struct reached *ours);

/*
 * Where groups of accounts are: under other keys than accounts; gathered for longer, since each is changed by many
 * accounts, and in larger batches. The text of PREFIX is to live as long.
 */
struct redis_options redis_options_of_groups(const struct redis_options *options, struct text *prefix);

/*
 * ACCOUNT as Redis has it: a local user or a script is of one machine, and another's of that name is somebody else, so
 * that its name stands behind it: "local:web1@mx2".
 */
void redis_account_name(const struct redis_options *options, struct span account, struct text *name);

/* Back from there: what is of this machine is called as it is known here. */
struct span redis_account_here(const struct redis_options *options, struct span name);

/*
 * NAME in these is as Redis has it. Who acts on the account's new STATE is written at the first, or who told of it
 * LATE; in the slot of its record, which is at the second. Programs that write records of another form have others
 * there: while servers are upgraded one by one, neither kind can read what the other counts, nor may it write over it.
 */
void redis_claim_key(const char *prefix, enum account_state state, bool late, struct span name,
		     struct text *key);
void redis_record_key(const char *prefix, struct span name, struct text *key);
void redis_record_pack(const struct reached *reached, const struct record *record, struct text *into);

/* RECORD is a new one, without a name; on failure nothing is to be freed. */
bool redis_record_unpack(struct span bytes, struct reached *reached_r, struct record *record);

#endif
