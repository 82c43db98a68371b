/*
 * How many different clients, networks, countries and senders an account had: exactly, from what has been seen of
 * it (record.c), until that is full and forgets; from then on they are counted apart (distinct.h), as the domains
 * of its recipients always are, where somebody wants to know.
 */
#include "detectors/record.h"

uint32_t record_distinct(const struct record *record, enum seen_kind kind, enum horizon horizon, bool anew)
{
	uint32_t begin = horizon_begin(horizon, record->now), count = 0;

	for (int i = 0; i < record->seen_used; i++) {
		const struct seen *seen = &record->seen[i];

		count += seen->kind == kind && seen->last >= begin && (!anew || seen->credit < SEEN_FAMILIAR);
	}
	return count;
}

static const struct {
	enum seen_kind seen;
	enum distinct_kind distinct;
} counted[] = {
	{ SEEN_CLIENT, DISTINCT_CLIENTS },
	{ SEEN_NETWORK, DISTINCT_NETWORKS },
	{ SEEN_COUNTRY, DISTINCT_COUNTRIES },
	{ SEEN_SENDER, DISTINCT_SENDERS },
};

#define COUNTED (sizeof(counted) / sizeof(counted[0]))

/* What there is of KIND so far. */
static void count_seen(struct record *record, enum seen_kind kind, enum distinct_kind distinct)
{
	for (int i = 0; i < record->seen_used; i++)
		if (record->seen[i].kind == kind)
			crowd_meet(&record->crowd, distinct, record->seen[i].hash,
				   record->seen[i].last * USEC_MINUTE);
}

void record_meet(struct record *record, const struct delta *delta)
{
	const uint32_t hashes[COUNTED] = { delta->client, delta->network, delta->country, delta->sender };

	crowd_meet(&record->crowd, DISTINCT_DOMAINS, delta->domain, delta->time);
	for (size_t i = 0; i < COUNTED; i++) {
		if (!crowd_counts(record->crowd, counted[i].distinct)) {
			if (record->seen_used < RECORD_SEEN)
				continue;
			count_seen(record, counted[i].seen, counted[i].distinct);
		}
		crowd_meet(&record->crowd, counted[i].distinct, hashes[i], delta->time);
	}
}

struct distinct_count record_count(const struct record *record, enum distinct_kind kind, enum horizon horizon)
{
	if (crowd_counts(record->crowd, kind))
		return crowd_count(record->crowd, kind, record->now, horizon);
	for (size_t i = 0; i < COUNTED; i++)
		if (counted[i].distinct == kind)
			return (struct distinct_count){
				record_distinct(record, counted[i].seen, horizon, false), false
			};
	return (struct distinct_count){ 0, false };
}
