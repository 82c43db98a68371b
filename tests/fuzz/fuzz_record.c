/*
 * A record, of an account or a group, that anybody put into the snapshot or into Redis: taken whole or refused, and
 * what is taken can be counted on, asked, trimmed and packed again. With a first byte of 1 or 2 the parts that are
 * packed behind everything else are reached without what is before them.
 */
#include "detectors/record_pack.h"
#include "detectors/redis_record.h"

#include "base/memory.h"
#include "base/pack.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_use(struct record *record)
{
	struct delta delta = { .kind = DELTA_ATTEMPT,
			       .time = record->now + USEC_MINUTE,
			       .count = 1,
			       .outcome = COUNT_DELIVERED,
			       .elsewhere = true,
			       .distinct = true,
			       .recipient = 5,
			       .client = 6,
			       .network = 7,
			       .domain = 8 };
	struct counts sums[HORIZONS];
	struct applied applied;
	struct text again = { 0 };

	/* What time a hostile record has is no time that a log can have: none is reckoned with that far off. */
	if (record->now < 0 || record->now > 100000 * USEC_DAY)
		return;
	record_apply(record, &delta, &applied);
	delta.kind = DELTA_GROUPED;
	delta.marks = 5;
	record_apply(record, &delta, &applied);
	windows_sum(&record->windows, record->now, sums);
	for (int kind = 0; kind < DISTINCTS; kind++)
		(void)record_count(record, (enum distinct_kind)kind, HORIZON_7D);
	crowd_note(&record->crowd, 9, record->now, 3);
	record_pack(record, &again);
	if (!record_unpack(record, text_span(&again)))
		abort();
	record_trim(record, record->now + 30 * USEC_DAY);
	text_free(&again);
}

static void fuzz_crowd(struct span bytes)
{
	struct record record = { .name = NULL };
	struct unpack from = { .rest = bytes };

	if (crowd_unpack(&record.crowd, &from))
		fuzz_use(&record);
	else if (record.crowd != NULL)
		abort();
	record_free(&record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = { (const char *)data + 1, size - 1 };
	struct reached reached[REDIS_SOURCES];
	struct record record = { .name = NULL };
	struct distinct distinct = { 0 };
	struct unpack from = { .rest = bytes };

	if (size == 0)
		return 0;
	switch (data[0]) {
	case 1:
		fuzz_crowd(bytes);
		break;
	case 2:
		if (!distinct_unpack(&distinct, &from) && distinct_bytes(&distinct) > 0)
			abort();
		(void)distinct_count(&distinct, USEC_DAY, HORIZON_7D);
		distinct_free(&distinct);
		break;
	default:
		if (redis_record_unpack(bytes, reached, &record))
			fuzz_use(&record);
		record_free(&record);
		break;
	}
	return 0;
}
