/*
 * Which logs a mail server of this machine writes: those that its settings name, those that are usual, and the
 * journal. A log that is fresh was written to within two days, which also a quiet server does.
 */
#define _GNU_SOURCE
#include "commands/setup_found.h"

#include <stdio.h>

#define LOGS_FRESH (2 * USEC_DAY)

static const struct {
	const char *path;
	bool exim;
} logs_usual[] = {
	{ "/var/log/mail.log", false },     { "/var/log/maillog", false },
	{ "/var/log/mail", false },         { "/usr/local/psa/var/log/maillog", false },
	{ "/var/log/exim4/mainlog", true }, { "/var/log/exim_mainlog", true },
	{ "/var/log/exim/mainlog", true },  { "/var/log/exim/main.log", true },
};

/* The name of group ID, as the machine's own /etc/group has it. */
static void logs_group(const struct setup_root *root, gid_t id, char name_r[64])
{
	struct text file = { 0 };
	struct span rest, line;

	(void)setup_read(root, "/etc/group", &file);
	rest = text_span(&file);
	while (setup_line(&rest, &line)) {
		struct span name, password, number;
		uint64_t found;

		if (span_cut(&line, ':', &name) && span_cut(&line, ':', &password) &&
		    span_cut(&line, ':', &number) && span_to_u64(number, &found) && found == id &&
		    setup_take(name_r, 64, name, setup_is_word))
			break;
	}
	text_free(&file);
}

/* The same file by two names is followed once. */
static bool logs_has(const struct setup_root *root, const struct setup_found *found, const struct stat *about)
{
	struct stat known;

	for (size_t i = 0; i < found->log_count; i++)
		if (setup_stat(root, found->logs[i].path, &known) && known.st_ino == about->st_ino &&
		    known.st_dev == about->st_dev)
			return true;
	return false;
}

static void logs_about(const struct setup_root *root, usec_t when, const struct stat *about,
		       struct setup_log *log)
{
	log->fresh = about->st_size > 0 && when - (usec_t)about->st_mtim.tv_sec * USEC_SECOND < LOGS_FRESH;
	log->closed = (about->st_mode & (S_IRGRP | S_IROTH)) == 0;
	if ((about->st_mode & S_IROTH) == 0 && !log->closed) {
		logs_group(root, about->st_gid, log->group);
		log->closed = *log->group == '\0' || strcmp(log->group, "root") == 0;
	}
}

static void logs_add(const struct setup_root *root, usec_t when, const char *path, struct setup_found *found)
{
	struct setup_log *log = &found->logs[found->log_count];
	struct stat about;

	if (found->log_count == SETUP_MOST || !setup_stat(root, path, &about) || !S_ISREG(about.st_mode) ||
	    logs_has(root, found, &about))
		return;
	*log = (struct setup_log){ .fresh = false };
	snprintf(log->path, sizeof(log->path), "%s", path);
	logs_about(root, when, &about, log);
	found->log_count++;
}

/* Those that settings name, where they are there. */
static void logs_named(const struct setup_root *root, usec_t when, struct setup_found *found)
{
	struct setup_texts named = { .count = 0 };

	for (size_t i = 0; i < found->log_count; i++)
		setup_add(&named, span_of(found->logs[i].path), setup_is_path);
	found->log_count = 0;
	for (size_t i = 0; i < named.count; i++)
		logs_add(root, when, named.of[i], found);
}

/* Dovecot's own file, where it does not log to the mail log: failed logins stand there. */
static void logs_dovecot(const struct setup_root *root, usec_t when, struct setup_found *found)
{
	static const char *const files[] = { "/etc/dovecot/conf.d/10-logging.conf",
					     "/etc/dovecot/dovecot.conf" };
	struct text file = { 0 };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct span rest, line, key;

		(void)setup_read(root, files[i], &file);
		rest = text_span(&file);
		while (setup_line(&rest, &line)) {
			char path[SETUP_TEXT] = "";

			if (span_cut(&line, '=', &key) &&
			    (span_equal(span_trim(key), SPAN("log_path")) ||
			     span_equal(span_trim(key), SPAN("info_log_path"))) &&
			    setup_take(path, sizeof(path), span_trim(line), setup_is_path))
				logs_add(root, when, path, found);
		}
	}
	text_free(&file);
}

static bool logs_machine(void *context, const char *name)
{
	/* A folder of the machine's id: 32 hexadecimal digits. */
	*(bool *)context = strlen(name) == 32 && strspn(name, "0123456789abcdef") == 32;
	return !*(bool *)context;
}

static void logs_journal(const struct setup_root *root, struct setup_found *found)
{
	setup_each(root, "/var/log/journal", logs_machine, &found->journald);
	if (found->journald)
		return;
	setup_each(root, "/run/log/journal", logs_machine, &found->journald);
	found->volatile_journal = found->journald;
}

/*
 * What systemd calls the mail server. Postfix was an instance of a template until Debian 12, and Debian 13 has the
 * template for others than the first: both names, for neither unit says a word where it is not that one, and an upgrade
 * must not end what is read.
 */
static void logs_unit(const struct setup_root *root, struct setup_found *found)
{
	static const char *const units[] = { "postfix@-.service+unit=postfix", "postfix", "exim4", "exim" };
	static const char *const files[] = { "postfix@", "postfix", "exim4", "exim" };
	static const char *const folders[] = { "/etc/systemd/system", "/lib/systemd/system",
					       "/usr/lib/systemd/system" };

	for (size_t i = found->postfix.installed ? 0 : 2; i < 4 && *found->unit == '\0'; i++)
		for (size_t j = 0; j < 3 && *found->unit == '\0'; j++) {
			char path[SETUP_TEXT];

			snprintf(path, sizeof(path), "%s/%s.service", folders[j], files[i]);
			if (setup_has(root, path))
				snprintf(found->unit, sizeof(found->unit), "%s.service", units[i]);
		}
}

void setup_look_logs(const struct setup_root *root, usec_t when, struct setup_found *found)
{
	logs_named(root, when, found);
	for (size_t i = 0; i < sizeof(logs_usual) / sizeof(logs_usual[0]); i++)
		if (logs_usual[i].exim ? found->exim.installed
				       : found->postfix.installed || found->dovecot.installed) {
			size_t count = found->log_count;

			logs_add(root, when, logs_usual[i].path, found);
			if (found->log_count > count)
				found->logs[count].syslog = !logs_usual[i].exim;
		}
	if (found->dovecot.installed)
		logs_dovecot(root, when, found);
	logs_journal(root, found);
	logs_unit(root, found);
}
