/*
 * A group keeps the sixteen members that were noted last. A member weighs from nothing at `least` decibans to
 * one at `most`: an account that is nearly flagged is one, one that is slightly odd a fraction.
 *
 * A subnet from which many accounts send (an office, a carrier, a hotel) has odd ones among them by chance:
 * there the suspicious count by their share of all users, told apart by 64 bits, which is exact enough to see
 * three of thirty from three of four.
 *
 * One client subnet that is strange to several accounts is more than several odd accounts of one customer,
 * who may have moved together; a common HELO is less: programs have defaults.
 */
#include "detectors/neighbourhood.h"

#include "base/map.h"
#include "base/map_pack.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

#define MEMBERS     16
#define GROUPS_MOST 65536
#define KEPT        (2 * USEC_DAY)
#define TURN        (14 * USEC_DAY) /* users of a subnet are known for one to two of these */

struct member {
	uint64_t account;
	usec_t time;
	double decibans;
};

struct group {
	struct member members[MEMBERS];
	uint64_t users[2]; /* bits of the accounts that send from a subnet: this turn's, and the last one's */
	usec_t turned;
};

struct neighbourhood {
	struct map *groups;
};

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

struct neighbourhood *neighbourhood_new(void)
{
	struct neighbourhood *hood = memory_new(1, sizeof(*hood));
	struct map_options options = { .record_size = sizeof(struct group), .most = GROUPS_MOST };

	hood->groups = map_new(&options);
	return hood;
}

void neighbourhood_free(struct neighbourhood **hood)
{
	if (*hood == NULL)
		return;
	map_free(&(*hood)->groups);
	free(*hood);
	*hood = NULL;
}

/* The account's own place, else that of whoever was noted longest ago. */
static struct member *member_place(struct group *group, uint64_t account)
{
	struct member *oldest = &group->members[0];

	for (int i = 0; i < MEMBERS; i++) {
		if (group->members[i].account == account)
			return &group->members[i];
		if (group->members[i].time < oldest->time)
			oldest = &group->members[i];
	}
	*oldest = (struct member){ .account = account };
	return oldest;
}

static struct group *group_of(struct neighbourhood *hood, uint64_t key)
{
	struct group *group = map_find(hood->groups, key, (struct span){ NULL, 0 });

	if (group == NULL)
		group = map_add(hood->groups, key);
	map_touch(hood->groups, group);
	return group;
}

uint64_t neighbourhood_subnet(uint32_t subnet)
{
	return subnet * UINT64_C(0x9e3779b97f4a7c15);
}

void neighbourhood_meet(struct neighbourhood *hood, uint64_t subnet, uint64_t account, usec_t now)
{
	struct group *group = group_of(hood, subnet);

	if (now - group->turned > TURN) {
		group->users[1] = now - group->turned > 2 * TURN ? 0 : group->users[0];
		group->users[0] = 0;
		group->turned = now;
	}
	group->users[0] |= UINT64_C(1) << (account >> 58);
}

/* About how many accounts send from here: linear counting, which is blind beyond some 200. */
static double group_users(const struct group *group)
{
	int unset = 64 - __builtin_popcountll(group->users[0] | group->users[1]);

	return -64 * log((unset == 0 ? 0.5 : unset) / 64);
}

void neighbourhood_note(struct neighbourhood *hood, const struct shared *shared, uint64_t account, usec_t now,
			double decibans)
{
	for (int s = 0; s < SHARES; s++) {
		struct member *member;

		if (shared->key[s] == 0 || decibans <= shares[s].least)
			continue;
		member = member_place(group_of(hood, shared->key[s]), account);
		if (decibans > member->decibans || now - member->time > KEPT)
			member->decibans = decibans;
		member->time = now;
	}
}

static struct neighbours group_weight(const struct group *group, enum share share, uint64_t account,
				      usec_t now)
{
	struct neighbours found = { 0 };

	for (int i = 0; i < MEMBERS; i++) {
		const struct member *member = &group->members[i];
		double weight = (member->decibans - shares[share].least) /
				(shares[share].most - shares[share].least);

		if (member->account == 0 || member->account == account || now - member->time > KEPT)
			continue;
		found.weight += weight > 1 ? 1 : weight;
		found.accounts++;
	}
	if (share == SHARE_SUBNET) {
		double innocent = group_users(group) - found.accounts - 1;

		/* As many innocents as suspicious, and the subnet says half as much. */
		if (innocent > 0)
			found.weight *= found.accounts / (found.accounts + innocent);
	}
	return found;
}

struct neighbours neighbourhood_of(const struct neighbourhood *hood, const struct shared *shared,
				   uint64_t account, usec_t now)
{
	struct neighbours best = { 0 };

	for (int s = 0; s < SHARES; s++) {
		const struct group *group = shared->key[s] == 0 ? NULL
								: map_find(hood->groups, shared->key[s],
									   (struct span){ NULL, 0 });
		struct neighbours found;

		if (group == NULL)
			continue;
		found = group_weight(group, (enum share)s, account, now);
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

void neighbourhood_pack(const struct neighbourhood *hood, struct text *into)
{
	map_pack(hood->groups, sizeof(struct group), into);
}

bool neighbourhood_unpack(struct neighbourhood *hood, struct unpack *from)
{
	return map_unpack(hood->groups, sizeof(struct group), NULL, from);
}
