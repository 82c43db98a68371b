/*
 * Who may not send as they like, and what the policy service answers for them: an account is refused, its mail
 * is held, or it may reach so many recipients an hour and is asked to come back with the rest. For everybody
 * else the answer is DUNNO.
 *
 * Any thread may ask or change it at any time; nobody waits for longer than one look at a table.
 */
#ifndef SENDWATCH_RESPONDERS_RESTRICTIONS_H
#define SENDWATCH_RESPONDERS_RESTRICTIONS_H

#include "base/settings.h"
#include "parsers/account.h"
#include "responders/policy.h"

struct restriction_options {
	char *address; /* of the policy service; NULL: there is none */
	char *mode;    /* of its Unix socket, octal */
	int64_t clients;
	int disabled; /* 0 reject, 1 hold */
	int64_t throttle_watch, throttle_flagged;
	char *text_disabled, *text_throttled;
	char *socketmap; /* address of that table; NULL: there is none */
};

extern const struct setting restriction_settings[];

/* Options that cannot work: the sockets' mode, or one address for both. */
bool restriction_mode(const struct restriction_options *options, unsigned *mode_r, struct error *error);

enum restriction_kind { RESTRICTION_NONE, RESTRICTION_THROTTLE, RESTRICTION_HOLD, RESTRICTION_REJECT };

struct restriction {
	enum restriction_kind kind;
	int64_t an_hour; /* recipients, of a throttle */
};

struct restrictions;

/* OPTIONS and RULES are copied. */
struct restrictions *restrictions_new(const struct restriction_options *options,
				      const struct account_rules *rules);
void restrictions_free(struct restrictions **restrictions);

/* New texts, and new rules of names; who is restricted stays so. */
void restrictions_use(struct restrictions *restrictions, const struct restriction_options *options,
		      const struct account_rules *rules);

/* RESTRICTION_NONE lifts it. What a throttled account has sent in this hour stays counted. */
void restrictions_set(struct restrictions *restrictions, struct span account,
		      const struct restriction *restriction);
struct restriction restrictions_get(struct restrictions *restrictions, struct span account);

/* A policy_decide, with the restrictions as its context. */
void restrictions_decide(void *context, usec_t now, const struct policy_request *request,
			 struct policy_answer *answer);

#endif
