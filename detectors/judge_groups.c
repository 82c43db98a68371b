/*
 * What is counted of groups besides the accounts: the windows of an account's domain and customer, and of each own
 * address with each provider that is sent to from there. Only where somebody may look at them or share them: a
 * replay judges by the accounts and by who of a group is suspicious (neighbourhood.h), and pays nothing for these.
 *
 * A shared store tells of each line whether a group has counted it, as it does of accounts, so that totals are
 * exact through crashes and lines that are read again. What only an account's own past tells (first-time
 * recipients, away) is left out while a shared store has not yet told of that past.
 */
#include "detectors/judge_state.h"

#include "base/hash.h"
#include "detectors/delta.h"
#include "detectors/health.h"

#include <ctype.h>
#include <stdio.h>

/* What an account shares, when no line of ours is the cause to ask about it. */
void judge_names_of(const struct judge *judge, const struct record *record, struct share_names *names)
{
	const struct shared shared = { .domain = judge_domain_of(record->kind, span_of(record->name)) };

	if (judge->suspects == NULL || !suspects_find(judge->suspects, span_of(record->name), names))
		neighbourhood_names(&shared, names);
}

static void group_changed(void *context, struct record *group, const struct delta *delta,
			  const struct applied *applied)
{
	const struct judge *judge = context;

	(void)delta;
	(void)applied;
	if (group->crowd != NULL && group->crowd->members != NULL)
		suspects_stir(judge->suspects, group);
}

/* What others are suspicious of has been learned; those who share something with them are looked at again. */
static void groups_learned(void *context, usec_t now)
{
	struct judge *judge = context;
	struct share_names names;
	struct span account;

	while (suspects_next(judge->suspects, &account, &names)) {
		struct record *record = judge->store->calls->record(judge->store, account, false);
		struct cause cause = { .names = &names };

		if (record == NULL || record->habit.first == 0)
			continue;
		cause.time = record->now;
		judge_ask(judge, record, &cause);
	}
	suspects_refresh(judge->suspects, judge->groups, now);
}

void judge_join_groups(struct judge *judge)
{
	judge->groups = judge->store->beside;
	if (judge->groups == NULL) {
		judge->own_groups = true;
		judge->groups = store_memory_new((uint32_t)judge->options->groups);
	}
	if (judge->groups->calls->flush == NULL)
		return;
	judge->suspects = suspects_new();
	judge->groups->context = judge;
	judge->groups->changed = group_changed;
	judge->store->learned = groups_learned;
}

void judge_leave_groups(struct judge *judge)
{
	judge->store->learned = NULL;
	judge->groups->changed = NULL;
	suspects_free(&judge->suspects);
	if (judge->own_groups)
		store_free(&judge->groups);
}

struct store *judge_groups(const struct judge *judge)
{
	return judge->groups;
}

static struct record *count_on(struct judge *judge, enum group_kind kind, struct span what,
			       const struct delta *delta, uint32_t source, uint64_t position)
{
	struct store *groups = judge->groups;
	char room[GROUP_NAME_SIZE];
	struct record *group = groups->calls->record(groups, group_name(kind, what, room), true);
	struct applied ignored;

	groups->calls->apply(groups, group, delta, source, position, &ignored);
	return group;
}

uint32_t judge_domain(struct span recipient)
{
	char lower[256];
	size_t len = 0;
	struct span domain;

	if (!span_cut_last(&recipient, SPAN("@"), &domain))
		return 0;
	for (; len < domain.len && len < sizeof(lower); len++)
		lower[len] = (char)tolower((unsigned char)domain.at[len]);
	return delta_hash((struct span){ lower, len });
}

struct span judge_domain_of(enum account_kind kind, struct span account)
{
	struct span domain;

	if (kind == ACCOUNT_LOGIN && span_cut_last(&account, SPAN("@"), &domain))
		return domain;
	return (struct span){ NULL, 0 };
}

void judge_count(struct judge *judge, const struct record *record, struct span customer,
		 const struct delta *delta, const struct applied *applied, uint32_t source, uint64_t position)
{
	static const struct applied unknown;
	struct span domain = judge_domain_of(record->kind, span_of(record->name));
	struct delta grouped;

	grouped = group_delta(delta, record->unsettled ? &unknown : applied);
	if (domain.len > 0)
		(void)count_on(judge, GROUP_OF_DOMAIN, domain, &grouped, source, position);
	if (customer.len > 0)
		(void)count_on(judge, GROUP_OF_CUSTOMER, customer, &grouped, source, position);
}

/* Whoever sent it: a provider looks at our address alone. */
void judge_count_address(struct judge *judge, const struct attempt *attempt, enum attempt_stage stage)
{
	static const struct applied unknown;
	struct delta delta = { .kind = DELTA_ATTEMPT, .time = attempt->time, .count = 1, .elsewhere = true };
	struct record *group;
	struct span own = health_own(attempt);
	char what[GROUP_NAME_SIZE];
	int len;

	if (!health_counts(attempt, stage))
		return;
	delta.outcome = delta_outcome(attempt->meaning.class, attempt->outcome);
	delta.domain = judge_domain(attempt->recipient);
	delta.sender = delta_hash(attempt->envelope->account);
	delta = group_delta(&delta, &unknown);
	len = snprintf(what, sizeof(what), "%.*s %.*s", (int)span_head(own, 64).len, own.at,
		       (int)span_head(attempt->provider, 48).len, attempt->provider.at);
	group = count_on(judge, GROUP_OF_ADDRESS, (struct span){ what, (size_t)len }, &delta, attempt->source,
			 attempt->position);
	/* Own addresses are few, and asked for by all of them: stores list what is not normal. */
	if (group->standing.state == STATE_NORMAL) {
		group->standing.state = STATE_WATCH;
		group->standing.since = attempt->time;
		judge->groups->calls->keep(judge->groups, group);
	}
}
