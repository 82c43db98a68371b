/* What a backtest prints: tables for people, one JSON object a line for programs. */
#ifndef SENDWATCH_COMMANDS_BACKTEST_PRINT_H
#define SENDWATCH_COMMANDS_BACKTEST_PRINT_H

#include "commands/backtest_run.h"

/* The accounts that these settings would have spoken of, then the rules of others. */
void backtest_print(const struct backtest_run *run, int format, bool quiet);

/*
 * What changes from A to B: accounts whose first flag or disabling is not the same. Answers how many. Sorts both by
 * name, after which their hits are of nobody.
 */
size_t backtest_print_changes(struct backtest_run *a, struct backtest_run *b, int format, const char *name_a,
			      const char *name_b);

/* "2026-11-01 03:04" in 16 places, or a dash. */
void backtest_add_moment(struct text *out, usec_t time);

#endif
