/*
 * New settings for what acts, in two halves: all that can fail comes in the first. The policy service moves to
 * another address by being there twice for a moment, so that nobody who asks finds none.
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

static bool reload_policy(struct act *act, struct error *error)
{
	const struct restriction_options *old = &act->options->policy, *new = &act->fresh->policy;

	if (!span_equal(span_of(old->address), span_of(new->address)))
		return act_open_policy(new, &act->fresh_policy, error);
	if (old->address != NULL &&
	    (!span_equal(span_of(old->mode), span_of(new->mode)) || old->clients != new->clients))
		return error_set(error, "[policy] mode and clients: start sendwatch anew to change them");
	return true;
}

bool act_reload_begin(struct act *act, const struct arguments *arguments, struct error *error)
{
	act->fresh = memory_new(1, sizeof(*act->fresh));
	if (!options_load(arguments, act->fresh, error)) {
		free(act->fresh);
		act->fresh = NULL;
		return false;
	}
	if (demote_allows(act->fresh, error) && reload_adapters(act, error) && reload_policy(act, error))
		return true;
	(void)act_reload_end(act, false, NULL);
	return false;
}

static void reload_free(struct options *options)
{
	options_free(options);
	free(options);
}

bool act_reload_end(struct act *act, bool take, struct error *error)
{
	struct account_rules rules;
	bool moved, good = true;

	if (!take) {
		reload_free(act->fresh);
		act->fresh = NULL;
		policy_stop(&act->fresh_policy);
		return true;
	}
	rules = act_rules(act->fresh);
	restrictions_use(act->restrictions, &act->fresh->policy, &rules);
	brakes_use(act->brakes, &act->fresh->act);
	moved = !span_equal(span_of(act->options->policy.address), span_of(act->fresh->policy.address));
	if (act->fresh_policy != NULL)
		good = policy_serve(act->fresh_policy, restrictions_decide, act->restrictions, error);
	if (moved) {
		policy_stop(&act->policy);
		act->policy = act->fresh_policy;
		act->fresh_policy = NULL;
	}
	if (act->options != act->started)
		reload_free(act->options);
	act->options = act->fresh;
	act->fresh = NULL;
	return good;
}
