/*
 * Whole-file replacement. The temporary name is the file's own with a random end, in the same folder, so
 * that the rename stays within one file system and readers of globs ("*.conf") do not see it.
 *
 * The folder is synced after the rename: without it, some file systems bring the old name back after a
 * power cut. A file system that cannot sync folders (EINVAL) is taken at its word.
 */
#define _GNU_SOURCE
#include "base/save.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAVE_NAMED     ".tmp."
#define SAVE_TEMPORARY SAVE_NAMED "XXXXXX"

struct save {
	char *path;      /* what is replaced, links resolved */
	char *temporary; /* what is written */
	FILE *stream;
};

static bool save_sync_folder(const char *path, struct error *error)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
	char *folder = memory_copy(len == 0 ? SPAN(".") : (struct span){ path, len });
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);

	if (!done)
		error_set(error, "%s: cannot sync the folder: %s", folder, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(folder);
	return done;
}

/* What the old file had, the new one gets; who may not give files away keeps them. */
static int save_dress(int fd, const char *path, mode_t mode)
{
	struct stat old;

	if (stat(path, &old) == 0) {
		mode = old.st_mode & 07777;
		if (fchown(fd, old.st_uid, old.st_gid) != 0 && errno != EPERM)
			return -1;
	}
	return fchmod(fd, mode);
}

static void save_free(struct save *save)
{
	if (save->stream != NULL)
		fclose(save->stream);
	free(save->temporary);
	free(save->path);
	free(save);
}

/* Renaming over a device or a pipe would put a file in its place: root once had no /dev/null any more. */
static bool save_replaceable(const char *path, struct error *error)
{
	struct stat old;

	if (stat(path, &old) != 0 || S_ISREG(old.st_mode))
		return true;
	return error_set(error, "%s: cannot replace: %s", path,
			 S_ISDIR(old.st_mode) ? "it is a folder" : "it is no ordinary file");
}

struct save *save_begin(const char *path, mode_t mode, struct error *error)
{
	struct save *save;
	size_t room;
	int fd;

	if (!save_replaceable(path, error))
		return NULL;
	save = memory_new(1, sizeof(*save));
	save->path = realpath(path, NULL);
	if (save->path == NULL)
		save->path = memory_copy(span_of(path));
	room = strlen(save->path) + sizeof(SAVE_TEMPORARY);
	save->temporary = memory_new(room, 1);
	snprintf(save->temporary, room, "%s" SAVE_TEMPORARY, save->path);
	fd = mkostemp(save->temporary, O_CLOEXEC);
	/* By the name that is the same each time: a complaint that repeats itself is muted. */
	if (fd < 0) {
		error_set(error, "%s: cannot write: %s", save->path, strerror(errno));
		save_free(save);
		return NULL;
	}
	save->stream = fdopen(fd, "w");
	if (save->stream == NULL || save_dress(fd, save->path, mode) != 0) {
		error_set(error, "%s: cannot write: %s", save->path, strerror(errno));
		if (save->stream == NULL)
			close(fd);
		save_cancel(&save);
	}
	return save;
}

FILE *save_stream(struct save *save)
{
	return save->stream;
}

bool save_commit(struct save **save, struct error *error)
{
	struct save *work = *save;
	bool done;

	errno = 0;
	done = !ferror(work->stream) && fflush(work->stream) == 0 && fsync(fileno(work->stream)) == 0;
	if (!done || rename(work->temporary, work->path) != 0) {
		error_set(error, "%s: cannot replace: %s", work->path,
			  errno == 0 ? "writing failed" : strerror(errno));
		save_cancel(save);
		return false;
	}
	*save = NULL;
	done = save_sync_folder(work->path, error);
	save_free(work);
	return done;
}

void save_cancel(struct save **save)
{
	if (*save == NULL)
		return;
	unlink((*save)->temporary);
	save_free(*save);
	*save = NULL;
}

/* "addresses.tmp.Xa91pQ" */
static bool save_is_temporary(struct span name)
{
	struct span end;

	if (name.len <= sizeof(SAVE_TEMPORARY) - 1)
		return false;
	end = span_from(name, name.len - (sizeof(SAVE_TEMPORARY) - 1));
	if (!span_skip(&end, SPAN(SAVE_NAMED)))
		return false;
	for (size_t i = 0; i < end.len; i++)
		if (!((end.at[i] >= '0' && end.at[i] <= '9') || (end.at[i] >= 'A' && end.at[i] <= 'Z') ||
		      (end.at[i] >= 'a' && end.at[i] <= 'z')))
			return false;
	return true;
}

void save_sweep(const char *folder, usec_t before)
{
	DIR *names = opendir(folder);
	const struct dirent *entry;
	struct stat about;

	while (names != NULL && (entry = readdir(names)) != NULL)
		if (save_is_temporary(span_of(entry->d_name)) &&
		    fstatat(dirfd(names), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(about.st_mode) && about.st_uid == geteuid() &&
		    about.st_mtim.tv_sec < before / USEC_SECOND)
			unlinkat(dirfd(names), entry->d_name, 0);
	if (names != NULL)
		closedir(names);
}

bool save_whole(const char *path, struct span content, mode_t mode, struct error *error)
{
	struct save *save = save_begin(path, mode, error);

	if (save == NULL)
		return false;
	if (content.len > 0)
		fwrite(content.at, 1, content.len, save->stream);
	return save_commit(&save, error);
}

bool save_read(const char *path, size_t most, struct text *text, struct error *error)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	size_t before = text->len;
	char piece[8192];
	ssize_t got;

	if (file < 0)
		return error_set(error, "%s: %s", path, strerror(errno));
	do {
		got = read(file, piece, sizeof(piece));
		if (got > 0)
			text_add(text, (struct span){ piece, (size_t)got });
	} while ((got > 0 && text->len - before <= most) || (got < 0 && errno == EINTR));
	if (got < 0)
		error_set(error, "%s: %s", path, strerror(errno));
	else if (text->len - before > most)
		error_set(error, "%s: larger than %zu bytes", path, most);
	close(file);
	if (got >= 0 && text->len - before <= most)
		return true;
	if (text->at != NULL)
		text->at[before] = '\0';
	text->len = before;
	return false;
}

bool save_remove(const char *path, struct error *error)
{
	if (unlink(path) != 0 && errno != ENOENT)
		return error_set(error, "%s: cannot be removed: %s", path, strerror(errno));
	return save_sync_folder(path, error);
}
