/*
 * A subnet is a /24 (/48), what one host or office has. A network is a /16 of IPv4 or a /32 of IPv6: about
 * what a provider gives the customers of one town. Mail that was submitted on this machine has no address, or
 * a loopback one (webmail): these are networks of their own, so that a script is not away where a person is.
 */
#include "detectors/origin.h"

#include "base/hash.h"
#include "detectors/population.h"

#define NETWORK_LOCAL    1 /* submitted by a program of this machine */
#define NETWORK_LOOPBACK 2 /* webmail */

static uint32_t hash_of(uint64_t stable)
{
	uint32_t hash = (uint32_t)stable;

	return hash <= NETWORK_LOOPBACK ? NETWORK_LOOPBACK + 1 : hash;
}

static uint32_t hash_bytes(const uint8_t *bytes, size_t count)
{
	return hash_of(hash_stable((struct span){ (const char *)bytes, count }));
}

static uint32_t country_of(const struct geo *geo, const uint8_t address[16])
{
	return geo == NULL ? 0 : population_country(geo_country(geo, address));
}

/* The same as of the sixteen bytes that it is mapped to, where most of them are known: a third of the instructions. */
static struct origin origin_v4(const struct geo *geo, const uint8_t v4[4])
{
	uint8_t address[16] = { [10] = 0xff, [11] = 0xff, v4[0], v4[1], v4[2], v4[3] };
	uint64_t last = UINT64_C(0xffff0000) | (uint64_t)v4[0] << 32 | (uint64_t)v4[1] << 40;

	if (v4[0] == 127)
		return (struct origin){ .network = NETWORK_LOOPBACK };
	return (struct origin){
		.client = hash_of(hash_stable_zeros(last | (uint64_t)v4[2] << 48 | (uint64_t)v4[3] << 56, 8)),
		.subnet = hash_of(hash_stable_zeros(last | (uint64_t)v4[2] << 48, 7)),
		.network = hash_of(hash_stable_zeros(last, 6)),
		.country = country_of(geo, address),
	};
}

static struct origin origin_find(const struct geo *geo, struct span client, enum account_kind kind)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	static const uint8_t loopback[16] = { [15] = 1 };
	uint8_t address[16];

	if (client.len == 0 || !span_to_address(client, address))
		return (struct origin){ .network = kind == ACCOUNT_FORWARD ? 0 : NETWORK_LOCAL };
	if (memcmp(address, mapped, sizeof(mapped)) == 0)
		return origin_v4(geo, address + sizeof(mapped));
	if (memcmp(address, loopback, sizeof(loopback)) == 0)
		return (struct origin){ .network = NETWORK_LOOPBACK };
	return (struct origin){
		.client = hash_bytes(address, sizeof(address)),
		.subnet = hash_bytes(address, 6),
		.network = hash_bytes(address, 4),
		.country = country_of(geo, address),
	};
}

/* Where CLIENT is kept: by its last eight bytes, or all it has. */
static size_t kept_at(struct span client)
{
	uint64_t word = 0;

	if (client.len >= sizeof(word))
		memcpy(&word, client.at + client.len - sizeof(word), sizeof(word));
	else
		memcpy(&word, client.at, client.len);
	return (word * UINT64_C(0x9e3779b97f4a7c15) >> 32) % ORIGINS_KEPT;
}

/* Half the instructions of reading an address again and hashing its parts, and all of a country's. */
struct origin origins_find(struct origins *origins, struct span client, enum account_kind kind)
{
	struct origin found;
	uint8_t v4[4];
	size_t at;

	/* Where no country is looked up, an address of IPv4 is read as fast as it would be found. */
	if (origins->geo == NULL && span_to_v4(client, v4))
		return origin_v4(NULL, v4);
	if (client.len == 0 || client.len > sizeof(origins->kept[0].text))
		return origin_find(origins->geo, client, kind);
	at = kept_at(client);
	if (origins->kept[at].len == client.len && origins->kept[at].kind == (uint32_t)kind &&
	    memcmp(origins->kept[at].text, client.at, client.len) == 0)
		return origins->kept[at].origin;
	found = origin_find(origins->geo, client, kind);
	memcpy(origins->kept[at].text, client.at, client.len);
	origins->kept[at].len = (uint8_t)client.len;
	origins->kept[at].kind = (uint32_t)kind;
	origins->kept[at].origin = found;
	return found;
}
