/* What the system says of this process, under the names that every Prometheus client uses. */
#ifndef SENDWATCH_COMMANDS_METRICS_PROCESS_H
#define SENDWATCH_COMMANDS_METRICS_PROCESS_H

#include "base/clock.h"
#include "base/text.h"

/* STARTED: when the process was. OPEN: as OpenMetrics, else in the older text format. */
void metrics_process(struct text *out, usec_t started, bool open);

#endif
