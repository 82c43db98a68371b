/* Whether watch is alive, and whether it does its work; if not, why, in words for people and for programs. */
#ifndef SENDWATCH_COMMANDS_STATUS_HEALTH_H
#define SENDWATCH_COMMANDS_STATUS_HEALTH_H

#include "commands/status_desk.h"

#define HEALTH_REASONS 12

struct health_reason {
	const char *what; /* "loop", "start", "logs", "log", "behind", "store" */
	char words[400];
};

struct health_report {
	bool alive, ready;
	struct health_reason reasons[HEALTH_REASONS]; /* why it is not ready */
	size_t count;
};

/*
 * STUCK: the loop is stuck when it has not come by for so long. LAG: reading is behind when it was not at the end
 * of the logs for so long. BOARD may be NULL.
 */
struct health_report health_report(const struct board *board, struct desk_pulse pulse, usec_t stuck,
				   usec_t lag);

/* As JSON. READY: for /readyz, else for /healthz. */
void health_json(struct text *out, const struct health_report *report, struct desk_pulse pulse, bool ready);

#endif
