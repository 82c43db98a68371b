/* Networks that a person writes as 203.0.113.0/24 or 2001:db8::/32, and whether an address is in one of them. */
#ifndef SENDWATCH_RESPONDERS_RANGES_H
#define SENDWATCH_RESPONDERS_RANGES_H

#include "base/span.h"

struct range;

/* Begins zeroed. */
struct ranges {
	struct range *at;
	size_t count;
};

/* False where TEXT is neither a network nor an address. */
bool ranges_add(struct ranges *ranges, struct span text);
bool ranges_hold(const struct ranges *ranges, const uint8_t address[16]);
void ranges_free(struct ranges *ranges);

#endif
