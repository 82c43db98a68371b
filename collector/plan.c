/*
 * Making the plan: names are expanded, each file is opened once to see what it is and to read its first
 * stamp, and all are put in order. Files are told apart by device and inode, so that links and overlapping
 * globs do no harm. A plan for one file alone looks at its end, and at nothing else in advance.
 */
#define _GNU_SOURCE
#include "collector/plan.h"

#include "base/hash.h"
#include "base/memory.h"
#include "collector/journald_name.h"
#include "collector/latest.h"
#include "collector/lines.h"
#include "collector/names.h"

#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLAN_HEAD ((size_t)256)
#define PLAN_MORE ((size_t)4096) /* two servers may begin their logs with the same call of a cron job */
#define PLAN_HELD ((size_t)256)  /* files that are held open, of the 1,024 that a process usually may */

struct plan_work {
	struct plan *plan;
	const struct collector_calls *calls;
	atomic_uint_fast64_t *read;
	struct error first_error;
};

static void plan_trouble(struct plan_work *work, const struct error *error)
{
	if (work->plan->failed++ == 0)
		work->first_error = *error;
	if (work->calls->trouble != NULL)
		work->calls->trouble(work->calls->context, error->text);
}

/* "/var/log/mail.log" for "/var/log/mail.log.2.gz", with the folder's true name. */
static char *plan_log_of(const char *path, const struct rotation *rotation)
{
	char *copy = memory_copy(span_of(path));
	char *folder = realpath(dirname(copy), NULL);
	size_t room = (folder == NULL ? 1 : strlen(folder)) + 1 + sizeof(rotation->stem);
	char *log = memory_new(room, 1);

	snprintf(log, room, "%s/%s",
		 folder == NULL             ? "."
		 : strcmp(folder, "/") == 0 ? ""
					    : folder,
		 rotation->stem);
	free(folder);
	free(copy);
	return log;
}

static bool plan_has(const struct plan *plan, const struct input_about *about)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->files[i].about.ino == about->ino && plan->files[i].about.dev == about->dev)
			return true;
	return false;
}

static void plan_add(struct plan_work *work, const char *path)
{
	struct plan *plan = work->plan;
	struct plan_file *file;
	struct error error;
	atomic_uint_fast64_t looked = 0;
	struct stat stat_now;
	struct input *input;
	struct input_about about;
	const char *base = strrchr(path, '/');

	if (strcmp(path, "-") != 0 && !journald_name_is(path) && stat(path, &stat_now) == 0 &&
	    S_ISREG(stat_now.st_mode))
		input = input_open(path, NULL, &looked, &error);
	else
		input = input_open(path, NULL, work->read, &error);
	if (input == NULL) {
		plan_trouble(work, &error);
		return;
	}
	about = input_about(input);
	if (plan_has(plan, &about)) {
		input_close(&input);
		return;
	}
	plan->files = memory_grow(plan->files, plan->count + 1, sizeof(*plan->files));
	file = &plan->files[plan->count++];
	*file = (struct plan_file){ .path = memory_copy(span_of(path)), .about = about, .held = -1 };
	if (about.regular && plan->count <= PLAN_HELD)
		file->held = input_hold(input);
	if (about.regular)
		input_close(&input);
	file->kept = input;
	file->rotation = rotation_of(span_of(base == NULL ? path : base + 1));
	if (about.regular)
		file->log = plan_log_of(path, &file->rotation);
	else
		file->log = memory_copy(span_of(journald_name_is(path) ? input_name(input) : path));
	plan->bytes += about.size;
}

/* Opening a named pipe would wait for whoever writes to it: one that a glob happens to find is no log. */
static bool plan_is_pipe(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 && (S_ISFIFO(about.st_mode) || S_ISSOCK(about.st_mode));
}

static void plan_expand(struct plan_work *work, const char *name)
{
	glob_t found;
	struct error error;

	if (journald_name_is(name) || !names_is_pattern(name)) {
		plan_add(work, name);
		return;
	}
	if (glob(name, GLOB_BRACE, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			if (!plan_is_pipe(found.gl_pathv[i]))
				plan_add(work, found.gl_pathv[i]);
		globfree(&found);
		return;
	}
	error_set(&error, "%s: no file has such a name", name);
	plan_trouble(work, &error);
}

struct input *plan_input(const struct plan_file *file, struct ahead *ahead, atomic_uint_fast64_t *read,
			 struct error *error)
{
	struct input *input = file->held >= 0 ? input_open_held(file->held, file->path, ahead, read, error)
					      : input_open(file->path, ahead, read, error);
	struct input_about about;

	if (input == NULL)
		return NULL;
	about = input_about(input);
	if (about.ino != file->about.ino || about.dev != file->about.dev) {
		input_close(&input);
		error_set(error, "%s: is another file than it was: logs were rotated meanwhile", file->path);
	}
	return input;
}

void *plan_opened(struct plan_file *file, const struct collector_calls *calls)
{
	if (!file->was_opened) {
		file->was_opened = true;
		file->opened = calls->opened == NULL
				       ? NULL
				       : calls->opened(calls->context, file->path, file->about.written);
	}
	return file->opened;
}

void plan_closed(struct plan_file *file, const struct collector_calls *calls)
{
	if (file->was_opened && calls->closed != NULL)
		calls->closed(calls->context, file->opened);
	file->was_opened = false;
}

/* The first stamp in the first block. A file that breaks there is found out when it is read. */
static void plan_look(struct plan_file *file, const struct collector_calls *calls)
{
	struct lines lines = { 0 };
	struct error error;
	struct span line;
	atomic_uint_fast64_t looked = 0;
	char *data;
	size_t len;
	bool broken;

	file->first = file->about.written;
	if (file->kept == NULL)
		file->kept = plan_input(file, NULL, &looked, &error);
	if (file->kept == NULL)
		return; /* gone since: reading it will say so */
	file->empty = !input_next(file->kept, &data, &len, &broken, &error);
	if (!file->empty) {
		input_again(file->kept);
		file->head = hash_stable((struct span){ data, len < PLAN_HEAD ? len : PLAN_HEAD });
		file->more = len < PLAN_MORE ? 0 : hash_stable((struct span){ data, PLAN_MORE });
		lines_feed(&lines, data, len);
		while (lines_next(&lines, &line) || lines_last(&lines, &line)) {
			usec_t time = calls->time == NULL ? USEC_NEVER
							  : calls->time(plan_opened(file, calls), line);

			if (time != USEC_NEVER) {
				file->first = time;
				break;
			}
		}
	}
	file->empty = file->empty && !broken;
	if (file->about.regular)
		input_close(&file->kept);
}

/* The youngest rotation of each log before the older ones. */
static int plan_compare_age(const void *a, const void *b)
{
	const struct plan_file *one = a, *other = b;
	int names = strcmp(one->log, other->log);

	return names != 0 ? names : -rotation_compare(&one->rotation, &other->rotation);
}

/*
 * No line of a rotation is later than the first line of the next younger one, whatever the files' own times
 * say: this puts stamps without a year into the year that all rotations agree on.
 */
static void plan_look_all(struct plan *plan, const struct collector_calls *calls)
{
	qsort(plan->files, plan->count, sizeof(*plan->files), plan_compare_age);
	for (size_t i = 0; i < plan->count; i++) {
		struct plan_file *file = &plan->files[i];
		const struct plan_file *younger = i == 0 ? NULL : &plan->files[i - 1];

		if (younger != NULL && strcmp(younger->log, file->log) == 0 &&
		    rotation_compare(&file->rotation, &younger->rotation) < 0) {
			if (younger->first < file->about.written)
				file->about.written = younger->first;
		} else if (file->about.regular && !file->about.packed && calls->time != NULL) {
			file->about.written = latest_time(file->path, file->about.written, calls);
		}
		if (plan->count > 1)
			plan_look(file, calls);
	}
}

static int plan_compare(const void *a, const void *b)
{
	const struct plan_file *one = a, *other = b;
	int names = strcmp(one->log, other->log);
	int age = names == 0 ? rotation_compare(&one->rotation, &other->rotation) : 0;

	if (one->first != other->first)
		return one->first < other->first ? -1 : 1;
	return names != 0 ? names : age != 0 ? age : strcmp(one->path, other->path);
}

/* A rotation whose compression was interrupted is there twice: mail.log.2 and mail.log.2.gz. */
static bool plan_is_double(const struct plan *plan, const struct plan_file *file)
{
	for (size_t i = 0; i < plan->count && file->about.packed; i++) {
		const struct plan_file *other = &plan->files[i];

		if (!other->about.packed && other->rotation.style == file->rotation.style &&
		    other->rotation.rank == file->rotation.rank && other->head == file->head &&
		    !other->empty && strcmp(other->log, file->log) == 0)
			return true;
	}
	return false;
}

static void plan_drop_doubles(struct plan_work *work)
{
	struct plan *plan = work->plan;

	for (size_t i = 0; i < plan->count; i++) {
		struct error error;

		if (!plan_is_double(plan, &plan->files[i]))
			continue;
		error_set(&error, "%s: left out, the same is there uncompressed", plan->files[i].path);
		if (work->calls->trouble != NULL)
			work->calls->trouble(work->calls->context, error.text);
		plan->files[i].empty = true;
	}
}

/*
 * A copy that somebody made (mail.log.bak), or a second file that syslog writes the same to (mail.info). Which of them
 * holds more is not known without reading both, so both are read, and it is said.
 */
static void plan_tell_copies(struct plan_work *work)
{
	const struct plan *plan = work->plan;

	for (size_t i = 0; i < plan->count; i++)
		for (size_t j = 0; j < i && plan->files[i].more != 0; j++) {
			const struct plan_file *file = &plan->files[i], *other = &plan->files[j];
			struct error error;

			if (other->more != file->more || file->empty || other->empty)
				continue;
			error_set(&error, "%s: begins as %s does: what both hold is counted twice",
				  file->path, other->path);
			if (work->calls->trouble != NULL)
				work->calls->trouble(work->calls->context, error.text);
			break;
		}
}

static void plan_number_sources(struct plan *plan)
{
	plan->sources = memory_new(plan->count, sizeof(*plan->sources));
	for (size_t i = 0; i < plan->count; i++) {
		struct plan_file *file = &plan->files[i];
		uint32_t source = 0;

		while (source < plan->source_count && strcmp(plan->sources[source], file->log) != 0)
			source++;
		if (source == plan->source_count)
			plan->sources[plan->source_count++] = memory_copy(span_of(file->log));
		file->source = source;
	}
}

bool plan_make(struct plan *plan, const char *const *logs, size_t count, const struct collector_calls *calls,
	       atomic_uint_fast64_t *read, struct error *error)
{
	struct plan_work work = { .plan = plan, .calls = calls, .read = read };

	*plan = (struct plan){ 0 };
	for (size_t i = 0; i < count; i++)
		plan_expand(&work, logs[i]);
	if (plan->count == 0) {
		plan_free(plan, calls);
		return count == 0 ? error_set(error, "no log is named")
				  : error_set(error, "%s", work.first_error.text);
	}
	plan_look_all(plan, calls);
	qsort(plan->files, plan->count, sizeof(*plan->files), plan_compare);
	plan_drop_doubles(&work);
	plan_tell_copies(&work);
	plan_number_sources(plan);
	return true;
}

void plan_free(struct plan *plan, const struct collector_calls *calls)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct plan_file *file = &plan->files[i];

		plan_closed(file, calls);
		input_close(&file->kept);
		if (file->held >= 0)
			close(file->held);
		free(file->path);
		free(file->log);
	}
	for (uint32_t i = 0; i < plan->source_count; i++)
		free(plan->sources[i]);
	free(plan->sources);
	free(plan->files);
	*plan = (struct plan){ 0 };
}
