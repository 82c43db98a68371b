/*
 * What was found, as a detect.conf: only keys that are not at their default, each with its reason. Nothing here lets
 * watch act: [act] dry_run stays on.
 */
#define _GNU_SOURCE
#include "commands/setup_found.h"

static void conf_server(struct text *text, const char *name, const struct setup_server *server)
{
	if (server->installed)
		text_add_format(text, "#   %s%s\n", name,
				server->running ? ", which runs" : "; it does not run now");
}

static void conf_head(const struct setup_found *found, struct text *text)
{
	text_add_format(
		text,
		"# detect.conf, by `sendwatch setup` for %s.\n"
		"#\n"
		"# Only what differs from the defaults stands here; `sendwatch check --defaults` prints every\n"
		"# key, and `sendwatch check` says what is wrong. It was found:\n"
		"#\n",
		*found->host == '\0' ? "this machine" : found->host);
	conf_server(text, "Postfix", &found->postfix);
	conf_server(text, "Exim", &found->exim);
	if (!found->postfix.installed && !found->exim.installed)
		text_add(text, SPAN("#   no mail server that is known: neither Postfix nor Exim\n"));
	conf_server(text, "Dovecot", &found->dovecot);
	if (found->panel != NULL)
		text_add_format(text, "#   %s (%s)\n", found->panel->label, found->panel->marker);
	if (*found->redis_server != '\0')
		text_add_format(text, "#   Redis at %s\n", found->redis_server);
}

static bool conf_wants_journal(const struct setup_found *found)
{
	bool fresh = false;

	for (size_t i = 0; i < found->log_count; i++)
		fresh = fresh || found->logs[i].fresh;
	/* Exim writes files by itself; its logs are never in the journal alone. */
	return !fresh && found->journald && (found->postfix.installed || found->log_count == 0);
}

/* The journal of what delivers here, and of who logs in. */
static void conf_units(const struct setup_found *found, struct text *text)
{
	text_add_format(text, "journal:unit=%s%s", found->unit,
			found->dovecot.installed ? "+unit=dovecot.service" : "");
}

static void conf_journal(const struct setup_found *found, struct text *text)
{
	if (found->log_count == 0)
		text_add(text, SPAN("# There is no file of the mail log; systemd's journal has it.\n"));
	else
		text_add_format(
			text,
			"# %s was not written to for two days, so nothing writes it any more; systemd's journal has "
			"the log.\n",
			found->logs[0].path);
	if (found->volatile_journal)
		text_add(
			text,
			SPAN("# That is kept in memory only: what was not read before a restart is lost.\n"));
	if (*found->unit == '\0') {
		text_add(text, SPAN("files = journal:\n"));
		return;
	}
	text_add(text,
		 SPAN("# Of these units alone: their name cannot be forged, as a log line's can.\nfiles = "));
	conf_units(found, text);
	text_add(text, SPAN("\n"));
}

/* A syslog daemon believes what it is told; the journal knows who says it. Exim writes its files itself. */
static void conf_unforged(const struct setup_found *found, struct text *text)
{
	bool forgeable = false;

	for (size_t i = 0; i < found->log_count; i++)
		forgeable = forgeable || (found->logs[i].fresh && found->logs[i].syslog);
	if (!forgeable || !found->postfix.installed || !found->journald || *found->unit == '\0')
		return;
	text_add(
		text,
		SPAN("# Whoever may log on this machine, as a customer's script may, can write lines there in the name of\n"
		     "# Postfix, and have another's account flagged. What the journal has of its unit cannot be forged:\n"));
	text_add(text, SPAN(";files = "));
	conf_units(found, text);
	for (size_t i = 0; i < found->log_count; i++)
		if (found->logs[i].fresh && !found->logs[i].syslog)
			text_add_format(text, ", %s", found->logs[i].path);
	text_add(text, SPAN("\n"));
}

static void conf_logs(const struct setup_found *found, struct text *text)
{
	bool begun = false, any_fresh = false;

	text_add(text, SPAN("\n[logs]\n"));
	if (found->panel != NULL && strcmp(found->panel->name, "mailcow") == 0)
		text_add(
			text,
			SPAN("# mailcow's Postfix logs to Docker, whose files are no mail logs: let its containers log where a\n"
			     "# file can be written of it (the panel's documentation, logging), and name that here.\n"));
	if (conf_wants_journal(found)) {
		conf_journal(found, text);
		return;
	}
	if (found->log_count == 0) {
		text_add(
			text,
			SPAN("# None of the usual logs is there, and no journal: those that are waited for by default\n"
			     "# are /var/log/mail.log, /var/log/maillog and Exim's.\n"
			     ";files =\n"));
		return;
	}
	for (size_t i = 0; i < found->log_count; i++)
		any_fresh = any_fresh || found->logs[i].fresh;
	text_add_format(
		text,
		any_fresh
			? "# Written to within two days. Rotations beside it are learned from at the "
			  "first start.\n"
			: "# Not written to for two days: is this the log, and does the mail server run?\n");
	for (size_t i = 0; i < found->log_count; i++) {
		if (any_fresh && !found->logs[i].fresh)
			continue;
		text_add_format(text, "%s%s", begun ? ", " : "files = ", found->logs[i].path);
		begun = true;
	}
	text_add(text, SPAN("\n"));
	for (size_t i = 0; i < found->log_count; i++)
		if (any_fresh && !found->logs[i].fresh)
			text_add_format(text, "# Left out, since nothing wrote to it for two days: %s\n",
					found->logs[i].path);
	conf_unforged(found, text);
}

static void conf_list(struct text *text, const char *key, const char *first, const struct setup_texts *list)
{
	text_add_format(text, "%s = %s", key, first);
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0 || *first != '\0')
			text_add(text, i > 0 && i % 8 == 0 ? SPAN(",\n    ") : SPAN(", "));
		text_add_format(text, "%s", list->of[i]);
	}
	text_add(text, SPAN("\n"));
}

static void conf_ledger(const struct setup_found *found, struct text *text)
{
	const char *owners = found->panel == NULL ? NULL : found->panel->owners;

	if (*found->realm == '\0' && !found->tags && found->trusted.count == 0 && found->filters.count == 0 &&
	    owners == NULL)
		return;
	text_add(text, SPAN("\n[ledger]\n"));
	if (*found->realm != '\0')
		text_add_format(text, "# main.cf: smtpd_sasl_local_domain.\ndefault_domain = %s\n",
				found->realm);
	if (found->tags)
		text_add(text, SPAN("# main.cf: recipient_delimiter has a plus.\nfold_tags = yes\n"));
	if (found->trusted.count > 0) {
		text_add(
			text,
			SPAN("# main.cf: mynetworks, without this machine itself. They send without a login, so\n"
			     "# each of these addresses is an account.\n"));
		if (found->trusted.more)
			text_add_format(text, "# There are more than these %zu: add the others.\n",
					found->trusted.count);
		conf_list(text, "trusted_hosts", "", &found->trusted);
	}
	if (found->filters.count > 0) {
		text_add(
			text,
			SPAN("# Postfix hands mail to these filters; what comes back is the same message.\n"));
		conf_list(text, "filters", "spamassassin, spamfilter, spamchk, dfilt, filter",
			  &found->filters);
	}
	if (owners != NULL)
		text_add_format(text, "# %s's map of domains to customers.\nowners = %s\n",
				found->panel->label, owners);
}

static void conf_watch(const struct setup_found *found, struct text *text)
{
	struct setup_texts groups = { .count = 0 };
	bool closed = false;

	for (size_t i = 0; i < found->log_count; i++) {
		closed = closed || found->logs[i].closed;
		if (*found->logs[i].group != '\0' && strcmp(found->logs[i].group, "adm") != 0 &&
		    strcmp(found->logs[i].group, "root") != 0)
			setup_add(&groups, span_of(found->logs[i].group), setup_is_word);
	}
	closed = closed && !conf_wants_journal(found);
	text_add(text, SPAN("\n[watch]\n"));
	text_add_format(
		text, "# %s\n%suser = sendwatch\n",
		found->user
			? "Started by root, it becomes this user before it reads what strangers wrote."
			: "The user is not there yet (systemd-sysusers, or useradd -r sendwatch): take the ; away then.",
		found->user ? "" : ";");
	if (conf_wants_journal(found))
		conf_list(text, "# Who may read the journal.\ngroups", "adm, systemd-journal",
			  &(struct setup_texts){ .count = 0 });
	else if (groups.count > 0)
		conf_list(text, "# Who may read the logs.\ngroups", "adm", &groups);
	if (closed)
		text_add(
			text,
			SPAN("# A log that root alone may read; the other way is to let the group adm read it.\n"
			     "read_all = yes\n"));
}

static void conf_adapter(struct text *text, const char *name, const char *why, const char *type,
			 const char *file)
{
	text_add_format(text, "\n# %s\n[adapter %s]\ntype = %s\n", why, name, type);
	if (file != NULL)
		text_add_format(text, "file = %s\n", file);
}

/* A panel undoes what others do behind its back, so it is asked to stop an account itself. */
static void conf_panel(const struct setup_found *found, struct text *text)
{
	const char *name = found->panel->name, *share = found->share;

	text_add_format(text,
			"\n# %s stops an account by its own means: others would be undone by it.%s%s%s\n",
			found->panel->label, found->panel->needs == NULL ? "" : " It takes\n# ",
			found->panel->needs == NULL ? "" : found->panel->needs,
			found->panel->needs == NULL ? "" : ", as the script's first lines say.");
	text_add_format(text,
			"[adapter %s]\ntype = command\ndisable = %s/panels/%s, disable, {key}\n"
			"release = %s/panels/%s, release, {key}\n",
			name, share, name, share, name);
	if (found->panel->asks)
		text_add_format(text, "ask = %s/panels/%s, ask, {key}\n", share, name);
}

static void conf_act(const struct setup_found *found, struct text *text)
{
	if (!found->postfix.installed && !found->exim.installed)
		return;
	text_add(
		text,
		SPAN("\n# What follows would stop a disabled account. It is written down and not done until [act] has\n"
		     "# dry_run = no; the mail server must be told as well: see the steps that setup printed.\n"));
	if (found->panel != NULL)
		conf_panel(found, text);
	else {
		text_add_format(
			text,
			"\n# Stops sessions that are open too.%s\n[policy]\naddress = inet:127.0.0.1:%u\n",
			found->policy_port == 10031 ? "" : " The usual port, 10031, is somebody else's here.",
			found->policy_port);
		if (found->postfix.installed) {
			conf_adapter(text, "deny", "For when nothing answers at that address.", "postfix_map",
				     "/etc/postfix/sendwatch_deny");
			text_add_format(text, "map = %s\n", found->map);
			if (*found->submit_users == '\0')
				conf_adapter(text, "users", "Local users, whose scripts call sendmail.",
					     "list", "/etc/postfix/sendwatch_users");
		}
		if (found->exim.installed && *found->exim_list != '\0')
			conf_adapter(text, "exim",
				     "For when nothing answers at that address; local users too.",
				     "exim_list", found->exim_list);
		if (found->dovecot.installed && *found->dovecot_auth != '\0')
			conf_adapter(text, "dovecot", "No login at all, also by IMAP.", "dovecot_deny",
				     "/etc/dovecot/sendwatch_deny");
	}
	if (found->postfix.installed && (found->panel == NULL || strcmp(found->panel->name, "mailcow") != 0))
		conf_adapter(text, "queue", "What it left in the queue is held.", "postfix_queue", NULL);
	else if (found->exim.installed && *found->exim_spool != '\0')
		conf_adapter(text, "queue", "What it left in the queue is frozen.", "exim_queue",
			     found->exim_spool);
}

static void conf_telling(const struct setup_found *found, struct text *text)
{
	bool mail = found->root_alias && *found->host != '\0' &&
		    (found->postfix.installed || found->exim.installed);

	text_add_format(
		text, "\n# %s\n%s[mail admin]\n%sto = root@%s\n%ssmtp = smtp://127.0.0.1:25\n",
		mail ? "root's mail goes to a person (/etc/aliases). Nobody is told faster than by a webhook: see below."
		     : "Who is told by mail; root's mail goes to nobody here (/etc/aliases).",
		mail ? "" : ";", mail ? "" : ";", *found->host == '\0' ? "localhost" : found->host,
		mail ? "" : ";");
	text_add(text, SPAN("\n# The URL is a secret of yours: only you have it.\n"
			    ";[webhook team]\n"
			    ";url_file = /etc/sendwatch/webhook.url\n"
			    ";template = slack\n"));
}

static void conf_dnsbl(const struct setup_found *found, struct text *text)
{
	if (found->sources.count == 0 && found->addresses.count == 0 && !found->private_only)
		return;
	text_add(
		text,
		SPAN("\n[dnsbl]\n# Off by default: mind the lists' terms of use, and that they refuse public resolvers.\n"
		     ";enabled = yes\n"));
	if (found->sources.count > 0) {
		text_add(text, SPAN("# Postfix sends from these (smtp_bind_address).\n"));
		conf_list(text, "addresses", "", &found->sources);
	} else if (found->private_only)
		text_add(
			text,
			SPAN("# This machine has private addresses alone: name the one that strangers see.\n;addresses =\n"));
	else
		conf_list(text, "# Without more words it takes this machine's own.\n;addresses", "",
			  &found->addresses);
}

void setup_conf(const struct setup_found *found, struct text *text)
{
	conf_head(found, text);
	conf_logs(found, text);
	conf_ledger(found, text);
	if (*found->geo != '\0')
		text_add_format(
			text,
			"\n[judge]\n# Countries of addresses make a stolen password plainer.\ngeo = %s\n",
			found->geo);
	conf_watch(found, text);
	if (*found->redis_server != '\0')
		text_add_format(
			text,
			"\n# Only where several servers' windows are to live together; one server does without.\n"
			";[redis]\n;topology = single\n;servers = %s\n",
			found->redis_server);
	conf_dnsbl(found, text);
	conf_telling(found, text);
	conf_act(found, text);
}
