/*
 * Times of lines. Most lines are of the hour of the line before: where its zone does not change in or near
 * that hour, only minutes, seconds and a fraction are read. An hour that comes twice is read in full,
 * line by line, since the order of lines tells the first from the second.
 */
#include "parsers/frame_clock.h"

#include "base/seldom.h"
#include "base/zone.h"

#define CLOCK_LEAP   (30 * USEC_DAY) /* a silent log, or our own clock, may be wrong by less */
#define CLASSIC_HOUR 10              /* "Nov 21 16:" */
#define ISO_HOUR     14              /* "2026-11-21T16:" */

bool frame_clock_open(struct frame_clock *clock, const struct framer_options *options, struct error *error)
{
	struct zone *zone = zone_open(options->timezone, error);

	if (zone == NULL)
		return false;
	*clock = (struct frame_clock){
		.zone = zone,
		.years = { options->year, options->written, options->growing, USEC_NEVER },
		.last = USEC_NEVER,
	};
	return true;
}

void frame_clock_close(struct frame_clock *clock)
{
	zone_free(&clock->zone);
}

usec_t frame_clock_resolve(struct frame_clock *clock, struct stamp *stamp)
{
	usec_t wall;

	if (stamp->civil.year == 0) {
		struct civil civil = stamp->civil;

		civil.year = years_place(&clock->years, civil);
		wall = clock_from_civil(civil);
	} else {
		wall = stamp_wall(stamp);
		years_note(&clock->years, wall);
	}
	if (stamp->zoned)
		return wall - stamp->offset * USEC_SECOND + stamp->micro;
	return zone_time(clock->zone, wall, clock->last) + stamp->micro;
}

/* Two digits, or 99. */
static unsigned clock_two(const char *at)
{
	unsigned high = (unsigned char)at[0] - (unsigned)'0', low = (unsigned char)at[1] - (unsigned)'0';

	return high > 9 || low > 9 ? 99 : high * 10 + low;
}

/* Ten or fourteen bytes, as two words of eight that overlap: a call of memcmp would take longer. */
static bool clock_same_hour(const struct frame_hour *hour, const char *at)
{
	uint64_t ours[2], theirs[2];

	memcpy(&ours[0], hour->text, 8);
	memcpy(&theirs[0], at, 8);
	memcpy(&ours[1], hour->text + hour->len - 8, 8);
	memcpy(&theirs[1], at + hour->len - 8, 8);
	return ((ours[0] ^ theirs[0]) | (ours[1] ^ theirs[1])) == 0;
}

/* A stamp of the hour that is kept. 0 where it is of another, or not as plain. */
static size_t clock_read_hour(const struct frame_clock *clock, struct span text, struct stamp *stamp_r,
			      usec_t *time_r)
{
	const struct frame_hour *hour = &clock->hour;
	const char *at = text.at + hour->len;
	unsigned minute, second;
	usec_t within;
	size_t end;

	if (hour->len == 0 || text.len < hour->len + 6 || !clock_same_hour(hour, text.at) || at[2] != ':')
		return 0;
	minute = clock_two(at);
	second = clock_two(at + 3);
	if (minute > 59 || second > 60)
		return 0;
	within = (usec_t)(minute * 60 + second) * USEC_SECOND;
	*stamp_r = hour->stamp;
	end = hour->len + 5;
	if (at[5] != ' ')
		end = stamp_read_tail(text, end, stamp_r);
	if (end == text.len || text.at[end] != ' ')
		return 0;
	/* "16:29:42 +0100", "16:29:42 UTC" */
	if (hour->stamp.blank && end + 1 < text.len &&
	    (text.at[end + 1] == '+' || text.at[end + 1] == '-' || text.at[end + 1] == 'U'))
		return 0;
	if (stamp_r->zoned != hour->zoned)
		return 0;
	if (stamp_r->zoned)
		*time_r = hour->wall + within + stamp_r->micro - stamp_r->offset * USEC_SECOND;
	else
		*time_r = hour->begins + within + stamp_r->micro;
	return end;
}

/* Keep the hour of a stamp that was read in full, where its zone leaves it alone. */
static void clock_keep_hour(struct frame_clock *clock, struct span text, const struct stamp *stamp,
			    usec_t time)
{
	struct frame_hour *hour = &clock->hour;
	size_t len = text.at[4] == '-' ? ISO_HOUR : CLASSIC_HOUR;
	const struct civil *civil = &stamp->civil;
	usec_t within = (usec_t)(civil->minute * 60 + civil->second) * USEC_SECOND + stamp->micro;

	hour->len = 0;
	if (text.len < ISO_HOUR + 6 || text.at[len - 1] != ':' || text.at[len + 2] != ':')
		return;
	hour->begins = time - within;
	hour->wall = hour->begins + stamp->offset * USEC_SECOND;
	if (!stamp->zoned &&
	    !zone_steady(clock->zone, hour->begins - 2 * USEC_HOUR, hour->begins + 3 * USEC_HOUR))
		return;
	hour->zoned = stamp->zoned;
	memcpy(hour->text, text.at, len);
	hour->stamp = (struct stamp){ .civil = { .year = civil->year }, .blank = stamp->blank };
	hour->len = len;
}

/*
 * A leap ahead to what is still to come: a machine's clock is wrong until it is set after the start, or a relay's is.
 * Taken at its word, one such line would make all that come after it older than every window.
 */
static bool clock_is_wrong(const struct frame_clock *clock, usec_t time)
{
	return clock->last != USEC_NEVER && time > clock->last + CLOCK_LEAP &&
	       time > clock_now() + CLOCK_LEAP;
}

static SELDOM size_t clock_read_whole(struct frame_clock *clock, struct span text, struct stamp *stamp_r,
				      usec_t *time_r)
{
	const struct years years = clock->years;
	size_t len = stamp_read(text, stamp_r);
	bool dated = stamp_r->civil.year != 0;

	if (len == 0)
		return 0;
	*time_r = frame_clock_resolve(clock, stamp_r);
	if (dated && clock_is_wrong(clock, *time_r)) {
		*time_r = clock->last;
		clock->years = years;
		return len;
	}
	clock->last = *time_r;
	clock_keep_hour(clock, text, stamp_r, *time_r);
	return len;
}

size_t frame_clock_read(struct frame_clock *clock, struct span text, struct stamp *stamp_r, usec_t *time_r)
{
	size_t len = clock_read_hour(clock, text, stamp_r, time_r);

	return len > 0 ? len : clock_read_whole(clock, text, stamp_r, time_r);
}
