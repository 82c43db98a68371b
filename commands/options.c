/*
 * The list of all sections, in the order in which detect.conf shows them: what one sets first stands first.
 */
#define _GNU_SOURCE
#include "commands/options.h"

#include "base/memory.h"
#include "commands/arguments.h"

#include <stdlib.h>
#include <unistd.h>

static const char *const logs_starts[] = { "end", "beginning", NULL };

static const struct setting logs_settings[] = {
	SETTING(LIST, struct logs_options, files,
		"/var/log/mail.log, /var/log/maillog, /var/log/exim4/mainlog, /var/log/exim_mainlog", 0, 0,
		"the logs that watch follows, or globs of them; those that do not exist yet are waited for"),
	SETTING(COUNT, struct logs_options, year, "0", 0, 9999,
		"year of the first line, where stamps have none; 0 finds it out"),
	SETTING(TEXT, struct logs_options, timezone, "", 0, 0,
		"zone of stamps that name none (Europe/Berlin, +02:00); empty: this machine's"),
	SETTING_CHOICE_OF(struct logs_options, start, "end", logs_starts,
			  "where to begin in a log that was never read before"),
	SETTING(TEXT, struct logs_options, state, "/var/lib/sendwatch", 0, 0,
		"folder of what watch remembers: positions, what it knows of accounts, what is still to be delivered"),
	SETTING(DURATION, struct logs_options, save_every, "1m", USEC_SECOND, USEC_HOUR,
		"how often watch writes down what it knows"),
	SETTING(DURATION, struct logs_options, silent_after, "1h", 0, 30 * USEC_DAY,
		"warn when a log that used to speak has been silent for so long; 0 never warns"),
	SETTING(PERCENT, struct logs_options, coverage, "95", 0, 100,
		"warn when a smaller share of the mail server's own lines is understood"),
	{ .name = NULL },
};

#define SECTION(name_, about_, rows, field) \
	{ \
		name_, about_, rows, sizeof(((struct options *)0)->field), offsetof(struct options, field), \
			false \
	}

const struct settings_section options_sections[] = {
	SECTION("logs", "Which logs are read, and how.", logs_settings, logs),
	SECTION("log", "What sendwatch says of itself, on standard error.", log_settings, log),
	{ .name = NULL },
};

static void options_replace(char **text, const char *typed)
{
	if (typed == NULL)
		return;
	free(*text);
	*text = memory_copy(span_of(typed));
}

bool options_load(const struct arguments *arguments, struct options *options, struct error *error)
{
	const char *path = arguments->config;

	*options = (struct options){ 0 };
	if (path == NULL && access(OPTIONS_DEFAULT_PATH, F_OK) == 0)
		path = OPTIONS_DEFAULT_PATH;
	if (path == NULL)
		settings_defaults(options_sections, options);
	else if (!settings_read(options_sections, path, options, error)) {
		options_free(options);
		return false;
	}
	options->logs.since = arguments->since;
	options->logs.until = arguments->until;
	if (arguments->year != 0)
		options->logs.year = arguments->year;
	options_replace(&options->logs.timezone, arguments->timezone);
	return true;
}

void options_free(struct options *options)
{
	settings_free(options_sections, options);
}
