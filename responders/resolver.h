/*
 * Questions to DNS that nobody waits for: asked now, answered within resolver_run when the descriptor is
 * readable. What a blocklist needs and no more: a name's A records, or its TXT.
 *
 * Answers come from strangers. The text of a TXT is borrowed until the call returns, and may hold any byte.
 */
#ifndef SENDWATCH_RESPONDERS_RESOLVER_H
#define SENDWATCH_RESPONDERS_RESOLVER_H

#include "base/clock.h"
#include "base/settings.h"

#define RESOLVER_ADDRESSES 16

enum resolver_type { RESOLVER_A, RESOLVER_TXT };

enum resolver_fate {
	RESOLVER_FOUND,
	RESOLVER_NOTHING, /* there is no such name, or nothing of this type at it */
	RESOLVER_FAILED,  /* no answer in time, none that can be read, or no server that wants to give one */
};

struct resolver_answer {
	uint64_t number; /* of the question */
	enum resolver_fate fate;
	const char *why; /* for people, where it FAILED */
	uint8_t addresses[RESOLVER_ADDRESSES][4];
	size_t count;
	usec_t ttl; /* the shortest of the addresses' */
	struct span text;
};

struct resolver_calls {
	void *context;
	void (*answered)(void *context, const struct resolver_answer *answer); /* may ask again */
};

struct resolver;

/* Built with a library for it? Without one resolver_open fails, saying so. */
bool resolver_there(void);

/*
 * SERVERS are "address", "address:port" or "[address]:port"; none: the system's. A question that nobody answers
 * within TIMEOUT has failed.
 */
struct resolver *resolver_open(const struct setting_list *servers, usec_t timeout,
			       const struct resolver_calls *calls, struct error *error);
void resolver_close(struct resolver **resolver); /* what is not answered yet is not answered any more */

void resolver_ask(struct resolver *resolver, uint64_t number, const char *name, enum resolver_type type);

int resolver_fd(const struct resolver *resolver);
void resolver_run(struct resolver *resolver);

#endif
