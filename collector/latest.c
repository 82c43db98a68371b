/*
 * Looks at the last 64 KiB only. The caller's context for the file is made and dropped again, since it
 * would take the last line for the first.
 */
#define _GNU_SOURCE
#include "collector/latest.h"

#include "base/memory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LATEST_TAIL ((off_t)64 * 1024)

static size_t latest_read(const char *path, char *into)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;
	ssize_t got = 0;

	if (fd < 0)
		return 0;
	if (fstat(fd, &about) == 0)
		got = pread(fd, into, (size_t)LATEST_TAIL,
			    about.st_size > LATEST_TAIL ? about.st_size - LATEST_TAIL : 0);
	close(fd);
	return got < 0 ? 0 : (size_t)got;
}

usec_t latest_time(const char *path, usec_t written, const struct collector_calls *calls)
{
	char *tail = memory_new((size_t)LATEST_TAIL, 1);
	struct span rest = { tail, latest_read(path, tail) }, line;
	usec_t found = USEC_NEVER;

	/* Each stamp alone, from the last one up: a context that saw two would put them in order. */
	while (found == USEC_NEVER && rest.len > 0) {
		void *opened;

		if (rest.at[rest.len - 1] == '\n')
			rest.len--;
		if (!span_cut_last(&rest, SPAN("\n"), &line)) {
			line = rest;
			rest.len = 0;
		}
		opened = calls->opened == NULL ? NULL : calls->opened(calls->context, path, written);
		found = calls->time(opened, line);
		if (calls->closed != NULL)
			calls->closed(calls->context, opened);
	}
	free(tail);
	return found != USEC_NEVER && (written == USEC_NEVER || found < written) ? found : written;
}
