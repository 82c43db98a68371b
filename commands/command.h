/*
 * A command is what a person can type: one file each, one row in main.c. It gets the arguments as typed
 * and answers with the exit status. Results go to standard output, everything else to standard error.
 */
#ifndef SENDWATCH_COMMANDS_COMMAND_H
#define SENDWATCH_COMMANDS_COMMAND_H

#include "commands/arguments.h"

#define SENDWATCH_VERSION "0.1.0"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,  /* a file could not be read, a check found something */
	EXIT_USAGE = 2,   /* wrong usage or settings */
	EXIT_FLAGGED = 3, /* replay --exit-code: an account was flagged */
};

struct command {
	const char *name;  /* NULL ends the table */
	const char *usage; /* what follows the options: "LOG..." */
	const char *
		options; /* words for the options that it takes, blank-separated (arguments.c has the rows) */
	const char *about; /* one line, in the list of commands */
	const char *more;  /* further lines of its --help; NULL where there are none */
	bool prints;       /* line upon line as it reads: it ends with whoever reads them (SIGPIPE) */
	int (*run)(const struct arguments *arguments);
};

int command_parse(const struct arguments *arguments);
int command_replay(const struct arguments *arguments);
int command_setup(const struct arguments *arguments);
int command_check(const struct arguments *arguments);
int command_watch(const struct arguments *arguments);
int command_trace(const struct arguments *arguments);
int command_explain(const struct arguments *arguments);
int command_health(const struct arguments *arguments);
int command_accounts(const struct arguments *arguments);
int command_show(const struct arguments *arguments);
int command_disable(const struct arguments *arguments);
int command_release(const struct arguments *arguments);
int command_exempt(const struct arguments *arguments);
int command_reload(const struct arguments *arguments);
int command_addresses(const struct arguments *arguments);
int command_backtest(const struct arguments *arguments);

#endif
