/*
 * Time is a value: microseconds since 1970-01-01T00:00:00Z, handed down with every call that needs it.
 * clock.c alone reads the machine's clock, for commands/ and for timing; nothing below judges by it.
 */
#ifndef SENDWATCH_BASE_CLOCK_H
#define SENDWATCH_BASE_CLOCK_H

#include "base/span.h"

#include <stdint.h>

typedef int64_t usec_t;

#define USEC_SECOND INT64_C(1000000)
#define USEC_MINUTE (60 * USEC_SECOND)
#define USEC_HOUR   (60 * USEC_MINUTE)
#define USEC_DAY    (24 * USEC_HOUR)
/*
 * No time at all. It is smaller than every time: `time >= since` is true where there is no since, and a maximum may
 * begin with it; of an end, or of what is due next, it must be asked for by itself.
 */
#define USEC_NEVER  INT64_MIN

/* A day of the proleptic Gregorian calendar. */
struct civil {
	int year;
	int month; /* 1 to 12 */
	int day;   /* 1 to 31 */
	int hour, minute, second;
};

usec_t clock_now(void);       /* wall clock, UTC */
usec_t clock_monotonic(void); /* for durations; never compared with clock_now */
usec_t clock_work(void);      /* the processor's time that this thread has had */

/* Minutes since 1970; 0 of all that was before. */
static inline uint32_t clock_minute(usec_t time)
{
	return time < 0 ? 0 : (uint32_t)((uint64_t)time / (uint64_t)USEC_MINUTE);
}

usec_t clock_from_civil(struct civil civil);
struct civil clock_to_civil(usec_t time);

#define CLOCK_TEXT_SIZE 32

/* RFC 3339 in UTC, "2026-11-01T03:04:05Z"; with a fraction where there is one. Returns INTO. */
const char *clock_text(usec_t time, char into[CLOCK_TEXT_SIZE]);

/* RFC 3339 with an offset or Z, a date alone (midnight UTC) or a date and time without zone (UTC). */
bool clock_parse(struct span text, usec_t *time_r);

#endif
