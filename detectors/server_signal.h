/*
 * One number that each hour of the log has, and what is usual of it at that hour of the week.
 */
#ifndef SENDWATCH_DETECTORS_SERVER_SIGNAL_H
#define SENDWATCH_DETECTORS_SERVER_SIGNAL_H

#include "parsers/event.h"
#include "parsers/frame.h"

#include <stdbool.h>
#include <stdint.h>

#define SIGNAL_WEEK        168
#define SIGNAL_DAY         48 /* 24 of working days, 24 of weekends */
#define SIGNAL_SAMPLES     3
#define SIGNAL_SAMPLE_SIZE 240
#define SIGNAL_PEAK_SINK   0.999 /* an hour: by half in four weeks */

struct signal_mean {
	float level; /* of the logarithm */
	uint16_t seen;
};

struct signal {
	struct signal_mean week[SIGNAL_WEEK], day[SIGNAL_DAY], all;
	double spread, peak;
	double count; /* of this hour */
	bool raised;
	int calm;
	usec_t since; /* of the first of this hour */
	size_t sample_count;
	struct {
		char text[SIGNAL_SAMPLE_SIZE], queue_id[24];
	} samples[SIGNAL_SAMPLES];
};

/* CALM: a healthy server has next to none, so that little is known to be little from the start. */
void signal_begin(struct signal *signal, bool calm);

/* What is usual for HOUR (since 1970), and what SPREAD spreads over that are. */
double signal_usual(const struct signal *signal, int64_t hour);
double signal_limit(const struct signal *signal, int64_t hour, double spread);

/* HOUR is over: its count becomes part of what is usual. */
void signal_learn(struct signal *signal, int64_t hour);

/* Keep the words of this line, if it is one of the first of the hour. */
void signal_sample(struct signal *signal, const struct frame *frame, const struct event *event);

#endif
