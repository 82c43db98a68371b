/*
 * What a group counts was counted on an account first, where "first time" and "away" are known; it is told as one
 * bit a counter. So a group needs no memory of recipients, and counting the same twice is for the store to see.
 */
#include "detectors/group.h"

#include "base/hash.h"

#include <assert.h>
#include <stdio.h>

static_assert(COUNTERS <= 32, "a bit a counter");

static const char *const kind_names[GROUP_KINDS] = {
	[GROUP_OF_CUSTOMER] = "customer:", [GROUP_OF_DOMAIN] = "domain:",   [GROUP_OF_SUBNET] = "network:",
	[GROUP_OF_HELO] = "helo:",         [GROUP_OF_ADDRESS] = "address:",
};

struct span group_name(enum group_kind kind, struct span what, char into[GROUP_NAME_SIZE])
{
	size_t len = strlen(kind_names[kind]);

	memcpy(into, kind_names[kind], len);
	if (what.len >= GROUP_NAME_SIZE - len) {
		/* The end of a domain says more than its beginning; the hash is of all. */
		len += (size_t)snprintf(into + len, GROUP_NAME_SIZE - len, "%016llx",
					(unsigned long long)hash_stable(what));
		what = span_from(what, what.len - (GROUP_NAME_SIZE - 1 - len));
	}
	memcpy(into + len, what.at, what.len);
	len += what.len;
	into[len] = '\0';
	return (struct span){ into, len };
}

bool group_parse(struct span name, char into[GROUP_NAME_SIZE], struct span *name_r)
{
	for (int kind = 0; kind < GROUP_KINDS; kind++) {
		struct span what = name;

		if (!span_skip(&what, span_of(kind_names[kind])) || what.len == 0)
			continue;
		*name_r = group_name((enum group_kind)kind, what, into);
		return true;
	}
	return false;
}

static uint32_t mark(enum counter counter, bool set)
{
	return set ? UINT32_C(1) << counter : 0;
}

static uint32_t marks_of_attempt(const struct delta *delta, const struct applied *found)
{
	bool new = found->stranger;
	uint32_t marks = mark(COUNT_ARRIVED, true);

	if (!delta->elsewhere)
		return marks;
	return marks | mark(COUNT_RECIPIENTS, true) | mark(delta->outcome, true) |
	       mark(COUNT_AWAY, found->away) | mark(COUNT_STRANGERS, new) |
	       mark(COUNT_MAILINGS, found->mailing) | mark(COUNT_FOREIGN, new && delta->foreign) |
	       mark(COUNT_ODD, new && found->odd) | mark(COUNT_AWAY_STRANGERS, new && found->away) |
	       mark(COUNT_AWAY_FOREIGN, new && found->away && delta->foreign) |
	       mark(COUNT_ABROAD, new && found->abroad);
}

static uint32_t marks_of(const struct delta *delta, const struct applied *found)
{
	uint32_t refused = mark(COUNT_AWAY_INVALID, found->away && delta->outcome == COUNT_INVALID) |
			   mark(COUNT_AWAY_SPAM, found->away && delta->outcome == COUNT_SPAM);

	switch (delta->kind) {
	case DELTA_SUBMITTED:
		return mark(COUNT_MESSAGES, true) | mark(COUNT_SUBMITTED, true);
	case DELTA_ATTEMPT:
		return marks_of_attempt(delta, found) | (delta->elsewhere ? refused : 0);
	case DELTA_CHANGED:
		return mark(delta->outcome, true) | refused;
	case DELTA_LOGIN:
		return mark(COUNT_LOGINS, true) | mark(COUNT_LOGINS_AWAY, found->away);
	case DELTA_LOGIN_FAILED:
		return mark(COUNT_LOGINS_FAILED, true);
	case DELTA_GROUPED:
	case DELTA_SUSPECT:
	case DELTA_USER:
		break;
	}
	return 0;
}

struct delta group_delta(const struct delta *delta, const struct applied *found)
{
	struct delta grouped = *delta;

	grouped.marks = marks_of(delta, found);
	grouped.kind = DELTA_GROUPED;
	return grouped;
}

static void group_count(struct record *group, const struct delta *delta)
{
	struct counts counts = { { 0 } };

	for (int i = 0; i < COUNTERS; i++)
		counts.n[i] = delta->marks >> i & 1;
	counts.n[COUNT_SUBMITTED] *= delta->count;
	counts.n[COUNT_LOGINS] *= delta->count;
	counts.n[COUNT_LOGINS_AWAY] *= delta->count;
	counts.n[COUNT_LOGINS_FAILED] *= delta->count;
	windows_add(&group->windows, group->now, delta->time, &counts);
	/* Somebody who only tried a password is none of its clients. */
	if ((delta->marks & mark(COUNT_LOGINS_FAILED, true)) != 0)
		return;
	crowd_meet(&group->crowd, DISTINCT_CLIENTS, delta->client, delta->time);
	crowd_meet(&group->crowd, DISTINCT_NETWORKS, delta->network, delta->time);
	crowd_meet(&group->crowd, DISTINCT_COUNTRIES, delta->country, delta->time);
	crowd_meet(&group->crowd, DISTINCT_DOMAINS, delta->domain, delta->time);
	crowd_meet(&group->crowd, DISTINCT_SENDERS, delta->sender, delta->time);
}

void group_apply(struct record *group, const struct delta *delta)
{
	if (delta->time > group->now)
		group->now = delta->time;
	if (delta->kind == DELTA_SUSPECT)
		crowd_note(&group->crowd, delta->account, delta->time, delta->decibans);
	else if (delta->kind == DELTA_USER)
		crowd_use(&group->crowd, delta->account, delta->time);
	else
		group_count(group, delta);
}
