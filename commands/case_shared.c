/*
 * Which accounts one address sent for or logged in at, for all addresses of the logs: who is behind an address
 * is only known when all was read. A few accounts an address and 200,000 addresses, those last heard of; names
 * are kept once. How many accounts an address tried in vain is told by 64 bits, since only "many" matters.
 */
#include "commands/case_parts.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

#define SHARED_ADDRESSES 200000

struct shared_name {
	char *name;
};

struct shared_address {
	uint64_t tried; /* a bit an account, by its hash */
	uint32_t accounts[CASE_SHARERS];
	uint8_t count;
	bool more;
};

struct case_shared {
	struct map *names, *addresses;
};

static bool shared_same_name(const void *record, struct span key)
{
	const struct shared_name *name = record;

	return span_equal(span_of(name->name), key);
}

struct case_shared *case_shared_new(void)
{
	const struct map_options names = { .record_size = sizeof(struct shared_name),
					   .same = shared_same_name };
	const struct map_options addresses = { .record_size = sizeof(struct shared_address),
					       .most = SHARED_ADDRESSES };
	struct case_shared *shared = memory_new(1, sizeof(*shared));

	shared->names = map_new(&names);
	shared->addresses = map_new(&addresses);
	return shared;
}

void case_shared_free(struct case_shared **shared)
{
	if (*shared == NULL)
		return;
	for (struct shared_name *name = map_oldest((*shared)->names); name != NULL;
	     name = map_newer((*shared)->names, name))
		free(name->name);
	map_free(&(*shared)->names);
	map_free(&(*shared)->addresses);
	free(*shared);
	*shared = NULL;
}

static uint32_t shared_account(struct case_shared *shared, struct span account)
{
	uint64_t hash = hash_text(account);
	struct shared_name *name = map_find(shared->names, hash, account);

	if (name == NULL) {
		name = map_add(shared->names, hash);
		name->name = memory_copy(account);
	}
	return map_slot(shared->names, name);
}

static struct shared_address *shared_address(struct case_shared *shared, struct span address)
{
	uint64_t hash = hash_text(address);
	struct shared_address *known = map_find(shared->addresses, hash, address);

	if (known == NULL)
		known = map_add(shared->addresses, hash);
	else
		map_touch(shared->addresses, known);
	return known;
}

void case_shared_used(struct case_shared *shared, struct span address, struct span account)
{
	struct shared_address *known;
	uint32_t slot;

	if (address.len == 0 || account.len == 0)
		return;
	known = shared_address(shared, address);
	slot = shared_account(shared, account);
	for (unsigned i = 0; i < known->count; i++)
		if (known->accounts[i] == slot)
			return;
	if (known->count == CASE_SHARERS)
		known->more = true;
	else
		known->accounts[known->count++] = slot;
}

void case_shared_failed(struct case_shared *shared, struct span address, struct span account)
{
	if (address.len > 0 && account.len > 0)
		shared_address(shared, address)->tried |= UINT64_C(1) << hash_stable(account) % 64;
}

/* From how many of 64 places are taken: exact for few, some 10 % off for many. */
static unsigned shared_tried(uint64_t bits)
{
	int taken = __builtin_popcountll(bits);

	return taken >= 64 ? 300 : (unsigned)lround(-64 * log1p(-taken / 64.0));
}

void case_shared_of(const struct case_shared *shared, struct span address, struct case_sharers *sharers_r)
{
	const struct shared_address *known = map_find(shared->addresses, hash_text(address), address);

	*sharers_r = (struct case_sharers){ 0 };
	if (known == NULL)
		return;
	sharers_r->more = known->more;
	sharers_r->tried = shared_tried(known->tried);
	for (; sharers_r->count < known->count; sharers_r->count++) {
		const struct shared_name *name = map_at(shared->names, known->accounts[sharers_r->count]);

		sharers_r->accounts[sharers_r->count] = name->name;
	}
}
