/*
 * A folder of a test's own, and small verbs to put logs into it: write, append, pack, move. Everything
 * goes by name within the folder; the folder is removed at the end.
 */
#ifndef SENDWATCH_TESTS_SCRATCH_H
#define SENDWATCH_TESTS_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char scratch_folder[64];

static inline void scratch_make(void)
{
	snprintf(scratch_folder, sizeof(scratch_folder), "/tmp/sendwatch-test-XXXXXX");
	assert_non_null(mkdtemp(scratch_folder));
}

static inline int scratch_remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
	(void)about, (void)kind, (void)walk;
	return remove(path);
}

static inline void scratch_remove(void)
{
	nftw(scratch_folder, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* One of eight texts by turns, so that several can stand in one call. */
static inline const char *scratch_path(const char *name)
{
	static char texts[8][512];
	static unsigned turn;
	char *text = texts[turn++ % 8];

	snprintf(text, sizeof(texts[0]), "%s/%s", scratch_folder, name);
	return text;
}

static inline void scratch_put(const char *name, const void *bytes, size_t len, int flags)
{
	int fd = open(scratch_path(name), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);

	assert_true(fd >= 0);
	assert_true(write(fd, bytes, len) == (ssize_t)len);
	assert_int_equal(close(fd), 0);
}

static inline void scratch_write(const char *name, const char *text)
{
	scratch_put(name, text, strlen(text), O_TRUNC);
}

static inline void scratch_append(const char *name, const char *text)
{
	scratch_put(name, text, strlen(text), O_APPEND);
}

static inline void scratch_move(const char *from, const char *to)
{
	assert_int_equal(rename(scratch_path(from), scratch_path(to)), 0);
}

/* All of a file, NUL-terminated, owned by the caller. */
static inline char *scratch_read(const char *name, size_t *len_r)
{
	FILE *file = fopen(scratch_path(name), "r");
	struct stat about;
	char *bytes;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &about), 0);
	bytes = calloc((size_t)about.st_size + 1, 1);
	assert_non_null(bytes);
	*len_r = fread(bytes, 1, (size_t)about.st_size, file);
	fclose(file);
	return bytes;
}

/* Run a program in the folder; its exit status, or 127 where there is none of that name. */
static inline int scratch_run(const char *const *arguments)
{
	char *copies[16] = { NULL };
	posix_spawn_file_actions_t actions;
	pid_t child;
	int status = 127, failed;

	for (size_t i = 0; arguments[i] != NULL && i < 15; i++)
		copies[i] = strdup(arguments[i]);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, scratch_folder);
	failed = posix_spawnp(&child, copies[0], &actions, NULL, copies, environ);
	if (failed == 0 && waitpid(child, &status, 0) == child)
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 126;
	posix_spawn_file_actions_destroy(&actions);
	for (size_t i = 0; i < 15; i++)
		free(copies[i]);
	return failed != 0 ? 127 : status;
}

/* Compress NAME by PROGRAM (gzip, xz ...), which replaces it; false where the program is not installed. */
static inline bool scratch_pack(const char *program, const char *name)
{
	int status = scratch_run((const char *const[]){ program, "-f", "-q", name, NULL });

	if (status == 127)
		return false;
	assert_int_equal(status, 0);
	return true;
}

#endif
