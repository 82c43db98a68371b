/* Users are told apart by 64 bits, which is exact enough to see three of thirty from three of four. */
#include "detectors/crowd.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

#define TURN (14 * USEC_DAY) /* users are known for one to two of these: people write once in a fortnight */

static struct crowd *crowd_made(struct crowd **crowd)
{
	if (*crowd == NULL)
		*crowd = memory_new(1, sizeof(**crowd));
	return *crowd;
}

/* --- how many different --- */

void crowd_meet(struct crowd **crowd, enum distinct_kind kind, uint32_t hash, usec_t time)
{
	struct crowd *made;

	if (hash == 0)
		return;
	made = crowd_made(crowd);
	if (made->distinct == NULL)
		made->distinct = memory_new(DISTINCTS, sizeof(*made->distinct));
	distinct_meet(&made->distinct[kind], hash, time);
}

bool crowd_counts(const struct crowd *crowd, enum distinct_kind kind)
{
	return crowd != NULL && crowd->distinct != NULL && distinct_bytes(&crowd->distinct[kind]) > 0;
}

struct distinct_count crowd_count(const struct crowd *crowd, enum distinct_kind kind, usec_t now,
				  enum horizon horizon)
{
	if (!crowd_counts(crowd, kind))
		return (struct distinct_count){ 0, false };
	return distinct_count(&crowd->distinct[kind], now, horizon);
}

/* --- members --- */

/* The account's own place, else that of whoever was noted longest ago. */
static struct member *member_place(struct crowd *crowd, uint64_t account)
{
	struct member *oldest;

	if (crowd->members == NULL)
		crowd->members = memory_new(CROWD_MEMBERS, sizeof(*crowd->members));
	oldest = &crowd->members[0];
	for (int i = 0; i < CROWD_MEMBERS; i++) {
		if (crowd->members[i].account == account)
			return &crowd->members[i];
		if (crowd->members[i].time < oldest->time)
			oldest = &crowd->members[i];
	}
	return oldest;
}

void crowd_note(struct crowd **crowd, uint64_t account, usec_t time, float decibans)
{
	struct member *member = member_place(crowd_made(crowd), account);

	if (member->account != account) {
		if (member->account != 0 && member->time > time)
			return; /* of long ago, and sixteen are newer */
		*member = (struct member){ account, time, decibans };
		return;
	}
	if (time - member->time > CROWD_KEPT ||
	    (decibans > member->decibans && member->time - time <= CROWD_KEPT))
		member->decibans = decibans;
	if (time > member->time)
		member->time = time;
}

/* --- users --- */

static void crowd_turn(struct crowd *crowd, usec_t time)
{
	if (time - crowd->turned <= TURN)
		return;
	crowd->users[1] = time - crowd->turned > 2 * TURN ? 0 : crowd->users[0];
	crowd->users[0] = 0;
	crowd->turned = time;
}

void crowd_use(struct crowd **crowd, uint64_t account, usec_t time)
{
	struct crowd *made = crowd_made(crowd);

	crowd_turn(made, time);
	made->users[0] |= UINT64_C(1) << (account >> 58);
}

double crowd_users(const struct crowd *crowd)
{
	int unset = 64 - (crowd == NULL ? 0 : __builtin_popcountll(crowd->users[0] | crowd->users[1]));

	return -64 * log((unset == 0 ? 0.5 : unset) / 64);
}

void crowd_merge(struct crowd **into, const struct crowd *other)
{
	struct crowd *made;

	if (other == NULL)
		return;
	for (int i = 0; other->members != NULL && i < CROWD_MEMBERS; i++)
		if (other->members[i].account != 0)
			crowd_note(into, other->members[i].account, other->members[i].time,
				   other->members[i].decibans);
	if ((other->users[0] | other->users[1]) == 0)
		return;
	made = crowd_made(into);
	crowd_turn(made, other->turned);
	made->users[0] |= other->users[0];
	made->users[1] |= other->users[1];
}

/* --- memory --- */

void crowd_free(struct crowd **crowd)
{
	struct crowd *gone = *crowd;

	if (gone == NULL)
		return;
	for (int i = 0; gone->distinct != NULL && i < DISTINCTS; i++)
		distinct_free(&gone->distinct[i]);
	free(gone->distinct);
	free(gone->members);
	free(gone);
	*crowd = NULL;
}

static bool members_over(const struct member *members, usec_t now)
{
	for (int i = 0; i < CROWD_MEMBERS; i++)
		if (members[i].account != 0 && now - members[i].time <= CROWD_KEPT)
			return false;
	return true;
}

void crowd_trim(struct crowd **crowd, usec_t now)
{
	struct crowd *trimmed = *crowd;
	size_t left = 0;

	if (trimmed == NULL)
		return;
	for (int i = 0; trimmed->distinct != NULL && i < DISTINCTS; i++) {
		distinct_trim(&trimmed->distinct[i], now);
		left += distinct_bytes(&trimmed->distinct[i]);
	}
	if (left == 0) {
		free(trimmed->distinct);
		trimmed->distinct = NULL;
	}
	if (trimmed->members != NULL && members_over(trimmed->members, now)) {
		free(trimmed->members);
		trimmed->members = NULL;
	}
	if (now - trimmed->turned > 2 * TURN)
		trimmed->users[0] = trimmed->users[1] = 0;
	if (trimmed->distinct == NULL && trimmed->members == NULL &&
	    (trimmed->users[0] | trimmed->users[1]) == 0)
		crowd_free(crowd);
}

size_t crowd_bytes(const struct crowd *crowd)
{
	size_t bytes = crowd == NULL ? 0 : sizeof(*crowd);

	if (crowd == NULL)
		return 0;
	if (crowd->members != NULL)
		bytes += CROWD_MEMBERS * sizeof(*crowd->members);
	for (int i = 0; crowd->distinct != NULL && i < DISTINCTS; i++)
		bytes += sizeof(*crowd->distinct) + distinct_bytes(&crowd->distinct[i]);
	return bytes;
}

/* --- bytes --- */

#define PACKED_DISTINCT 1U
#define PACKED_MEMBERS  2U
#define PACKED_USERS    4U
#define PACKED_ALL      7U

static void members_pack(const struct member *members, struct text *into)
{
	unsigned count = 0;

	for (int i = 0; i < CROWD_MEMBERS; i++)
		count += members[i].account != 0;
	pack_number(into, count);
	for (int i = 0; i < CROWD_MEMBERS; i++) {
		if (members[i].account == 0)
			continue;
		pack_number(into, members[i].account);
		pack_signed(into, members[i].time);
		pack_float(into, members[i].decibans);
	}
}

void crowd_pack(const struct crowd *crowd, struct text *into)
{
	static const struct crowd none;
	unsigned parts;

	if (crowd == NULL)
		crowd = &none;
	parts = (crowd->distinct != NULL ? PACKED_DISTINCT : 0) |
		(crowd->members != NULL ? PACKED_MEMBERS : 0) |
		((crowd->users[0] | crowd->users[1]) != 0 ? PACKED_USERS : 0);
	pack_number(into, parts);
	for (int i = 0; crowd->distinct != NULL && i < DISTINCTS; i++)
		distinct_pack(&crowd->distinct[i], into);
	if (crowd->members != NULL)
		members_pack(crowd->members, into);
	if ((parts & PACKED_USERS) != 0) {
		pack_number(into, crowd->users[0]);
		pack_number(into, crowd->users[1]);
		pack_signed(into, crowd->turned);
	}
}

/* One that can be reckoned with. */
static bool is_time(usec_t time)
{
	return time >= 0 && time < INT64_MAX / 4;
}

static void members_unpack(struct crowd *crowd, struct unpack *from)
{
	unsigned count = (unsigned)unpack_bounded(from, CROWD_MEMBERS);

	crowd->members = memory_new(CROWD_MEMBERS, sizeof(*crowd->members));
	for (unsigned i = 0; i < count && !from->broken; i++) {
		struct member *member = &crowd->members[i];

		member->account = unpack_number(from);
		member->time = unpack_signed(from);
		member->decibans = unpack_float(from);
		for (unsigned j = 0; j < i; j++)
			from->broken |= crowd->members[j].account == member->account;
		from->broken |= member->account == 0 || !is_time(member->time);
	}
}

bool crowd_unpack(struct crowd **crowd_r, struct unpack *from)
{
	unsigned parts = (unsigned)unpack_bounded(from, PACKED_ALL);
	struct crowd *crowd = NULL;

	if (parts != 0)
		crowd = memory_new(1, sizeof(*crowd));
	if ((parts & PACKED_DISTINCT) != 0) {
		crowd->distinct = memory_new(DISTINCTS, sizeof(*crowd->distinct));
		for (int i = 0; i < DISTINCTS && !from->broken; i++)
			(void)distinct_unpack(&crowd->distinct[i], from);
	}
	if ((parts & PACKED_MEMBERS) != 0)
		members_unpack(crowd, from);
	if ((parts & PACKED_USERS) != 0) {
		crowd->users[0] = unpack_number(from);
		crowd->users[1] = unpack_number(from);
		crowd->turned = unpack_signed(from);
		from->broken |= !is_time(crowd->turned);
	}
	if (from->broken)
		crowd_free(&crowd);
	*crowd_r = crowd;
	return !from->broken;
}
