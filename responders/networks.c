/*
 * Three tables by address, and one of accounts that are raised. A visitor speaks for its network when it was there
 * on a second day, and a day before what is held against the network began; a raised one only when it was there
 * on three days, and a day before it was taken.
 *
 * Where a ninth account comes to a network, the one with the fewest days there is forgotten.
 */
#define _GNU_SOURCE
#include "responders/networks.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NETWORKS_MOST  60000
#define FAILURES_MOST  20000
#define CARRIERS_MOST  50000
#define RAISED_MOST    10000
#define VISITS_KEPT    (30 * USEC_DAY)
#define VISIT_PAUSE    USEC_DAY
#define CARRIER_TURN   (14 * USEC_DAY)
#define CARRIER_OWNERS 5
#define ATTACK_LEAST   3 /* failed accounts from which a login from there says nothing good of its neighbours */

/* The /24 (/48): bits of the accounts and domains that log in well from there, of this turn and of the last one. */
struct carrier {
	uint8_t address[16];
	usec_t turned;
	uint64_t accounts[2], domains[2];
};

struct raised {
	uint64_t account;
	usec_t since;
};

struct networks {
	struct map *visited, *failed, *carriers, *raised;
	usec_t began;
};

static const uint8_t v4_head[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool network_is_v4(const uint8_t address[16])
{
	return memcmp(address, v4_head, sizeof(v4_head)) == 0;
}

void network_of(uint8_t address[16])
{
	if (!network_is_v4(address))
		memset(address + 8, 0, 8);
}

void network_text(const uint8_t address[16], char into[64])
{
	bool four = network_is_v4(address);

	into[0] = '\0';
	if (inet_ntop(four ? AF_INET : AF_INET6, four ? address + 12 : address, into, 60) != NULL && !four)
		snprintf(into + strlen(into), 4, "/64");
}

/* Every record but a raised account begins with its address. */
static bool address_same(const void *record, struct span key)
{
	return memcmp(record, key.at, 16) == 0;
}

static bool raised_same(const void *record, struct span key)
{
	return memcmp(record, key.at, sizeof(uint64_t)) == 0;
}

static struct span address_key(const uint8_t address[16])
{
	return (struct span){ (const char *)address, 16 };
}

static struct span account_key(const uint64_t *account)
{
	return (struct span){ (const char *)account, sizeof(*account) };
}

struct networks *networks_new(void)
{
	const struct map_options visited = { sizeof(struct network), NETWORKS_MOST, address_same, NULL,
					     NULL };
	const struct map_options failed = { sizeof(struct failures), FAILURES_MOST, address_same, NULL,
					    NULL };
	const struct map_options carriers = { sizeof(struct carrier), CARRIERS_MOST, address_same, NULL,
					      NULL };
	const struct map_options raised = { sizeof(struct raised), RAISED_MOST, raised_same, NULL, NULL };
	struct networks *networks = memory_new(1, sizeof(*networks));

	networks->visited = map_new(&visited);
	networks->failed = map_new(&failed);
	networks->carriers = map_new(&carriers);
	networks->raised = map_new(&raised);
	networks->began = USEC_NEVER;
	return networks;
}

void networks_free(struct networks **networks)
{
	if (*networks == NULL)
		return;
	map_free(&(*networks)->visited);
	map_free(&(*networks)->failed);
	map_free(&(*networks)->carriers);
	map_free(&(*networks)->raised);
	free(*networks);
	*networks = NULL;
}

/* The record of a table whose records begin with their addresses. */
static void *address_record(struct map *map, const uint8_t address[16])
{
	struct span key = address_key(address);
	uint64_t hash = hash_text(key);
	void *record = map_find(map, hash, key);

	if (record == NULL) {
		record = map_add(map, hash);
		memcpy(record, address, 16);
	}
	map_touch(map, record);
	return record;
}

static void *address_find(const struct map *map, const uint8_t address[16])
{
	struct span key = address_key(address);

	return map_find(map, hash_text(key), key);
}

static void networks_saw(struct networks *networks, usec_t when)
{
	if (networks->began == USEC_NEVER || when < networks->began)
		networks->began = when;
}

usec_t networks_began(const struct networks *networks)
{
	return networks->began;
}

/* --- who failed --- */

static bool hash_noted(uint64_t *hashes, uint32_t *count, uint32_t most, uint64_t hash)
{
	for (uint32_t i = 0; i < *count; i++)
		if (hashes[i] == hash)
			return false;
	if (*count == most)
		return false;
	hashes[(*count)++] = hash;
	return true;
}

const struct failures *networks_failed(struct networks *networks, const uint8_t address[16], uint64_t account,
				       uint64_t domain, usec_t when, uint32_t tries, usec_t window)
{
	struct failures *failures = address_record(networks->failed, address);

	networks_saw(networks, when);
	if (failures->tries == 0 || when - failures->last > window) {
		memset(failures, 0, sizeof(*failures));
		memcpy(failures->address, address, 16);
		failures->first = when;
	}
	if (when > failures->last || failures->tries == 0)
		failures->last = when;
	failures->tries = failures->tries + tries < failures->tries ? UINT32_MAX : failures->tries + tries;
	(void)hash_noted(failures->failed, &failures->count, NETWORK_FAILED, account);
	(void)hash_noted(failures->domains, &failures->domain_count, 3, domain);
	return failures;
}

/* Whoever gets in after all from the same place had mistyped. */
static void failures_forgive(struct failures *failures, uint64_t account)
{
	for (uint32_t i = 0; i < failures->count; i++)
		if (failures->failed[i] == account) {
			failures->failed[i] = failures->failed[--failures->count];
			return;
		}
}

/* --- who got in --- */

struct visitor *network_visitor(const struct network *network, uint64_t account)
{
	for (int i = 0; i < NETWORK_VISITORS; i++)
		if (network->visitors[i].account == account)
			return (struct visitor *)(uintptr_t)&network->visitors[i];
	return NULL;
}

static struct visitor *visitor_place(struct network *network, uint64_t account)
{
	struct visitor *least = &network->visitors[0], *found = network_visitor(network, account);

	if (found != NULL)
		return found;
	for (int i = 1; i < NETWORK_VISITORS && least->account != 0; i++) {
		struct visitor *at = &network->visitors[i];

		if (at->account == 0 || at->days < least->days ||
		    (at->days == least->days && at->last < least->last))
			least = at;
	}
	*least = (struct visitor){ 0 };
	return least;
}

static uint64_t bit_of(uint64_t hash)
{
	return UINT64_C(1) << (hash >> 58);
}

static void carrier_of(const uint8_t address[16], uint8_t into[16])
{
	memcpy(into, address, 16);
	if (network_is_v4(address))
		into[15] = 0;
	else
		memset(into + 6, 0, 10);
}

static void carrier_met(struct networks *networks, const uint8_t address[16], uint64_t account,
			uint64_t domain, usec_t when)
{
	uint8_t wide[16];
	struct carrier *carrier;

	carrier_of(address, wide);
	carrier = address_record(networks->carriers, wide);
	if (when - carrier->turned > CARRIER_TURN) {
		bool old = when - carrier->turned > 2 * CARRIER_TURN;

		carrier->accounts[1] = old ? 0 : carrier->accounts[0];
		carrier->domains[1] = old ? 0 : carrier->domains[0];
		carrier->accounts[0] = carrier->domains[0] = 0;
		carrier->turned = when;
	}
	carrier->accounts[0] |= bit_of(account);
	carrier->domains[0] |= bit_of(domain);
}

/* About how many different ones set these bits: linear counting. */
static double bits_counted(const uint64_t bits[2])
{
	int unset = 64 - __builtin_popcountll(bits[0] | bits[1]);

	return -64 * log((unset == 0 ? 0.5 : unset) / 64);
}

struct visitor *networks_visited(struct networks *networks, const uint8_t address[16], uint64_t account,
				 uint64_t domain, usec_t when)
{
	struct network *network = address_record(networks->visited, address);
	struct visitor *visitor = visitor_place(network, account);
	struct failures *failures = address_find(networks->failed, address);

	networks_saw(networks, when);
	if (visitor->account == 0 || when - visitor->last > VISITS_KEPT)
		*visitor = (struct visitor){
			.account = account, .first = when, .last = when, .pardoned = USEC_NEVER, .days = 1
		};
	if (when - visitor->last > VISIT_PAUSE)
		visitor->sent = visitor->bad = 0;
	if (when > visitor->last) {
		visitor->days += when / USEC_DAY != visitor->last / USEC_DAY;
		visitor->last = when;
	}
	if (failures != NULL)
		failures_forgive(failures, account);
	if ((failures == NULL || failures->count < ATTACK_LEAST || when - failures->last > VISIT_PAUSE) &&
	    networks_raised(networks, account) == USEC_NEVER)
		carrier_met(networks, address, account, domain, when);
	return visitor;
}

const struct network *networks_find(const struct networks *networks, const uint8_t address[16])
{
	return address_find(networks->visited, address);
}

const struct network *networks_next(const struct networks *networks, const struct network *after)
{
	return after == NULL ? map_oldest(networks->visited) : map_newer(networks->visited, after);
}

/* --- who was taken --- */

void networks_raise(struct networks *networks, uint64_t account, usec_t since)
{
	struct span key = account_key(&account);
	uint64_t hash = hash_text(key);
	struct raised *raised = map_find(networks->raised, hash, key);

	if (since == USEC_NEVER) {
		if (raised != NULL)
			map_remove(networks->raised, raised);
		return;
	}
	if (raised == NULL) {
		raised = map_add(networks->raised, hash);
		*raised = (struct raised){ account, since };
	} else if (since < raised->since) {
		raised->since = since;
	}
	map_touch(networks->raised, raised);
}

usec_t networks_raised(const struct networks *networks, uint64_t account)
{
	struct span key = account_key(&account);
	const struct raised *raised = map_find(networks->raised, hash_text(key), key);

	return raised == NULL ? USEC_NEVER : raised->since;
}

/* --- who speaks for a network --- */

static bool visitor_speaks(const struct networks *networks, const struct visitor *visitor,
			   const struct network_question *question)
{
	usec_t raised = networks_raised(networks, visitor->account);

	if (visitor->pardoned != USEC_NEVER && visitor->pardoned > question->now)
		return true;
	if (question->now - visitor->last > VISITS_KEPT)
		return false;
	if (raised != USEC_NEVER)
		return visitor->days >= 3 && visitor->first <= raised - USEC_DAY;
	return visitor->days >= 2 && visitor->first <= question->since - USEC_DAY;
}

unsigned networks_good(const struct networks *networks, const uint8_t address[16], usec_t now)
{
	const struct network *network = networks_find(networks, address);
	unsigned good = 0;

	for (int i = 0; network != NULL && i < NETWORK_VISITORS; i++)
		good += network->visitors[i].account != 0 && now - network->visitors[i].last <= VISITS_KEPT &&
			networks_raised(networks, network->visitors[i].account) == USEC_NEVER;
	return good;
}

const char *networks_speaks(const struct networks *networks, const uint8_t address[16],
			    const struct network_question *question)
{
	const struct network *network = networks_find(networks, address);
	const struct carrier *carrier;
	uint8_t wide[16];

	for (int i = 0; network != NULL && i < NETWORK_VISITORS; i++)
		if (network->visitors[i].account != 0 &&
		    visitor_speaks(networks, &network->visitors[i], question))
			return "an account is at home there";
	if (networks_good(networks, address, question->now) >= question->shared)
		return "many accounts log in from there";
	carrier_of(address, wide);
	carrier = address_find(networks->carriers, wide);
	if (carrier != NULL && question->now - carrier->turned <= 2 * CARRIER_TURN &&
	    bits_counted(carrier->accounts) >= (double)question->carrier &&
	    bits_counted(carrier->domains) >= CARRIER_OWNERS)
		return "accounts of many customers log in from its neighbourhood";
	return NULL;
}

/* --- kept over a restart --- */

static void table_pack(const struct map *map, size_t size, struct text *into)
{
	pack_number(into, size);
	pack_number(into, map_stats(map).count);
	for (const void *record = map_oldest(map); record != NULL; record = map_newer(map, record))
		text_add(into, (struct span){ record, size });
}

/* Hashes are of this run alone: they are made anew. KEY bytes at the front of a record are its key. */
static void table_unpack(struct map *map, size_t size, size_t key, struct unpack *from)
{
	uint64_t same = unpack_number(from), count = unpack_number(from);

	from->broken = from->broken || same != size || count > from->rest.len / size;
	for (uint64_t i = 0; i < count && !from->broken; i++) {
		memcpy(map_add(map, hash_text(span_head(from->rest, key))), from->rest.at, size);
		from->rest = span_from(from->rest, size);
	}
}

void networks_pack(const struct networks *networks, struct text *into)
{
	pack_number(into, (uint64_t)networks->began);
	table_pack(networks->visited, sizeof(struct network), into);
	table_pack(networks->failed, sizeof(struct failures), into);
	table_pack(networks->carriers, sizeof(struct carrier), into);
	table_pack(networks->raised, sizeof(struct raised), into);
}

bool networks_unpack(struct networks *networks, struct unpack *from)
{
	networks->began = (usec_t)unpack_number(from);
	table_unpack(networks->visited, sizeof(struct network), 16, from);
	table_unpack(networks->failed, sizeof(struct failures), 16, from);
	table_unpack(networks->carriers, sizeof(struct carrier), 16, from);
	table_unpack(networks->raised, sizeof(struct raised), sizeof(uint64_t), from);
	/* Numbers of records that index a table. */
	for (struct failures *at = map_oldest(networks->failed); at != NULL && !from->broken;
	     at = map_newer(networks->failed, at))
		from->broken = at->count > NETWORK_FAILED || at->domain_count > 3;
	return !from->broken;
}
