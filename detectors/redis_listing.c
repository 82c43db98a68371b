/*
 * One page after the other: which of its names have no record, then those are taken off. A record that is made again
 * in between is listed with its next change of state, or by whoever has a copy of it: `dropped` tells.
 */
#include "detectors/redis_listing.h"

#include "base/memory.h"
#include "detectors/redis_record.h"

#include <stdlib.h>

#define LISTING_EVERY USEC_DAY
#define LISTING_MOST  100000 /* names looked at in one turn; of more, some of all parts. Assumed */

static void listing_forget(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->names[i]);
	free(listing->names);
	listing->names = NULL;
	listing->count = listing->at = listing->page = 0;
}

static void keys_forget(struct listing *listing)
{
	for (size_t i = 0; i < LISTING_PAGE; i++)
		text_free(&listing->keys[i]);
}

void listing_free(struct listing *listing)
{
	listing_forget(listing);
	keys_forget(listing);
}

/* --- in the worker's thread --- */

static void names_answered(struct redis_call *call, const struct redis_reply *reply)
{
	struct listing *listing = call->context;
	size_t every = reply->count / LISTING_MOST + 1;
	size_t first = every == 1 ? 0 : (size_t)(clock_monotonic() / USEC_SECOND) % every;

	listing_forget(listing);
	listing->names = memory_new(reply->count / every + 1, sizeof(*listing->names));
	for (size_t i = first; i < reply->count; i += every)
		listing->names[listing->count++] = memory_copy(redis_member(reply, i).text);
}

static void version_answered(struct redis_call *call, const struct redis_reply *reply)
{
	*(bool *)call->context = reply->kind == REDIS_NIL;
}

static void drop_answered(struct redis_call *call, const struct redis_reply *reply)
{
	(void)call;
	(void)reply;
}

/* --- in the main thread --- */

static size_t listing_look(struct listing *listing, const char *prefix, struct redis_call *calls)
{
	listing->page = listing->count - listing->at < LISTING_PAGE ? listing->count - listing->at
								    : LISTING_PAGE;
	for (size_t i = 0; i < listing->page; i++) {
		struct text *key = &listing->keys[i];

		text_clear(key);
		redis_record_key(prefix, span_of(listing->names[listing->at + i]), key);
		listing->gone[i] = false;
		calls[i] = (struct redis_call){
			.key = text_span(key),
			.words = { SPAN("HGET"), text_span(key), SPAN("version") },
			.count = 3,
			.answered = version_answered,
			.context = &listing->gone[i],
		};
	}
	return listing->page;
}

static size_t listing_drop(struct listing *listing, const char *raised, struct redis_call *calls)
{
	size_t count = 0;

	for (size_t i = 0; i < listing->page; i++)
		if (listing->gone[i])
			calls[count++] = (struct redis_call){
				.key = span_of(raised),
				.words = { SPAN("SREM"), span_of(raised),
					   span_of(listing->names[listing->at + i]) },
				.count = 3,
				.answered = drop_answered,
			};
	return count;
}

size_t listing_begin(struct listing *listing, const char *prefix, const char *raised, usec_t now,
		     struct redis_call *calls)
{
	switch (listing->step) {
	case LISTING_RESTS:
		if (now < listing->due)
			return 0;
		listing->due = now + LISTING_EVERY;
		listing->step = LISTING_ASKS;
		calls[0] = (struct redis_call){
			.key = span_of(raised),
			.words = { SPAN("SMEMBERS"), span_of(raised) },
			.count = 2,
			.answered = names_answered,
			.context = listing,
		};
		return 1;
	case LISTING_LOOKS:
		return listing_look(listing, prefix, calls);
	case LISTING_DROPS:
		return listing_drop(listing, raised, calls);
	case LISTING_ASKS:
		break;
	}
	return 0;
}

void listing_settle(struct listing *listing, void (*dropped)(void *context, struct span name), void *context)
{
	switch (listing->step) {
	case LISTING_RESTS:
		return;
	case LISTING_ASKS:
		break;
	case LISTING_LOOKS:
		listing->step = LISTING_DROPS;
		return;
	case LISTING_DROPS:
		for (size_t i = 0; i < listing->page; i++)
			if (listing->gone[i])
				dropped(context, span_of(listing->names[listing->at + i]));
		listing->at += listing->page;
		break;
	}
	listing->step = listing->at < listing->count ? LISTING_LOOKS : LISTING_RESTS;
	if (listing->step == LISTING_RESTS)
		listing_free(listing);
}
