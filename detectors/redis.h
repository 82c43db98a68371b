/*
 * One connection to one Redis (or Valkey) server: commands go out in a row, replies come back in the same
 * order. Blocking, with a time limit on everything; for the thread that talks to Redis, and for checks.
 * The one file that knows hiredis is redis.c.
 */
#ifndef SENDWATCH_DETECTORS_REDIS_H
#define SENDWATCH_DETECTORS_REDIS_H

#include "base/clock.h"
#include "base/error.h"
#include "base/span.h"

struct redis_login {
	const char *user;     /* NULL: the default user */
	const char *password; /* NULL: none */
	int64_t database;
	bool tls;
	const char *ca; /* PEM file; NULL: the system's */
	usec_t timeout;
};

enum redis_kind { REDIS_NIL, REDIS_TEXT, REDIS_STATUS, REDIS_NUMBER, REDIS_LIST, REDIS_FAILURE };

/* Borrowed from the connection until its next reply is read. */
struct redis_reply {
	enum redis_kind kind;
	struct span text; /* REDIS_TEXT, REDIS_STATUS, REDIS_FAILURE */
	int64_t number;
	size_t count; /* of REDIS_LIST */
	const void *raw;
};

struct redis;

/* ADDRESS is "host:port", "[v6]:port" or the path of a Unix socket. Logged in when it returns. */
struct redis *redis_open(const char *address, const struct redis_login *login, struct error *error);
void redis_close(struct redis **redis);

/* Queue one command of COUNT words; nothing is sent before the first reply is asked for. */
void redis_queue(struct redis *redis, const struct span *words, size_t count);

/* The next reply. False where the connection is lost: the caller closes it. */
bool redis_reply(struct redis *redis, struct redis_reply *reply_r, struct error *error);

struct redis_reply redis_member(const struct redis_reply *list, size_t at);

/* One command and its reply. False where the connection is lost, or Redis refused: ERROR has its words. */
bool redis_ask(struct redis *redis, const struct span *words, size_t count, struct redis_reply *reply_r,
	       struct error *error);

#endif
