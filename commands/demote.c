/*
 * The programs that watch runs itself (sendmail, [command]) may be setuid or setgid, as Postfix's and Exim's
 * sendmail are: where there is one, what it runs may gain rights; where there is none, nothing can.
 *
 * Limits: no system calls are forbidden here (seccomp); the unit file can do that from outside.
 */
#define _GNU_SOURCE
#include "commands/demote.h"

#include "base/rights.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool demote_runs_programs(const struct options *options)
{
	const struct mail_options *mails = options->mails.items;

	for (size_t i = 0; i < options->mails.count; i++)
		if (mails[i].smtp == NULL)
			return true;
	return options->commands.count > 0;
}

/* A folder of its own, where there is none yet. What others own is not taken from them. */
static bool demote_folder(const char *where, struct span folder, const struct rights *rights, mode_t mode,
			  struct error *error)
{
	struct text path = { 0 };
	bool good = true;

	text_add(&path, folder);
	if (mkdir(path.at, mode) == 0 && lchown(path.at, rights->uid, rights->gid) != 0)
		good = error_set(error, "%s: %s: %s", where, path.at, strerror(errno));
	text_free(&path);
	return good;
}

static bool demote_folders(const struct options *options, const struct rights *rights, struct error *error)
{
	struct span folder = span_of(options->journal.file), name;
	const char *state = options->watch.state;
	struct stat about;

	if (state != NULL && !demote_folder("[watch] state", span_of(state), rights, 0700, error))
		return false;
	/* As an earlier start by root left it. */
	if (state != NULL && rights->uid != 0 && stat(state, &about) == 0 && about.st_uid == 0)
		return error_set(error, "[watch] state: %s belongs to root: chown -R %s %s", state,
				 options->watch.user, state);
	return options->journal.file == NULL || !span_cut_last(&folder, SPAN("/"), &name) ||
	       folder.len == 0 || demote_folder("[journal] file", folder, rights, 0750, error);
}

/*
 * Without CAP_CHOWN, as under sendwatch.service, who owns a file may still give it to a group that he is of. Only the
 * effective group changes, for one call; nothing else runs yet.
 */
static bool demote_group(const char *path, gid_t group)
{
	gid_t own = getegid();
	bool given = setegid(group) == 0 && lchown(path, (uid_t)-1, group) == 0;

	return setegid(own) == 0 && given;
}

/* A Unix socket that is asked was made by root: it is that user's and its group's, or else its group's. */
static void demote_socket(const char *where, const char *address, const struct rights *rights)
{
	struct span place = policy_place(address);
	struct stat about;

	if (place.len == 0 || span_starts(place, SPAN("inet:")))
		return;
	if (lchown(place.at, rights->uid, rights->gid) == 0 || demote_group(place.at, rights->gid))
		return;
	if (stat(place.at, &about) != 0 || (about.st_mode & S_IWOTH) == 0)
		log_say(clock_now(), LOG_LEVEL_WARNING,
			"[policy] %s: %s stays root's alone: mode = 0666 lets others ask, in a folder that keeps "
			"strangers out",
			where, place.at);
}

static bool demote_rights(const struct options *options, struct rights *rights_r, struct error *error)
{
	const struct watch_options *watch = &options->watch;

	if (!rights_of(watch->user, watch->group, &watch->groups, rights_r, error))
		return false;
	rights_r->keep = watch->read_all ? rights_bit(CAP_DAC_READ_SEARCH) : 0;
	rights_r->gains = demote_runs_programs(options);
	return true;
}

static bool demote_wanted(const struct options *options)
{
	return options->watch.user != NULL && geteuid() == 0;
}

bool demote(const struct options *options, struct error *error)
{
	struct rights rights;

	if (!demote_wanted(options))
		return true;
	if (!demote_rights(options, &rights, error))
		return false;
	demote_socket("address", options->policy.address, &rights);
	demote_socket("socketmap", options->policy.socketmap, &rights);
	if (!demote_folders(options, &rights, error) || !rights_drop(&rights, error))
		return false;
	log_say(clock_now(), LOG_LEVEL_INFO, "goes on as the user %s%s", options->watch.user,
		options->watch.read_all ? ", who may read every file" : "");
	return true;
}

bool demote_try(const struct options *options, struct error *error)
{
	struct rights rights;

	return !demote_wanted(options) ||
	       (demote_rights(options, &rights, error) && rights_drop(&rights, error));
}

bool demote_allows(const struct options *options, struct error *error)
{
	if (demote_runs_programs(options) && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return error_set(error,
				 "mail by sendmail and [command] take rights that were given up at start: "
				 "start sendwatch anew");
	return true;
}
