/*
 * Counts over time without knowing beforehand over how much: minutes first, and where there are too many
 * buckets, neighbours are joined to the next width of a ladder whose every step is a multiple of the one before.
 */
#include "commands/case_parts.h"

#include "base/memory.h"

#include <stdlib.h>

static const usec_t series_ladder[] = {
	USEC_MINUTE,    5 * USEC_MINUTE, 15 * USEC_MINUTE, USEC_HOUR,     3 * USEC_HOUR,  6 * USEC_HOUR,
	12 * USEC_HOUR, USEC_DAY,        7 * USEC_DAY,     28 * USEC_DAY, 364 * USEC_DAY,
};

#define SERIES_STEPS (sizeof(series_ladder) / sizeof(series_ladder[0]))

void case_series_widen(struct case_series *series, usec_t least)
{
	size_t step = 0, kept = 0;

	while (step < SERIES_STEPS - 1 && series_ladder[step] < least)
		step++;
	if (series_ladder[step] <= series->width)
		return;
	series->width = series_ladder[step];
	for (size_t i = 0; i < series->count; i++) {
		struct chart_bucket bucket = series->buckets[i];

		bucket.time -= bucket.time % series->width;
		if (kept > 0 && series->buckets[kept - 1].time == bucket.time)
			for (int kind = 0; kind < CHART_KINDS; kind++)
				series->buckets[kept - 1].n[kind] += bucket.n[kind];
		else
			series->buckets[kept++] = bucket;
	}
	series->count = kept;
}

/* The bucket that begins at TIME; what comes is nearly in order, so the search is from the end. */
static struct chart_bucket *series_bucket(struct case_series *series, usec_t time)
{
	size_t at = series->count;

	while (at > 0 && series->buckets[at - 1].time > time)
		at--;
	if (at > 0 && series->buckets[at - 1].time == time)
		return &series->buckets[at - 1];
	if (series->count == series->room) {
		series->room = series->room == 0 ? 16 : series->room * 2;
		series->buckets = memory_grow(series->buckets, series->room, sizeof(*series->buckets));
	}
	memmove(series->buckets + at + 1, series->buckets + at,
		(series->count - at) * sizeof(*series->buckets));
	series->count++;
	series->buckets[at] = (struct chart_bucket){ .time = time };
	return &series->buckets[at];
}

void case_series_add(struct case_series *series, usec_t time, enum chart_kind kind)
{
	if (time < 0)
		return;
	if (series->width == 0)
		series->width = series_ladder[0];
	series_bucket(series, time - time % series->width)->n[kind]++;
	if (series->count > CASE_BUCKETS)
		case_series_widen(series, series->width + 1);
}

void case_series_free(struct case_series *series)
{
	free(series->buckets);
	*series = (struct case_series){ 0 };
}

/* --- tallies --- */

void case_tally_add(struct case_tally *tally, struct span name, enum chart_kind kind, size_t most)
{
	struct case_row *row;
	size_t at = 0;

	name = text_utf8_head(name, 200);
	while (at < tally->count && !span_equal(span_of(tally->rows[at].name), name))
		at++;
	if (at == tally->count) {
		if (tally->count == most) {
			tally->rest++;
			return;
		}
		tally->rows = memory_grow(tally->rows, tally->count + 1, sizeof(*tally->rows));
		tally->rows[tally->count++] = (struct case_row){ .name = memory_copy(name) };
	}
	row = &tally->rows[at];
	row->n[kind]++;
	row->sum++;
}

static int row_order(const void *a, const void *b)
{
	const struct case_row *one = a, *other = b;

	if (one->sum != other->sum)
		return one->sum < other->sum ? 1 : -1;
	return strcmp(one->name, other->name);
}

void case_tally_sort(struct case_tally *tally)
{
	if (tally->count > 0)
		qsort(tally->rows, tally->count, sizeof(*tally->rows), row_order);
}

void case_tally_free(struct case_tally *tally)
{
	for (size_t i = 0; i < tally->count; i++)
		free(tally->rows[i].name);
	free(tally->rows);
	*tally = (struct case_tally){ 0 };
}
