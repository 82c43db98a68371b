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

struct delta group_delta(const struct delta *delta, const struct applied *found)
{
	struct delta grouped = *delta;

	grouped.marks = record_marks(delta, found);
	grouped.kind = DELTA_GROUPED;
	return grouped;
}

static void group_count(struct record *group, const struct delta *delta)
{
	windows_add(&group->windows, group->now, delta_slot(delta), delta->marks, delta->count);
	/* Somebody who only tried a password is none of its clients. */
	if ((delta->marks & MARK(COUNT_LOGINS_FAILED)) != 0)
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
