/*
 * The framer: from a line to its frame. A line is, from the left: a container's prefix, "<pri>", a stamp,
 * a head, the words. Most lines share their stamp with the line before, so the last stamp is kept as
 * bytes and as a time.
 */
#include "parsers/frame.h"

#include "base/memory.h"
#include "base/zone.h"
#include "parsers/frame_head.h"
#include "parsers/stamp.h"
#include "parsers/year.h"

#include <stdlib.h>

#define FRAMER_SEEN 15 /* "Nov 21 16:29:42" */

struct framer {
	struct zone *zone;
	struct years years;
	usec_t last;
	char seen[FRAMER_SEEN + 1];
	usec_t seen_time;
};

struct framer *framer_new(const struct framer_options *options, struct error *error)
{
	struct zone *zone = zone_open(options->timezone, error);
	struct framer *framer;

	if (zone == NULL)
		return NULL;
	framer = memory_new(1, sizeof(*framer));
	framer->zone = zone;
	framer->last = USEC_NEVER;
	framer->years = (struct years){ options->year, options->written, options->growing, USEC_NEVER };
	return framer;
}

void framer_free(struct framer **framer)
{
	if (*framer == NULL)
		return;
	zone_free(&(*framer)->zone);
	free(*framer);
	*framer = NULL;
}

static usec_t framer_resolve(struct framer *framer, struct stamp *stamp)
{
	usec_t wall;

	if (stamp->civil.year == 0) {
		stamp->civil.year = years_place(&framer->years, stamp->civil);
		wall = stamp_wall(stamp);
	} else {
		wall = stamp_wall(stamp);
		years_note(&framer->years, wall);
	}
	if (stamp->zoned)
		return wall - stamp->offset * USEC_SECOND + stamp->micro;
	return zone_time(framer->zone, wall, framer->last) + stamp->micro;
}

/* The stamp at the front of REST and its time; 0 where there is none. */
static size_t framer_stamp(struct framer *framer, struct span rest, struct stamp *stamp_r, usec_t *time_r)
{
	size_t len;

	if (rest.len > FRAMER_SEEN && rest.at[FRAMER_SEEN] == ' ' &&
	    memcmp(rest.at, framer->seen, FRAMER_SEEN) == 0) {
		*stamp_r = (struct stamp){ .blank = false };
		*time_r = framer->seen_time;
		return FRAMER_SEEN;
	}
	len = stamp_read(rest, stamp_r);
	if (len == 0)
		return 0;
	*time_r = framer_resolve(framer, stamp_r);
	framer->last = *time_r;
	if (len == FRAMER_SEEN) {
		memcpy(framer->seen, rest.at, FRAMER_SEEN);
		framer->seen_time = *time_r;
	}
	return len;
}

/* "<22>", and "<22>1 " where VERSION_R says so. */
static struct span framer_priority(struct span line, bool *version_r)
{
	size_t end = 1;

	*version_r = false;
	if (line.len < 4 || line.at[0] != '<')
		return line;
	while (end < 4 && line.at[end] >= '0' && line.at[end] <= '9')
		end++;
	if (end == 1 || line.at[end] != '>')
		return line;
	line = span_from(line, end + 1);
	*version_r = span_skip(&line, SPAN("1 "));
	return line;
}

bool framer_cut(struct framer *framer, struct span line, struct frame *frame_r)
{
	struct frame frame = { .repeat = 1 };
	struct stamp stamp;
	bool version;
	struct span rest = framer_priority(line, &version);
	size_t len = framer_stamp(framer, rest, &stamp, &frame.time);

	if (len == 0)
		return false;
	rest = span_from(rest, len);
	if (version) {
		if (!frame_head_cut_5424(rest, &frame))
			return false;
	} else if (stamp.blank && !frame_head_follows(rest)) {
		frame_head_cut_exim(rest, &frame);
	} else {
		frame_head_cut(rest, &frame);
	}
	*frame_r = frame;
	return true;
}

usec_t framer_time(struct framer *framer, struct span line)
{
	struct stamp stamp;
	bool version;
	usec_t time;

	if (framer_stamp(framer, framer_priority(line, &version), &stamp, &time) == 0)
		return USEC_NEVER;
	return time;
}
