/*
 * Windows: what one account did over the last 5 minutes, hour, day and week, counted in slots of event
 * time. A late line counts in its own slot; nothing here knows the wall clock.
 *
 * A slot is as wide as the shortest horizon that reaches it has its slots (a minute, five, an hour, a day), and
 * longer horizons add up what they reach: so each thing is counted once. All changes are sums over slots, and may come
 * in any order. A window of N slots spans N widths and the part of one that is running ("1 h" is 60 to 65 minutes),
 * which is exact enough for "41 of 96 in 1 h".
 */
#ifndef SENDWATCH_DETECTORS_WINDOWS_H
#define SENDWATCH_DETECTORS_WINDOWS_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum horizon { HORIZON_5M, HORIZON_1H, HORIZON_24H, HORIZON_7D, HORIZONS };

/* "Away": sent from a network that the account is not used to, where it is used to any. */
enum counter {
	COUNT_MESSAGES,   /* submitted */
	COUNT_SUBMITTED,  /* recipients of them, as the envelope said */
	COUNT_ARRIVED,    /* of these, recipients that have had an outcome, here or elsewhere */
	COUNT_RECIPIENTS, /* attempts: recipients elsewhere with a first outcome */
	COUNT_DELIVERED,
	COUNT_STRANGERS, /* to addresses that the account, as far as remembered, never wrote to */
	COUNT_MAILINGS,  /* messages with such a stranger */
	COUNT_INVALID,   /* to addresses that do not exist */
	COUNT_SPAM,      /* refused for what the message is: content, malware */
	COUNT_BLOCKED,   /* refused for what our address is: listed, blocked */
	COUNT_LIMITED,   /* refused for how much came */
	COUNT_REFUSED,   /* refused otherwise: policy, sender, configuration */
	COUNT_TEMPORARY, /* greylisted, network, overloaded */
	COUNT_FOREIGN,   /* strangers written to under a sender that is not the login's own */
	COUNT_ODD,       /* strangers written to at hours at which the account does not send */
	COUNT_AWAY,      /* recipients */
	COUNT_AWAY_STRANGERS,
	COUNT_AWAY_INVALID,
	COUNT_AWAY_SPAM,
	COUNT_AWAY_FOREIGN,
	COUNT_ABROAD, /* strangers, from a country that the account is not used to */
	COUNT_LOGINS,
	COUNT_LOGINS_AWAY,
	COUNT_LOGINS_FAILED,
	COUNTERS
};

struct counts {
	uint32_t n[COUNTERS];
};

/* What is added, as bits: bit N is counter N. */
#define MARK(counter) (UINT32_C(1) << (counter))

/* Counters that one line can raise by more than one. */
#define MARKS_COUNTED \
	(MARK(COUNT_SUBMITTED) | MARK(COUNT_LOGINS) | MARK(COUNT_LOGINS_AWAY) | MARK(COUNT_LOGINS_FAILED))

struct windows {
	uint32_t *slots; /* room for their keys, the oldest first, and behind these their counters; owned */
	uint8_t used, room;
	uint8_t width; /* of all counters: 0 is one byte, 1 is two, 2 is four */
};

const char *horizon_name(enum horizon horizon);  /* "1h" */
const char *horizon_words(enum horizon horizon); /* "1 h" */
usec_t horizon_length(enum horizon horizon);

/* The first minute, since 1970, that HORIZON reaches at NOW: what its sums have is not older. */
uint32_t horizon_begin(enum horizon horizon, usec_t now);

/*
 * Add one at TIME to each counter of MARKS, but COUNT to those of MARKS_COUNTED. NOW is the newest event time of the
 * account, and never goes back: what no window at NOW reaches is dropped, and what is older than all windows is not
 * added.
 */
void windows_add(struct windows *windows, usec_t now, usec_t time, uint32_t marks, uint32_t count);

/* The sums of all horizons at NOW. */
void windows_sum(const struct windows *windows, usec_t now, struct counts sums_r[HORIZONS]);

/* The sums of one calendar day (UTC; days since 1970) while a week reaches it; zeros afterwards. */
void windows_day(const struct windows *windows, uint32_t day, struct counts *sums_r);

/* Was COUNTER counted on the calendar day of TIME, while a week reaches it? */
bool windows_that_day(const struct windows *windows, usec_t time, enum counter counter);

/*
 * The slots of HORIZON one by one, the oldest first, as they are at NOW: 5, 12, 24 or 7, and the running one.
 * Returns their number; SERIES_R has room for WINDOW_SERIES.
 */
#define WINDOW_SERIES 25
size_t windows_series(const struct windows *windows, usec_t now, enum horizon horizon,
		      struct counts *series_r);
usec_t horizon_width(enum horizon horizon);

/* One calendar day by its hours, as far as they are still there. */
struct window_hours {
	uint32_t top;       /* strangers of the busiest hour */
	uint32_t strangers; /* bit N: hour N had strangers */
	uint32_t active;    /* bit N: hour N had messages or recipients */
};

struct window_hours windows_hours_of(const struct windows *windows, uint32_t day);

/* Hours of the last 24 in which COUNTER is not zero. */
uint32_t windows_hours(const struct windows *windows, usec_t now, enum counter counter);

/* The start of the oldest slot within HORIZON in which COUNTER is not zero; USEC_NEVER where there is none. */
usec_t windows_since(const struct windows *windows, usec_t now, enum horizon horizon, enum counter counter);

/*
 * The most that windows ever have. Of each width there are those that its horizon reaches, and the running one, which
 * makes 52; some more are made wider later, a dozen at a time.
 */
#define WINDOW_SLOTS 64

/*
 * The slots one by one, as they are at NOW, for keeping them elsewhere: begin with *AT at 0; false at the end. A key
 * says which time a slot is for, and how wide it is; they go up. windows_put begins a slot without counts behind those
 * that there are, for windows that were made with room for so many; windows_set gives it a count.
 */
unsigned windows_count(const struct windows *windows, usec_t now);
bool windows_next(const struct windows *windows, usec_t now, unsigned *at, uint32_t *key_r,
		  struct counts *counts_r);
void windows_make(struct windows *windows, uint8_t room);
void windows_put(struct windows *windows, uint32_t key);
void windows_set(struct windows *windows, enum counter counter, uint32_t count);

/* Ask the processor for the newest slot, some work ahead of windows_add. */
void windows_prefetch(const struct windows *windows);

size_t windows_bytes(const struct windows *windows); /* besides the struct */

/* Could these have come about by windows_add, up to NOW? For slots that were read from outside. */
bool windows_sound(const struct windows *windows, usec_t now);

/* Drop the slots that begin after NOW: a clock that was ahead is set right. */
void windows_set_back(struct windows *windows, usec_t now);

/* Drop the slots that no window at NOW reaches, and give back what memory is not needed. */
void windows_trim(struct windows *windows, usec_t now);
void windows_free(struct windows *windows);

#endif
