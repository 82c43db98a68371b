/*
 * For each provider the last sixteen voices of the last two hours. An account has one voice, its newest,
 * so that a newsletter is one witness and not a thousand; accounts that are suspicious themselves have none
 * (judge.c), so that a campaign's accounts cannot excuse each other.
 */
#include "detectors/witness.h"

#include "base/map.h"
#include "base/map_pack.h"
#include "base/memory.h"
#include "base/near.h"

#include <stdlib.h>

#define VOICES         16   /* enough to see three tenths of them */
#define PROVIDERS_MOST 4096 /* so that all of them are 0.6 MB; those beyond were not heard of for longest */
/* A list is left within hours: what was before says nothing. Assumed. */
#define KEPT           told_of(2 * USEC_HOUR, false)
/* Who was heard of within it is among the newest providers. */
#define NEWEST         told_of(USEC_MINUTE, false)
#define FEWEST         3   /* other accounts that were refused: two may share a habit. Assumed */
#define SHARE          0.3 /* of the others' voices: ordinary refusals are one in some hundred */

/* Two lines of the cache and a little: each delivery looks at them. */
struct provider {
	uint32_t accounts[VOICES]; /* the lower halves of their hashes, which tell some dozen apart; 0: no voice */
	uint32_t told[VOICES]; /* when each was heard, and what of; the one heard last is the first */
};

typedef uint32_t voices __attribute__((vector_size(4 * sizeof(uint32_t))));

struct witnesses {
	struct map *providers;
};

/* Four seconds since 1970, and in the lowest bit whether it was refused. */
static inline uint32_t told_of(usec_t time, bool refused)
{
	return (uint32_t)(time / (4 * USEC_SECOND)) << 1 | refused;
}

static inline uint32_t account_of(uint64_t hash)
{
	return (uint32_t)hash == 0 ? 1 : (uint32_t)hash;
}

static uint64_t spread(uint32_t provider)
{
	return provider * UINT64_C(0x9e3779b97f4a7c15);
}

struct witnesses *witnesses_new(void)
{
	struct witnesses *witnesses = memory_new(1, sizeof(*witnesses));
	struct map_options options = { .record_size = sizeof(struct provider), .most = PROVIDERS_MOST };

	witnesses->providers = map_new(&options);
	return witnesses;
}

void witnesses_free(struct witnesses **witnesses)
{
	if (*witnesses == NULL)
		return;
	map_free(&(*witnesses)->providers);
	free(*witnesses);
	*witnesses = NULL;
}

/* Nobody of many is WHO, at a large provider at nearly every delivery: four comparisons say so. */
static inline bool is_new(const uint32_t accounts[VOICES], uint32_t who)
{
	voices four[VOICES / 4];

	memcpy(four, accounts, sizeof(four));
	return !near_any(
		(near_bytes)((four[0] == who) | (four[1] == who) | (four[2] == who) | (four[3] == who)));
}

/* Room at the front of LIST; what was last is gone. */
static inline void make_way(uint32_t list[VOICES])
{
	uint32_t all[VOICES - 1];

	memcpy(all, list, sizeof(all));
	memcpy(list + 1, all, sizeof(all));
}

/* Where WHO has a voice, it moves to the front. */
static inline void move_up(struct provider *provider, uint32_t who)
{
	size_t place = 0;

	while (provider->accounts[place] != who)
		place++;
	memmove(provider->accounts + 1, provider->accounts, place * sizeof(who));
	memmove(provider->told + 1, provider->told, place * sizeof(who));
}

void witnesses_hear(struct witnesses *witnesses, uint32_t provider, uint64_t account, usec_t now,
		    bool refused)
{
	struct provider *found = map_find(witnesses->providers, spread(provider), (struct span){ NULL, 0 });
	uint32_t who = account_of(account), told = told_of(now, refused);

	if (provider == 0)
		return;
	if (found == NULL)
		found = map_add(witnesses->providers, spread(provider));
	/* Moving it to the very front touches its neighbours in the order of use, and three of them wait for memory. */
	if (told > found->told[0] + NEWEST)
		map_touch(witnesses->providers, found);
	if (is_new(found->accounts, who)) {
		make_way(found->accounts);
		make_way(found->told);
	} else if (found->accounts[0] != who) {
		move_up(found, who);
	}
	found->accounts[0] = who;
	found->told[0] = told;
}

bool witnesses_agree(const struct witnesses *witnesses, uint32_t provider, uint64_t account, usec_t now)
{
	const struct provider *found = map_find(witnesses->providers, spread(provider),
						(struct span){ NULL, 0 });
	int all = 0, refused = 0;

	for (int i = 0; found != NULL && i < VOICES; i++) {
		bool old = told_of(now, false) > (found->told[i] & ~1U) + KEPT;

		if (found->accounts[i] == 0 || found->accounts[i] == account_of(account) || old)
			continue;
		all++;
		refused += (found->told[i] & 1) != 0;
	}
	return refused >= FEWEST && refused >= SHARE * all;
}

void witnesses_pack(const struct witnesses *witnesses, struct text *into)
{
	map_pack(witnesses->providers, sizeof(struct provider), into);
}

bool witnesses_unpack(struct witnesses *witnesses, struct unpack *from)
{
	return map_unpack(witnesses->providers, sizeof(struct provider), NULL, from);
}
