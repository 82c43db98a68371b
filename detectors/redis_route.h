/*
 * Which Redis has a key, and getting there: one server, the master that Sentinel names, or the node of a
 * cluster that serves the key's slot. Follows failovers, MOVED and ASK; loads our function (or, before
 * Redis 7, our script) wherever it is missing. Blocking: for the thread that talks to Redis, and checks.
 */
#ifndef SENDWATCH_DETECTORS_REDIS_ROUTE_H
#define SENDWATCH_DETECTORS_REDIS_ROUTE_H

#include "base/settings.h"
#include "detectors/redis.h"

enum redis_topology { REDIS_OFF, REDIS_SINGLE, REDIS_SENTINEL, REDIS_CLUSTER };

struct redis_options {
	int topology;                /* enum redis_topology */
	struct setting_list servers; /* of Redis, or of Sentinel */
	char *master;                /* Sentinel's name for it */
	char *sentinel_user, *sentinel_password_file;
	bool sentinel_tls;
	char *user;
	char *password_file;
	int64_t database;
	bool tls;
	char *ca;
	usec_t timeout;
	char *prefix;     /* of all keys */
	usec_t keep;      /* an account without mail for so long is forgotten */
	usec_t flush;     /* attempts are gathered for at most so long */
	int64_t batch;    /* accounts in one go */
	int64_t memory;   /* bytes kept while Redis is away, before reading waits */
	int64_t replicas; /* that must have what was written, before it counts as safe */
	usec_t follow;    /* how often other servers' orders are asked for */
	char *password;   /* read from password_file; not a setting */
	char host[65];    /* this machine, whose own local users and scripts are; not a setting */
};

extern const struct setting redis_settings[];

#define REDIS_SLOTS 16384 /* of a cluster */

#define REDIS_CALL_WORDS 8

struct redis_call {
	struct span key;                     /* {braces} in it name what decides the slot */
	struct span words[REDIS_CALL_WORDS]; /* a command; of our function: what follows the key */
	size_t count;
	bool function;
	bool done;
	bool foreign; /* its key holds what nobody of us writes, a string for a hash: that goes first */
	/* Given the reply once; what is kept of it is copied. */
	void (*answered)(struct redis_call *call, const struct redis_reply *reply);
	void *context;
};

struct redis_route;

/* OPTIONS are borrowed. NULL and ERROR where they make no sense or the password cannot be read. */
struct redis_route *redis_route_new(const struct redis_options *options, struct error *error);
void redis_route_free(struct redis_route **route);

/*
 * Run all calls that are not done. False where some could not be: ERROR says why, and calling again with
 * the same calls goes on with those. A call whose connection was lost may have been run: it must not matter.
 */
bool redis_route_run(struct redis_route *route, struct redis_call *calls, size_t count, struct error *error);

/*
 * Find out now where the keys live: the single server, the master that Sentinel names, the masters of the
 * cluster. How many there are; 0 and ERROR where it cannot be found out. For checks.
 */
size_t redis_route_find(struct redis_route *route, struct error *error);
size_t redis_route_unserved(const struct redis_route *route); /* slots of a cluster, as found then */
const char *redis_route_address(const struct redis_route *route, size_t at);
const struct redis_login *redis_route_login(const struct redis_route *route);

/* The slot of a cluster that KEY belongs to, 0 to 16383. */
unsigned redis_slot(struct span key);

#endif
