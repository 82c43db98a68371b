/*
 * An account is kept from its first flag on, so memory grows with the abused. One that is flagged anew within the time
 * that is told of is told of as any other, and is none of these.
 */
#include "commands/case_still.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct still_account {
	char *name;
	usec_t flagged;
	enum account_state state;
	bool told; /* watched or flagged anew */
};

struct case_still {
	struct still_account *accounts;
	size_t count, room;
	struct map *names; /* of struct still_place */
};

struct still_place {
	const struct case_still *still;
	size_t at;
};

static bool still_same(const void *record, struct span key)
{
	const struct still_place *place = record;

	return span_equal(span_of(place->still->accounts[place->at].name), key);
}

struct case_still *case_still_new(void)
{
	const struct map_options names = { .record_size = sizeof(struct still_place), .same = still_same };
	struct case_still *still = memory_new(1, sizeof(*still));

	still->names = map_new(&names);
	return still;
}

void case_still_free(struct case_still **still)
{
	if (*still == NULL)
		return;
	for (size_t i = 0; i < (*still)->count; i++)
		free((*still)->accounts[i].name);
	free((*still)->accounts);
	map_free(&(*still)->names);
	free(*still);
	*still = NULL;
}

static struct still_account *still_find(const struct case_still *still, struct span name)
{
	const struct still_place *place = map_find(still->names, hash_text(name), name);

	return place == NULL ? NULL : &still->accounts[place->at];
}

static struct still_account *still_add(struct case_still *still, struct span name)
{
	struct still_place *place = map_add(still->names, hash_text(name));

	if (still->accounts == NULL || still->count == still->room) {
		still->room = still->room == 0 ? 16 : still->room * 2;
		still->accounts = memory_grow(still->accounts, still->room, sizeof(*still->accounts));
	}
	*place = (struct still_place){ still, still->count };
	still->accounts[still->count] = (struct still_account){ .name = memory_copy(name) };
	return &still->accounts[still->count++];
}

void case_still_earlier(struct case_still *still, const struct verdict *verdict)
{
	struct still_account *account = still_find(still, verdict->account);

	if (strcmp(verdict->type, "verdict") != 0 || (account == NULL && verdict->state != STATE_FLAGGED))
		return;
	if (account == NULL)
		account = still_add(still, verdict->account);
	account->state = verdict->state;
	if (verdict->state == STATE_FLAGGED)
		account->flagged = verdict->time;
}

void case_still_later(struct case_still *still, const struct verdict *verdict)
{
	struct still_account *account = still_find(still, verdict->account);

	if (strcmp(verdict->type, "verdict") != 0 || account == NULL)
		return;
	account->state = verdict->state;
	account->told = account->told || verdict->state == STATE_WATCH || verdict->state == STATE_FLAGGED;
}

static bool still_is(const struct still_account *account)
{
	return !account->told && (account->state == STATE_FLAGGED || account->state == STATE_DISABLED);
}

bool case_still_next(const struct case_still *still, size_t *at, struct span *name_r, usec_t *flagged_r)
{
	while (*at < still->count && !still_is(&still->accounts[*at]))
		++*at;
	if (*at == still->count)
		return false;
	*name_r = span_of(still->accounts[*at].name);
	*flagged_r = still->accounts[*at].flagged;
	++*at;
	return true;
}

usec_t case_still_since(const struct case_still *still, struct span name)
{
	const struct still_account *account = still_find(still, name);

	return account != NULL && still_is(account) ? account->flagged : USEC_NEVER;
}
