/*
 * The framer: from a line to its frame. A line is, from the left: a container's prefix, "<pri>", a stamp,
 * a head, the words. Most lines share their stamp with the line before, so the last stamp is kept as
 * bytes and as a time.
 */
#include "parsers/frame.h"

#include "base/memory.h"
#include "base/zone.h"
#include "parsers/frame_head.h"
#include "parsers/frame_join.h"
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
	struct joiner *joiner;
};

struct framer *framer_new(const struct framer_options *options, struct error *error)
{
	struct zone *zone = zone_open(options->timezone, error);
	struct framer *framer;

	if (zone == NULL)
		return NULL;
	framer = memory_new(1, sizeof(*framer));
	framer->zone = zone;
	framer->joiner = joiner_new();
	framer->last = USEC_NEVER;
	framer->years = (struct years){ options->year, options->written, options->growing, USEC_NEVER };
	return framer;
}

void framer_free(struct framer **framer)
{
	if (*framer == NULL)
		return;
	zone_free(&(*framer)->zone);
	joiner_free(&(*framer)->joiner);
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

	if (line.len < 4)
		return line;
	while (end < 4 && line.at[end] >= '0' && line.at[end] <= '9')
		end++;
	if (end == 1 || end >= line.len || line.at[end] != '>')
		return line;
	line = span_from(line, end + 1);
	*version_r = span_skip(&line, SPAN("1 "));
	return line;
}

/* "mail-1  | " before each line of `docker compose logs`. */
static bool framer_compose(struct span *line)
{
	struct span rest = span_head(*line, 64), name;

	if (!span_cut_text(&rest, SPAN(" | "), &name))
		return false;
	name = span_trim(name);
	if (name.len == 0 || memchr(name.at, ' ', name.len) != NULL)
		return false;
	*line = span_from(*line, (size_t)(rest.at - line->at));
	return true;
}

/* A line, opened: what is left of it behind all stamps, and what the innermost stamp was like. */
struct framer_opened {
	usec_t time;
	struct stamp stamp;
	struct span rest;
	bool version; /* RFC 5424 */
};

/* A container's time holds for what its program wrote, stamped again or not. */
static void framer_open_inner(struct framer_opened *opened, struct span words)
{
	struct stamp inner;
	bool version = false;
	size_t len;

	if (words.len > 0 && words.at[0] == '<')
		words = framer_priority(words, &version);
	len = stamp_read(words, &inner);
	opened->rest = span_from(words, len);
	if (len > 0) {
		opened->stamp = inner;
		opened->version = version;
	}
}

/* " stdout F words" of Kubernetes, " Nov 21 16:29:42 words" of `docker logs -t`. */
static void framer_open_container(struct framer_opened *opened)
{
	struct span words = opened->rest;
	struct stamp inner;

	if (words.len < 12 || words.at[0] != ' ')
		return;
	if (span_starts(words, SPAN(" stdout ")) || span_starts(words, SPAN(" stderr "))) {
		if (words.at[9] == ' ' && (words.at[8] == 'F' || words.at[8] == 'P'))
			framer_open_inner(opened, span_from(words, 10));
		return;
	}
	words = span_from(words, 1);
	if (stamp_read(words, &inner) > 0)
		framer_open_inner(opened, words);
}

static bool framer_open_docker(struct framer *framer, struct span line, struct framer_opened *opened)
{
	struct span stamp, words;

	if (!joiner_docker_time(line, &stamp) ||
	    framer_stamp(framer, stamp, &opened->stamp, &opened->time) == 0 ||
	    !joiner_docker(framer->joiner, line, &words))
		return false;
	opened->stamp.blank = false;
	framer_open_inner(opened, words);
	return true;
}

static bool framer_open(struct framer *framer, struct span line, struct framer_opened *opened)
{
	size_t len;

	opened->version = false;
	if (line.len < 14)
		return false;
	if (line.at[line.len - 1] == '\r')
		line.len--;
	if (line.at[0] == '<')
		line = framer_priority(line, &opened->version);
	else if (line.at[0] == '{')
		return framer_open_docker(framer, line, opened);
	len = framer_stamp(framer, line, &opened->stamp, &opened->time);
	if (len == 0 && framer_compose(&line))
		len = framer_stamp(framer, line, &opened->stamp, &opened->time);
	if (len == 0)
		return false;
	opened->rest = span_from(line, len);
	if (opened->stamp.zoned && !opened->stamp.blank && !opened->version)
		framer_open_container(opened);
	return true;
}

/* Exim's own stamp within syslog's: it has the year that the other lacks. */
static void framer_exim(struct framer *framer, bool yearless, struct frame *frame)
{
	struct stamp inner;
	size_t len;

	joiner_split(framer->joiner, frame);
	len = stamp_read(frame->text, &inner);
	if (len == 0 || !inner.blank)
		return;
	if (yearless) {
		usec_t time = framer_resolve(framer, &inner);

		if (time < frame->time - USEC_DAY || time > frame->time + USEC_DAY)
			framer->seen[0] = '\0'; /* that year was guessed wrong */
		frame->time = time;
	}
	frame_head_cut_exim(span_from(frame->text, len), frame);
}

bool framer_cut(struct framer *framer, struct span line, struct frame *frame_r)
{
	struct frame frame = { .repeat = 1 };
	struct framer_opened opened;

	if (!framer_open(framer, line, &opened))
		return false;
	frame.time = opened.time;
	if (opened.version) {
		if (!frame_head_cut_5424(opened.rest, &frame))
			return false;
	} else if (opened.stamp.blank && !frame_head_follows(opened.rest)) {
		frame_head_cut_exim(opened.rest, &frame);
		*frame_r = frame;
		return true;
	} else {
		frame_head_cut(opened.rest, &frame);
	}
	if (span_starts(frame.tag, SPAN("exim")))
		framer_exim(framer, opened.stamp.civil.year == 0, &frame);
	joiner_repeat(framer->joiner, &frame);
	*frame_r = frame;
	return true;
}

usec_t framer_time(struct framer *framer, struct span line)
{
	struct framer_opened opened;

	return framer_open(framer, line, &opened) ? opened.time : USEC_NEVER;
}
