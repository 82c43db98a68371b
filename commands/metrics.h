/*
 * What watch counts, as OpenMetrics text or in Prometheus' older format. No account's name is a label, nor anything
 * else of which strangers can make as many as they like.
 */
#ifndef SENDWATCH_COMMANDS_METRICS_H
#define SENDWATCH_COMMANDS_METRICS_H

#include "commands/status_desk.h"

#define METRICS_OPEN_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define METRICS_TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* How the status server itself fares. */
struct metrics_server {
	uint64_t answered, refused; /* refused: for want of a password, a host's name, a right */
};

/* BOARD may be NULL, where watch has not come so far yet. OPEN: as OpenMetrics. */
void metrics_write(struct text *out, const struct board *board, struct desk_pulse pulse,
		   const struct metrics_server *server, bool open);

/* A label's value between its quotes: \\, " and newlines are escaped, what is not UTF-8 is replaced. */
void metrics_label(struct text *out, struct span value);

#endif
