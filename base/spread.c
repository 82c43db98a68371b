/* Bounds in steps of 1, 2.5 and 5: fine enough for a percentile that one looks at, few enough to be exported. */
#include "base/spread.h"

static const usec_t spread_bounds[SPREAD_BOUNDS] = { 100,     250,     500,     1000,    2500,   5000,
						     10000,   25000,   50000,   100000,  250000, 500000,
						     1000000, 2500000, 5000000, 10000000 };

usec_t spread_bound(unsigned i)
{
	return spread_bounds[i];
}

void spread_add(struct spread *spread, usec_t took)
{
	unsigned i = 0;

	took = took < 0 ? 0 : took;
	while (i < SPREAD_BOUNDS && took > spread_bounds[i])
		i++;
	spread->counts[i]++;
	spread->sum += (uint64_t)took;
}

uint64_t spread_count(const struct spread *spread)
{
	uint64_t count = 0;

	for (unsigned i = 0; i <= SPREAD_BOUNDS; i++)
		count += spread->counts[i];
	return count;
}
