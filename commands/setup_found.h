/*
 * What `sendwatch setup` found on a machine. All texts come from files that others wrote: each was held against what it
 * may be (a path, a domain, an address) when it was taken in, so that nothing here can end a line or begin a section.
 * An empty text was not found.
 */
#ifndef SENDWATCH_COMMANDS_SETUP_FOUND_H
#define SENDWATCH_COMMANDS_SETUP_FOUND_H

#include "commands/setup_root.h"

#include "base/clock.h"

#define SETUP_TEXT 256
#define SETUP_MOST 16
#define SETUP_LIST 128

struct setup_texts {
	char of[SETUP_LIST][SETUP_TEXT];
	size_t count;
	bool more; /* than there is room for */
};

struct setup_server {
	bool installed, running;
};

/* A service of master.cf where people log in and send. */
struct setup_service {
	char name[64];           /* "submission", "465" */
	char restrictions[1024]; /* its own smtpd_recipient_restrictions; empty: main.cf's */
	bool chrooted;
};

struct setup_log {
	char path[SETUP_TEXT];
	bool fresh;
	bool syslog;    /* by a syslog daemon, which takes lines from everybody */
	bool closed;    /* neither its group nor everybody may read it */
	char group[64]; /* who may, where not everybody may */
};

struct setup_panel {
	const char *name, *label, *marker;
	const char *owners; /* its map of domains to customers, where it has one that owners.h reads */
	const char *needs;  /* what its script takes beside itself; NULL: nothing */
	bool asks;          /* its script can tell whether an account is stopped */
};

struct setup_found {
	struct setup_server postfix, exim, dovecot, redis;
	const struct setup_panel *panel; /* NULL: none that is known */
	struct setup_log logs[SETUP_MOST];
	size_t log_count;
	bool journald, volatile_journal;
	char unit[64]; /* of the mail server, in the journal */

	/* Postfix */
	struct setup_service services[8];
	size_t service_count;
	char restrictions[1024];                      /* main.cf's smtpd_recipient_restrictions */
	char submit_users[256];                       /* authorized_submit_users */
	char map[16];                                 /* the best type of table that it has */
	bool asks_us;                                 /* main.cf has our lines already */
	bool asks_policy;                             /* somebody else's policy service is asked already */
	bool tags;                                    /* bob+tag is bob's */
	char realm[SETUP_TEXT];                       /* smtpd_sasl_local_domain */
	struct setup_texts trusted, filters, sources; /* mynetworks; content filters; smtp_bind_address */

	/* Exim */
	char exim_config[SETUP_TEXT], exim_spool[SETUP_TEXT], exim_list[SETUP_TEXT];
	bool exim_arguments; /* log_selector has +arguments, so folders of scripts are known */

	char dovecot_auth[SETUP_TEXT]; /* the file whose first passdb is asked first */
	bool dovecot_named;            /* its passdbs have names and settings of their own: since 2.4 */
	char redis_server[SETUP_TEXT];
	char geo[SETUP_TEXT], share[SETUP_TEXT];
	char host[SETUP_TEXT];
	struct setup_texts addresses; /* public ones of this machine */
	bool private_only;
	bool user;            /* the user sendwatch is there */
	bool root_alias;      /* root's mail goes to somebody */
	unsigned policy_port; /* that is free, or that Postfix asks already */
};

/* Look at everything; WHEN tells what is fresh. */
void setup_look(const struct setup_root *root, usec_t when, struct setup_found *found_r);

/* The parts of it, a file each. */
void setup_look_postfix(const struct setup_root *root, struct setup_found *found);
void setup_look_exim(const struct setup_root *root, struct setup_found *found);
void setup_look_logs(const struct setup_root *root, usec_t when, struct setup_found *found);
void setup_look_network(const struct setup_root *root, struct setup_found *found);

/* FOUND as a detect.conf with its reasons; and what is left for a person to do. */
void setup_conf(const struct setup_found *found, struct text *text);
void setup_steps(const struct setup_found *found, const char *conf, struct text *text);

/* A log that FOUND knows by its configuration, before logs are looked at. False where there are too many. */
bool setup_add(struct setup_texts *texts, struct span value, bool (*good)(struct span));

/* Take VALUE in where it is GOOD and has room. */
bool setup_take(char *place, size_t size, struct span value, bool (*good)(struct span));

/* What values may be. */
bool setup_is_path(struct span value);
bool setup_is_domain(struct span value);
bool setup_is_network(struct span value);
bool setup_is_word(struct span value);
bool setup_is_line(struct span value); /* printable ASCII: for what is shown and never written as a setting */

/* Cut the next line off REST, without its end; false at the end. */
bool setup_line(struct span *rest, struct span *line_r);

#endif
