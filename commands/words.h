/*
 * Numbers and times as people say them: "1,234", "6 min", "2 days 3 h", "312 MB", "2026-11-01 03:04:05".
 * Times are UTC, without saying so each time; whoever prints them says it once.
 */
#ifndef SENDWATCH_COMMANDS_WORDS_H
#define SENDWATCH_COMMANDS_WORDS_H

#include "base/clock.h"
#include "base/text.h"

void words_count(struct text *out, uint64_t count);
/* "1 account", "2,000 accounts": the plural by an s. */
void words_counted(struct text *out, uint64_t count, const char *noun);
void words_time(struct text *out, usec_t time);
void words_duration(struct text *out, usec_t duration);
void words_bytes(struct text *out, uint64_t bytes);
/* "about 1,400 to 1" of a score in decibans. */
void words_odds(struct text *out, double decibans);

#endif
