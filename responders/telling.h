/*
 * What the section of every target has in common: what it wants to be told, and how storms reach it. The
 * options of each kind begin with a struct telling, and its rows with TELLING_ROWS.
 */
#ifndef SENDWATCH_RESPONDERS_TELLING_H
#define SENDWATCH_RESPONDERS_TELLING_H

#include "base/settings.h"
#include "detectors/verdict.h"

struct telling {
	char *name; /* of [webhook NAME] */
	struct setting_list states, accounts, types;
	usec_t gather;       /* 0: nothing is gathered */
	int64_t storm;       /* messages within `gather` before the rest waits for its end */
	usec_t repeat_after; /* the same state of the same account */
	char *digest;        /* "07:30"; NULL: told at once */
};

#define TELLING_ROW(kind_, field, fallback_, low_, high_, about_) \
	{ \
		.name = #field, .kind = SETTING_##kind_, .place = offsetof(struct telling, field), \
		.fallback = fallback_, .low = low_, .high = high_, .about = about_ \
	}

#define TELLING_ROWS \
	TELLING_ROW( \
		LIST, states, "flagged, disabled, released", 0, 0, \
		"states that are told: normal, watch, flagged, disabled, released; of an address also that it is normal again"), \
		TELLING_ROW(LIST, accounts, "*", 0, 0, \
			    "accounts that are told of, as patterns: *@example.com"), \
		TELLING_ROW(LIST, types, "*", 0, 0, \
			    "types that are told: verdict, server, address, act, brake"), \
		TELLING_ROW(COUNT, storm, "5", 1, 10000, \
			    "messages that go at once; what follows is gathered into one"), \
		TELLING_ROW(DURATION, gather, "1m", 0, USEC_DAY, \
			    "how long a storm is gathered; 0: each goes by itself"), \
		TELLING_ROW(DURATION, repeat_after, "1h", 0, 30 * USEC_DAY, \
			    "the same state of the same account is not told again for so long"), \
		TELLING_ROW(TEXT, digest, "", 0, 0, \
			    "time of day, 07:30, at which all is told in one message; empty: at once")

bool telling_wants_verdict(const struct telling *telling, const struct verdict *verdict);

/* Something that has no state and no account. */
bool telling_wants_type(const struct telling *telling, const char *type);

/* Are all states known, and is the digest's time one? WHERE ("[webhook ops]") begins the words of ERROR. */
bool telling_check(const struct telling *telling, const char *where, struct error *error);

/* The digest's time of day in microseconds; false where there is none. */
bool telling_digest(const struct telling *telling, usec_t *time_r);

#endif
