/*
 * By number, since glibc has no close_range before 2.34. The listing is what tells which are open: a limit may be a
 * million.
 */
#define _GNU_SOURCE
#include "base/descriptors.h"

#include "base/span.h"

#include <dirent.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436 /* on every architecture */
#endif

#define DESCRIPTORS_MOST 65536 /* are tried where /proc is not there */

void descriptors_close_each(int first)
{
	DIR *open = opendir("/proc/self/fd");
	struct rlimit limit = { .rlim_cur = DESCRIPTORS_MOST };
	uint64_t number;

	if (open == NULL) {
		(void)getrlimit(RLIMIT_NOFILE, &limit);
		for (rlim_t fd = (rlim_t)first; fd < limit.rlim_cur && fd < DESCRIPTORS_MOST; fd++)
			close((int)fd);
		return;
	}
	for (struct dirent *entry; (entry = readdir(open)) != NULL;)
		if (span_to_u64(span_of(entry->d_name), &number) && number >= (uint64_t)first &&
		    number <= INT_MAX && (int)number != dirfd(open))
			close((int)number);
	closedir(open);
}

void descriptors_close_from(int first)
{
	if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) != 0)
		descriptors_close_each(first);
}
