/*
 * What replay tells a person, who may be tired: which account, since when, how much went out, why, and what to
 * type next; then what else there was. Verdicts are gathered while logs are read, and printed at the end, those
 * that did the most harm first.
 */
#ifndef SENDWATCH_COMMANDS_SUMMARY_H
#define SENDWATCH_COMMANDS_SUMMARY_H

#include "collector/collector.h"
#include "commands/pipeline.h"

#include <stdio.h>

struct summary;

struct summary_read {
	const char *const *names; /* the logs as typed */
	size_t count;
	struct collector_stats collector;
	struct pipeline_stats pipeline;
	bool quiet;          /* leave out what was read */
	const char *account; /* this one alone was asked for: nothing is said of the others; NULL: all */
	usec_t since, until; /* USEC_NEVER where not asked for */
};

/* COLOURS: the terminal understands them. */
struct summary *summary_new(bool colours);
void summary_free(struct summary **summary);

void summary_attempt(struct summary *summary, const struct attempt *attempt);
void summary_verdict(struct summary *summary, const struct verdict *verdict);
/* One from before the time that is told of: who was flagged then, and still is, is no account without anything. */
void summary_earlier(struct summary *summary, const struct verdict *verdict);
void summary_trouble(struct summary *summary, const char *words);

void summary_print(struct summary *summary, const struct summary_read *read, FILE *out);

#endif
