/*
 * The journal: an append-only file of NDJSON in which everything that was found and done stands first. One
 * line a verdict, as payload.c writes it, and one a response:
 *
 *	{"type":"response","time":"...","id":"...","action":"queued","targets":2}
 *	{"type":"response","time":"...","id":"...","action":"delivered","target":"ops","tries":1}
 *
 * It is also the memory of what was acted on: after a crash the log is read again from the last snapshot, and
 * the verdicts found again are known by their ids. Ids of the file and of its last rotation are remembered.
 */
#ifndef SENDWATCH_RESPONDERS_JOURNAL_H
#define SENDWATCH_RESPONDERS_JOURNAL_H

#include "base/clock.h"
#include "base/settings.h"
#include "detectors/verdict.h"

struct journal_options {
	char *file;        /* NULL: no journal is kept */
	int64_t rotate_at; /* bytes */
	int64_t keep;      /* rotated files: FILE.1 to FILE.keep */
};

extern const struct setting journal_settings[];

enum journal_knows { JOURNAL_NEW, JOURNAL_WRITTEN, JOURNAL_ACTED };

struct journal;

/* NULL where the file cannot be opened for appending. */
struct journal *journal_open(const struct journal_options *options, struct error *error);
void journal_close(struct journal **journal);

/* What is known of a verdict: nothing, that it was written, or that its responses were queued as well. */
enum journal_knows journal_knows(const struct journal *journal, const char *id);

/* See told_before: was this told of under another id? Then ID becomes that one. */
bool journal_told(const struct journal *journal, struct span account, enum account_state state, usec_t time,
		  bool late, char id[VERDICT_ID_SIZE]);

/* A verdict's line. False where it could not be written: it is remembered as written all the same. */
bool journal_verdict(struct journal *journal, const char *id, const char *json, struct error *error);

/* Something was done about a verdict; "queued" makes it known as acted on. TARGET may be NULL. */
bool journal_response(struct journal *journal, usec_t now, const char *id, const char *action,
		      const char *target, uint64_t count, struct error *error);

/* The same of a program that was run: its exit status is written as well. */
bool journal_status(struct journal *journal, usec_t now, const char *id, const char *action,
		    const char *target, uint64_t tries, int status, struct error *error);

/*
 * A line is in safety when it is written, unless lines are gathered just then: those are with the next sync. For what
 * nobody is told of, and what may come by the hundred.
 */
void journal_gather(struct journal *journal, bool gathers);
bool journal_sync(struct journal *journal, struct error *error);

#endif
