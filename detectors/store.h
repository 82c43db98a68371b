/*
 * A store keeps the accounts' records and applies changes to them: `memory` is the embedded one, `redis`
 * the shared one, `fail` fails on demand. One contract suite (tests/unit/test_store.c) runs against all.
 *
 * A record is the store's; it stays where it is until store_apply is called again for another account.
 * Whoever answers late (a shared store, which counts at once on its own and learns the others' sums with
 * the next flush) tells so through `changed`, and the judge looks at that account again.
 *
 * Keys are text: the names of accounts. Groups of accounts (group.h) stand in a store of their own beside it, of the
 * same kind, under names like "domain:example.com": so neither can be taken for the other, each has its bound, and
 * an account's flood of changes never waits for its groups'.
 */
#ifndef SENDWATCH_DETECTORS_STORE_H
#define SENDWATCH_DETECTORS_STORE_H

#include "base/clock.h"
#include "base/error.h"
#include "base/spread.h"
#include "detectors/record.h"

struct store_stats {
	uint64_t records, evicted, applied, failed;
	size_t bytes;
	/* Of a shared store: changes that had been counted before, calls, records that another was faster with, and
	 * those that were not there any more. */
	uint64_t repeated, calls, rebased, restored;
	struct spread took; /* batches of calls */
};

struct store {
	const struct store_calls *calls; /* first member of every store */
	/*
	 * Set by the judge. EVICTED: the record goes now. CHANGED: others counted on it too, or, where DELTA is not
	 * NULL, a change of ours was counted on what others had counted, and this was found.
	 */
	void *context;
	void (*evicted)(void *context, struct record *record);
	void (*changed)(void *context, struct record *record, const struct delta *delta,
			const struct applied *applied);
	uint64_t server; /* set by the owner: who claims, the same after a restart */
	/*
	 * The groups' store, set and owned by the owner; NULL where the judge has one of its own. What is asked of
	 * this store below is asked of that one too. LEARNED: news of groups was taken by NOW (of the monotonic
	 * clock), and can be acted on.
	 */
	struct store *beside;
	void (*learned)(void *context, usec_t now);
	bool urgent;    /* of the groups' store: there is something that others should know soon */
	usec_t hurried; /* when it last was */
};

#define STORE_ORDER (10 * USEC_MINUTE)

struct store_calls {
	const char *name;
	/* The account's record, made where there is none and MAKE says so; NULL where there is none. */
	struct record *(*record)(struct store *store, struct span account, bool make);
	/*
	 * The same, made where there is none, with a NOTE of where it was found the last time: 0 at first, and only
	 * ever of this account. NULL where the store finds nothing faster by it.
	 */
	struct record *(*noted)(struct store *store, struct span account, uint32_t *note);
	/* Count DELTA on RECORD. SOURCE and POSITION of its line make counting twice impossible where it matters. */
	void (*apply)(struct store *store, struct record *record, const struct delta *delta, uint32_t source,
		      uint64_t position, struct applied *applied_r);
	/* The record's habit or standing was replaced. */
	void (*keep)(struct store *store, struct record *record);
	/* From the longest unused to the newest, within STORE_ORDER of event time or so; NULL at the end. */
	struct record *(*next)(struct store *store, const struct record *after);
	struct store_stats (*stats)(const struct store *store);
	void (*free)(struct store *store);

	/* What only a shared store has, else NULL; see store_flush and the others below. */
	void (*source)(struct store *store, uint32_t source, struct span name);
	void (*flush)(struct store *store, usec_t now, bool hurry);
	void (*settle)(struct store *store);
	int (*fd)(const struct store *store);
	bool (*clean)(const struct store *store);
	bool (*full)(const struct store *store);
	usec_t (*away)(const struct store *store, struct error *why_r);
	bool (*claim)(struct store *store, struct span account, enum account_state state, bool late,
		      char *id);
	void (*ended)(struct store *store, struct record *record);

	/* The account's record is asked for soon: let the processor fetch what finding it reads. NULL: no matter. */
	void (*soon)(const struct store *store, struct span account);
};

/*
 * SOURCE of the lines to come is called NAME, after every restart too. Where `server` is set, another server's of
 * that name is another; else it is the same, and its lines count once.
 */
void store_source(struct store *store, uint32_t source, struct span name);

/* Send what is due at NOW (of the monotonic clock), in a HURRY all; take what was answered. Never waits. */
void store_flush(struct store *store, usec_t now, bool hurry);
void store_settle(struct store *store);

/* Readable when an answer is there; -1 where none will ever be. */
int store_fd(const struct store *store);

/* Is everything that was counted in safety? Only then may positions be saved (see collector_positions). */
bool store_clean(const struct store *store);

/* Is so much waiting to be sent that reading must wait? */
bool store_full(const struct store *store);

/* Since when (monotonic clock) the store is out of reach, and why; USEC_NEVER where it is not. */
usec_t store_away(const struct store *store, struct error *why_r);

/*
 * May this server act on ACCOUNT's new STATE, found as verdict ID? False where another already does. Where this
 * server claimed it before under another id (it was killed, and found it again by another line), ID becomes
 * that one: who has acted under it knows. What is found LATE is told of, and not acted on: it is in nobody's way who
 * finds the same of what goes on.
 */
bool store_claim(struct store *store, struct span account, enum account_state state, bool late,
		 char id[VERDICT_ID_SIZE]);

/* RECORD is normal again, or was released: what is found of it from now on is new, whoever claimed the like before. */
void store_ended(struct store *store, struct record *record);

/* At most MOST records; the longest unused make room, and are counted. */
struct store *store_memory_new(uint32_t most);

/* In front of INNER: from the Nth call on, nothing is counted any more; for tests. */
struct store *store_fail_new(struct store *inner, uint64_t nth);

void store_free(struct store **store);

#endif
