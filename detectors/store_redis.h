/*
 * The store of many servers: windows in Redis, so that what one server sees of an account the others know.
 */
#ifndef SENDWATCH_DETECTORS_STORE_REDIS_H
#define SENDWATCH_DETECTORS_STORE_REDIS_H

#include "detectors/redis_route.h"
#include "detectors/store.h"

/* At most MOST records are copied here. OPTIONS are borrowed. Nothing is connected when it returns. */
struct store *store_redis_new(const struct redis_options *options, uint32_t most, struct error *error);

/*
 * One exchange with every server that the settings lead to: can it be reached, may we do all that we need?
 * Each finding is told as words, GOOD or not; false where one is not. For `sendwatch check`.
 */
bool store_redis_check(const struct redis_options *options,
		       void (*tell)(void *context, bool good, const char *words), void *context,
		       struct error *error);

#endif
