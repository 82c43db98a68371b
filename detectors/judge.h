/*
 * The judge: attempts, submissions and logins in, verdicts out. It applies each to the store, asks the
 * detectors about the windows that changed, adds their evidence up and moves the account's state.
 * The same calls in the same order give the same verdicts, live and in replay.
 */
#ifndef SENDWATCH_DETECTORS_JUDGE_H
#define SENDWATCH_DETECTORS_JUDGE_H

#include "base/settings.h"
#include "detectors/detector.h"
#include "detectors/store.h"
#include "detectors/verdict.h"

struct geo;
struct judge;

struct judge_options {
	double watch, flagged, disabled; /* decibans */
	double alone;                    /* decibans without neighbours, before these count */
	double learn;                    /* decibans from which a day is not learned */
	double hysteresis;               /* decibans below a threshold before the state is left */
	usec_t hold;                     /* a flag stays at least so long */
	int64_t agree;                   /* independent kinds of evidence before an account is disabled */
	int64_t accounts;                /* remembered at most */
	int64_t groups;                  /* of accounts, likewise */
	char *geo;                       /* table of countries: for commands, that open it */
	union detector_options detector[DETECTORS]; /* a section each, by enum detector_place */
};

extern const struct setting judge_settings[];

struct judge_sink {
	void *context;
	void (*verdict)(void *context, const struct verdict *verdict);
};

struct judge_stats {
	uint64_t accounts, attempts, recipients, verdicts, evicted;
	uint64_t in_state[5]; /* accounts by enum account_state */
	uint64_t asked;       /* how often the detectors were */
	uint64_t groups, groups_evicted;
};

/*
 * The store, and that beside it for groups, stay the caller's; without the latter there is one in memory. OPTIONS
 * and GEO (NULL: no countries) are borrowed while the judge lives.
 */
struct judge *judge_new(const struct judge_options *options, struct store *store,
			const struct judge_sink *sink);
void judge_free(struct judge **judge);
/* Windows of groups are counted too: for watch, whose groups people look at and servers share. */
void judge_count_groups(struct judge *judge);
/* Where its groups are. */
struct store *judge_groups(const struct judge *judge);
void judge_use_geo(struct judge *judge, const struct geo *geo);

void judge_submitted(struct judge *judge, const struct envelope *envelope, uint32_t source,
		     uint64_t position);
void judge_attempt(struct judge *judge, const struct attempt *attempt, enum attempt_stage stage);
void judge_login(struct judge *judge, const struct login *login);

/*
 * A person, or the time that was set, says that ACCOUNT is well: what it did until NOW is not held against it,
 * and until UNTIL it is left alone. NOW is the present, which may be later than the lines that are read.
 */
void judge_release(struct judge *judge, struct span account, usec_t now, usec_t until);

/* The release of then, where what is known of ACCOUNT is older: watch was killed before it was saved. */
void judge_release_again(struct judge *judge, struct span account, usec_t then, usec_t until);

/*
 * Tell of the accounts that were flagged before SINCE, while it was quiet, and still would be: for the end of
 * learning, on a server where an account was stolen before there was anybody to tell.
 */
void judge_tell_standing(struct judge *judge, usec_t since);

/*
 * ACCOUNT was told of too late to be acted on. Should it go on, it is told of once more, by what it does then: until
 * it does, it is watched.
 */
void judge_again(struct judge *judge, struct span account);

/* Event time passed without lines: evidence fades, states return to normal. */
void judge_time(struct judge *judge, usec_t now);

/* What was read so far is only learned from: no verdicts while QUIET. */
void judge_quiet(struct judge *judge, bool quiet);

struct judge_stats judge_stats(const struct judge *judge);

/* The names of accounts that are not normal, and of some that lately were not; borrowed until the next call. */
const char *const *judge_raised(const struct judge *judge, size_t *count_r);

/*
 * All that the judge knows, as blocks of bytes for this machine; of the accounts, where RECORDS. PUT gets one
 * after another, borrowed until it returns. judge_form is different wherever the blocks would be.
 */
void judge_pack(const struct judge *judge, bool records, void (*put)(void *context, struct span block),
		void *context);
uint64_t judge_form(void);

/*
 * One block, into a judge that knows nothing but the blocks before it. False where it is damaged: the judge
 * is then to be thrown away, and its store.
 */
bool judge_unpack(struct judge *judge, struct span block);

#endif
