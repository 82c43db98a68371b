/* A few: a campaign that is larger is found by any of its accounts. */
#include "detectors/suspects.h"

#include "base/memory.h"

#include <stdlib.h>

#define SUSPECTS \
	256 /* accounts: of 20,000 that send in a day, some eighty have anything against them (population.c) */
#define SUBNETS 32 /* of one suspect: who steals accounts has many, and another for each message */
#define REFRESH \
	(2 * USEC_SECOND) /* news of other servers is so old at most: some mails of a campaign. Assumed */
#define LATELY \
	(10 * \
	 USEC_MINUTE) /* who was suspicious, and goes on, is so again within: six mails an hour. Assumed */

struct suspect {
	char *account; /* NULL: none; owned */
	struct share_names names;
	char subnets[SUBNETS][20]; /* names of the groups of those before; empty: none */
	unsigned next;             /* of them, to be written */
	usec_t time;               /* of the log */
	usec_t noted;              /* of the monotonic clock, about */
	bool stirred;
};

struct suspects {
	struct suspect all[SUSPECTS];
	bool stirred; /* any of them */
	usec_t now, refreshed;
};

struct suspects *suspects_new(void)
{
	return memory_new(1, sizeof(struct suspects));
}

void suspects_free(struct suspects **suspects)
{
	if (*suspects == NULL)
		return;
	for (int i = 0; i < SUSPECTS; i++)
		free((*suspects)->all[i].account);
	free(*suspects);
	*suspects = NULL;
}

static struct suspect *suspect_place(struct suspects *suspects, struct span account)
{
	struct suspect *oldest = &suspects->all[0];

	for (int i = 0; i < SUSPECTS; i++) {
		struct suspect *suspect = &suspects->all[i];

		if (suspect->account != NULL && span_equal(span_of(suspect->account), account))
			return suspect;
		if (suspect->time < oldest->time)
			oldest = suspect;
	}
	free(oldest->account);
	*oldest = (struct suspect){ .account = memory_copy(account) };
	return oldest;
}

/* What NAMES point to is their own room, wherever they are. */
static void names_copy(struct share_names *into, const struct share_names *from)
{
	*into = *from;
	for (int s = 0; s < SHARES; s++)
		if (from->name[s].len > 0)
			into->name[s].at = into->room[s];
}

static bool suspect_has(const struct suspect *suspect, struct span subnet)
{
	for (int i = 0; i < SUBNETS; i++)
		if (span_equal(span_of(suspect->subnets[i]), subnet))
			return true;
	return false;
}

/* News of a client network comes when the next message may be from another: it is to be known then. */
static void suspect_keep_subnet(struct suspect *suspect, struct span subnet)
{
	char *into = suspect->subnets[suspect->next % SUBNETS];

	if (subnet.len == 0 || subnet.len >= sizeof(suspect->subnets[0]) || suspect_has(suspect, subnet))
		return;
	memcpy(into, subnet.at, subnet.len);
	into[subnet.len] = '\0';
	suspect->next++;
}

void suspects_note(struct suspects *suspects, struct span account, const struct share_names *names,
		   usec_t time)
{
	struct suspect *suspect = suspect_place(suspects, account);

	suspect->time = time;
	suspect->noted = suspects->now;
	names_copy(&suspect->names, names);
	suspect_keep_subnet(suspect, names->name[SHARE_SUBNET]);
}

bool suspects_find(const struct suspects *suspects, struct span account, struct share_names *names)
{
	for (int i = 0; i < SUSPECTS; i++) {
		const struct suspect *suspect = &suspects->all[i];

		if (suspect->account == NULL || !span_equal(span_of(suspect->account), account))
			continue;
		names_copy(names, &suspect->names);
		return true;
	}
	return false;
}

static void groups_fetch(struct store *groups, const struct share_names *names, bool make)
{
	for (int s = 0; s < SHARES; s++) {
		struct record *group = names->name[s].len == 0
					       ? NULL
					       : groups->calls->record(groups, names->name[s], make);

		if (group == NULL)
			continue;
		groups->calls->keep(groups, group);
		groups->urgent = true;
	}
}

void suspects_refresh(struct suspects *suspects, struct store *groups, usec_t now)
{
	suspects->now = now;
	if (now - suspects->refreshed < REFRESH)
		return;
	suspects->refreshed = now;
	for (int i = 0; i < SUSPECTS; i++) {
		struct suspect *suspect = &suspects->all[i];

		if (suspect->noted == 0)
			suspect->noted = now;
		if (suspect->account != NULL && now - suspect->noted < LATELY)
			groups_fetch(groups, &suspect->names, false);
	}
}

void suspects_recall(const struct suspects *suspects, struct store *accounts, struct store *groups)
{
	for (int i = 0; i < SUSPECTS; i++) {
		const struct suspect *suspect = &suspects->all[i];

		if (suspect->account == NULL)
			continue;
		accounts->calls->keep(accounts,
				      accounts->calls->record(accounts, span_of(suspect->account), true));
		groups_fetch(groups, &suspect->names, true);
		for (int n = 0; n < SUBNETS && suspect->subnets[n][0] != '\0'; n++)
			groups->calls->keep(
				groups, groups->calls->record(groups, span_of(suspect->subnets[n]), true));
	}
}

void suspects_pack(const struct suspects *suspects, struct text *into)
{
	unsigned count = 0;

	for (int i = 0; suspects != NULL && i < SUSPECTS; i++)
		count += suspects->all[i].account != NULL;
	pack_number(into, count);
	for (int i = 0; suspects != NULL && i < SUSPECTS; i++) {
		const struct suspect *suspect = &suspects->all[i];

		if (suspect->account == NULL)
			continue;
		pack_span(into, span_of(suspect->account));
		pack_signed(into, suspect->time);
		for (int s = 0; s < SHARES; s++)
			pack_span(into, suspect->names.name[s]);
		for (int n = 0; n < SUBNETS; n++)
			pack_span(into, span_of(suspect->subnets[n]));
	}
}

static void suspect_unpack(struct suspect *suspect, struct unpack *from)
{
	struct share_names *names = &suspect->names;
	struct span account = unpack_span(from);

	suspect->time = unpack_signed(from);
	for (int s = 0; s < SHARES; s++) {
		struct span name = unpack_span(from);

		if (name.len > GROUP_NAME_SIZE || account.len == 0)
			from->broken = true;
		if (from->broken)
			return;
		memcpy(names->room[s], name.at, name.len);
		names->name[s] = (struct span){ name.len == 0 ? NULL : names->room[s], name.len };
		names->any = names->any || name.len > 0;
	}
	for (int n = 0; n < SUBNETS; n++)
		suspect_keep_subnet(suspect, unpack_span(from));
	if (!from->broken)
		suspect->account = memory_copy(account);
}

bool suspects_unpack(struct suspects *suspects, struct unpack *from)
{
	uint64_t count = unpack_bounded(from, SUSPECTS);

	for (uint64_t i = 0; i < count && !from->broken; i++) {
		struct suspect forgotten = { .account = NULL };

		suspect_unpack(suspects == NULL ? &forgotten : &suspects->all[i], from);
		free(forgotten.account);
	}
	return !from->broken;
}

/* Then it is weighed by that client network, if it is one. */
static bool suspect_shares(struct suspect *suspect, struct span group)
{
	struct share_names *names = &suspect->names;

	for (int s = 0; s < SHARES; s++)
		if (span_equal(names->name[s], group))
			return true;
	if (!suspect_has(suspect, group))
		return false;
	memcpy(names->room[SHARE_SUBNET], group.at, group.len);
	names->name[SHARE_SUBNET] = (struct span){ names->room[SHARE_SUBNET], group.len };
	return true;
}

void suspects_stir(struct suspects *suspects, const struct record *group)
{
	struct span name = span_of(group->name);

	for (int i = 0; i < SUSPECTS; i++) {
		struct suspect *suspect = &suspects->all[i];

		if (suspect->account != NULL && suspect_shares(suspect, name))
			suspect->stirred = suspects->stirred = true;
	}
}

bool suspects_next(struct suspects *suspects, struct span *account_r, struct share_names *names_r)
{
	if (!suspects->stirred)
		return false;
	for (int i = 0; i < SUSPECTS; i++) {
		struct suspect *suspect = &suspects->all[i];

		if (!suspect->stirred)
			continue;
		suspect->stirred = false;
		*account_r = span_of(suspect->account);
		names_copy(names_r, &suspect->names);
		return true;
	}
	suspects->stirred = false;
	return false;
}
