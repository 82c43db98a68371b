/*
 * A record is all that is kept of one account: windows, the addresses it wrote to, what has been seen of
 * it, its baseline, and where it stands. Every detector's question is answered from here.
 *
 * What changes it, and how two servers' changes merge (so that a shared store can keep it in one hash and
 * change it in one call):
 *	windows     sums by slot, in any order
 *	recipients  a set of 4-byte hashes, at most 512; a new one may push out the oldest of its bucket, and
 *	            of those that wrote to more there is a sample (record_sample.h)
 *	seen        a set with the newest time and the credit of each (maxima)
 *	habit       replaced whole by whoever closes the day; the newer `learned` wins
 *	standing    replaced whole on a change of state; the newer `since` wins
 *	crowd       of groups and large accounts: unions and maxima (crowd.h)
 * Everything that an attempt needs to have decided ("first time?", "away?") is decided by record_apply.
 */
#ifndef SENDWATCH_DETECTORS_RECORD_H
#define SENDWATCH_DETECTORS_RECORD_H

#include "detectors/baseline.h"
#include "detectors/crowd.h"
#include "detectors/verdict.h"

#define RECORD_RECIPIENTS 512
#define RECORD_SEEN       96

enum delta_kind {
	DELTA_SUBMITTED,
	DELTA_ATTEMPT,
	DELTA_CHANGED,
	DELTA_LOGIN,
	DELTA_LOGIN_FAILED,
	/* Of groups (group.h). The last two may be told twice, and late. */
	DELTA_GROUPED, /* one of the above, of an account of the group */
	DELTA_SUSPECT, /* an account of the group has something against it, by itself */
	DELTA_USER     /* an account uses it */
};

/* One change. Hashes of 0 mean that there is none. */
struct delta {
	enum delta_kind kind;
	enum account_kind account_kind;
	usec_t time;
	usec_t submitted; /* of a change: its message; counted then, beside the recipient. 0: counted at its time */
	uint32_t count;       /* recipients of a submission, repeats of a login; else 1 */
	enum counter outcome; /* COUNT_DELIVERED, COUNT_INVALID ...: an attempt's first, or what it became */
	bool elsewhere;       /* an attempt at a recipient that is not one of our own */
	bool foreign;         /* its sender is not the login's own */
	uint32_t message;     /* hash of the queue id */
	uint32_t recipient, client, network, country, sender, helo;
	uint32_t refuser; /* the provider, where the outcome is COUNT_SPAM */
	bool distinct;    /* different things are counted, however many */
	uint32_t domain;  /* the recipient's */
	uint32_t subnet;  /* of the client */
	/* Of groups: */
	uint32_t marks;   /* bit N: counter N */
	uint64_t account; /* the hash of its name */
	float decibans;
};

/* The slot that it counts in: what becomes of a recipient later is set against those that were written to with it. */
static inline usec_t delta_slot(const struct delta *delta)
{
	return delta->submitted != 0 && delta->submitted < delta->time ? delta->submitted : delta->time;
}

/* What applying it found. */
struct applied {
	bool stranger, away, abroad, odd, mailing;
	bool new_network, new_client; /* seen for the first time */
	bool first_today;             /* its first message of the day */
};

struct standing {
	enum account_state state;
	usec_t since;
	float peak;     /* decibans, today's highest: what the day is judged by before it is learned */
	float score;    /* the last one */
	uint32_t taint; /* the last day on which the account was flagged: days since 1970 */
	usec_t raised;  /* when the score last was above the state's threshold */
	usec_t until;   /* released: not to be flagged again before */
};

/* Where the last change came from, and what was found then: until something is added to, or taken from `seen`. */
enum here_kind { HERE_CLIENT, HERE_NETWORK, HERE_COUNTRY, HERE_KINDS };

struct here {
	uint32_t client, network, country;
	uint32_t minute;            /* since 1970 */
	uint8_t places[HERE_KINDS]; /* in `seen`, from one on; 0: of none */
	bool valid, away, abroad;
	uint8_t sender, helo; /* likewise, the last ones: may be of others by now */
};

/* Where the last sign of something unusual is kept, for people: only while it is recent. */
struct trail;

/*
 * In the order in which one change needs it: a table of records (base/map.h) puts 16 bytes before each and begins at
 * a line of the cache, so that five lines hold one, and three of them are touched.
 */
struct record {
	_Alignas(16) uint64_t hash; /* hash_stable of the name */
	uint64_t check;             /* the store's: hash_text of the name */
	usec_t now;                 /* its newest event time */
	struct windows windows;
	uint32_t *recipients; /* buckets of 8, the newest first; 0 is empty; owned; behind all 512 the sample */

	struct seen *seen; /* owned */
	struct here here;
	uint32_t place; /* the store's: where it stands */
	uint32_t step; /* the judge's gate: strangers of the five minutes before the detectors were last asked */
	uint16_t recipient_room, recipient_used;
	uint8_t seen_used, seen_room;
	bool unsettled : 1; /* a shared store does not know yet what others counted: not to be judged */
	bool moved     : 1; /* the gate: somewhere new since then */
	bool sampled   : 1; /* there is a sample */
	bool raised    : 1; /* the judge's: it is one of those that are looked at as time passes */
	uint32_t message;   /* the last message with a stranger */
	uint32_t met;       /* the gate: strangers, ever */
	uint32_t pending;   /* strangers since, and whom it knows, written to from elsewhere */
	uint32_t bad;       /* refusals since */

	struct standing standing;
	struct habit habit; /* its days are still of this line, its hours no more */

	float alone;         /* decibans, today's highest without its neighbours */
	usec_t asked;        /* when the detectors were */
	struct crowd *crowd; /* of a group, and of a large account; else NULL; owned */
	struct trail *trail; /* the judge's; NULL while nothing is unusual */
	enum account_kind kind;
	uint32_t group; /* the judge's: customer or domain */
	char *name;     /* the account; owned */
};

/* Ask the processor for all of it at once: one by one, lines that are far were a twentieth of judging. */
static inline void record_fetch(const struct record *record)
{
	for (size_t at = 0; at < sizeof(*record); at += 64)
		__builtin_prefetch((const char *)record + at);
}

/* Ask the processor for what record_apply will touch for this recipient, some work ahead of it. */
void record_prefetch(const struct record *record, uint32_t recipient);

void record_apply(struct record *record, const struct delta *delta, struct applied *applied_r);

/* Which counters DELTA raises, of which this was FOUND: bits, as windows_add has them. */
uint32_t record_marks(const struct delta *delta, const struct applied *found);

/* Is it a day on, so that record_close must be called before the next record_apply? */
bool record_due(const struct record *record, usec_t now);

/* Learn the days that are over, unless they are tainted (peak above LIMIT, or flagged). True: learned one. */
bool record_close(struct record *record, usec_t now, double limit, struct habit_day *day_r);

/* How many of KIND were seen in HORIZON; those that no day has learned only, where ANEW. */
uint32_t record_distinct(const struct record *record, enum seen_kind kind, enum horizon horizon, bool anew);

/* Count what different things DELTA has to do with (record_apply). */
void record_meet(struct record *record, const struct delta *delta);

/* How many different ones, of whatever there is a count of: exactly, or about (distinct.h). */
struct distinct_count record_count(const struct record *record, enum distinct_kind kind,
				   enum horizon horizon);

/* Is this address one of those that are remembered one by one? */
bool record_knows(const struct record *record, uint32_t recipient);

/* How many addresses it wrote to that would be known again: of many, about. */
uint32_t record_correspondents(const struct record *record);

/* NULL where all were remembered one by one. */
struct record_sample *record_sample(const struct record *record);
struct record_sample *record_sample_make(struct record *record); /* empty; RECORD_RECIPIENTS have room */

/* Give back what only an active account needs. */
void record_trim(struct record *record, usec_t now);
void record_free(struct record *record);

/*
 * It is well, as a person or the time that was set says: what counts against it until NOW is forgotten, and
 * it is left alone until UNTIL.
 */
void record_release(struct record *record, usec_t now, usec_t until);

/* STANDING, from another copy of the record, wins where it is newer; a release forgets here what it forgot there. */
bool record_take_standing(struct record *record, const struct standing *standing);

/* Exchange what is kept of two accounts; names, hashes, groups and trails stay. */
void record_swap(struct record *record, struct record *other);
size_t record_bytes(const struct record *record);

#endif
