/* What can be set of Redis, and the rule by which a cluster finds the node of a key. */
#include "detectors/redis_route.h"

static const char *const topologies[] = { "off", "single", "sentinel", "cluster", NULL };

const struct setting redis_settings[] = {
	SETTING_CHOICE_OF(struct redis_options, topology, "off", topologies,
			  "off: this server alone, in memory; else where the windows of many servers live"),
	SETTING(LIST, struct redis_options, servers, "127.0.0.1:6379", 0, 0,
		"host:port or path of a socket; of Sentinel: its own; of a cluster: some nodes"),
	SETTING(TEXT, struct redis_options, master, "mymaster", 0, 0, "the master's name in Sentinel"),
	SETTING(TEXT, struct redis_options, sentinel_user, "", 0, 0,
		"user of Sentinel itself (ACL); empty: the default one"),
	SETTING(TEXT, struct redis_options, sentinel_password_file, "", 0, 0,
		"file that holds Sentinel's own password alone, or credential:NAME; empty: it wants none"),
	SETTING(FLAG, struct redis_options, sentinel_tls, "no", 0, 0, "speak TLS with Sentinel"),
	SETTING(TEXT, struct redis_options, user, "", 0, 0, "user of Redis (ACL); empty: the default one"),
	SETTING(TEXT, struct redis_options, password_file, "", 0, 0,
		"file that holds the password alone; credential:NAME is one of systemd's"),
	SETTING(COUNT, struct redis_options, database, "0", 0, 1000000, "number of the database"),
	SETTING(FLAG, struct redis_options, tls, "no", 0, 0, "speak TLS"),
	SETTING(TEXT, struct redis_options, ca, "", 0, 0,
		"PEM file of the authority, best your own: names in certificates are not compared; empty: the system's"),
	SETTING(DURATION, struct redis_options, timeout, "2s", USEC_SECOND / 10, USEC_MINUTE,
		"limit of one exchange with Redis"),
	SETTING(TEXT, struct redis_options, prefix, "sendwatch", 0, 0, "of all keys"),
	SETTING(DURATION, struct redis_options, keep, "60d", USEC_DAY, 3650 * USEC_DAY,
		"an account without mail for so long is forgotten"),
	SETTING(DURATION, struct redis_options, flush, "200ms", USEC_SECOND / 100, 10 * USEC_SECOND,
		"attempts are gathered for so long before they are sent"),
	SETTING(COUNT, struct redis_options, batch, "1000", 1, 100000, "accounts sent in one go"),
	SETTING(BYTES, struct redis_options, memory, "256M", 1048576, 1LL << 40,
		"what is gathered while Redis is away, before reading waits"),
	SETTING(COUNT, struct redis_options, replicas, "0", 0, 5,
		"replicas that must have what was written before it is taken for safe (WAIT); with 1 a lost "
		"master loses nothing"),
	SETTING(DURATION, struct redis_options, follow, "1s", USEC_SECOND / 10, USEC_MINUTE,
		"how often is asked whom other servers disabled, throttled, exempted or released"),
	{ .name = NULL },
};

/* CRC-16/XMODEM of what stands in the first braces, else of the whole key (Redis Cluster's rule). */
unsigned redis_slot(struct span key)
{
	struct span rest = key, head, tag;
	unsigned crc = 0;

	if (span_cut(&rest, '{', &head) && span_cut(&rest, '}', &tag) && tag.len > 0)
		key = tag;
	for (size_t i = 0; i < key.len; i++) {
		crc ^= (unsigned)(unsigned char)key.at[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 0x8000) != 0 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1 & 0xffff;
	}
	return crc % REDIS_SLOTS;
}
