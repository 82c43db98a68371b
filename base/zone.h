/*
 * A time zone: how far its walls are from UTC, and when that changes. Read from the system's own tables
 * (tzfile(5)), without the C library's one zone for a whole process.
 */
#ifndef SENDWATCH_BASE_ZONE_H
#define SENDWATCH_BASE_ZONE_H

#include "base/clock.h"
#include "base/error.h"

struct zone;

/* NAME: "Europe/Berlin", "UTC", "+02:00"; NULL: this machine's, or that of TZ. NULL and ERROR where it is not known. */
struct zone *zone_open(const char *name, struct error *error);
void zone_free(struct zone **zone);

/*
 * The time at which the walls of ZONE show WALL (a time as if in UTC). An hour that comes twice is taken
 * as its first, unless that lies before AFTER (the time of the line before; USEC_NEVER where there is
 * none) by more than a few minutes; an hour that is left out goes on by the old offset.
 */
usec_t zone_time(const struct zone *zone, usec_t wall, usec_t after);

/* Seconds east of UTC at TIME. */
int32_t zone_offset(const struct zone *zone, usec_t time);

/* Does the zone keep one offset from FROM to TO? */
bool zone_steady(const struct zone *zone, usec_t from, usec_t to);

#endif
