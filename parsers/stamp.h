/*
 * A stamp is the date and time at the front of a log line, as written: with a year or without, with a
 * zone or without, with a fraction or without. What a line leaves out, frame.c finds out.
 */
#ifndef SENDWATCH_PARSERS_STAMP_H
#define SENDWATCH_PARSERS_STAMP_H

#include "base/clock.h"

struct stamp {
	struct civil civil; /* as on the wall of whoever wrote it; year 0 where absent */
	int32_t micro;      /* 0 to 999999 */
	bool zoned;         /* the stamp says how far from UTC its wall is ... */
	int32_t offset;     /* ... in seconds, east positive */
	bool blank;         /* "2026-11-21 16:29:42": a blank, not a T, before the time, as Exim writes */
};

/*
 * Read a stamp at the front of TEXT. Returns its length in bytes, 0 where there is none:
 *
 *	Nov 21 16:29:42            Nov  1 16:29:42.123        Nov 1 16:29:42
 *	2026 Nov 21 16:29:42.123   Nov 21 2026 16:29:42       1795278582.123456
 *	2026-11-21T16:29:42.123456+01:00   2026-11-21T16:29:42Z   2026-11-21 16:29:42.254 +0100
 *	Sat 2026-11-21 16:29:42 UTC        Sat 2026-11-21 16:29:42 CET
 */
size_t stamp_read(struct span text, struct stamp *stamp_r);

/* The fraction and the zone at AT, behind the seconds. Returns the place after them. */
size_t stamp_read_tail(struct span text, size_t at, struct stamp *stamp);

/* The stamp's wall time as if its wall were in UTC, without the fraction. Needs a year. */
usec_t stamp_wall(const struct stamp *stamp);

#endif
