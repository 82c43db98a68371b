/* A few: a campaign that is larger is found by any of its accounts. */
#include "detectors/suspects.h"

#include "base/memory.h"

#include <stdlib.h>

#define SUSPECTS 256
#define REFRESH  (2 * USEC_SECOND)
#define LATELY   (10 * USEC_MINUTE)

struct suspect {
	char *account; /* NULL: none; owned */
	struct share_names names;
	usec_t time;  /* of the log */
	usec_t noted; /* of the monotonic clock, about */
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
	oldest->account = memory_copy(account);
	oldest->stirred = false;
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

void suspects_note(struct suspects *suspects, struct span account, const struct share_names *names,
		   usec_t time)
{
	struct suspect *suspect = suspect_place(suspects, account);

	suspect->time = time;
	suspect->noted = suspects->now;
	names_copy(&suspect->names, names);
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

static void groups_fetch(struct store *groups, const struct share_names *names)
{
	for (int s = 0; s < SHARES; s++) {
		struct record *group = names->name[s].len == 0
					       ? NULL
					       : groups->calls->record(groups, names->name[s], false);

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
	for (int i = 0; i < SUSPECTS; i++)
		if (suspects->all[i].account != NULL && now - suspects->all[i].noted < LATELY)
			groups_fetch(groups, &suspects->all[i].names);
}

void suspects_stir(struct suspects *suspects, const struct record *group)
{
	struct span name = span_of(group->name);

	for (int i = 0; i < SUSPECTS; i++) {
		struct suspect *suspect = &suspects->all[i];

		for (int s = 0; suspect->account != NULL && s < SHARES; s++)
			if (span_equal(suspect->names.name[s], name))
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
