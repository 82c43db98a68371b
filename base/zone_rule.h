/*
 * The rule at the end of a zone's table, in the words of POSIX: "CET-1CEST,M3.5.0,M10.5.0/3", or without
 * summer time "<+0330>-3:30".
 */
#ifndef SENDWATCH_BASE_ZONE_RULE_H
#define SENDWATCH_BASE_ZONE_RULE_H

#include "base/span.h"

/* "M3.5.0/2": the last Sunday of March at two. */
struct zone_rule_when {
	int month, week, weekday;
	int32_t second; /* of that day, may be negative or beyond it */
};

struct zone_rule {
	int32_t standard, summer; /* seconds east of UTC */
	bool summer_time;
	struct zone_rule_when begins, ends;
};

bool zone_rule_read(struct span text, struct zone_rule *rule_r);

/* Midnight of that day in YEAR, in seconds since 1970 as if in UTC. */
int64_t zone_rule_day(const struct zone_rule_when *when, int year);

#endif
