/*
 * Capabilities by the kernel's own call: libcap would be a library for two calls. capset and prctl change the
 * calling thread alone, so this is for a process that has one.
 */
#define _GNU_SOURCE
#include "base/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool rights_add_group(struct rights *rights, gid_t group)
{
	for (size_t i = 0; i < rights->group_count; i++)
		if (rights->groups[i] == group)
			return true;
	if (rights->group_count == sizeof(rights->groups) / sizeof(rights->groups[0]))
		return false;
	rights->groups[rights->group_count++] = group;
	return true;
}

bool rights_to_read(const char *path)
{
	int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (file >= 0)
		close(file);
	return file >= 0;
}

bool rights_of(const char *user, const char *group, const struct setting_list *groups,
	       struct rights *rights_r, struct error *error)
{
	const struct passwd *known = getpwnam(user);
	const struct group *named;
	struct rights rights = { 0 };
	int count = (int)(sizeof(rights.groups) / sizeof(rights.groups[0]));

	if (known == NULL)
		return error_set(error, "the user %s is not known here: useradd -r %s", user, user);
	rights.uid = known->pw_uid;
	rights.gid = known->pw_gid;
	if (group != NULL) {
		named = getgrnam(group);
		if (named == NULL)
			return error_set(error, "the group %s is not known here", group);
		rights.gid = named->gr_gid;
	}
	if (getgrouplist(user, rights.gid, rights.groups, &count) < 0)
		return error_set(error, "the user %s is in too many groups", user);
	rights.group_count = (size_t)count;
	for (size_t i = 0; i < groups->count; i++) {
		named = getgrnam(groups->texts[i]);
		if (named == NULL)
			return error_set(error, "the group %s is not known here", groups->texts[i]);
		if (!rights_add_group(&rights, named->gr_gid))
			return error_set(error, "too many groups");
	}
	*rights_r = rights;
	return true;
}

static bool rights_capset(uint64_t keep)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data) != 0)
		return false;
	for (unsigned i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> (32 * i));
		data[i].effective &= data[i].permitted;
		data[i].inheritable = 0;
		/* After setuid nothing is effective, though it is permitted. */
		if (geteuid() != 0)
			data[i].effective = data[i].permitted;
	}
	return syscall(SYS_capset, &head, data) == 0;
}

/* What is not in the bounding set, no program that is run can have: not even root's. */
static void rights_capbound(uint64_t keep)
{
	for (unsigned long i = 0; i < 64; i++) {
		int has = prctl(PR_CAPBSET_READ, i, 0, 0, 0);

		if (has < 0)
			break;
		if (has == 1 && (keep & rights_bit(i)) == 0)
			(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	}
}

bool rights_drop(const struct rights *rights, struct error *error)
{
	uid_t real, effective, saved;

	if (!rights->gains)
		rights_capbound(rights->keep);
	if (prctl(PR_SET_KEEPCAPS, rights->keep != 0 ? 1 : 0, 0, 0, 0) != 0 ||
	    setgroups(rights->group_count, rights->groups) != 0 ||
	    setresgid(rights->gid, rights->gid, rights->gid) != 0 ||
	    setresuid(rights->uid, rights->uid, rights->uid) != 0 || !rights_capset(rights->keep))
		return error_set(error, "cannot become uid %u: %s", (unsigned)rights->uid, strerror(errno));
	if (!rights->gains && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_set(error, "PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
	if (getresuid(&real, &effective, &saved) != 0 || real != rights->uid || effective != rights->uid ||
	    saved != rights->uid || (rights->uid != 0 && setuid(0) == 0))
		return error_set(error, "the rights of root did not go");
	return true;
}

void rights_bound(uint64_t keep, bool gains)
{
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	rights_capbound(keep);
	(void)rights_capset(keep);
	if (!gains)
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
