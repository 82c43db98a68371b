/*
 * What the files of act.h share: act.c decides, act_jobs.c has it done and writes it down, act_reload.c takes
 * new settings in.
 */
#ifndef SENDWATCH_COMMANDS_ACT_PARTS_H
#define SENDWATCH_COMMANDS_ACT_PARTS_H

#include "commands/act.h"

#include "detectors/redis_board.h"
#include "responders/brakes.h"
#include "responders/cases.h"
#include "responders/deputy.h"
#include "responders/orders.h"
#include "responders/policy.h"
#include "responders/restrictions.h"

struct act_job {
	struct deputy_request request;
	struct act_job *next;
};

struct act {
	struct options *options;
	struct options *started; /* what the deputy and the policy service were started with */
	struct options *boarded; /* what the board was; both may be the options themselves */
	struct restrictions *restrictions;
	struct policy *policy, *socketmap;
	/* between the two halves of a reload */
	struct options *fresh;
	struct policy *fresh_policy, *fresh_socketmap;
	struct brakes *brakes;
	struct cases *cases;
	struct deputy *deputy;
	struct act_job *first,
		**end; /* what the deputy is still to do; the first is on its way where ASKED */
	bool asked;
	uint32_t serial;
	usec_t due; /* the next release */
	uint64_t deeds[ACT_VERBS][ACT_STATUSES];
	/* Of act_orders.c: */
	struct orders *orders;
	struct redis_board *board; /* NULL where this server is alone */
	uint64_t server;
	usec_t trusted;   /* when all other servers' orders were last heard, before this start or since */
	uint32_t hearing; /* how often all was heard, the one that goes on included: marks what was */
	bool orders_changed, board_away;
	usec_t now; /* of the step that is going on, with whom to tell */
	struct deliver *deliver;
	void (*too_late)(void *context, struct span account);
	void *too_late_context;
	void (*released)(void *context, struct span account, usec_t when, usec_t until, bool repeated);
	void *context;
};

/* What mail servers ask: their sockets, not served yet. */
bool act_open_policy(const struct restriction_options *options, struct policy **policy_r,
		     struct error *error);
bool act_open_socketmap(const struct restriction_options *options, struct policy **socketmap_r,
			struct error *error);

/* One line of the journal, for targets that take the type "act" or "brake" too. Absent texts are left out. */
struct act_note {
	const char *type, *action;
	struct span account, by, reason, cause, adapter, ids;
	usec_t until;
	bool dry_run, undo;
	bool quiet;       /* in the journal alone */
	const char *once; /* the id, where many are one message; NULL: each is its own */
};

void act_write(struct deliver *deliver, usec_t now, const struct act_note *note);
void act_save(struct act *act, usec_t now);

void act_find_due(struct act *act);

/* What is in force for an account. Lifted, its case stays open while something is to be undone. */
void act_restrict(struct act *act, struct open_case *open, struct restriction restriction);
void act_lift(struct act *act, struct open_case *open);

/* Given here: saved, and told to the other servers; a release by time, which they find themselves, is not. */
void act_orders_restrict(struct act *act, usec_t now, const struct open_case *open, struct span by,
			 struct span reason);
void act_orders_release(struct act *act, usec_t now, const struct act_order *given, bool tell);
void act_orders_exempt(struct act *act, usec_t now, const struct act_order *given);

/* Is it disabled, or throttled, on any server? */
bool act_orders_disabled(const struct act *act, struct span account, usec_t now);
bool act_orders_throttled(const struct act *act, struct span account);

bool act_orders_open(struct act *act, struct error *error);

/* By the present options: where Redis is another one, or there is one now or no more, the board is that of now. */
bool act_orders_follow(struct act *act, struct error *error);
void act_orders_step(struct act *act, struct deliver *deliver, usec_t now);

/* Everything that the settings say for a disabled account; what was done before a restart is done AGAIN. */
void act_jobs_disable(struct act *act, struct open_case *open, bool again);

/* Undo what was done; a deed that needs no undoing, or can have none, is struck out at once. */
void act_jobs_release(struct act *act, struct open_case *open);
void act_jobs_step(struct act *act, struct deliver *deliver, usec_t now);
void act_jobs_free(struct act *act);

#endif
