/*
 * A handful of networks, looked through one by one. IPv4 is ::ffff:a.b.c.d, so that its bits count from the 97th on. An
 * address of IPv6 stands for its /64.
 */
#include "responders/ranges.h"

#include "base/memory.h"

#include <stdlib.h>

static const uint8_t v4_head[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct range {
	uint8_t address[16];
	unsigned bits;
	bool four; /* which stands within IPv6's ::/64, and is none of it */
};

bool ranges_add(struct ranges *ranges, struct span text)
{
	struct span bits, head = text;
	bool given = span_cut_last(&head, SPAN("/"), &bits);
	struct range range;
	uint64_t count = 128;

	if (!span_to_address(given ? head : text, range.address))
		return false;
	range.four = memcmp(range.address, v4_head, sizeof(v4_head)) == 0;
	if (given && (!span_to_u64(bits, &count) || count > (range.four ? 32 : 128)))
		return false;
	range.bits = (unsigned)count + (given && range.four ? 96 : 0);
	if (!range.four && range.bits > 64)
		range.bits = 64;
	ranges->at = memory_grow(ranges->at, ranges->count + 1, sizeof(range));
	ranges->at[ranges->count++] = range;
	return true;
}

static bool range_holds(const struct range *range, const uint8_t address[16])
{
	unsigned whole = range->bits / 8, rest = range->bits % 8;

	if (range->four != (memcmp(address, v4_head, sizeof(v4_head)) == 0) ||
	    memcmp(range->address, address, whole) != 0)
		return false;
	return rest == 0 || ((range->address[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

bool ranges_hold(const struct ranges *ranges, const uint8_t address[16])
{
	for (size_t i = 0; i < ranges->count; i++)
		if (range_holds(&ranges->at[i], address))
			return true;
	return false;
}

void ranges_free(struct ranges *ranges)
{
	free(ranges->at);
	*ranges = (struct ranges){ NULL, 0 };
}
