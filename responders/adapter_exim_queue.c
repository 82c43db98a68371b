/*
 * Messages of an account that wait in Exim's queue are frozen, and thawed on release. Whose a message is stands in
 * its -H file: the second line has the local user, a line "-auth_id NAME" (4.96: "--auth_id" where Exim does not
 * trust the text) the login. What is frozen already is left as it is.
 */
#define _GNU_SOURCE
#include "responders/adapter.h"
#include "responders/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define SPOOL_BATCH  50
#define SPOOL_ID_MAX 40
#define SPOOL_HEAD   65536 /* bytes: the login stands behind what ACLs keep, and in front of the recipients */
#define SPOOL_HELD   ((size_t)30000)

struct spool {
	const struct adapter_options *options;
	struct adapter_order *order;
	char ids[SPOOL_BATCH][SPOOL_ID_MAX];
	size_t count;
};

static bool spool_exim(const struct spool *spool, const char *what, struct error *error)
{
	const char *argv[SPOOL_BATCH + 3];
	char program[512];
	const struct run run = { .argv = argv, .timeout = spool->options->timeout };
	int status = 0;

	snprintf(program, sizeof(program), "%s/exim",
		 spool->options->programs == NULL ? "/usr/sbin" : spool->options->programs);
	if (access(program, X_OK) != 0)
		snprintf(program, sizeof(program), "%s/exim4",
			 spool->options->programs == NULL ? "/usr/sbin" : spool->options->programs);
	argv[0] = program;
	argv[1] = what;
	for (size_t i = 0; i < spool->count; i++)
		argv[i + 2] = spool->ids[i];
	argv[spool->count + 2] = NULL;
	/* 1: one of them has left the queue in the meantime. */
	return run_program(&run, &status, error) && status <= 1;
}

static bool spool_owned(struct span text, const struct adapter_order *order)
{
	struct span line, user, value;
	uint64_t bytes;
	bool owned = false;

	for (int number = 1; span_cut(&text, '\n', &line); number++) {
		if (number == 2 && order->local)
			owned = span_cut(&line, ' ', &user) && span_equal(user, order->key);
		if (number <= 4)
			continue;
		if (line.len == 0 || line.at[0] != '-')
			break;
		if (span_starts(line, SPAN("-frozen ")))
			return false;
		(void)span_skip(&line, SPAN("-"));
		(void)span_skip(&line, SPAN("-"));
		/* An ACL's variable: as many bytes as it says follow, whatever they look like. */
		if (span_starts(line, SPAN("acl")) && span_cut_last(&line, SPAN(" "), &value) &&
		    span_to_u64(value, &bytes))
			text = span_from(text, (size_t)bytes + 1);
		if (span_skip(&line, SPAN("auth_id ")))
			owned = !order->local && span_equal_nocase(line, order->key);
	}
	return owned;
}

static bool spool_looks(int folder, const char *name, const struct adapter_order *order)
{
	int file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char head[SPOOL_HEAD];
	ssize_t got = file < 0 ? -1 : read(file, head, sizeof(head));

	if (file >= 0)
		close(file);
	return got > 0 && spool_owned((struct span){ head, (size_t)got }, order);
}

/* "1tDxyz-0001AB-2c-H": letters, digits and '-'. */
static bool spool_id(struct span name, struct span *id_r)
{
	if (!span_ends(name, SPAN("-H")) || name.len < 12 || name.len >= SPOOL_ID_MAX || name.at[0] == '-')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!((name.at[i] >= '0' && name.at[i] <= '9') || (name.at[i] >= 'A' && name.at[i] <= 'Z') ||
		      (name.at[i] >= 'a' && name.at[i] <= 'z') || name.at[i] == '-'))
			return false;
	*id_r = span_head(name, name.len - 2);
	return true;
}

static bool spool_flush(struct spool *spool, struct error *error)
{
	bool good = spool->count == 0 || spool_exim(spool, "-Mf", error);

	for (size_t i = 0; good && i < spool->count; i++)
		text_add_format(spool->order->held, "%s%s", spool->order->held->len > 0 ? " " : "",
				spool->ids[i]);
	spool->count = 0;
	spool->order->more = spool->order->held->len > SPOOL_HELD;
	return good;
}

static bool spool_folder(struct spool *spool, const char *path, struct error *error)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	struct span id;
	bool good = true;

	if (folder == NULL)
		return errno == ENOENT || errno == ENOTDIR || error_set(error, "%s: cannot be read", path);
	while (good && !spool->order->more && (entry = readdir(folder)) != NULL) {
		if (!spool_id(span_of(entry->d_name), &id) ||
		    !spool_looks(dirfd(folder), entry->d_name, spool->order))
			continue;
		snprintf(spool->ids[spool->count++], SPOOL_ID_MAX, "%.*s", SPAN_ARGS(id));
		if (spool->count == SPOOL_BATCH)
			good = spool_flush(spool, error);
	}
	closedir(folder);
	return good;
}

/* The spool is one folder, or one for each last character of the time in the ids. */
static bool exim_queue_hold(const struct adapter_options *options, struct adapter_order *order,
			    struct error *error)
{
	static const char parts[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	struct spool spool = { .options = options, .order = order };
	const char *base = options->file == NULL ? "/var/spool/exim4" : options->file;
	char path[512];
	bool good;

	snprintf(path, sizeof(path), "%s/input", base);
	good = spool_folder(&spool, path, error);
	for (const char *part = parts; good && !order->more && *part != '\0'; part++) {
		snprintf(path, sizeof(path), "%s/input/%c", base, *part);
		good = spool_folder(&spool, path, error);
	}
	return good && spool_flush(&spool, error);
}

static bool exim_queue_release(const struct adapter_options *options, struct adapter_order *order,
			       struct error *error)
{
	struct spool spool = { .options = options, .order = order };
	struct span rest = order->ids, id;
	bool good = true;

	while (good && rest.len > 0) {
		if (!span_cut(&rest, ' ', &id)) {
			id = rest;
			rest.len = 0;
		}
		if (id.len == 0 || id.len >= SPOOL_ID_MAX)
			continue;
		snprintf(spool.ids[spool.count++], SPOOL_ID_MAX, "%.*s", SPAN_ARGS(id));
		if (spool.count == SPOOL_BATCH || rest.len == 0) {
			good = spool_exim(&spool, "-Mt", error);
			spool.count = 0;
		}
	}
	return good;
}

const struct adapter adapter_exim_queue = {
	.type = "exim_queue",
	.queue = true,
	.logins = true,
	.locals = true,
	.rights = RIGHTS_FILES | RIGHTS_PROGRAMS,
	.disable = exim_queue_hold,
	.release = exim_queue_release,
};
