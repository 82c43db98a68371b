/*
 * Baseline: what an account is used to. It is learned a day at a time, when the day is over, and only
 * from days on which nothing spoke against the account; so it is never taught by what it should judge. What a new
 * account has under way at midnight does not tell how much is usually refused, neither to it nor to the server.
 */
#ifndef SENDWATCH_DETECTORS_BASELINE_H
#define SENDWATCH_DETECTORS_BASELINE_H

#include "detectors/windows.h"

#include <stdbool.h>
#include <stdint.h>

/* What has been seen of an account and may be seen again: origins, senders. */
enum seen_kind { SEEN_CLIENT, SEEN_NETWORK, SEEN_COUNTRY, SEEN_SENDER, SEEN_HELO, SEEN_REFUSER, SEEN_KINDS };
/* SEEN_REFUSER: a provider that refused the content */

struct seen {
	uint32_t hash;
	uint32_t last; /* minutes since 1970 */
	uint8_t kind;
	uint8_t credit; /* what learned days with it gave; familiar from SEEN_FAMILIAR on */
	bool known;     /* on its last day a known correspondent was written to from it */
};

/*
 * Two learned days on which known correspondents were written to from a network make it familiar; one with
 * strangers only gives a quarter of that: who warms an account up has no correspondents.
 */
#define SEEN_FAMILIAR 8
#define SEEN_VOUCHED  4

#define HABIT_SETTLED 3  /* learned days after which something new is news */
#define HABIT_HOURS   48 /* 24 of working days, 24 of Saturdays and Sundays */

struct habit {
	uint16_t first;        /* day of the first mail, days since 1970; 0: never */
	uint16_t learned;      /* the last day that was learned or passed over */
	uint16_t days;         /* learned days with mail */
	uint16_t new_networks; /* of them, days with a network never seen before, once settled */
	uint16_t new_countries;
	uint16_t away_days;                /* of them, days with more than one network */
	uint8_t hours[HABIT_HOURS];        /* days with mail at this hour, at most 255 */
	float top_hour, top_day, top_week; /* most strangers; grow slowly */
	float top_recipients;              /* most recipients of a day; grows slowly */
	float busy_hours;                  /* hours with strangers in them on the fullest day; grows slowly */
	float recipients, strangers, invalid, spam, foreign; /* sums, halved when they grow old */
};

/* How far a habit can be relied upon: 0 without a learned day, 1/2 after three, towards 1. */
double habit_trust(const struct habit *habit);

/* Where the hour of TIME stands in a week of HABIT_HOURS. */
unsigned habit_hour_of(usec_t time);

/* Has this account, as far as known, sent at the hour of TIME, or at one beside it? False where nothing is known. */
bool habit_sent_at(const struct habit *habit, usec_t time);

/* Is the hour of TIME one at which this account sends? True where little is known. */
bool habit_hour(const struct habit *habit, usec_t time);

/* One day is over. SUMS is the whole day, WEEK the week that ends with it. */
struct habit_day {
	uint32_t day;
	struct counts sums;
	struct counts week;
	struct window_hours hours;
	bool new_network, new_country, many_networks;
	bool doubtful; /* of an account's first days, and it goes on: what it is nobody knows yet */
};

void habit_learn(struct habit *habit, const struct habit_day *day);

#endif
