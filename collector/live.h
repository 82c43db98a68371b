/*
 * The members of the family that stay with what they read; live.c names and joins them. What a member wrote as
 * its positions comes back to it as `saved` in its options.
 */
#ifndef SENDWATCH_COLLECTOR_LIVE_H
#define SENDWATCH_COLLECTOR_LIVE_H

#include "collector/source.h"

/* Files and globs, all in one. */
struct collector *collector_follow(const char *const *logs, size_t count,
				   const struct collector_live_options *options,
				   const struct collector_calls *calls, struct error *error);

/* One journal. */
struct collector *collector_journald(const char *log, const struct collector_live_options *options,
				     const struct collector_calls *calls, struct error *error);

/* What syslog daemons and containers send to one listener, or standard input. */
struct collector *collector_listen(const char *log, const struct collector_live_options *options,
				   const struct collector_calls *calls, struct error *error);

#endif
