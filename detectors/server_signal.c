/*
 * The past of a signal is the mean of its logarithm: for the hour of the week where that was met three times,
 * else for the hour of a working day or of a weekend's, else for all hours; and how far hours usually are from
 * that. One hour moves a mean by at most three spreads, so that a bad hour is not the new usual, while a change
 * that stays is learned within some days. The busiest hour of late sinks by half in four weeks.
 */
#include "detectors/server_signal.h"

#include <math.h>
#include <stdio.h>

#define SLOT_ENOUGH  3    /* hours before a slot's own mean is believed: assumed */
#define LEARN_LEAST  0.1  /* weight of an hour in a mean that is old: ten weeks of one slot */
#define SPREAD_FIRST 0.5  /* of a logarithm: within 1.6 times, before anything is known */
#define SPREAD_LEAST 0.25 /* small spreads are chance: within 1.3 times */
#define PEAK_LIFT    1.1  /* an hour, while it is news: tenfold in a day */
#define SETTLED      24   /* hours before a spread is learned: a day and a night */
#define MOVE_MOST    3    /* spreads by which one hour moves a mean: beyond lies 1 of 370, were it normal */
#define SPREAD_LEARN 0.02 /* weight of an hour in the spread: two days */
#define MEAN_TO_DEV  1.25 /* from the mean of absolute distances to the standard deviation: sqrt(pi / 2) */

void signal_begin(struct signal *signal, bool calm)
{
	signal->spread = calm ? SPREAD_LEAST : SPREAD_FIRST;
}

static unsigned week_hour(int64_t hour)
{
	return (unsigned)((hour + 96) % SIGNAL_WEEK); /* 1970-01-01 was a Thursday; 0 is Sunday's first */
}

static unsigned day_hour(int64_t hour)
{
	unsigned day = week_hour(hour) / 24;

	return (day == 0 || day == 6 ? 24 : 0) + week_hour(hour) % 24;
}

static double usual_log(const struct signal *signal, int64_t hour)
{
	const struct signal_mean *week = &signal->week[week_hour(hour)], *day = &signal->day[day_hour(hour)];

	return week->seen >= SLOT_ENOUGH  ? (double)week->level
	       : day->seen >= SLOT_ENOUGH ? (double)day->level
					  : (double)signal->all.level;
}

double signal_usual(const struct signal *signal, int64_t hour)
{
	return expm1(usual_log(signal, hour));
}

double signal_limit(const struct signal *signal, int64_t hour, double spread)
{
	return expm1(usual_log(signal, hour) + spread * signal->spread);
}

static void mean_learn(struct signal_mean *mean, double value)
{
	double weight;

	if (mean->seen < UINT16_MAX)
		mean->seen++;
	weight = fmax(1.0 / mean->seen, LEARN_LEAST);
	mean->level += (float)(weight * (value - (double)mean->level));
}

void signal_learn(struct signal *signal, int64_t hour)
{
	double expected = usual_log(signal, hour), value = log1p(signal->count);
	double off = value - expected, most = MOVE_MOST * signal->spread;

	if (signal->all.seen >= SETTLED) {
		off = fmax(-most, fmin(most, off));
		value = expected + off;
		signal->spread = fmax(SPREAD_LEAST, signal->spread + SPREAD_LEARN * (fabs(off) * MEAN_TO_DEV -
										     signal->spread));
	}
	mean_learn(&signal->week[week_hour(hour)], value);
	mean_learn(&signal->day[day_hour(hour)], value);
	mean_learn(&signal->all, value);
	signal->peak *= SIGNAL_PEAK_SINK;
	/* A bad day is not soon the measure of the next; a change that stays is, after a day or two. */
	if (signal->count > signal->peak)
		signal->peak = signal->raised ? fmin(signal->count, signal->peak * PEAK_LIFT + 1)
					      : signal->count;
}

void signal_sample(struct signal *signal, const struct frame *frame, const struct event *event)
{
	if (signal->sample_count == SIGNAL_SAMPLES)
		return;
	snprintf(signal->samples[signal->sample_count].text, SIGNAL_SAMPLE_SIZE, "%.*s",
		 (int)span_head(frame->text, SIGNAL_SAMPLE_SIZE - 1).len, frame->text.at);
	snprintf(signal->samples[signal->sample_count].queue_id, sizeof(signal->samples[0].queue_id), "%.*s",
		 (int)span_head(event->queue_id, sizeof(signal->samples[0].queue_id) - 1).len,
		 event->queue_id.len == 0 ? "" : event->queue_id.at);
	signal->sample_count++;
}
