/*
 * For each provider the last sixteen voices of the last two hours. An account has one voice, its newest,
 * so that a newsletter is one witness and not a thousand; accounts that are suspicious themselves have none
 * (judge.c), so that a campaign's accounts cannot excuse each other.
 */
#include "detectors/witness.h"

#include "base/map.h"
#include "base/map_pack.h"
#include "base/memory.h"

#include <stdlib.h>

#define VOICES         16   /* enough to see three tenths of them; 24 bytes each */
#define PROVIDERS_MOST 4096 /* so that all of them are 1.6 MB; those beyond were not heard of for longest */
#define KEPT           (2 * USEC_HOUR) /* a list is left within hours: what was before says nothing. Assumed */
#define FEWEST         3               /* other accounts that were refused: two may share a habit. Assumed */
#define SHARE          0.3             /* of the others' voices: ordinary refusals are one in some hundred */

struct voice {
	uint64_t account;
	usec_t time;
	bool refused;
};

struct provider {
	struct voice voices[VOICES];
};

struct witnesses {
	struct map *providers;
};

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

void witnesses_hear(struct witnesses *witnesses, uint32_t provider, uint64_t account, usec_t now,
		    bool refused)
{
	struct provider *found = map_find(witnesses->providers, spread(provider), (struct span){ NULL, 0 });
	struct voice *voice;

	if (provider == 0)
		return;
	if (found == NULL)
		found = map_add(witnesses->providers, spread(provider));
	map_touch(witnesses->providers, found);
	voice = &found->voices[0];
	for (int i = 0; i < VOICES; i++) {
		if (found->voices[i].account == account) {
			voice = &found->voices[i];
			break;
		}
		if (found->voices[i].time < voice->time)
			voice = &found->voices[i];
	}
	*voice = (struct voice){ account, now, refused };
}

bool witnesses_agree(const struct witnesses *witnesses, uint32_t provider, uint64_t account, usec_t now)
{
	const struct provider *found = map_find(witnesses->providers, spread(provider),
						(struct span){ NULL, 0 });
	int all = 0, refused = 0;

	for (int i = 0; found != NULL && i < VOICES; i++) {
		const struct voice *voice = &found->voices[i];

		if (voice->account == 0 || voice->account == account || now - voice->time > KEPT)
			continue;
		all++;
		refused += voice->refused;
	}
	return refused >= FEWEST && refused >= SHARE * all;
}

void witnesses_pack(const struct witnesses *witnesses, struct text *into)
{
	map_pack(witnesses->providers, sizeof(struct provider), into);
}

static bool provider_sound(void *record)
{
	struct provider *provider = record;

	for (int i = 0; i < VOICES; i++) {
		unsigned char refused;

		/* A bool that is neither true nor false may not even be looked at. */
		memcpy(&refused, &provider->voices[i].refused, 1);
		if (refused > 1)
			return false;
	}
	return true;
}

bool witnesses_unpack(struct witnesses *witnesses, struct unpack *from)
{
	return map_unpack(witnesses->providers, sizeof(struct provider), provider_sound, from);
}
