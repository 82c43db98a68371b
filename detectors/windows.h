/*
 * Windows: what one account did over the last 5 minutes, hour, day and week, counted in slots of event
 * time. A late line counts in its own slot; nothing here knows the wall clock.
 *
 * All changes are sums over slots, so that they may come in any order and from several servers: two
 * windows merge by adding slot to slot. A window of N slots spans N widths and the part of one that is
 * running ("1 h" is 60 to 65 minutes), which is exact enough for "41 of 96 in 1 h".
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

struct windows {
	void *slots; /* in no order; owned */
	uint8_t used, room;
	bool wide;              /* a counter needs more than 16 bits: all slots have 32 */
	uint8_t last[HORIZONS]; /* the newest slot of each horizon, where it has one that is reached */
};

const char *horizon_name(enum horizon horizon);  /* "1h" */
const char *horizon_words(enum horizon horizon); /* "1 h" */
usec_t horizon_length(enum horizon horizon);

/*
 * Add COUNTS at TIME. NOW is the newest event time of the account: what no window at NOW reaches is
 * dropped, and what is older than all windows is not added.
 */
void windows_add(struct windows *windows, usec_t now, usec_t time, const struct counts *counts);

/* The sums of all horizons at NOW. */
void windows_sum(const struct windows *windows, usec_t now, struct counts sums_r[HORIZONS]);

/* The sums of one calendar day (UTC; days since 1970) while a week reaches it; zeros afterwards. */
void windows_day(const struct windows *windows, uint32_t day, struct counts *sums_r);

/* How often COUNTER was counted on the calendar day of TIME, while a week reaches it. */
uint32_t windows_that_day(const struct windows *windows, usec_t time, enum counter counter);

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

/* The most that windows ever have: of each horizon those that it reaches, and the running one. */
#define WINDOW_SLOTS (5 + 12 + 24 + 7 + 4)

/*
 * The slots one by one, for keeping them elsewhere. A key says which time of which horizon a slot is for.
 * windows_put begins a slot without counts, for windows that were made with room for so many and have none of this
 * key yet; windows_set gives it a count.
 */
void windows_make(struct windows *windows, uint8_t room);
void windows_put(struct windows *windows, uint32_t key);
void windows_set(struct windows *windows, enum counter counter, uint32_t count);
uint32_t windows_at(const struct windows *windows, unsigned number, struct counts *counts_r);

/* Ask the processor for the newest slots, some work ahead of windows_add. */
void windows_prefetch(const struct windows *windows);

size_t windows_bytes(const struct windows *windows); /* besides the struct */

/* Could these have come about by windows_add, up to NOW? For slots that were read from outside. */
bool windows_sound(const struct windows *windows, usec_t now);

/* Drop the slots that no window at NOW reaches, and the memory that they took. */
void windows_trim(struct windows *windows, usec_t now);
void windows_free(struct windows *windows);

#endif
