/*
 * Uids and their names. A name server may be slow, and a replay passes through weeks in seconds: a name is
 * asked for once, and a uid without one again after an hour, then two, then four ... These are hours of this
 * machine, not of the log: a quarter of a replay went into asking again for names that nobody has.
 * 4,096 uids are remembered at most, the longest unused goes first.
 *
 * Names longer than 47 bytes are as good as none.
 */
#define _GNU_SOURCE
#include "parsers/users.h"

#include "base/map.h"
#include "base/memory.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#define USERS_MOST  4096
#define USERS_AGAIN USEC_HOUR

struct users {
	struct map *map;
	bool fixed; /* a file said it all */
};

struct user {
	usec_t due;   /* ask again then, by clock_monotonic */
	usec_t again; /* what was waited for last; 0: the name is known */
	char name[48];
};

/* Uids are few and not chosen by strangers: any spreading will do. */
static uint64_t users_hash(uint32_t uid)
{
	return (uid + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
}

static struct user *users_add(struct users *users, uint32_t uid)
{
	struct user *user = map_add(users->map, users_hash(uid));

	snprintf(user->name, sizeof(user->name), "%u", uid);
	return user;
}

/* The same where the name is known: a file may have thousands of them. */
static void users_add_named(struct users *users, uint32_t uid, struct span name)
{
	struct user *user = map_add(users->map, users_hash(uid));

	memcpy(user->name, name.at, name.len);
	user->name[name.len] = '\0';
}

/* "name:x:1001:..."; false where it is none. */
static bool users_read_line(struct users *users, struct span line)
{
	struct span name, password, number;
	uint64_t uid;

	if (!span_cut(&line, ':', &name) || !span_cut(&line, ':', &password) ||
	    !span_cut(&line, ':', &number) || !span_to_u64(number, &uid) || uid >= UINT32_MAX ||
	    name.len == 0)
		return false;
	if (map_find(users->map, users_hash((uint32_t)uid), name) != NULL)
		return true;
	if (name.len < sizeof(((struct user *)NULL)->name))
		users_add_named(users, (uint32_t)uid, name);
	else
		users_add(users, (uint32_t)uid);
	return true;
}

static bool users_read(struct users *users, const char *path, struct error *error)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0, good = 0, bad = 0;
	ssize_t len;
	int broken;

	if (file == NULL)
		return error_set(error, "%s: %s", path, strerror(errno));
	while ((len = getline(&line, &room, file)) > 0) {
		bool named = users_read_line(users, (struct span){ line, (size_t)len });

		good += named;
		bad += !named && line[0] != '\n';
	}
	broken = ferror(file) == 0 ? 0 : errno;
	free(line);
	fclose(file);
	if (broken != 0)
		return error_set(error, "%s: %s", path, strerror(broken));
	if (good == 0 && bad > 0)
		return error_set(error, "%s: no line of it is of the form of passwd(5), name:x:uid:...",
				 path);
	return true;
}

struct users *users_new(const char *passwd, struct error *error)
{
	struct users *users = memory_new(1, sizeof(*users));

	users->fixed = passwd != NULL;
	users->map = map_new(&(struct map_options){ .record_size = sizeof(struct user),
						    .most = users->fixed ? 0 : USERS_MOST });
	if (users->fixed && !users_read(users, passwd, error))
		users_free(&users);
	return users;
}

void users_free(struct users **users)
{
	if (*users == NULL)
		return;
	map_free(&(*users)->map);
	free(*users);
	*users = NULL;
}

static void users_ask(struct user *user, uint32_t uid)
{
	struct passwd entry, *found = NULL;
	char text[4096];

	if (getpwuid_r(uid, &entry, text, sizeof(text), &found) == 0 && found != NULL &&
	    strlen(found->pw_name) < sizeof(user->name)) {
		snprintf(user->name, sizeof(user->name), "%s", found->pw_name);
		user->again = 0;
	} else {
		user->again = user->again == 0 ? USERS_AGAIN : 2 * user->again;
		user->due = clock_monotonic() + user->again;
	}
}

struct span users_name(struct users *users, uint32_t uid)
{
	struct user *user = map_find(users->map, users_hash(uid), (struct span){ NULL, 0 });
	bool ask = !users->fixed && (user == NULL || (user->again != 0 && clock_monotonic() >= user->due));

	if (user == NULL)
		user = users_add(users, uid);
	if (ask)
		users_ask(user, uid);
	map_touch(users->map, user);
	return span_of(user->name);
}
