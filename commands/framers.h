/* Framers of logs as their settings want them: one to a file, as a collector asks for them (collector.h). */
#ifndef SENDWATCH_COMMANDS_FRAMERS_H
#define SENDWATCH_COMMANDS_FRAMERS_H

#include "base/clock.h"
#include "base/error.h"
#include "base/span.h"
#include "parsers/frame.h"

struct logs_options;

/*
 * One that only cuts lines up, whatever their year. NULL where the settings' time zone is unknown; where this
 * gives one, framers_open does.
 */
struct framer *framers_cutting(const struct logs_options *logs, struct error *error);

/* One for a file that was WRITTEN then; USEC_NEVER of standard input, which is of the present. */
struct framer *framers_open(const struct logs_options *logs, usec_t written);

/* Calls of a collector; OPENED is a framer, CONTEXT is not looked at. */
usec_t framers_time(void *opened, struct span line);
void framers_close(void *context, void *opened);

#endif
