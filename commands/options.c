/*
 * The list of all sections, in the order in which detect.conf shows them: what one sets first stands first.
 */
#define _GNU_SOURCE
#include "commands/options.h"

#include "base/memory.h"
#include "commands/arguments.h"
#include "responders/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const logs_starts[] = { "end", "beginning", NULL };

static const struct setting logs_settings[] = {
	SETTING(LIST, struct logs_options, files,
		"/var/log/mail.log, /var/log/maillog, /var/log/exim4/mainlog, /var/log/exim_mainlog", 0, 0,
		"the logs that watch follows: files and globs (those that do not exist yet are waited for), "
		"journal:unit=NAME, syslog:udp=ADDRESS:PORT and the like, as sendwatch(1) has them"),
	SETTING(COUNT, struct logs_options, year, "0", 0, 9999,
		"year of the first line, where stamps have none; 0 finds it out"),
	SETTING(TEXT, struct logs_options, timezone, "", 0, 0,
		"zone of stamps that name none (Europe/Berlin, +02:00); empty: this machine's"),
	SETTING_CHOICE_OF(struct logs_options, start, "end", logs_starts,
			  "where to begin in a log that was never read before"),
	SETTING(DURATION, struct logs_options, last, "1d", 0, 3650 * USEC_DAY,
		"with start = end: all that is there is learned from, and so much of it is told of, as late"),
	{ .name = NULL },
};

static const struct setting watch_settings[] = {
	SETTING(TEXT, struct watch_options, state, "/var/lib/sendwatch", 0, 0,
		"folder of what watch remembers: positions, what it knows of accounts, what is still to be delivered"),
	SETTING(DURATION, struct watch_options, save_every, "1m", USEC_SECOND / 10, USEC_HOUR,
		"how often watch writes down what it knows"),
	SETTING(DURATION, struct watch_options, silent_after, "1h", 0, 30 * USEC_DAY,
		"warn when a log that used to speak has been silent for so long; 0 never warns"),
	SETTING(PERCENT, struct watch_options, coverage, "95", 0, 100,
		"warn when a smaller share of the mail server's own lines is understood"),
	SETTING(DURATION, struct watch_options, recall, "5d", USEC_HOUR, 60 * USEC_DAY,
		"how far back logs are read again at start, for messages that were in the queue then"),
	SETTING(DURATION, struct watch_options, release, "12h", 0, 365 * USEC_DAY,
		"a released account is not flagged again for so long"),
	SETTING(TEXT, struct watch_options, user, "", 0, 0,
		"the user that watch becomes where root starts it; empty: it stays root"),
	SETTING(TEXT, struct watch_options, group, "", 0, 0, "and its group; empty: that user's own"),
	SETTING(LIST, struct watch_options, groups, "adm", 0, 0,
		"further groups of that user, who may read the logs"),
	SETTING(FLAG, struct watch_options, read_all, "no", 0, 0,
		"that user may read every file (CAP_DAC_READ_SEARCH): for logs that are root's alone"),
	{ .name = NULL },
};

#define SECTION(name_, about_, rows, field) \
	{ \
		.name = name_, .about = about_, .settings = rows, \
		.size = sizeof(((struct options *)0)->field), .place = offsetof(struct options, field) \
	}

/* What stands before the detectors, and what after them. */
static const struct settings_section options_first[] = {
	SECTION("logs", "Which logs are read, and how.", logs_settings, logs),
	SECTION("ledger", "How messages are followed, and whose they are.", ledger_settings, ledger),
	SECTION("judge", "When an account is watched, flagged, or ready to be disabled.", judge_settings,
		judge),
};

static const struct settings_section options_last[] = {
	SECTION("redis", "Where the windows of many servers live together.", redis_settings, redis),
	SECTION("health", "When a provider that refuses our own addresses is news.", health_settings, health),
	SECTION("dnsbl", "Which blocklists are asked for our own addresses; none unless it is enabled.",
		dnsbl_settings, dnsbl),
	SECTION("server", "When the log as a whole is unusual.", server_settings, server),
	SECTION("watch", "What watch remembers, and when it warns of itself.", watch_settings, watch),
	SECTION("journal", "The file that every verdict and every response is written to.", journal_settings,
		journal),
	SECTION("outbox", "How long and how often undelivered messages are tried again.", outbox_settings,
		outbox),
	SECTION("act", "What keeps watch from acting, and for how long it acts.", brakes_settings, act),
	SECTION("policy", "The policy service that Postfix and Exim ask whether an account may send.",
		restriction_settings, policy),
	{
		.name = "adapter",
		.about = "Where else a disabled account is stopped: any number of these, each with a name of "
			 "your choice.",
		.settings = adapter_settings,
		.size = sizeof(struct adapter_options),
		.place = offsetof(struct options, adapters),
		.repeated = true,
	},
	SECTION("addresses", "Which networks are kept as attackers, and for which programs.",
		address_settings, addresses),
	{
		.name = "webhook",
		.about = "Who is told by HTTP: any number of these, each with a name of your choice.",
		.settings = webhook_settings,
		.size = sizeof(struct webhook_options),
		.place = offsetof(struct options, webhooks),
		.repeated = true,
	},
	{
		.name = "mail",
		.about = "Who is told by mail: any number of these, each with a name of your choice.",
		.settings = mail_settings,
		.size = sizeof(struct mail_options),
		.place = offsetof(struct options, mails),
		.repeated = true,
	},
	{
		.name = "command",
		.about = "What is run, with the verdict as JSON on standard input: any number of these, each with "
			 "a name of your choice.",
		.settings = command_settings,
		.size = sizeof(struct command_options),
		.place = offsetof(struct options, commands),
		.repeated = true,
	},
	{
		.name = "reply",
		.about = "What refusals mean, where the built-in rules do not know: any number of these, "
			 "each with a name of your choice.",
		.settings = reply_rule_settings,
		.size = sizeof(struct reply_rule_options),
		.place = offsetof(struct options, replies),
		.repeated = true,
	},
	SECTION("status",
		"The status page, metrics and health of watch, over HTTP; off unless `listen` says where.",
		status_settings, status),
	SECTION("log", "What sendwatch says of itself, on standard error.", log_settings, log),
};

#define OPTIONS_FIRST (sizeof(options_first) / sizeof(options_first[0]))
#define OPTIONS_LAST  (sizeof(options_last) / sizeof(options_last[0]))

/* Each detector has a section of its own, so a new one needs no line here. */
const struct settings_section *options_sections(void)
{
	static struct settings_section all[OPTIONS_FIRST + DETECTORS + OPTIONS_LAST + 1];
	struct settings_section *next = all;

	if (all[0].name != NULL)
		return all;
	for (size_t i = 1; i < OPTIONS_FIRST; i++)
		*++next = options_first[i];
	for (size_t i = 0; i < DETECTORS; i++)
		*++next = (struct settings_section){
			.name = detectors[i]->name,
			.about = detectors[i]->about,
			.settings = detectors[i]->settings,
			.size = detectors[i]->options_size,
			.place = offsetof(struct options, judge.detector) +
				 i * sizeof(union detector_options),
		};
	for (size_t i = 0; i < OPTIONS_LAST; i++)
		*++next = options_last[i];
	all[0] = options_first[0];
	return all;
}

static void options_replace(char **text, const char *typed)
{
	if (typed == NULL)
		return;
	free(*text);
	*text = memory_copy(span_of(typed));
}

/*
 * The store, which reads it, knows no credentials: "credential:NAME" becomes the file where systemd put it; where
 * systemd put none, it stays as it is, for the store to say so.
 */
static void options_find_credential(char **path)
{
	struct text file = { 0 };
	struct error error;

	if (*path != NULL && secret_path(*path, &file, &error))
		options_replace(path, file.at);
	text_free(&file);
}

bool options_are_there(void)
{
	static bool told;

	if (access(OPTIONS_DEFAULT_PATH, F_OK) == 0)
		return true;
	if (errno == EACCES && !told)
		fprintf(stderr, "sendwatch: %s: %s: goes on with all settings at their defaults\n",
			OPTIONS_DEFAULT_PATH, strerror(errno));
	told = true;
	return false;
}

bool options_load(const struct arguments *arguments, struct options *options, struct error *error)
{
	const char *path = arguments->config;

	*options = (struct options){ 0 };
	if (path == NULL && options_are_there())
		path = OPTIONS_DEFAULT_PATH;
	if (path == NULL)
		settings_defaults(options_sections(), options);
	else if (!settings_read(options_sections(), path, options, error)) {
		options_free(options);
		return false;
	}
	options_find_credential(&options->redis.password_file);
	options_find_credential(&options->redis.sentinel_password_file);
	(void)gethostname(options->redis.host, sizeof(options->redis.host) - 1);
	options->logs.since = arguments->since;
	options->logs.until = arguments->until;
	if (arguments->year != 0)
		options->logs.year = arguments->year;
	options_replace(&options->logs.timezone, arguments->timezone);
	options_replace(&options->ledger.passwd, arguments->passwd);
	options_replace(&options->ledger.owners, arguments->owners);
	options_replace(&options->judge.geo, arguments->geo);
	if (arguments->account != NULL) {
		struct account_name name;

		options->logs.account = memory_copy(
			options_account(options, span_of(arguments->account), &name));
	}
	return true;
}

void options_free(struct options *options)
{
	free(options->logs.account);
	options->logs.account = NULL;
	settings_free(options_sections(), options);
}

struct span options_account(const struct options *options, struct span typed, struct account_name *name)
{
	const struct account_rules rules = ledger_rules(&options->ledger);
	struct span user = typed;

	if (span_starts(typed, SPAN("script:")) || span_starts(typed, SPAN("host:")) ||
	    span_starts(typed, SPAN("sender:")) || account_is_escaped(typed))
		return typed;
	if (span_skip(&user, SPAN("local:")))
		return account_local(user, name);
	return account_login(&rules, typed, name);
}

struct span options_named(const struct options *options, const struct event *event, struct account_name *name)
{
	const struct account_rules rules = ledger_rules(&options->ledger);

	if (event->kind == EVENT_SCRIPT)
		return account_script(event->directory, name);
	return event->kind == EVENT_CLIENT && event->local ? account_local(event->login, name)
							   : account_login(&rules, event->login, name);
}

bool options_want(const struct options *options, struct span account)
{
	return options->logs.account == NULL || span_equal(account, span_of(options->logs.account));
}

bool options_stop_accounts(const struct options *options)
{
	return options->adapters.count > 0 || options->policy.address != NULL ||
	       options->policy.socketmap != NULL;
}
