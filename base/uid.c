/* The range of people's uids. */
#include "base/uid.h"

#define UID_PEOPLE 1000 /* the first */
#define UID_NOBODY 65534

bool uid_is_a_persons(struct span uid, uint64_t *uid_r)
{
	return span_to_u64(uid, uid_r) && *uid_r >= UID_PEOPLE && *uid_r != UID_NOBODY &&
	       *uid_r <= UINT32_MAX;
}
