/*
 * A table of the last state told of each account, bounded: the account that was longest not told of goes first.
 */
#include "responders/gather.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"

#include <stdlib.h>

#define GATHER_ACCOUNTS 100000

struct gather_told {
	usec_t time;
	enum account_state state;
};

struct gather {
	const struct telling *telling;
	const struct zone *zone;
	bool alone;
	usec_t began; /* of the while in which messages are counted */
	int64_t count;
	struct map *told;
};

struct gather *gather_new(const struct telling *telling, bool alone, const struct zone *zone)
{
	const struct map_options accounts = { .record_size = sizeof(struct gather_told),
					      .most = GATHER_ACCOUNTS };
	struct gather *gather = memory_new(1, sizeof(*gather));

	gather->telling = telling;
	gather->zone = zone;
	gather->alone = alone;
	gather->began = USEC_NEVER;
	gather->told = map_new(&accounts);
	return gather;
}

void gather_free(struct gather **gather)
{
	if (*gather == NULL)
		return;
	map_free(&(*gather)->told);
	free(*gather);
	*gather = NULL;
}

void gather_forget(struct gather *gather, struct span account)
{
	struct gather_told *told = map_find(gather->told, hash_text(account), account);

	if (told != NULL)
		map_remove(gather->told, told);
}

/* Was this state told of the account not long ago? It is remembered as told now. Time goes by the logs. */
static bool gather_is_repeated(struct gather *gather, usec_t time, struct span account,
			       enum account_state state)
{
	uint64_t hash = hash_text(account);
	struct gather_told *told = map_find(gather->told, hash, account);
	bool repeated = told != NULL && told->state == state && time >= told->time &&
			time - told->time < gather->telling->repeat_after;

	if (repeated)
		return true;
	if (told == NULL)
		told = map_add(gather->told, hash);
	else
		map_touch(gather->told, told);
	*told = (struct gather_told){ time, state };
	return false;
}

enum gather_way gather_ask(struct gather *gather, usec_t now, usec_t time, struct span account,
			   enum account_state state, bool waiting)
{
	const struct telling *telling = gather->telling;

	if (account.len > 0 && gather_is_repeated(gather, time, account, state))
		return GATHER_REPEATED;
	if (gather->alone)
		return GATHER_NOW;
	if (telling->digest != NULL || waiting)
		return GATHER_WAIT;
	if (telling->gather == 0)
		return GATHER_NOW;
	if (gather->began == USEC_NEVER || now < gather->began || now - gather->began >= telling->gather) {
		gather->began = now;
		gather->count = 0;
	}
	return gather->count++ < telling->storm ? GATHER_NOW : GATHER_WAIT;
}

usec_t gather_due(const struct gather *gather, usec_t oldest)
{
	usec_t wall, midnight, due, time = 0;

	if (gather->telling->digest == NULL || !telling_digest(gather->telling, &time))
		return oldest + gather->telling->gather;
	wall = oldest + (usec_t)zone_offset(gather->zone, oldest) * USEC_SECOND;
	midnight = wall - wall % USEC_DAY;
	if (midnight + time <= wall)
		midnight += USEC_DAY;
	due = zone_time(gather->zone, midnight + time, USEC_NEVER);
	/* In an hour that comes twice the walls say that it is still to come, though the first time it has been. */
	return due > oldest ? due : zone_time(gather->zone, midnight + USEC_DAY + time, USEC_NEVER);
}
