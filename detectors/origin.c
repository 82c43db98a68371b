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

static uint32_t hash_bytes(const uint8_t *bytes, size_t count)
{
	uint32_t hash = (uint32_t)hash_stable((struct span){ (const char *)bytes, count });

	return hash <= NETWORK_LOOPBACK ? NETWORK_LOOPBACK + 1 : hash;
}

static struct origin origin_find(const struct geo *geo, struct span client, enum account_kind kind)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	static const uint8_t loopback[16] = { [15] = 1 };
	uint8_t address[16];
	bool v4;

	if (client.len == 0 || !span_to_address(client, address))
		return (struct origin){ .network = kind == ACCOUNT_FORWARD ? 0 : NETWORK_LOCAL };
	v4 = memcmp(address, mapped, sizeof(mapped)) == 0;
	if ((v4 && address[12] == 127) || memcmp(address, loopback, sizeof(loopback)) == 0)
		return (struct origin){ .network = NETWORK_LOOPBACK };
	return (struct origin){
		.client = hash_bytes(address, sizeof(address)),
		.subnet = hash_bytes(address, v4 ? 15 : 6),
		.network = hash_bytes(address, v4 ? 14 : 4),
		.country = geo == NULL ? 0 : population_country(geo_country(geo, address)),
	};
}

struct origin origins_find(struct origins *origins, struct span client, enum account_kind kind)
{
	if (client.len == origins->len && origins->kind == kind &&
	    memcmp(client.at == NULL ? "" : client.at, origins->text, client.len) == 0)
		return origins->last;
	origins->last = origin_find(origins->geo, client, kind);
	origins->kind = kind;
	origins->len = client.len < sizeof(origins->text) ? client.len : SIZE_MAX;
	if (client.at != NULL && origins->len != SIZE_MAX)
		memcpy(origins->text, client.at, client.len);
	return origins->last;
}
