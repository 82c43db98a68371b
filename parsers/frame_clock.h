/*
 * From stamps to times, for one source: its zone, its years, and the hour that the last lines were in. For
 * frame.c.
 */
#ifndef SENDWATCH_PARSERS_FRAME_CLOCK_H
#define SENDWATCH_PARSERS_FRAME_CLOCK_H

#include "parsers/frame.h"
#include "parsers/stamp.h"
#include "parsers/year.h"

struct zone;

/* An hour as lines write it ("Nov 21 16:", "2026-11-21T16:"), so that only minutes and seconds are read. */
struct frame_hour {
	char text[14];
	size_t len;    /* 10, 14, or 0 where there is none */
	usec_t wall;   /* of its beginning, as if in UTC */
	usec_t begins; /* in UTC, by the zone of stamps without one */
	bool zoned;    /* its stamps have a zone of their own */
	struct stamp stamp;
};

struct frame_clock {
	struct zone *zone;
	struct years years;
	usec_t last; /* the time of the last stamp that was read in full */
	struct frame_hour hour;
};

bool frame_clock_open(struct frame_clock *clock, const struct framer_options *options, struct error *error);
void frame_clock_close(struct frame_clock *clock);

/*
 * The stamp at the front of TEXT and its time; of a stamp with a year that leaps by more than a month to more than a
 * month from now, the time of one before it. Returns its length, 0 where there is none.
 */
size_t frame_clock_read(struct frame_clock *clock, struct span text, struct stamp *stamp_r, usec_t *time_r);

/* The time of a stamp that was read; its year is filled in. */
usec_t frame_clock_resolve(struct frame_clock *clock, struct stamp *stamp);

#endif
