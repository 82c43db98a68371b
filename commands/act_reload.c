/*
 * New settings for what acts, in two halves: all that can fail comes in the first. The policy service and
 * the socketmap move to another address by being there twice for a moment, so that nobody who asks finds none.
 */
#define _GNU_SOURCE
#include "commands/act_parts.h"
#include "commands/demote.h"

#include "base/memory.h"

#include <stdlib.h>

/* The deputy has the rights, and keeps to the adapters that it was started with, whatever a reader of logs says. */
static bool reload_adapters(const struct act *act, struct error *error)
{
	const struct settings_many *old = &act->started->adapters, *new = &act->fresh->adapters;
	const struct adapter_options *olds = old->items, *news = new->items;

	for (size_t i = 0; i < new->count; i++) {
		if (i >= old->count || strcmp(olds[i].name, news[i].name) != 0)
			return error_set(error, "[adapter %s] is new here: start sendwatch anew to use it",
					 news[i].name);
		if (!settings_same(adapter_settings, &olds[i], &news[i]))
			return error_set(error, "[adapter %s] was changed: start sendwatch anew to use it so",
					 news[i].name);
	}
	if (new->count < old->count)
		return error_set(error, "[adapter %s] is gone: start sendwatch anew to do without it",
				 olds[new->count].name);
	return true;
}

static bool reload_same(const char *a, const char *b)
{
	return span_equal(span_of(a), span_of(b));
}

/* A socket that is where it was stays, however its address is written now. */
static bool reload_same_place(const char *a, const char *b)
{
	return span_equal(policy_place(a), policy_place(b));
}

/* It is locked, and the cases, the orders and the control socket are in it. */
static bool reload_state(const struct act *act, struct error *error)
{
	return reload_same(act->started->watch.state, act->fresh->watch.state) ||
	       error_set(error, "[watch] state: start sendwatch anew to change it");
}

static bool reload_policy(struct act *act, struct error *error)
{
	const struct restriction_options *old = &act->options->policy, *fresh = &act->fresh->policy;
	bool same_policy = reload_same_place(old->address, fresh->address);
	bool same_socketmap = reload_same_place(old->socketmap, fresh->socketmap);
	bool policy_crosses = fresh->address != NULL && reload_same_place(old->socketmap, fresh->address);
	bool socketmap_crosses = fresh->socketmap != NULL &&
				 reload_same_place(old->address, fresh->socketmap);

	/* The new one would be there, and the old one's end take its socket away. */
	if (policy_crosses || socketmap_crosses)
		return error_set(error,
				 "[policy] address and socketmap: start sendwatch anew to give one the "
				 "other's");
	if (((old->address != NULL && same_policy) || (old->socketmap != NULL && same_socketmap)) &&
	    (!reload_same(old->mode, fresh->mode) || old->clients != fresh->clients))
		return error_set(error, "[policy] mode and clients: start sendwatch anew to change them");
	return (same_policy || act_open_policy(fresh, &act->fresh_policy, error)) &&
	       (same_socketmap || act_open_socketmap(fresh, &act->fresh_socketmap, error));
}

bool act_reload_begin(struct act *act, const struct arguments *arguments, struct error *error)
{
	act->fresh = memory_new(1, sizeof(*act->fresh));
	if (!options_load(arguments, act->fresh, error)) {
		free(act->fresh);
		act->fresh = NULL;
		return false;
	}
	if (demote_allows(act->fresh, error) && reload_state(act, error) && reload_adapters(act, error) &&
	    reload_policy(act, error))
		return true;
	(void)act_reload_end(act, false, NULL);
	return false;
}

static void reload_free(struct options *options)
{
	options_free(options);
	free(options);
}

/* From the OLD socket to the FRESH one, which is none where there is to be none. */
static bool reload_move(const struct act *act, struct policy **old, struct policy **fresh, bool moved,
			struct error *error)
{
	bool good = *fresh == NULL || policy_serve(*fresh, restrictions_decide, act->restrictions, error);

	if (moved) {
		policy_stop(old);
		*old = *fresh;
		*fresh = NULL;
	}
	return good;
}

bool act_reload_end(struct act *act, bool take, struct error *error)
{
	struct options *old = act->options, *board = act->boarded;
	struct account_rules rules;
	bool good;

	if (!take) {
		reload_free(act->fresh);
		act->fresh = NULL;
		policy_stop(&act->fresh_policy);
		policy_stop(&act->fresh_socketmap);
		return true;
	}
	rules = ledger_rules(&act->fresh->ledger);
	restrictions_use(act->restrictions, &act->fresh->policy, &rules);
	brakes_use(act->brakes, &act->fresh->act);
	good = reload_move(act, &act->policy, &act->fresh_policy,
			   !reload_same_place(act->options->policy.address, act->fresh->policy.address),
			   error);
	good = reload_move(act, &act->socketmap, &act->fresh_socketmap,
			   !reload_same_place(act->options->policy.socketmap, act->fresh->policy.socketmap),
			   error) &&
	       good;
	act->options = act->fresh;
	act->fresh = NULL;
	good = act_orders_follow(act, error) && good;
	if (board != act->boarded && board != act->started && board != old)
		reload_free(board);
	if (old != act->started && old != act->boarded)
		reload_free(old);
	return good;
}
