/*
 * Our own addresses at DNS blocklists (RFC 5782): asked for at an interval, one question a list and address,
 * without blocking anybody. That an address is listed, and that it no longer is, is a verdict of type
 * "address", with the accounts that are most likely to blame.
 *
 * A list is believed only while it lists its test entry and does not list the one that must not be. What else
 * is wrong with it (it does not let us ask, lists everything, is dead, is silent) is told as a notice, once,
 * and changes nothing that is known.
 *
 * Limits: "since" is when we first saw it. An answer holds for its TTL, but no less than `every` and no longer
 * than a day; that an address is not listed holds for `every`.
 */
#ifndef SENDWATCH_RESPONDERS_DNSBL_H
#define SENDWATCH_RESPONDERS_DNSBL_H

#include "base/settings.h"
#include "detectors/health.h"
#include "responders/dnsbl_memory.h"

struct dnsbl_options {
	bool enabled;
	struct setting_list zones;
	struct setting_list addresses; /* none: the public ones of this machine */
	struct setting_list servers;   /* none: the system's */
	usec_t every;
	usec_t timeout;
};

extern const struct setting dnsbl_settings[];

struct dnsbl_calls {
	void *context;
	void (*verdict)(void *context, const struct verdict *verdict);
	void (*notice)(void *context, const char *id, const char *words); /* of a list, not of us */
	void (*trouble)(void *context, const char *words);                /* with the memory's file */
};

struct dnsbl_stats {
	uint64_t asked, failed;
	size_t waiting; /* questions that are not answered yet */
};

struct dnsbl;

/*
 * FOLDER is the state folder; NULL remembers nothing. HEALTH, which may be NULL, knows whom to blame. Nothing is
 * asked before the first step. NULL and ERROR where zones, addresses or servers are none.
 */
struct dnsbl *dnsbl_open(const struct dnsbl_options *options, const char *folder, const struct health *health,
			 const struct dnsbl_calls *calls, struct error *error);
void dnsbl_close(struct dnsbl **dnsbl);

/* Take answers in, and ask what is due at NOW. */
void dnsbl_step(struct dnsbl *dnsbl, usec_t now);

/* To poll for reading; and when there is something to ask, on the wall clock; USEC_NEVER while answers are awaited. */
int dnsbl_fd(const struct dnsbl *dnsbl);
usec_t dnsbl_due(const struct dnsbl *dnsbl);

const struct dnsbl_memory *dnsbl_known(const struct dnsbl *dnsbl);
struct dnsbl_stats dnsbl_stats(const struct dnsbl *dnsbl);

/* What a fault means, for people, after the list's name. */
void dnsbl_fault_words(const struct dnsbl_side *side, struct text *words);

#endif
