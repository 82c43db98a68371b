/*
 * Rights that a process gives up for good. Once given up they cannot be had again, also not by the programs that
 * it runs; so everything that takes them (sockets in others' folders, the helper that keeps them) comes before.
 *
 * Capabilities are bits by number: rights_bit(CAP_CHOWN).
 */
#ifndef SENDWATCH_BASE_RIGHTS_H
#define SENDWATCH_BASE_RIGHTS_H

#include "base/error.h"
#include "base/settings.h"

#include <linux/capability.h>
#include <sys/types.h>

struct rights {
	uid_t uid;
	gid_t gid;
	gid_t groups[64]; /* beside it */
	size_t group_count;
	uint64_t keep; /* capabilities */
	bool gains;    /* programs that it runs may have more rights than it has: setuid, setgid */
};

#define rights_bit(capability) (UINT64_C(1) << (capability))

#define RIGHTS_ALL      UINT64_MAX
/* To replace others' files, owner and mode kept; to run programs that become another user, or end its processes. */
#define RIGHTS_FILES    (rights_bit(CAP_DAC_OVERRIDE) | rights_bit(CAP_CHOWN) | rights_bit(CAP_FOWNER))
#define RIGHTS_PROGRAMS (rights_bit(CAP_SETUID) | rights_bit(CAP_SETGID) | rights_bit(CAP_KILL))

/*
 * Who USER is: its group, or GROUP where that is not NULL, the groups that the machine puts it in, and GROUPS.
 * False where the machine knows no such user or group.
 */
bool rights_of(const char *user, const char *group, const struct setting_list *groups,
	       struct rights *rights_r, struct error *error);

/* Can PATH be read with the rights in force? access(2) asks for the real user, who has no capabilities. */
bool rights_to_read(const char *path);

/* Become that user, in all threads that begin from here on. False, and the process should end, where it cannot. */
bool rights_drop(const struct rights *rights, struct error *error);

/*
 * Stay the user that it is, with no capabilities but KEEP, now and in what it runs; with GAINS false, setuid and
 * setgid give nothing to what it runs either. Nobody may look into its memory. What the process has no right to
 * give up stays: it is not much then.
 */
void rights_bound(uint64_t keep, bool gains);

#endif
