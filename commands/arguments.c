/*
 * Options of the command line: one table of rows, from which getopt_long's own table, the checks and every
 * --help are made.
 */
#define _GNU_SOURCE
#include "commands/arguments.h"

#include "base/settings_nearest.h"
#include "base/settings_value.h"
#include "commands/command.h"

#include <getopt.h>
#include <stdlib.h>

enum argument_kind { ARGUMENT_FLAG, ARGUMENT_TEXT, ARGUMENT_COUNT, ARGUMENT_TIME, ARGUMENT_FORMAT };

struct argument {
	const char *word; /* a command's word for taking it */
	const char *name;
	enum argument_kind kind;
	size_t place;
	const char *value; /* what stands for the value in --help; NULL for flags */
	const char *about;
};

#define ARGUMENT_AS(word_, name_, kind_, field, value_, about_) \
	{ \
		word_, name_, ARGUMENT_##kind_, offsetof(struct arguments, field), value_, about_ \
	}
#define ARGUMENT(name_, kind_, field, value_, about_) ARGUMENT_AS(name_, name_, kind_, field, value_, about_)

#define ARGUMENTS_MOST 40

/* -h, -q, -c are the short forms of help, quiet and config. */
static const struct argument arguments_known[] = {
	ARGUMENT("config", TEXT, config, "FILE", "-c: settings, instead of /etc/sendwatch/detect.conf"),
	ARGUMENT("format", FORMAT, format, "text|ndjson", "for people, or one JSON object a line"),
	ARGUMENT("since", TIME, since, "TIME",
		 "show what happened from TIME on; the time before is still learned from"),
	ARGUMENT("until", TIME, until, "TIME",
		 "stop reading at TIME (2026-11-01, 2026-11-01T03:04:05+01:00, 2h: so long ago)"),
	ARGUMENT_AS("ends", "until", TIME, until, "TIME",
		    "when it ends by itself (2026-11-01, 2026-11-01T03:04:05+01:00, 2h: from now)"),
	ARGUMENT("year", COUNT, year, "YEAR", "of the first line, where stamps have none"),
	ARGUMENT("timezone", TEXT, timezone, "ZONE", "of stamps that name none: Europe/Berlin, +02:00"),
	ARGUMENT("account", TEXT, account, "ACCOUNT", "show this account alone"),
	ARGUMENT("passwd", TEXT, passwd, "FILE", "names of local users, for logs of another machine"),
	ARGUMENT("owners", TEXT, owners, "FILE", "which customer owns which domain or user"),
	ARGUMENT("geo", TEXT, geo, "FILE",
		 "countries of addresses: an mmdb, or a CSV of network and country"),
	ARGUMENT("html", TEXT, html, "FILE", "write the incident report to FILE: one page, to be mailed"),
	ARGUMENT("case", TEXT, case_folder, "FOLDER",
		 "write the report and its tables (CSV, NDJSON) into FOLDER"),
	ARGUMENT("attempts", FLAG, attempts, NULL, "print attempts (one a recipient) instead of events"),
	ARGUMENT("coverage", FLAG, coverage, NULL, "print how much was understood, and what was not"),
	ARGUMENT("list", FLAG, list, NULL, "print all rules"),
	ARGUMENT("suggest", COUNT, suggest, "N", "settings that keep flags to N a week on these logs"),
	ARGUMENT("compare", FLAG, compare, NULL,
		 "the first two names are settings: what changes from one to the other"),
	ARGUMENT("reason", TEXT, reason, "TEXT", "why, for the journal"),
	ARGUMENT("password-changed", FLAG, password_changed, NULL,
		 "release it only where that is so by the settings: for panels' hooks"),
	ARGUMENT("end", FLAG, end, NULL, "end an exemption now"),
	ARGUMENT("defaults", FLAG, defaults, NULL, "print every key with its default and its sentence"),
	ARGUMENT("man", FLAG, manual, NULL, "with --defaults: as the manual page detect.conf(5)"),
	ARGUMENT("send-test", FLAG, send_test, NULL,
		 "send a test message to every webhook, mail and command, and say what came back"),
	ARGUMENT("write", TEXT, write, "FILE",
		 "write the settings there; a file that is there is never replaced"),
	ARGUMENT("force", FLAG, force, NULL, "with --write: replace it, and keep the old one beside it"),
	ARGUMENT("root", TEXT, root, "FOLDER", "look at the machine whose files are in FOLDER"),
	ARGUMENT("exit-code", FLAG, exit_code, NULL, "exit with 3 where an account was flagged"),
	ARGUMENT("threads", COUNT, threads, "N",
		 "1: everything on one thread, instead of one for each processor; results are the same"),
	ARGUMENT("progress", FLAG, progress, NULL, "show progress even where standard error is no terminal"),
	ARGUMENT("quiet", FLAG, quiet, NULL, "-q: no progress, no summary of what was read"),
	ARGUMENT("help", FLAG, help, NULL, "-h: this help"),
};

#define ARGUMENTS_KNOWN (sizeof(arguments_known) / sizeof(arguments_known[0]))

static bool arguments_takes(const struct command *command, const char *word)
{
	struct span rest = span_of(command->options), option;

	if (strcmp(word, "help") == 0)
		return true;
	while (span_cut(&rest, ' ', &option))
		if (span_equal(option, span_of(word)))
			return true;
	return span_equal(rest, span_of(word));
}

static const char *const arguments_formats[] = { [FORMAT_TEXT] = "text",
						 [FORMAT_NDJSON] = "ndjson",
						 [FORMAT_NFT] = "nft",
						 [FORMAT_FAIL2BAN] = "fail2ban",
						 [FORMAT_CROWDSEC] = "crowdsec" };

struct length {
	usec_t of;
};

/* "2h": so long from now, written as durations are in the settings; a number alone could be anything. */
static bool arguments_length(struct span value, usec_t *length_r)
{
	static const struct setting row = SETTING(DURATION, struct length, of, "0s", 1e6, 3650 * 86400e6, "");
	struct length length = { 0 };
	struct error ignored;
	uint64_t number;

	if (span_to_u64(value, &number) || !setting_put(&row, &length, value, &ignored))
		return false;
	*length_r = length.of;
	return true;
}

/* What was is asked for by how long ago it was, the end of an order by how long it is to last. */
static bool arguments_time(const struct argument *known, struct span value, usec_t *time_r)
{
	usec_t length;

	if (clock_parse(value, time_r))
		return true;
	if (!arguments_length(value, &length))
		return false;
	*time_r = clock_now() + (strcmp(known->word, "ends") == 0 ? length : -length);
	return true;
}

static bool arguments_put(const struct argument *known, const char *value, struct arguments *arguments,
			  struct error *error)
{
	void *place = (char *)arguments + known->place;
	uint64_t number;

	switch (known->kind) {
	case ARGUMENT_FLAG:
		*(bool *)place = true;
		return true;
	case ARGUMENT_TEXT:
		*(const char **)place = value;
		return true;
	case ARGUMENT_COUNT:
		if (!span_to_u64(span_of(value), &number) || number > 9999)
			return error_set(error, "--%s: \"%s\" is not a number from 0 to 9999", known->name,
					 value);
		*(int64_t *)place = (int64_t)number;
		return true;
	case ARGUMENT_TIME:
		if (!arguments_time(known, span_of(value), place))
			return error_set(error,
					 "--%s: \"%s\" is not a time (2026-11-01, 2026-11-01T03:04:05Z, 2h)",
					 known->name, value);
		return true;
	case ARGUMENT_FORMAT:
		for (int i = FORMAT_TEXT; i <= FORMAT_CROWDSEC; i++)
			if (strcmp(value, arguments_formats[i]) == 0) {
				*(int *)place = i;
				return true;
			}
		return error_set(error, "--format: \"%s\" is neither text nor ndjson", value);
	}
	return false;
}

/* What getopt_long could not take: an unknown option, one without its value, or a flag with one. */
static bool arguments_refuse(const char *typed, int found, const struct command *command, struct error *error)
{
	const char single[] = { '-', (char)optopt, '\0' };
	struct span word, name = { NULL, 0 };
	const char *nearest = "help";
	size_t least = SIZE_MAX;

	if (found == ':')
		return error_set(error, "%s needs a value", typed);
	if (optopt >= 256)
		return error_set(error, "--%s takes no value", arguments_known[optopt - 256].name);
	/* Of several letters behind one dash, only that one is meant. */
	typed = optopt != 0 ? single : typed;
	word = span_of(typed);
	while (span_skip(&word, SPAN("-")))
		;
	if (!span_cut(&word, '=', &name))
		name = word;
	for (size_t i = 0; i < ARGUMENTS_KNOWN; i++) {
		size_t distance = settings_distance(name, span_of(arguments_known[i].name));

		if (arguments_takes(command, arguments_known[i].word) && distance < least) {
			least = distance;
			nearest = arguments_known[i].name;
		}
	}
	/* One that has less than half of it in common is no help. */
	if (least > name.len / 2)
		return error_set(error, "%s is not an option of %s: see sendwatch %s --help", typed,
				 command->name, command->name);
	return error_set(error, "%s is not an option of %s; the nearest is --%s", typed, command->name,
			 nearest);
}

bool arguments_read(int argc, char **argv, const struct command *command, struct arguments *arguments_r,
		    struct error *error)
{
	struct option options[ARGUMENTS_MOST] = { 0 };
	struct arguments arguments = { .since = USEC_NEVER, .until = USEC_NEVER, .suggest = -1 };
	size_t count = 0;
	int which = 0, found;

	for (size_t i = 0; i < ARGUMENTS_KNOWN && count < ARGUMENTS_MOST - 1; i++)
		if (arguments_takes(command, arguments_known[i].word))
			options[count++] = (struct option){ arguments_known[i].name,
							    arguments_known[i].value == NULL
								    ? no_argument
								    : required_argument,
							    NULL, (int)i + 256 };
	optind = 0;
	while ((found = getopt_long(argc, argv, ":c:hq", options, &which)) != -1) {
		const char *name = found == 'c'   ? "config"
				   : found == 'q' ? "quiet"
				   : found == 'h' ? "help"
						  : NULL;
		size_t i = found >= 256 ? (size_t)found - 256 : 0;

		if (found == '?' || found == ':')
			return arguments_refuse(argv[optind - 1], found, command, error);
		while (name != NULL && strcmp(arguments_known[i].name, name) != 0)
			i++;
		if (!arguments_takes(command, arguments_known[i].word)) {
			optopt = found;
			return arguments_refuse(argv[optind - 1], '?', command, error);
		}
		if (!arguments_put(&arguments_known[i], optarg, &arguments, error))
			return false;
	}
	if (arguments.format > FORMAT_NDJSON && !arguments_takes(command, "lists"))
		return error_set(error, "--format: \"%s\" is neither text nor ndjson",
				 arguments_formats[arguments.format]);
	if (arguments.since != USEC_NEVER && arguments.until != USEC_NEVER &&
	    arguments.since >= arguments.until)
		return error_set(error, "--since is not before --until: nothing lies between them");
	if (arguments.account != NULL && *arguments.account == '\0')
		return error_set(error, "--account: its name is empty");
	arguments.names = (const char *const *)argv + optind;
	arguments.count = (size_t)(argc - optind);
	*arguments_r = arguments;
	return true;
}

void arguments_print(const struct command *command, FILE *out)
{
	for (size_t i = 0; i < ARGUMENTS_KNOWN; i++) {
		const struct argument *known = &arguments_known[i];
		int width;

		if (!arguments_takes(command, known->word))
			continue;
		width = fprintf(out, "  --%s%s%s", known->name, known->value == NULL ? "" : " ",
				known->value == NULL ? "" : known->value);
		fprintf(out, "%*s%s\n", width < 26 ? 26 - width : 1, "", known->about);
	}
}
