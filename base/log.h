/*
 * What the program says of itself while it runs, on standard error: one line a message, with its level.
 * Only commands/ and the outbox's report call it; everything below hands errors up.
 *
 * The same complaint (the same words up to the first digit run) within a minute is muted and counted;
 * the count is told with the next one that is let through.
 */
#ifndef SENDWATCH_BASE_LOG_H
#define SENDWATCH_BASE_LOG_H

#include "base/clock.h"
#include "base/settings.h"

/* As in syslog(3), whose numbers journald reads. */
enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARNING = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

struct log_options {
	int level; /* index in the choices: error, warning, info, debug */
};

extern const struct setting log_settings[];

/* JOURNALD: lines begin with "<4>" as sd-daemon(3) says; else with the level's name. */
void log_open(const struct log_options *options, FILE *out, bool journald);

/* Somebody asks for something and waits for the answer: nothing that was said before mutes what follows. */
void log_listen(void);

void log_say(usec_t now, enum log_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
