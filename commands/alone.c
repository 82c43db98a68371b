/*
 * A lock of fcntl's kind: it is the process's own, so that children which outlive a killed watch for a moment do not
 * keep the next one from starting. It would go with any other descriptor of the file that is closed; nobody has one.
 */
#define _GNU_SOURCE
#include "commands/alone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool alone_hold(const char *state, struct error *error)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[512];
	int fd;

	if (state == NULL)
		return error_set(error, "[watch] state: names no folder");
	if (mkdir(state, 0700) != 0 && errno != EEXIST)
		return error_set(error, "%s: %s", state, strerror(errno));
	if (snprintf(path, sizeof(path), "%s/lock", state) >= (int)sizeof(path))
		return error_set(error, "%s: is too long a name", state);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set(error, "%s: %s", path, strerror(errno));
	if (fcntl(fd, F_SETLK, &lock) == 0)
		return true;
	if (errno != EACCES && errno != EAGAIN)
		error_set(error, "%s: %s", path, strerror(errno));
	else if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0)
		error_set(error, "%s: another watch is at work on it, process %ld", state, (long)lock.l_pid);
	else
		error_set(error, "%s: another watch is at work on it", state);
	close(fd);
	return false;
}

bool alone_is_held(const char *state)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[512];
	bool held;
	int fd;

	if (state == NULL || snprintf(path, sizeof(path), "%s/lock", state) >= (int)sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	held = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	if (fd >= 0)
		close(fd);
	return held;
}
