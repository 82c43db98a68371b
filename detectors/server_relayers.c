#include "detectors/server_relayers.h"

#include "base/hash.h"

#define RELAYER_NEW (6 * USEC_DAY)

static struct relayer *relayers_find(struct relayers *relayers, uint64_t hash)
{
	struct relayer *set = relayers->sets[(hash >> 32) % RELAYERS_SETS], *oldest = set;

	for (unsigned i = 0; i < RELAYERS_WAYS; i++) {
		if (set[i].hash == hash)
			return &set[i];
		if (set[i].last < oldest->last)
			oldest = &set[i];
	}
	return oldest;
}

bool relayers_meet_new(struct relayers *relayers, struct span account, usec_t time)
{
	uint64_t hash = hash_stable(account) | 1; /* 0 is free */
	struct relayer *relayer = relayers_find(relayers, hash);

	if (relayer->hash != hash)
		*relayer = (struct relayer){ .hash = hash, .first = time };
	relayer->last = time;
	return time < relayer->first + RELAYER_NEW;
}
