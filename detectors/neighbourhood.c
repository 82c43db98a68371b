/*
 * A group keeps the sixteen members that were noted last, and about how many accounts it has. What two suspicious
 * ones of thirty mean depends on how many are suspicious anyway, which the population says of all accounts and days.
 */
#include "detectors/neighbourhood.h"

#include "base/hash.h"
#include "detectors/delta.h"

#include <math.h>

#define FRESH (10 * USEC_SECOND) /* event time for which what a shared store told of a group is good enough */

#define DAYS (CROWD_KEPT / (double)USEC_DAY)

/* Decibans from which, and at which in full, an account to which a subnet is strange says something of it. Assumed. */
#define SUBNET_LEAST 2
#define SUBNET_FULL  10

/* So many with nothing against them say so of themselves, too: a program's default, nobody's mark. Assumed. */
#define HELO_INNOCENT 24

static const struct {
	const char *name;
	double usual;  /* times as many of its accounts are suspicious as of all */
	double fewest; /* accounts that it has, however few were met */
} shares[SHARES] = {
	[SHARE_CUSTOMER] = { "customer", 1, 0 },
	[SHARE_SUBNET] = { "client network", 1, 0 },
	/* Accounts that are somewhere new are suspicious more often, and programs have defaults. Assumed. */
	[SHARE_HELO] = { "HELO", 10, 16 },
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

uint64_t neighbourhood_account(const struct record *record, uint64_t server)
{
	if (server == 0 || (record->kind != ACCOUNT_LOCAL && record->kind != ACCOUNT_SCRIPT))
		return record->hash;
	return hash_stable_more(server, span_of(record->name)) | 1;
}

static void tell(struct store *groups, struct span name, const struct sighting *who, struct delta *delta)
{
	struct record *group = groups->calls->record(groups, name, true);
	struct applied ignored;

	delta->time = who->time;
	delta->account = who->account;
	groups->calls->apply(groups, group, delta, who->source, who->position, &ignored);
}

void neighbourhood_meet(struct store *groups, const struct share_names *names, const struct sighting *who)
{
	struct delta delta = { .kind = DELTA_USER };

	for (int s = 0; s < SHARES; s++)
		if (names->name[s].len > 0)
			tell(groups, names->name[s], who, &delta);
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
		double least = s == SHARE_SUBNET ? SUBNET_LEAST : population_levels[0];

		if (names->name[s].len == 0 || decibans < least ||
		    is_noted(groups, names->name[s], who, decibans))
			continue;
		tell(groups, names->name[s], who, &delta);
		groups->urgent = true;
	}
}

/* One of the others, noted within the time that counts? */
static bool is_other(const struct member *member, const struct sighting *who)
{
	return member->account != 0 && member->account != who->account &&
	       who->time - member->time <= CROWD_KEPT;
}

/*
 * One client subnet that is strange to several accounts is odd by itself; each of them counts by how suspicious it
 * is. From an office or a carrier many accounts send, of which some are odd by chance: there they count by their
 * share of all users.
 */
static double subnet_weight(double sum, double accounts, double users)
{
	double innocent = fmax(0, users - accounts - 1);

	/* As many innocents as suspicious, and the subnet says half as much. */
	return sum * accounts / (accounts + innocent);
}

/* Count the others; their weights as a subnet's are added up. */
static double group_reached(const struct crowd *crowd, const struct sighting *who, struct neighbours *found)
{
	double sum = 0;

	for (int i = 0; crowd->members != NULL && i < CROWD_MEMBERS; i++) {
		const struct member *member = &crowd->members[i];
		double decibans = (double)member->decibans;

		if (!is_other(member, who))
			continue;
		found->suspicious++;
		sum += fmin(1, (decibans - SUBNET_LEAST) / (SUBNET_FULL - SUBNET_LEAST));
		for (int level = 0; level < POPULATION_LEVELS; level++)
			found->reached[level] += decibans >= population_levels[level];
	}
	return sum;
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

bool neighbourhood_of(struct store *groups, const struct share_names *names, const struct sighting *who,
		      const struct population *population, struct neighbours into[SHARES])
{
	double usual[POPULATION_LEVELS];
	bool any = false;

	for (int level = 0; level < POPULATION_LEVELS; level++)
		usual[level] = DAYS * population_reaches(population, level);
	for (int s = 0; s < SHARES; s++) {
		const struct record *group = names->name[s].len == 0
						     ? NULL
						     : group_of(groups, names->name[s], who->time);
		struct neighbours found = { .shared = shares[s].name };
		double sum, users;

		into[s] = (struct neighbours){ 0 };
		if (group == NULL || group->crowd == NULL)
			continue;
		sum = group_reached(group->crowd, who, &found);
		if (found.suspicious <= 0)
			continue;
		users = crowd_users(group->crowd);
		if (s == SHARE_HELO && users - found.suspicious > HELO_INNOCENT)
			continue;
		/* Those who are suspicious are of it, whoever was met. */
		found.others = fmax(fmax(users - 1, shares[s].fewest), found.suspicious);
		for (int level = 0; level < POPULATION_LEVELS; level++)
			found.usual[level] = fmin(0.5, shares[s].usual * usual[level]);
		if (s == SHARE_SUBNET)
			found.weight = subnet_weight(sum, found.suspicious, users);
		into[s] = found;
		any = true;
	}
	return any;
}
