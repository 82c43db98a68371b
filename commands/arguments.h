/*
 * What was typed after the command's name. An option is a row in arguments.c; a command says which it takes.
 */
#ifndef SENDWATCH_COMMANDS_ARGUMENTS_H
#define SENDWATCH_COMMANDS_ARGUMENTS_H

#include "base/clock.h"
#include "base/error.h"

#include <stdio.h>

/* The last three are lists of addresses, of a command with the word "lists" among its options. */
enum output_format { FORMAT_TEXT, FORMAT_NDJSON, FORMAT_NFT, FORMAT_FAIL2BAN, FORMAT_CROWDSEC };

struct arguments {
	const char *config;  /* NULL: /etc/sendwatch/detect.conf where it exists */
	int format;          /* enum output_format */
	usec_t since, until; /* USEC_NEVER where not given */
	int64_t year;
	int64_t threads; /* 0: as many as there are processors */
	const char *timezone, *account;
	const char *passwd, *owners, *geo;
	const char *html, *case_folder;
	bool quiet, progress, exit_code, help;
	/* parse */
	bool attempts, coverage;
	/* explain */
	bool list;
	/* backtest */
	int64_t suggest; /* flags a week; -1: not asked for */
	bool compare;
	/* disable, release, exempt */
	const char *reason;
	bool end, password_changed;
	/* check */
	bool defaults, manual, send_test;
	/* setup */
	const char *write, *root;
	bool force;
	/* what is no option: logs, mostly */
	const char *const *names;
	size_t count;
};

struct command;

/* Read ARGV after the command's name; options and names may be mixed. ERROR says what cannot be understood. */
bool arguments_read(int argc, char **argv, const struct command *command, struct arguments *arguments_r,
		    struct error *error);

/* The options that COMMAND takes, for its --help. */
void arguments_print(const struct command *command, FILE *out);

#endif
