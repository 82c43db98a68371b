/* `sendwatch check` of the logs: can they be read, is anything written to them, and who can write what he likes? */
#define _GNU_SOURCE
#include "commands/check_parts.h"

#include "base/rights.h"
#include "base/text.h"
#include "collector/journald.h"
#include "collector/listen_name.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK_OLD   (2 * USEC_DAY) /* a mail server writes every day, and so it was written to lately */
#define CHECK_UNITS "journal:unit=postfix@-.service+unit=postfix.service"

enum check_journal { CHECK_UNASKED, CHECK_NO_BETTER, CHECK_BETTER };

/* Where nothing new stands in it: the log may have moved, as with a change of the system's. */
static void check_newest(usec_t newest, struct text *words)
{
	char time[CLOCK_TEXT_SIZE];

	if (newest < clock_now() - CHECK_OLD)
		text_add_format(words, ", and has nothing newer than %s: is it still the log?",
				clock_text(newest, time));
}

/* When something was last written to any of NAMES, which may be rotations of one another; USEC_NEVER: nobody knows. */
static usec_t check_written(const glob_t *names)
{
	usec_t newest = USEC_NEVER;
	struct stat about;

	for (size_t i = 0; i < names->gl_pathc; i++)
		if (stat(names->gl_pathv[i], &about) == 0 && about.st_size > 0 &&
		    (usec_t)about.st_mtim.tv_sec * USEC_SECOND > newest)
			newest = (usec_t)about.st_mtim.tv_sec * USEC_SECOND;
	return newest;
}

static void check_log(struct check *check, const char *path, usec_t newest)
{
	struct text words = { 0 };
	bool good = rights_to_read(path);

	text_add_format(&words, "%s: %s", path, good ? "can be read" : strerror(errno));
	if (good && newest != USEC_NEVER)
		check_newest(newest, &words);
	check_say(check, good, "[logs] files:", words.at);
	text_free(&words);
}

/* Has the end of the file at PATH a line of Postfix's? What is no file may have no end, or be waited for. */
static bool check_is_postfix(const char *path)
{
	char end[16 * 1024];
	int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat about;
	ssize_t len = -1;

	if (file < 0)
		return false;
	if (fstat(file, &about) == 0 && S_ISREG(about.st_mode))
		len = pread(file, end, sizeof(end),
			    about.st_size > (off_t)sizeof(end) ? about.st_size - (off_t)sizeof(end) : 0);
	close(file);
	return len > 0 && memmem(end, (size_t)len, " postfix/", sizeof(" postfix/") - 1) != NULL;
}

/* Does the journal have what Postfix's unit says? */
static enum check_journal check_journal(void)
{
	struct journald_name name;
	struct journald *journal;
	struct error error;
	usec_t newest = 0;
	bool better;

	if (!journald_name_parse(CHECK_UNITS, &name, &error))
		return CHECK_NO_BETTER;
	journal = journald_open(&name, &error);
	better = journal != NULL && journald_newest(journal, &newest) && newest >= clock_now() - CHECK_OLD;
	journald_close(&journal);
	journald_name_free(&name);
	return better ? CHECK_BETTER : CHECK_NO_BETTER;
}

/*
 * A syslog daemon takes lines in Postfix's name from everybody on the machine. Who must not be believed is told where
 * there is something better to read: the journal, if it has what Postfix's unit says.
 */
static void check_forgeable(struct check *check, const char *path, enum check_journal *journal)
{
	struct text words = { 0 };

	if (!check_is_postfix(path))
		return;
	if (*journal == CHECK_UNASKED)
		*journal = check_journal();
	if (*journal != CHECK_BETTER)
		return;
	text_add_format(&words,
			"%s: a syslog daemon believes everybody on this machine who says to be Postfix, so a "
			"customer's script can have another's account flagged; not so with %s",
			path, CHECK_UNITS);
	check_say(check, true, "[logs] files:", words.at);
	text_free(&words);
}

static int check_glob_errno; /* why the last glob could not look into a folder that there is; 0: it could */

static int check_glob_failed(const char *folder, int failed)
{
	(void)folder;
	if (failed != ENOENT && failed != ENOTDIR)
		check_glob_errno = failed;
	return 0;
}

/* Nothing is of this name: not yet, or as far as is known to one who may not look. */
static void check_absent(struct check *check, const char *name)
{
	struct text words = { 0 };
	bool waits;

	if (check_glob_errno == 0 && !rights_to_read(name) && errno != ENOENT && errno != ENOTDIR)
		check_glob_errno = errno;
	waits = check_glob_errno == 0;
	text_add_format(&words, "%s: %s", name,
			waits ? "is not there, and is waited for" : strerror(check_glob_errno));
	check_say(check, waits, "[logs] files:", words.at);
	text_free(&words);
}

/* A journal or a listener, of LOGS: can it be opened as watch would, and is there something? */
static void check_live(struct check *check, const char *const *logs, size_t at)
{
	const char *log = logs[at];
	struct text words = { 0 };
	struct journald_name journal;
	struct listen_name listener;
	struct error error = { "" };
	struct journald *opened = NULL;
	usec_t newest;
	bool good;

	if (listen_name_is(log)) {
		good = listen_name_parse(log, &listener, &error) && listen_name_is_alone(logs, at, &error);
		text_add_format(&words, "%s: senders are waited for", log);
	} else if ((good = journald_name_parse(log, &journal, &error))) {
		opened = journald_open(&journal, &error);
		good = opened != NULL;
		if (good) {
			text_add_format(&words, "%s: can be read", log);
			if (journald_newest(opened, &newest))
				check_newest(newest, &words);
			else
				text_add(&words, SPAN(", and has no such entry yet"));
		}
		journald_close(&opened);
		journald_name_free(&journal);
	}
	check_say(check, good, "[logs] files:", good ? words.at : error.text);
	text_free(&words);
}

void check_logs(struct check *check, const struct options *options)
{
	const struct setting_list *files = &options->logs.files;
	enum check_journal journal = CHECK_UNASKED;
	size_t found = 0;

	for (size_t i = 0; i < files->count; i++) {
		usec_t newest;
		glob_t names;

		if (journald_name_is(files->texts[i]) || listen_name_is(files->texts[i])) {
			check_live(check, (const char *const *)files->texts, i);
			found++;
			continue;
		}
		check_glob_errno = 0;
		if (glob(files->texts[i], 0, check_glob_failed, &names) != 0) {
			check_absent(check, files->texts[i]);
			continue;
		}
		newest = check_written(&names);
		for (size_t j = 0; j < names.gl_pathc; j++) {
			check_log(check, names.gl_pathv[j], newest);
			check_forgeable(check, names.gl_pathv[j], &journal);
		}
		found += names.gl_pathc;
		globfree(&names);
	}
	if (found == 0)
		check_say(check, false, "[logs] files:", "none of them is there");
}
