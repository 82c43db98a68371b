/*
 * Names of logs. Remote file systems are known by their magic numbers; one that is missing in the list is
 * looked at by the slow poll only.
 */
#define _GNU_SOURCE
#include "collector/names.h"

#include "base/memory.h"

#include <sys/stat.h>
#include <sys/statfs.h>

char *names_folder(const char *name)
{
	const char *slash = strrchr(name, '/');

	if (slash == NULL)
		return memory_copy(SPAN("."));
	return memory_copy((struct span){ name, slash == name ? 1 : (size_t)(slash - name) });
}

bool names_is_pattern(const char *name)
{
	struct stat about;

	return strpbrk(name, "*?[{") != NULL && stat(name, &about) != 0;
}

bool names_is_remote(const char *path)
{
	static const uint32_t remote[] = {
		0x6969,     0x517b,     0xff534d42, 0xfe534d42, /* NFS, SMB, CIFS, SMB2 */
		0x65735546, 0x01021997, 0x00c36400, 0x5346414f, /* FUSE, 9P, Ceph, AFS */
		0x7461636f, 0x01161970, 0x0bd00bd0, 0x786f4256, /* OCFS2, GFS2, Lustre, VirtualBox */
	};
	struct statfs about;

	if (statfs(path, &about) != 0)
		return false;
	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
		if ((uint32_t)about.f_type == remote[i])
			return true;
	return false;
}
