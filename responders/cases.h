/*
 * The cases that are open: which accounts are throttled or disabled at this time, since when, until when, by
 * which verdict, and what exactly was done about each, so that releasing undoes that and nothing else. They
 * stand in a file that is replaced whole at every change, with the past and the exemptions that the brakes know.
 */
#ifndef SENDWATCH_RESPONDERS_CASES_H
#define SENDWATCH_RESPONDERS_CASES_H

#include "base/text.h"
#include "parsers/account.h"
#include "responders/brakes.h"
#include "responders/restrictions.h"

#define CASE_DEEDS 16

/* What one adapter did; IDS are the queued messages that it put on hold, blank-separated. */
struct deed {
	char *adapter;
	char *ids;
};

struct open_case {
	char account[ACCOUNT_SIZE];
	struct restriction restriction;
	usec_t since, until; /* until: USEC_NEVER where it is released by hand */
	char cause[40];      /* the verdict's id, or "-" */
	struct deed deeds[CASE_DEEDS];
	size_t deed_count;
	bool elsewhere; /* opened by another server of the cluster */
};

struct cases;

/* From PATH, where it is; what the brakes remember goes to BRAKES. NULL where it cannot be understood. */
struct cases *cases_open(const char *path, struct brakes *brakes, struct error *error);
void cases_close(struct cases **cases);
bool cases_save(const struct cases *cases, const struct brakes *brakes, struct error *error);

/* Cases stay where they are until they are closed. NULL where there is none. */
struct open_case *cases_find(const struct cases *cases, struct span account);
struct open_case *cases_make(struct cases *cases, struct span account);
void cases_end(struct cases *cases, struct open_case **open);

/* One deed an adapter: what it did again is added to what it did before. */
void case_done(struct open_case *open, struct span adapter, struct span ids);

bool case_did(const struct open_case *open, struct span adapter);

/* It was not ours to do, or was undone; of a queue, these IDS were. A deed without any left is none. */
void case_undone(struct open_case *open, struct span adapter);
void case_undone_ids(struct open_case *open, struct span adapter, struct span ids);

/* From the oldest to the newest; NULL at the end. */
struct open_case *cases_next(const struct cases *cases, const struct open_case *after);

/* Accounts that are disabled, not throttled alone, by this server. */
uint64_t cases_disabled(const struct cases *cases);
bool case_is_disabled(const struct open_case *open);

#endif
