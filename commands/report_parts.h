/* The parts of the report, each added to a text; report.c puts them together. */
#ifndef SENDWATCH_COMMANDS_REPORT_PARTS_H
#define SENDWATCH_COMMANDS_REPORT_PARTS_H

#include "commands/case_cause.h"
#include "commands/html.h"

#define REPORT_MANY 60 /* flagged accounts from which each gets less room */

/* The accounts in the order in which they are told: the worst first. */
struct report_order {
	const struct case_account **accounts;
	size_t count, flagged; /* flagged ones stand first */
};

struct report {
	const struct casebook *book;
	struct report_order order;
	size_t still; /* flagged before what is told of, and still so */
	usec_t now;
	uint64_t recipients, accepted, refused, waiting; /* of all flagged, since each began */
};

/* report_front.c: page one and the course of all; report_table.c: the table of accounts */
void report_front(const struct report *report, struct text *out);
void report_table(const struct report *report, struct text *out);

/* report_todo.c: what to do now */
void report_todo(const struct report *report, struct text *out);

/* report_account.c */
void report_account(const struct report *report, size_t at, struct text *out);
/* report_details.c: its tables; CLIENTS are its addresses, the strangest first */
void report_details(const struct report *report, const struct case_account *account,
		    const struct case_client *const *clients, struct text *out);

/* report_server.c: own addresses and providers, what was unusual, what was read and how */
void report_server(const struct report *report, struct text *out);
void report_sources(const struct report *report, struct text *out);

/* report_look.c, of report.css and report.js */
const char *report_style(void);
const char *report_script(void);

/* report_words.c */
void report_count(struct text *out, uint64_t count);
void report_time(struct text *out, usec_t time);       /* <time>, to the second; a dash where there is none */
void report_time_short(struct text *out, usec_t time); /* to the minute */
void report_minute(struct text *out, usec_t time);     /* "17 November 2026, 14:05 UTC" */
const char *report_likely(double decibans);            /* "very likely" */
void report_kind(struct text *out, enum account_kind kind);
uint64_t report_accepted(const struct case_account *account); /* what became of it in the end */
uint64_t report_refused(const struct case_account *account);
/* Shares of a whole, "47 %"; rounded, but never to none or all. */
void report_share(struct text *out, uint64_t part, uint64_t whole);

#endif
