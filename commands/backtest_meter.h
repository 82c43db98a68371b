/*
 * The windows that counting rules use, as exact as the rules themselves: each answers whether this event is
 * the one at which the rule fires. A meter that fired is done: its first alarm is what a backtest asks about.
 */
#ifndef SENDWATCH_COMMANDS_BACKTEST_METER_H
#define SENDWATCH_COMMANDS_BACKTEST_METER_H

#include "base/clock.h"

enum meter_kind {
	METER_SLIDING,  /* events of the last WINDOW */
	METER_TUMBLING, /* events since the last whole WINDOW (hour, day; UTC) */
	METER_RATE,     /* Exim's smoothed rate per WINDOW */
	METER_DISTINCT, /* different things within the last WINDOW */
	METER_FAILURES, /* events that failed within the last WINDOW, and a quarter of all or more */
};

struct meter_law {
	enum meter_kind kind;
	usec_t window;
	uint32_t need; /* the count at which it fires: for "more than 100", 101 */
};

struct meter_mark {
	uint32_t time; /* seconds; METER_FAILURES: minutes, since 1970 */
	uint32_t what; /* METER_FAILURES: failed in the upper half, all in the lower */
};

/* Zeroed at start; meter_free gives back what it owns, and keeps whether it fired. */
struct meter {
	struct meter_mark *marks;
	uint32_t used, room, next;
	uint32_t leader, votes; /* whom most of it is charged to, where the key is not the account */
	usec_t last;            /* METER_RATE: of the last event; METER_TUMBLING: the window's number */
	double rate;            /* METER_RATE: smoothed; METER_TUMBLING: events of this window */
	bool fired;
};

/* WHAT is the thing that is counted once by METER_DISTINCT; for METER_FAILURES not 0 where it failed. */
bool meter_add(struct meter *meter, const struct meter_law *law, usec_t time, uint32_t what);

/*
 * By majority vote, which needs no list of all: who has more than half of the events is the leader at the end.
 */
void meter_vote(struct meter *meter, uint32_t who);

void meter_free(struct meter *meter);

#endif
