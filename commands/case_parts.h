/* The parts of a case: counts over time, the addresses of an account, who shares them, and short lists. */
#ifndef SENDWATCH_COMMANDS_CASE_PARTS_H
#define SENDWATCH_COMMANDS_CASE_PARTS_H

#include "commands/chart.h"

/* --- counts over time, in buckets that widen as they become too many (case_series.c) --- */

#define CASE_BUCKETS 240

struct case_series {
	struct chart_bucket *buckets; /* in the order of time; those without counts are not there */
	size_t count, room;
	usec_t width; /* a minute at first */
};

void case_series_add(struct case_series *series, usec_t time, enum chart_kind kind);
/* Make its buckets at least LEAST wide. */
void case_series_widen(struct case_series *series, usec_t least);
void case_series_free(struct case_series *series);

/* --- short lists of names and how often each was met (case_series.c) --- */

struct case_row {
	char *name;
	uint64_t n[CHART_KINDS], sum;
};

struct case_tally {
	struct case_row *rows;
	size_t count;
	uint64_t rest; /* of names that did not fit */
};

/* MOST rows at most; the name is cut at 200 bytes. */
void case_tally_add(struct case_tally *tally, struct span name, enum chart_kind kind, size_t most);
/* The largest first. */
void case_tally_sort(struct case_tally *tally);
void case_tally_free(struct case_tally *tally);

/* --- one client address of an account (case_clients.c) --- */

#define CASE_STRETCHES 12

struct case_client {
	char address[46];
	char country[3];
	char helo[48];
	uint32_t hash;
	usec_t first, last;
	usec_t mailed_first, mailed_last; /* since the incident began, as are the next two; 0: it did not */
	uint32_t recipients, bad;         /* bad: refused for list or content */
	uint32_t before;                  /* recipients before */
	uint32_t logins, failed;
	uint32_t failed_first; /* failed logins before the first that was none */
	struct case_stretch {
		uint32_t from, until; /* seconds since 1970 */
	} stretches[CASE_STRETCHES]; /* when it was seen; the shortest gaps are closed where there are too many */
	uint8_t stretch_count;
};

void case_client_seen(struct case_client *client, usec_t time);

/* Parts of a lane in a picture: a bit each. */
#define CASE_PARTS 256

struct case_lane {
	uint64_t parts[CASE_PARTS / 64];
};

/* Add the parts of FROM to UNTIL in which CLIENT was seen; false where there are none. */
bool case_lane_add(struct case_lane *lane, const struct case_client *client, usec_t from, usec_t until);

/* As stretches of time, at most CASE_PARTS / 2; returns their number. */
size_t case_lane_spans(const struct case_lane *lane, usec_t from, usec_t until,
		       struct chart_span spans_r[CASE_PARTS / 2]);

/* --- which accounts one address was used for (case_shared.c) --- */

#define CASE_SHARERS 6

struct case_shared;

struct case_sharers {
	const char *accounts[CASE_SHARERS];
	size_t count;
	bool more;
	unsigned tried; /* accounts at which its logins failed, about */
};

struct case_shared *case_shared_new(void);
void case_shared_free(struct case_shared **shared);
void case_shared_used(struct case_shared *shared, struct span address, struct span account);
void case_shared_failed(struct case_shared *shared, struct span address, struct span account);
/* All, the one that asks included. */
void case_shared_of(const struct case_shared *shared, struct span address, struct case_sharers *sharers_r);

#endif
