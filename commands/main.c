/*
 * sendwatch: reads what Postfix and Exim log, and says which account is no longer in its owner's hands.
 * This file is the contents page: a row a command.
 */
#define _GNU_SOURCE
#include "base/settings_nearest.h"
#include "commands/command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#define LOG_OPTIONS "since until year timezone account passwd owners geo threads progress quiet"

static const struct command commands[] = {
	{ .name = "watch",
	  .usage = "[LOG...]",
	  .options = "config year timezone passwd owners geo",
	  .run = command_watch,
	  .about = "follow the logs and act: the daemon, in the foreground",
	  .more = "LOG stands in place of the files that detect.conf names. SIGHUP takes new settings in, SIGTERM ends.\n" },
	{ .name = "replay",
	  .usage = "LOG...",
	  .options = "config format exit-code html case " LOG_OPTIONS,
	  .run = command_replay,
	  .prints = true,
	  .about = "judge old logs: which account, since when, how much, why; nothing is acted on",
	  .more = "For --html and --case the logs are read twice, so they must be files.\n" },
	{ .name = "parse",
	  .usage = "LOG...",
	  .options = "config attempts coverage format " LOG_OPTIONS,
	  .run = command_parse,
	  .prints = true,
	  .about = "what the lines say, one JSON object a line" },
	{ .name = "trace",
	  .usage = "WHAT LOG...",
	  .options = "config format " LOG_OPTIONS,
	  .run = command_trace,
	  .prints = true,
	  .about = "every step of a message: WHAT is an address, a queue id, a message-id or an account" },
	{ .name = "explain",
	  .usage = "REPLY | -",
	  .options = "config format list",
	  .run = command_explain,
	  .prints = true,
	  .about = "what a refusal means, whom it blames, and what to do",
	  .more = "REPLY is the remote server's answer, or a whole log line; with - one a line from standard "
		  "input.\n" },
	{ .name = "health",
	  .usage = "[LOG...]",
	  .options = "config format " LOG_OPTIONS,
	  .run = command_health,
	  .prints = true,
	  .about = "how remote providers treat our own addresses, and who causes it" },
	{ .name = "backtest",
	  .usage = "LOG...",
	  .options = "config format suggest compare " LOG_OPTIONS,
	  .run = command_backtest,
	  .prints = true,
	  .about = "what these settings would have done on old logs, and what the rules of others would have",
	  .more = "backtest --compare A.conf B.conf LOG... shows what changes from the one to the other.\n" },
	{ .name = "accounts",
	  .usage = "[STATE]",
	  .options = "config format",
	  .run = command_accounts,
	  .about = "the accounts that are watched, flagged, disabled, released or exempt" },
	{ .name = "show",
	  .usage = "ACCOUNT...",
	  .options = "config format",
	  .run = command_show,
	  .about = "what is known of an account: its state, its windows, what was ordered about it",
	  .more = "domain:NAME, customer:NAME and \"address:OURS PROVIDER\" show what all accounts of these did.\n" },
	{ .name = "disable",
	  .usage = "ACCOUNT...",
	  .options = "config reason ends",
	  .run = command_disable,
	  .about = "stop an account now, as watch would: until it is released, or TIME" },
	{ .name = "release",
	  .usage = "ACCOUNT...",
	  .options = "config reason password-changed",
	  .run = command_release,
	  .about = "undo what was done about an account, and judge it anew" },
	{ .name = "exempt",
	  .usage = "ACCOUNT...",
	  .options = "config reason ends end",
	  .run = command_exempt,
	  .about = "do nothing about an account until TIME: verdicts go on" },
	{ .name = "reload",
	  .usage = "",
	  .options = "config",
	  .run = command_reload,
	  .about = "have watch take new settings in, and say whether it did" },
	{ .name = "addresses",
	  .usage = "",
	  .options = "config format lists",
	  .run = command_addresses,
	  .about = "the networks that guess passwords or send through stolen accounts",
	  .more = "--format nft, fail2ban or crowdsec prints the list as nft -f, fail2ban-client's banip and cscli\n"
		  "decisions import take it.\n" },
	{ .name = "setup",
	  .usage = "",
	  .options = "write force root",
	  .run = command_setup,
	  .about = "look at this machine and write a detect.conf for it, with reasons; print the next steps",
	  .more = "Without --write, the settings go to standard output and nothing is changed.\n" },
	{ .name = "check",
	  .usage = "",
	  .options = "config defaults man send-test",
	  .run = command_check,
	  .about = "say what is wrong with the settings, the rights and the files, and where" },
	{ .name = NULL },
};

static void main_help(FILE *out)
{
	fprintf(out, "sendwatch finds the account that sends spam through your server, from the mail log.\n\n"
		     "Usage: sendwatch COMMAND [OPTIONS] [LOG...]\n\n");
	for (const struct command *command = commands; command->name != NULL; command++)
		fprintf(out, "  %-10s %-15s %s\n", command->name, command->usage, command->about);
	fprintf(out, "\nLOG is a file, plain or compressed, a glob, or - for standard input, in any order.\n"
		     "`sendwatch COMMAND --help` says more about each; sendwatch-COMMAND(1) says it all.\n");
}

static void main_command_help(const struct command *command, FILE *out)
{
	fprintf(out, "sendwatch %s: %s\n\nUsage: sendwatch %s [OPTIONS]%s%s\n\n", command->name,
		command->about, command->name, *command->usage == '\0' ? "" : " ", command->usage);
	arguments_print(command, out);
	if (command->more != NULL)
		fprintf(out, "\n%s", command->more);
}

static int main_unknown(const char *name)
{
	const struct command *nearest = commands;

	for (const struct command *command = commands; command->name != NULL; command++)
		if (settings_distance(span_of(name), span_of(command->name)) <
		    settings_distance(span_of(name), span_of(nearest->name)))
			nearest = command;
	fprintf(stderr,
		"sendwatch: no command is called %s; the nearest is %s (sendwatch --help lists them)\n", name,
		nearest->name);
	return EXIT_USAGE;
}

/* What a command printed counts only once it is written: a full disk must not look like success. */
static int main_finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	/* Who reads only the beginning, as head does, has what was wanted. */
	if (errno != EPIPE)
		perror("sendwatch: standard output");
	return status == EXIT_DONE ? EXIT_FAILED : status;
}

int main(int argc, char **argv)
{
	const struct command *command = commands;
	struct arguments arguments;
	struct error error;

	if (argc < 2) {
		main_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("sendwatch %s\n", SENDWATCH_VERSION);
		return main_finish(EXIT_DONE);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		main_help(stdout);
		return main_finish(EXIT_DONE);
	}
	while (command->name != NULL && strcmp(command->name, argv[1]) != 0)
		command++;
	if (command->name == NULL)
		return main_unknown(argv[1]);
	if (!arguments_read(argc - 1, argv + 1, command, &arguments, &error)) {
		fprintf(stderr, "sendwatch %s: %s\n", command->name, error.text);
		return EXIT_USAGE;
	}
	if (arguments.help) {
		main_command_help(command, stdout);
		return main_finish(EXIT_DONE);
	}
	/* Whoever started us may not care how children end; we do. */
	signal(SIGCHLD, SIG_DFL);
	/* A program, a Redis or a watch at the other end that goes away is an error that is told, and no end. */
	if (!command->prints)
		signal(SIGPIPE, SIG_IGN);
	return main_finish(command->run(&arguments));
}
