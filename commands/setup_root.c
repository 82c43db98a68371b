/*
 * openat2 with RESOLVE_IN_ROOT takes the tree's top for "/", also in links. Kernels before 5.6 have no such call; there
 * only this machine itself can be looked at, and links are followed as usual.
 */
#define _GNU_SOURCE
#include "commands/setup_root.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_openat2
#define SYS_openat2 437 /* on every architecture */
#endif

/* As the kernel has it: its header came with the call. */
struct root_how {
	uint64_t flags, mode, resolve;
};
#define ROOT_RESOLVE 0x10 /* RESOLVE_IN_ROOT */

static int root_open(const struct setup_root *root, const char *path, int flags)
{
	struct root_how how = { .flags = (unsigned)flags | O_CLOEXEC, .resolve = ROOT_RESOLVE };
	long fd = syscall(SYS_openat2, root->fd, path, &how, sizeof(how));

	if (fd < 0 && errno == ENOSYS)
		fd = open(path, flags | O_CLOEXEC);
	return (int)fd;
}

bool setup_root_open(const char *path, struct setup_root *root_r, struct error *error)
{
	struct setup_root root = { .fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) };
	int probe;

	if (root.fd < 0)
		return error_set(error, "--root: %s: %s", path, strerror(errno));
	probe = (int)syscall(SYS_openat2, root.fd, "/",
			     &(struct root_how){ .flags = O_PATH, .resolve = ROOT_RESOLVE },
			     sizeof(struct root_how));
	if (probe < 0 && strcmp(path, "/") != 0) {
		close(root.fd);
		return error_set(error, "--root takes Linux 5.6 (openat2): %s", strerror(errno));
	}
	if (probe >= 0)
		close(probe);
	*root_r = root;
	return true;
}

void setup_root_close(struct setup_root *root)
{
	close(root->fd);
	root->fd = -1;
}

bool setup_stat(const struct setup_root *root, const char *path, struct stat *found_r)
{
	int fd = root_open(root, path, O_PATH);
	bool good = fd >= 0 && fstat(fd, found_r) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

bool setup_has(const struct setup_root *root, const char *path)
{
	struct stat found;

	return setup_stat(root, path, &found);
}

bool setup_read(const struct setup_root *root, const char *path, struct text *text)
{
	int fd = root_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat found;
	char bite[16384];
	ssize_t len;

	text_clear(text);
	text->ceiling = SETUP_READ_MOST;
	text->cut = false;
	if (fd < 0)
		return false;
	if (fstat(fd, &found) == 0 && S_ISREG(found.st_mode))
		while (text->len < SETUP_READ_MOST && (len = read(fd, bite, sizeof(bite))) > 0)
			text_add(text, (struct span){ bite, (size_t)len });
	close(fd);
	return text->len > 0;
}

static int root_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool root_plain(const char *name)
{
	for (; *name != '\0'; name++)
		if ((unsigned char)*name <= ' ' || (unsigned char)*name >= 127)
			return false;
	return true;
}

#define ROOT_NAMES_MOST 100000

void setup_each(const struct setup_root *root, const char *folder,
		bool (*look)(void *context, const char *name), void *context)
{
	int fd = root_open(root, folder, O_RDONLY | O_DIRECTORY);
	DIR *names = fd < 0 ? NULL : fdopendir(fd);
	char **sorted = NULL;
	size_t count = 0;
	bool more = true;

	for (struct dirent *entry;
	     names != NULL && count < ROOT_NAMES_MOST && (entry = readdir(names)) != NULL;) {
		if (entry->d_name[0] == '.' || !root_plain(entry->d_name))
			continue;
		sorted = memory_grow(sorted, count + 1, sizeof(*sorted));
		sorted[count++] = memory_copy(span_of(entry->d_name));
	}
	if (names != NULL)
		closedir(names);
	else if (fd >= 0)
		close(fd);
	if (count > 0)
		qsort(sorted, count, sizeof(*sorted), root_order);
	for (size_t i = 0; i < count; i++) {
		more = more && look(context, sorted[i]);
		free(sorted[i]);
	}
	free(sorted);
}
