/*
 * The whole of the settings, and the one list of their sections. A module that has settings declares its
 * struct and its rows beside its code; here it gets a place and a section's name, and with that the reader of
 * detect.conf, `sendwatch check`, the manual page and detect.conf itself know it.
 */
#ifndef SENDWATCH_COMMANDS_OPTIONS_H
#define SENDWATCH_COMMANDS_OPTIONS_H

#include "base/log.h"
#include "base/settings.h"
#include "commands/status_options.h"
#include "detectors/health.h"
#include "detectors/judge.h"
#include "detectors/redis_route.h"
#include "detectors/server.h"
#include "parsers/ledger.h"
#include "responders/adapter.h"
#include "responders/addresses.h"
#include "responders/brakes.h"
#include "responders/command.h"
#include "responders/dnsbl.h"
#include "responders/journal.h"
#include "responders/mail.h"
#include "responders/outbox.h"
#include "responders/restrictions.h"
#include "responders/webhook.h"

#define OPTIONS_DEFAULT_PATH "/etc/sendwatch/detect.conf"

struct arguments;

struct logs_options {
	struct setting_list files; /* what watch follows */
	int64_t year;              /* of the first line; 0: found out */
	char *timezone;            /* NULL: this machine's */
	int start;                 /* of a log seen for the first time: 0 end, 1 beginning */
	usec_t last;               /* at the first start so much is told of */
	/* Typed, never in a file: */
	usec_t since, until; /* USEC_NEVER where not */
	char *account;       /* this one alone, as the ledger names it; NULL: all */
};

struct watch_options {
	char *state; /* folder of positions, snapshot and outbox */
	usec_t save_every;
	usec_t silent_after; /* a source that used to speak */
	double coverage;     /* share of the MTA's own lines that must be understood */
	usec_t recall;       /* how far back logs are read again at start */
	usec_t release;      /* how long a released account is left alone */
	char *user, *group;  /* whom watch becomes; NULL: it stays who it is, the user's own */
	struct setting_list groups;
	bool read_all;
};

struct options {
	struct logs_options logs;
	struct ledger_options ledger;
	struct judge_options judge;
	struct redis_options redis;
	struct watch_options watch;
	struct journal_options journal;
	struct outbox_options outbox;
	struct brakes_options act;
	struct restriction_options policy;
	struct settings_many adapters; /* struct adapter_options */
	struct address_options addresses;
	struct settings_many webhooks; /* struct webhook_options */
	struct settings_many mails;    /* struct mail_options */
	struct settings_many commands; /* struct command_options */
	struct settings_many replies;  /* struct reply_rule_options */
	struct health_options health;
	struct server_options server;
	struct dnsbl_options dnsbl;
	struct log_options log;
	struct status_options status;
};

/* The list of all sections, ended by one without a name. */
const struct settings_section *options_sections(void);

/*
 * The settings in force: detect.conf (of the arguments, else the usual one where it exists), then what was
 * typed. False with file and line in ERROR; nothing to free then.
 */
/* Is the usual file of settings there? Where it is not for this user to see, that is said once. */
bool options_are_there(void);

bool options_load(const struct arguments *arguments, struct options *options, struct error *error);
void options_free(struct options *options);

/*
 * An account as people type it, as watch knows it: a prefix that is ours stays, and so does a name that was told
 * with something escaped in it; everything else is a login. It may point into NAME.
 */
struct span options_account(const struct options *options, struct span typed, struct account_name *name);

/*
 * The account that a line names: who logs in, the local user, the script's folder. Empty where it names none, as where
 * Postfix says of a local user the number alone.
 */
struct span options_named(const struct options *options, const struct event *event,
			  struct account_name *name);

/* Is there anything by which an account would be stopped: a policy service, a socketmap, an adapter? */
bool options_stop_accounts(const struct options *options);

/* Is ACCOUNT, named by the ledger, the one that was asked for, or were all? */
bool options_want(const struct options *options, struct span account);

#endif
