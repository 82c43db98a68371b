/*
 * The snapshot is read the way watch reads it, into a judge and a store of its own, so that there is one reader
 * of it; a million accounts take a second or two.
 */
#define _GNU_SOURCE
#include "commands/known.h"

#include "base/memory.h"
#include "commands/alone.h"
#include "commands/snapshot.h"
#include "detectors/group.h"
#include "detectors/redis_accounts.h"
#include "detectors/redis_record.h"

#include <stdlib.h>
#include <sys/stat.h>

struct known {
	struct redis_accounts *redis, *groups; /* or: */
	struct redis_options groups_options;
	struct text groups_prefix; /* of them */
	struct store *store;
	struct judge *judge;
	usec_t saved;         /* the snapshot; USEC_NEVER: there is none */
	struct record record; /* the last one from Redis */
	char **names;         /* while known_raised asks for them */
	size_t name_count;
};

static bool known_read(struct known *known, const struct options *options, struct error *error)
{
	const struct judge_sink nobody = { .verdict = NULL };
	struct snapshot snapshot;
	struct text path = { 0 };
	enum snapshot_found found;
	struct stat status;
	bool good;

	if (options->watch.state == NULL)
		return error_set(error, "[watch] state: names no folder");
	known->store = store_memory_new((uint32_t)options->judge.accounts);
	known->judge = judge_new(&options->judge, known->store, &nobody);
	text_add_format(&path, "%s/snapshot", options->watch.state);
	if (stat(path.at, &status) == 0)
		known->saved = (usec_t)status.st_mtim.tv_sec * USEC_SECOND;
	found = snapshot_open(path.at, &snapshot, error);
	good = found == SNAPSHOT_GOOD && snapshot_restore(&snapshot, known->judge, NULL);
	if (found == SNAPSHOT_NONE)
		error_set(
			error, "%s is not there%s", path.at,
			alone_is_held(options->watch.state)
				? " yet: watch runs, and writes down what it knows within [watch] save_every"
				: ": does watch run here?");
	else if (found == SNAPSHOT_GOOD && !good)
		error_set(error, "%s: damaged, or of another version", path.at);
	if (found == SNAPSHOT_GOOD)
		snapshot_close(&snapshot);
	text_free(&path);
	return good;
}

struct known *known_open(const struct options *options, struct error *error)
{
	struct known *known = memory_new(1, sizeof(*known));
	bool good;

	known->saved = USEC_NEVER;
	if (options->redis.topology != REDIS_OFF) {
		known->groups_options = redis_options_of_groups(&options->redis, &known->groups_prefix);
		known->redis = redis_accounts_open(&options->redis, error);
		known->groups = redis_accounts_open(&known->groups_options, error);
		good = known->redis != NULL && known->groups != NULL;
	} else {
		good = known_read(known, options, error);
	}
	if (!good)
		known_close(&known);
	return known;
}

usec_t known_saved(const struct known *known)
{
	return known->saved;
}

static void known_forget_names(struct known *known)
{
	for (size_t i = 0; i < known->name_count; i++)
		free(known->names[i]);
	free(known->names);
	known->names = NULL;
	known->name_count = 0;
}

void known_close(struct known **known)
{
	if (*known == NULL)
		return;
	known_forget_names(*known);
	record_free(&(*known)->record);
	redis_accounts_close(&(*known)->redis);
	redis_accounts_close(&(*known)->groups);
	text_free(&(*known)->groups_prefix);
	judge_free(&(*known)->judge);
	store_free(&(*known)->store);
	free(*known);
	*known = NULL;
}

/* From Redis, or from STORE. */
static bool known_read_one(struct known *known, struct redis_accounts *redis, struct store *store,
			   struct span name, const struct record **record_r, struct error *error)
{
	*record_r = NULL;
	if (redis == NULL) {
		*record_r = store == NULL ? NULL : store->calls->record(store, name, false);
		return true;
	}
	record_free(&known->record);
	if (!redis_accounts_read(redis, name, &known->record, error))
		return false;
	*record_r = known->record.name == NULL ? NULL : &known->record;
	return true;
}

static bool known_find_group(struct known *known, struct span name, const struct record **record_r,
			     struct error *error)
{
	return known_read_one(known, known->groups, known->redis == NULL ? judge_groups(known->judge) : NULL,
			      name, record_r, error);
}

bool known_find(struct known *known, struct span name, const struct record **record_r, struct error *error)
{
	char room[GROUP_NAME_SIZE];
	struct span group;

	if (!known_read_one(known, known->redis, known->store, name, record_r, error))
		return false;
	if (*record_r != NULL || !group_parse(name, room, &group))
		return true;
	return known_find_group(known, group, record_r, error);
}

static void known_name(void *context, struct span name)
{
	struct known *known = context;

	known->names = memory_grow(known->names, known->name_count + 1, sizeof(*known->names));
	known->names[known->name_count++] = memory_copy(name);
}

static int known_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void known_walk(struct known *known, struct store *store)
{
	for (struct record *record = store->calls->next(store, NULL); record != NULL;
	     record = store->calls->next(store, record))
		if (record->standing.state != STATE_NORMAL)
			known_name(known, span_of(record->name));
}

static void known_sort(struct known *known)
{
	if (known->name_count > 0)
		qsort(known->names, known->name_count, sizeof(*known->names), known_order);
}

bool known_addresses(struct known *known, void (*tell)(void *context, const struct record *record),
		     void *context, struct error *error)
{
	const struct record *record;
	bool good = true;

	if (known->redis == NULL)
		known_walk(known, judge_groups(known->judge));
	else
		good = redis_accounts_raised(known->groups, known_name, known, error);
	known_sort(known);
	for (size_t i = 0; i < known->name_count && good; i++) {
		good = known_find_group(known, span_of(known->names[i]), &record, error);
		if (good && record != NULL)
			tell(context, record);
	}
	known_forget_names(known);
	return good;
}

bool known_raised(struct known *known, void (*tell)(void *context, const struct record *record),
		  void *context, struct error *error)
{
	const struct record *record;
	bool good = true;

	if (known->redis == NULL)
		known_walk(known, known->store);
	else
		good = redis_accounts_raised(known->redis, known_name, known, error);
	known_sort(known);
	for (size_t i = 0; i < known->name_count && good; i++) {
		good = known_find(known, span_of(known->names[i]), &record, error);
		if (good && record != NULL && record->standing.state != STATE_NORMAL)
			tell(context, record);
	}
	known_forget_names(known);
	return good;
}
