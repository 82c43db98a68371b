/*
 * The set of those that are not normal has no time to live of its own, and a record that nobody changes any more goes
 * away without a word to it. So each server looks once a day which of the set have no record, and takes them off: some
 * calls more with each flush, until all were looked at.
 */
#ifndef SENDWATCH_DETECTORS_REDIS_LISTING_H
#define SENDWATCH_DETECTORS_REDIS_LISTING_H

#include "base/text.h"
#include "detectors/redis_route.h"

#define LISTING_PAGE 100 /* names looked at in one flush */

struct listing {
	enum { LISTING_RESTS, LISTING_ASKS, LISTING_LOOKS, LISTING_DROPS } step;
	usec_t due; /* of the monotonic clock: 0 at first, so that a start looks too */
	char **names;
	size_t count, at, page; /* at: where the page begins */
	bool gone[LISTING_PAGE];
	struct text keys[LISTING_PAGE];
};

/* At most LISTING_PAGE calls for the next flush, which borrow what is in LISTING, PREFIX, and RAISED, the set's key. */
size_t listing_begin(struct listing *listing, const char *prefix, const char *raised, usec_t now,
		     struct redis_call *calls);

/* They were answered. NAME was taken off where DROPPED says so; names are as Redis has them. */
void listing_settle(struct listing *listing, void (*dropped)(void *context, struct span name), void *context);

void listing_free(struct listing *listing);

#endif
