#include "detectors/server_relayers.h"

#include "base/hash.h"
#include "parsers/freemail.h"

#include <string.h>

#define RELAYER_NEW (6 * USEC_DAY)
/* Fewer addresses an hour may be those to whom a copy of all mail goes: only one recipient of each counts. Assumed. */
#define SERVED_FEW  20

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

static bool relayer_is_new(struct relayers *relayers, struct span account, usec_t time)
{
	uint64_t hash = hash_stable(account) | 1; /* 0 is free */
	struct relayer *relayer = relayers_find(relayers, hash);

	if (relayer->hash != hash)
		*relayer = (struct relayer){ .hash = hash, .first = time };
	relayer->last = time;
	return time < relayer->first + RELAYER_NEW;
}

static bool serves_stranger(struct relayers *relayers, struct span recipient)
{
	uint64_t bit = hash_stable(recipient) % SERVED_BITS, mask = UINT64_C(1) << bit % 64;
	uint64_t *word = &relayers->served[bit / 64];

	if ((*word & mask) != 0)
		return relayers->addresses >= SERVED_FEW;
	*word |= mask;
	relayers->addresses++;
	return true;
}

enum relayed relayers_meet(struct relayers *relayers, const struct attempt *attempt)
{
	const struct envelope *envelope = attempt->envelope;

	if (attempt->direction == DIRECTION_OUTBOUND &&
	    (envelope->account_kind == ACCOUNT_SENDER || envelope->account_kind == ACCOUNT_HOST))
		return relayer_is_new(relayers, envelope->account, attempt->time) ? RELAYED_NEW : RELAYED_NOT;
	if (attempt->direction == DIRECTION_INBOUND && envelope->account_kind == ACCOUNT_NONE &&
	    attempt->provider.len > 0 && envelope->client_ip.len > 0 && freemail_address(attempt->recipient))
		return serves_stranger(relayers, attempt->recipient) ? RELAYED_STRANGER : RELAYED_NOT;
	return RELAYED_NOT;
}

void relayers_hour(struct relayers *relayers)
{
	memset(relayers->served, 0, sizeof(relayers->served));
	relayers->addresses = 0;
}
