/*
 * When the last line of a file was written, by its own stamp: for stamps without a year, a better bound
 * than the file's modification time, which copying loses.
 */
#ifndef SENDWATCH_COLLECTOR_LATEST_H
#define SENDWATCH_COLLECTOR_LATEST_H

#include "collector/collector.h"

/*
 * The time of PATH's last line that has one, as CALLS reads it, no later than WRITTEN; WRITTEN itself where
 * the file cannot be read from its end or holds no such line there. PATH is a plain file.
 */
usec_t latest_time(const char *path, usec_t written, const struct collector_calls *calls);

#endif
