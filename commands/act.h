/*
 * From a verdict to an act: ask the brakes, restrict the account in the policy service, have the deputy disable
 * it wherever the settings say, write down every step, and take all of it back when it is released, by time or
 * by hand, also after a restart. Nothing here blocks.
 */
#ifndef SENDWATCH_COMMANDS_ACT_H
#define SENDWATCH_COMMANDS_ACT_H

#include "commands/arguments.h"
#include "commands/deliver.h"
#include "responders/policy.h"

struct act;
struct in_force;

struct act_order {
	struct span account;
	struct span by;     /* "uid 0", "sendwatch" */
	struct span reason; /* may be empty */
	/* Of an exemption; of a release: how long it is left alone. Of a disabling, USEC_NEVER: as the settings say. */
	usec_t until;
	bool by_time; /* of a release: nobody gave it */
	bool lifts;   /* of a release: the account was throttled, and is found well */
};

/*
 * With its own settings, from ARGUMENTS. What takes rights is done when it returns: the deputy runs, the policy
 * service has its address. Nothing is decided or answered before act_start, where the process may be another user;
 * [watch] state is there then, and held by this process alone.
 */
struct act *act_open(const struct arguments *arguments, struct error *error);
bool act_start(struct act *act, struct error *error);
void act_close(struct act **act);

/*
 * New settings: prepared first, so that they are refused as a whole where a part cannot be had, then taken or
 * not. Adapters cannot be changed, since the deputy keeps to what it was started with, nor the folder of state.
 */
bool act_reload_begin(struct act *act, const struct arguments *arguments, struct error *error);
bool act_reload_end(struct act *act, bool take, struct error *error);

/* Is called when a verdict about ACCOUNT came too late to be acted on. May be left out. */
void act_on_too_late(struct act *act, void (*too_late)(void *context, struct span account), void *context);

/*
 * Is called when an account is released, so that it is judged anew, and left alone until UNTIL. REPEATED: at start, by
 * an order from before it, which may have been carried out then. May be left out.
 */
void act_on_release(struct act *act,
		    void (*released)(void *context, struct span account, usec_t when, usec_t until,
				     bool repeated),
		    void *context);

/* Disable or throttle its account, or neither, as the state, the brakes and dry run say. ACTIVE accounts are known. */
void act_verdict(struct act *act, struct deliver *deliver, usec_t now, const struct verdict *verdict,
		 uint64_t active);

/* What a person orders. False and ERROR where it cannot be; it is in the journal where it can. */
bool act_disable(struct act *act, struct deliver *deliver, usec_t now, const struct act_order *order,
		 struct error *error);
bool act_release(struct act *act, struct deliver *deliver, usec_t now, const struct act_order *order,
		 struct error *error);
bool act_exempt(struct act *act, struct deliver *deliver, usec_t now, const struct act_order *order,
		struct error *error);
/* Its password was changed: it is released where it is disabled, and the settings let that be enough. */
bool act_password(struct act *act, struct deliver *deliver, usec_t now, const struct act_order *order,
		  struct error *error);

/* Was anything ordered about ACCOUNT that is still known? */
bool act_heard_of(const struct act *act, struct span account);

/* What was done, in numbers, since the start. */
#define ACT_VERBS    6 /* by enum deputy_verb */
#define ACT_STATUSES 5 /* by enum deputy_status */
struct act_stats {
	bool serves; /* is there a policy service or a socketmap? */
	bool deputy; /* is there an adapter? */
	bool dry_run;
	struct policy_stats policy, socketmap;
	uint64_t deeds[ACT_VERBS][ACT_STATUSES];
	uint64_t waiting;             /* for the deputy */
	uint64_t disabled, throttled; /* accounts, at this time */
};

struct act_stats act_stats(const struct act *act);

/* What is in force for ACCOUNT at this time; false where nothing is. */
struct act_case {
	bool disabled; /* else it is throttled */
	usec_t since, until;
};

bool act_case_of(const struct act *act, struct span account, struct act_case *case_r);

/* All that is in force, for TELL. */
void act_in_force(const struct act *act, void (*tell)(void *context, const struct in_force *order),
		  void *context);

/* Would something be done now about ACCOUNT in STATE, and is not? */
bool act_is_owed(const struct act *act, struct span account, enum account_state state, usec_t now);

/* Go on with what the deputy has to do, and release whose time has come. */
void act_step(struct act *act, struct deliver *deliver, usec_t now);
usec_t act_due(const struct act *act); /* the next release, on the wall clock; or USEC_NEVER */
int act_fd(const struct act *act);     /* -1 where there is nothing to wait for */

/* Readable when others were heard of, -1 where there are none; and when they are asked, on the monotonic clock. */
int act_board_fd(const struct act *act);
usec_t act_board_due(const struct act *act);

/* Once at start, when `released` can be called: what was ordered before a kill and not carried out. */
void act_orders_finish(struct act *act, struct deliver *deliver, usec_t now);

/* An order of SERVER, without its time, for those who tell it where no watch runs. */
struct order;
void act_order_begin(struct order *order, struct span account, uint64_t server, struct span by,
		     struct span reason);

#endif
