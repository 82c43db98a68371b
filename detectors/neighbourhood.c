/*
 * A group keeps the sixteen members that were noted last. A member weighs from nothing at `least` decibans to
 * one at `most`: an account that is nearly flagged is one, one that is slightly odd a fraction.
 *
 * A subnet from which many accounts send (an office, a carrier, a hotel) has odd ones among them by chance:
 * there the suspicious count by their share of all users.
 *
 * One client subnet that is strange to several accounts is more than several odd accounts of one customer,
 * who may have moved together; a common HELO is less: programs have defaults. How much more and less, and from how
 * many decibans on, is assumed.
 */
#include "detectors/neighbourhood.h"

#include "detectors/delta.h"

#define FRESH (10 * USEC_SECOND) /* event time for which what a shared store told of a group is good enough */

static const struct {
	const char *name;
	double factor;
	double least, most; /* decibans */
	double ceiling;     /* accounts, however many there are */
} shares[SHARES] = {
	[SHARE_CUSTOMER] = { "customer", 1.0, 7, 17, 2.5 },
	[SHARE_SUBNET] = { "client network", 1.5, 2, 10, 4 },
	[SHARE_HELO] = { "HELO", 0.5, 9, 19, 2 },
};

/* A subnet is known by its hash alone, and a HELO is anybody's words: both are named by eight digits. */
static struct span name_by_hash(enum group_kind kind, uint32_t hash, char into[GROUP_NAME_SIZE])
{
	char digits[8];

	for (int i = 7; i >= 0; i--, hash >>= 4)
		digits[i] = "0123456789abcdef"[hash & 15];
	return group_name(kind, (struct span){ digits, sizeof(digits) }, into);
}

void neighbourhood_rename(struct share_names *names, uint32_t subnet, uint32_t helo)
{
	names->name[SHARE_SUBNET] = names->name[SHARE_HELO] = (struct span){ NULL, 0 };
	if (subnet != 0)
		names->name[SHARE_SUBNET] = name_by_hash(GROUP_OF_SUBNET, subnet, names->room[SHARE_SUBNET]);
	if (helo != 0)
		names->name[SHARE_HELO] = name_by_hash(GROUP_OF_HELO, helo, names->room[SHARE_HELO]);
	names->any = names->name[SHARE_CUSTOMER].len > 0 || subnet != 0 || helo != 0;
}

void neighbourhood_names(const struct shared *shared, struct share_names *names)
{
	names->name[SHARE_CUSTOMER] = (struct span){ NULL, 0 };
	if (shared->customer.len > 0)
		names->name[SHARE_CUSTOMER] = group_name(GROUP_OF_CUSTOMER, shared->customer,
							 names->room[SHARE_CUSTOMER]);
	else if (shared->domain.len > 0)
		names->name[SHARE_CUSTOMER] = group_name(GROUP_OF_DOMAIN, shared->domain,
							 names->room[SHARE_CUSTOMER]);
	neighbourhood_rename(names, shared->subnet, delta_hash(shared->helo));
}

static void tell(struct store *groups, struct span name, const struct sighting *who, struct delta *delta)
{
	struct record *group = groups->calls->record(groups, name, true);
	struct applied ignored;

	delta->time = who->time;
	delta->account = who->account;
	groups->calls->apply(groups, group, delta, who->source, who->position, &ignored);
}

void neighbourhood_meet(struct store *groups, uint32_t subnet, const struct sighting *who)
{
	struct delta delta = { .kind = DELTA_USER };
	char room[GROUP_NAME_SIZE];

	tell(groups, name_by_hash(GROUP_OF_SUBNET, subnet, room), who, &delta);
}

/* Is there nothing new in it? What is told again and again would go to and fro between servers. */
static bool is_noted(struct store *groups, struct span name, const struct sighting *who, double decibans)
{
	const struct record *group = groups->calls->record(groups, name, false);

	for (int i = 0;
	     group != NULL && group->crowd != NULL && group->crowd->members != NULL && i < CROWD_MEMBERS;
	     i++) {
		const struct member *member = &group->crowd->members[i];

		if (member->account == who->account)
			return member->time >= who->time && member->decibans >= (float)decibans;
	}
	return false;
}

void neighbourhood_note(struct store *groups, const struct share_names *names, const struct sighting *who,
			double decibans)
{
	for (int s = 0; s < SHARES; s++) {
		struct delta delta = { .kind = DELTA_SUSPECT, .decibans = (float)decibans };

		if (names->name[s].len == 0 || decibans <= shares[s].least ||
		    is_noted(groups, names->name[s], who, decibans))
			continue;
		tell(groups, names->name[s], who, &delta);
		groups->urgent = true;
	}
}

static struct neighbours group_weight(const struct crowd *crowd, enum share share, uint64_t account,
				      usec_t now)
{
	struct neighbours found = { 0 };

	for (int i = 0; crowd->members != NULL && i < CROWD_MEMBERS; i++) {
		const struct member *member = &crowd->members[i];
		double weight = ((double)member->decibans - shares[share].least) /
				(shares[share].most - shares[share].least);

		if (member->account == 0 || member->account == account || now - member->time > CROWD_KEPT)
			continue;
		found.weight += weight > 1 ? 1 : weight;
		found.accounts++;
	}
	if (share == SHARE_SUBNET) {
		double innocent = crowd_users(crowd) - found.accounts - 1;

		/* As many innocents as suspicious, and the subnet says half as much. */
		if (innocent > 0)
			found.weight *= found.accounts / (found.accounts + innocent);
	}
	return found;
}

/* What is known of the group here. Of a shared store it is asked for too, for the next time, where that is old. */
static const struct record *group_of(struct store *groups, struct span name, usec_t now)
{
	bool shared = groups->calls->flush != NULL;
	struct record *group = groups->calls->record(groups, name, shared);

	if (shared && now - group->asked >= FRESH) {
		group->asked = now;
		groups->calls->keep(groups, group);
		groups->urgent = true;
	}
	return group;
}

struct neighbours neighbourhood_of(struct store *groups, const struct share_names *names, uint64_t account,
				   usec_t now)
{
	struct neighbours best = { 0 };

	for (int s = 0; s < SHARES; s++) {
		const struct record *group = names->name[s].len == 0 ? NULL
								     : group_of(groups, names->name[s], now);
		struct neighbours found;

		if (group == NULL || group->crowd == NULL)
			continue;
		found = group_weight(group->crowd, (enum share)s, account, now);
		found.weight = found.weight * shares[s].factor;
		if (found.weight > shares[s].ceiling)
			found.weight = shares[s].ceiling;
		found.shared = shares[s].name;
		found.strong = s == SHARE_SUBNET;
		if (found.weight > best.weight)
			best = found;
	}
	return best;
}
