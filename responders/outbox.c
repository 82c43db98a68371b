/*
 * The outbox keeps in memory only what it must know to choose: number, target, account's hash, age, tries.
 * The body is read back from its file when it is sent. Files are named by a number that only grows, so their
 * order is the order of verdicts.
 *
 * Limits: one process a folder. The pause before the Nth retry is pause x 2^N up to longest_pause, times a
 * random factor between 0.5 and 1.5, so that a thousand servers do not come back to one receiver at once.
 */
#define _GNU_SOURCE
#include "responders/outbox.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/save.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define OUTBOX_HEAD     "sendwatch parcel 1\n"
#define OUTBOX_LARGEST  ((size_t)1024 * 1024)
#define OUTBOX_GATHERED 200            /* in one parcel at most */
#define OUTBOX_PARALLEL 8              /* to one target: enough for a storm, polite to a chat's rate limit */
#define OUTBOX_LEFT     (2 * USEC_DAY) /* longer than any digest waits */

const struct setting outbox_settings[] = {
	SETTING(COUNT, struct outbox_options, most, "10000", 1, 1000000,
		"undelivered messages kept at most; where there are more, the oldest goes"),
	SETTING(DURATION, struct outbox_options, pause, "5s", 1000, USEC_HOUR,
		"pause before the first retry; it doubles each time"),
	SETTING(DURATION, struct outbox_options, longest_pause, "30m", 1000, USEC_DAY,
		"longest pause between two tries"),
	SETTING(DURATION, struct outbox_options, give_up_after, "24h", USEC_SECOND, 30 * USEC_DAY,
		"age at which a message is given up"),
	{ .name = NULL },
};

struct outbox_entry {
	uint64_t number, account;
	usec_t created, due;
	uint32_t tries;
	bool on_its_way;
	char *target, *id;
	char *body; /* while it is on its way */
};

struct outbox {
	const struct outbox_options *options;
	struct outbox_calls calls;
	char *folder;
	struct outbox_entry *entries; /* by number */
	size_t count, room;
	uint64_t last;     /* number given */
	uint64_t *waiting; /* accounts that have an earlier parcel: a set for one walk; twice as large as room */
	struct text path;
	struct outbox_stats stats;
};

static const char *outbox_path(struct outbox *outbox, uint64_t number)
{
	text_clear(&outbox->path);
	text_add_format(&outbox->path, "%s/%016llu.parcel", outbox->folder, (unsigned long long)number);
	return outbox->path.at;
}

static void outbox_add(struct outbox *outbox, const struct outbox_entry *entry)
{
	if (outbox->count == outbox->room) {
		outbox->room = outbox->room == 0 ? 64 : outbox->room * 2;
		outbox->entries = memory_grow(outbox->entries, outbox->room, sizeof(*outbox->entries));
		outbox->waiting = memory_grow(outbox->waiting, outbox->room * 2, sizeof(*outbox->waiting));
	}
	outbox->entries[outbox->count++] = *entry;
	if (entry->number > outbox->last)
		outbox->last = entry->number;
}

static void outbox_remove(struct outbox *outbox, size_t at)
{
	struct outbox_entry *entry = &outbox->entries[at];
	struct error error;

	/* A file that stays is delivered once more after a restart; its id tells the receiver. */
	(void)save_remove(outbox_path(outbox, entry->number), &error);
	free(entry->target);
	free(entry->id);
	free(entry->body);
	memmove(entry, entry + 1, (outbox->count - at - 1) * sizeof(*entry));
	outbox->count--;
}

static void outbox_lose(struct outbox *outbox, size_t at, const char *why)
{
	const struct outbox_entry *entry = &outbox->entries[at];

	outbox->stats.given_up++;
	outbox->calls.lost(outbox->calls.context, entry->target, entry->id, why);
	outbox_remove(outbox, at);
}

static bool outbox_field(struct span *rest, struct span name, struct span *value_r)
{
	return span_skip(rest, name) && span_cut(rest, '\n', value_r);
}

/* The head of a parcel's file; REST is the body then. */
static bool outbox_read_head(struct span *rest, struct outbox_entry *entry)
{
	struct span target, id, account, created, nothing;
	uint64_t time;

	if (!span_skip(rest, SPAN(OUTBOX_HEAD)) || !outbox_field(rest, SPAN("target "), &target) ||
	    !outbox_field(rest, SPAN("id "), &id) || !outbox_field(rest, SPAN("account "), &account) ||
	    !outbox_field(rest, SPAN("created "), &created) || !span_cut(rest, '\n', &nothing) ||
	    nothing.len != 0)
		return false;
	if (!span_to_u64(account, &entry->account) || !span_to_u64(created, &time) || rest->len == 0)
		return false;
	entry->created = entry->due = (usec_t)time;
	entry->target = memory_copy(target);
	entry->id = memory_copy(id);
	return true;
}

static int outbox_is_parcel(const struct dirent *entry)
{
	return span_ends(span_of(entry->d_name), SPAN(".parcel"));
}

/* What an earlier run left. A file that is no parcel (cut by a full disk) stays where it is, for a person. */
static bool outbox_load(struct outbox *outbox, struct error *error)
{
	struct dirent **files = NULL;
	int count = scandir(outbox->folder, &files, outbox_is_parcel, alphasort);

	if (count < 0)
		return error_set(error, "%s: %s", outbox->folder, strerror(errno));
	for (int i = 0; i < count; i++) {
		struct span name = span_of(files[i]->d_name);
		struct outbox_entry entry = { 0 };
		struct text text = { 0 };
		struct error why;
		struct span rest;

		name.len -= strlen(".parcel");
		if (span_to_u64(name, &entry.number) &&
		    save_read(outbox_path(outbox, entry.number), OUTBOX_LARGEST, &text, &why)) {
			rest = text_span(&text);
			if (outbox_read_head(&rest, &entry))
				outbox_add(outbox, &entry);
		}
		text_free(&text);
		free(files[i]);
	}
	free(files);
	return true;
}

struct outbox *outbox_open(const char *folder, const struct outbox_options *options,
			   const struct outbox_calls *calls, struct error *error)
{
	struct outbox *outbox = memory_new(1, sizeof(*outbox));

	outbox->options = options;
	outbox->calls = *calls;
	outbox->folder = memory_copy(span_of(folder));
	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		error_set(error, "%s: %s", folder, strerror(errno));
		outbox_close(&outbox);
	} else if (!outbox_load(outbox, error)) {
		outbox_close(&outbox);
	}
	return outbox;
}

void outbox_close(struct outbox **outbox)
{
	if (*outbox == NULL)
		return;
	for (size_t i = 0; i < (*outbox)->count; i++) {
		free((*outbox)->entries[i].target);
		free((*outbox)->entries[i].id);
		free((*outbox)->entries[i].body);
	}
	free((*outbox)->entries);
	free((*outbox)->waiting);
	free((*outbox)->folder);
	text_free(&(*outbox)->path);
	free(*outbox);
	*outbox = NULL;
}

/* The oldest that nobody is sending just now makes room. */
static void outbox_make_room(struct outbox *outbox)
{
	for (size_t i = 0; i < outbox->count && outbox->count >= (size_t)outbox->options->most; i++)
		if (!outbox->entries[i].on_its_way)
			outbox_lose(outbox, i--, "the outbox is full");
}

static bool outbox_has(const struct outbox *outbox, const char *target, const char *id)
{
	for (size_t i = 0; i < outbox->count; i++)
		if (strcmp(outbox->entries[i].id, id) == 0 && strcmp(outbox->entries[i].target, target) == 0)
			return true;
	return false;
}

static bool outbox_keep(struct outbox *outbox, usec_t now, const char *target, const char *id,
			struct span account, const char *body, struct error *error)
{
	struct outbox_entry entry = {
		.number = outbox->last + 1, .account = hash_stable(account), .created = now, .due = now
	};
	struct text text = { .ceiling = OUTBOX_LARGEST };
	bool good;

	text_add_format(&text, OUTBOX_HEAD "target %s\nid %s\naccount %llu\ncreated %lld\n\n", target, id,
			(unsigned long long)entry.account, (long long)now);
	text_add(&text, span_of(body));
	good = text.cut ? error_set(error, "a verdict of more than 1 MiB")
			: save_whole(outbox_path(outbox, entry.number), text_span(&text), 0600, error);
	text_free(&text);
	if (!good)
		return false;
	entry.target = memory_copy(span_of(target));
	entry.id = memory_copy(span_of(id));
	outbox_add(outbox, &entry);
	return true;
}

bool outbox_put(struct outbox *outbox, usec_t now, const char *target, const char *id, struct span account,
		const char *body, struct error *error)
{
	if (outbox_has(outbox, target, id))
		return true;
	outbox_make_room(outbox);
	return outbox_keep(outbox, now, target, id, account, body, error);
}

/* Is ACCOUNT in the set? It is afterwards. 0 marks a free place, so it is kept out of the set's values. */
static bool outbox_waits(struct outbox *outbox, uint64_t account)
{
	size_t mask = outbox->room * 2 - 1;
	uint64_t value = account == 0 ? 1 : account;
	size_t at = value & mask;

	while (outbox->waiting[at] != 0 && outbox->waiting[at] != value)
		at = (at + 1) & mask;
	if (outbox->waiting[at] == value)
		return true;
	outbox->waiting[at] = value;
	return false;
}

/* The body from its file. One that cannot be read any more is lost, and said so. */
static bool outbox_read_body(struct outbox *outbox, struct outbox_entry *entry)
{
	struct text text = { 0 };
	struct outbox_entry head = { 0 };
	struct error error;
	struct span rest;
	bool good = save_read(outbox_path(outbox, entry->number), OUTBOX_LARGEST, &text, &error);

	rest = text_span(&text);
	good = good && outbox_read_head(&rest, &head);
	if (good)
		entry->body = memory_copy(rest);
	free(head.target);
	free(head.id);
	text_free(&text);
	return good;
}

bool outbox_next(struct outbox *outbox, usec_t now, const char *target, struct parcel *parcel_r)
{
	int on_their_way = 0;

	if (outbox->count > 0)
		memset(outbox->waiting, 0, outbox->room * 2 * sizeof(*outbox->waiting));
	for (size_t i = 0; i < outbox->count; i++) {
		struct outbox_entry *entry = &outbox->entries[i];

		if (strcmp(entry->target, target) != 0)
			continue;
		on_their_way += entry->on_its_way ? 1 : 0;
		if (outbox_waits(outbox, entry->account) || entry->on_its_way || entry->due > now)
			continue;
		if (on_their_way >= OUTBOX_PARALLEL)
			return false;
		if (!outbox_read_body(outbox, entry)) {
			outbox_lose(outbox, i--, "its file cannot be read any more");
			continue;
		}
		entry->on_its_way = true;
		*parcel_r = (struct parcel){ entry->number, entry->id, entry->body, entry->tries, now };
		return true;
	}
	return false;
}

static struct outbox_entry *outbox_find(const struct outbox *outbox, uint64_t number)
{
	size_t low = 0, high = outbox->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (outbox->entries[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < outbox->count && outbox->entries[low].number == number ? &outbox->entries[low] : NULL;
}

bool outbox_oldest(const struct outbox *outbox, const char *waits, usec_t *created_r)
{
	for (size_t i = 0; i < outbox->count; i++)
		if (strcmp(outbox->entries[i].target, waits) == 0) {
			*created_r = outbox->entries[i].created;
			return true;
		}
	return false;
}

size_t outbox_waiting(const struct outbox *outbox, const char *target, usec_t *oldest_r)
{
	size_t count = 0;

	for (size_t i = 0; i < outbox->count; i++)
		if (strcmp(outbox->entries[i].target, target) == 0 && count++ == 0)
			*oldest_r = outbox->entries[i].created;
	return count;
}

/* The first of what waits, as many as fit into one parcel; their places in ITS, their bodies read. */
static size_t outbox_waiting_for(struct outbox *outbox, const char *waits, size_t its[OUTBOX_GATHERED])
{
	size_t count = 0, bytes = 0;

	for (size_t i = 0; i < outbox->count && count < OUTBOX_GATHERED; i++) {
		struct outbox_entry *entry = &outbox->entries[i];

		if (strcmp(entry->target, waits) != 0)
			continue;
		if (entry->body == NULL && !outbox_read_body(outbox, entry)) {
			outbox_lose(outbox, i--, "its file cannot be read any more");
			continue;
		}
		bytes += strlen(entry->body);
		if (count > 0 && bytes > OUTBOX_LARGEST / 2)
			break;
		its[count++] = i;
	}
	return count;
}

static bool outbox_gather_some(struct outbox *outbox, usec_t now, const size_t *its, size_t count,
			       const char *target, const struct outbox_join *join, struct error *error)
{
	const char *bodies[OUTBOX_GATHERED];
	uint64_t first = 0, second = 1;
	char id[40], *name, *body;
	bool good;

	for (size_t i = 0; i < count; i++) {
		const struct outbox_entry *entry = &outbox->entries[its[i]];

		bodies[i] = entry->body;
		first = hash_stable_more(first, span_of(entry->id));
		second = hash_stable_more(second, span_of(entry->id));
	}
	snprintf(id, sizeof(id), "%016llx%016llx", (unsigned long long)first, (unsigned long long)second);
	if (count == 1) {
		name = memory_copy(span_of(outbox->entries[its[0]].id));
		body = memory_copy(span_of(bodies[0]));
	} else {
		name = memory_copy(span_of(id));
		body = join->join(join->context, id, bodies, count);
	}
	/* No room is made: those that it is made of go at once. */
	good = outbox_has(outbox, target, name) ||
	       outbox_keep(outbox, now, target, name, SPAN(""), body, error);
	free(name);
	free(body);
	return good;
}

bool outbox_gather(struct outbox *outbox, usec_t now, const char *waits, const char *target,
		   const struct outbox_join *join, struct error *error)
{
	size_t its[OUTBOX_GATHERED], count;

	while ((count = outbox_waiting_for(outbox, waits, its)) > 0) {
		uint64_t numbers[OUTBOX_GATHERED];

		for (size_t i = 0; i < count; i++)
			numbers[i] = outbox->entries[its[i]].number;
		if (!outbox_gather_some(outbox, now, its, count, target, join, error))
			return false;
		for (size_t i = 0; i < count; i++) {
			struct outbox_entry *entry = outbox_find(outbox, numbers[i]);

			if (entry != NULL)
				outbox_remove(outbox, (size_t)(entry - outbox->entries));
		}
	}
	return true;
}

static usec_t outbox_pause(const struct outbox *outbox, const struct outbox_entry *entry, usec_t now)
{
	usec_t pause = outbox->options->pause, longest = outbox->options->longest_pause;
	/* hash_text is seeded anew in every run, which makes it a fair die. */
	uint64_t die = hash_text((struct span){ (const char *)&now, sizeof(now) }) ^ entry->number;

	for (uint32_t i = 1; i < entry->tries && pause < longest; i++)
		pause *= 2;
	pause = pause > longest ? longest : pause;
	return pause / 2 +
	       (usec_t)(hash_stable((struct span){ (const char *)&die, sizeof(die) }) % (uint64_t)pause);
}

void outbox_settle(struct outbox *outbox, usec_t now, const struct answer *answer)
{
	struct outbox_entry *entry = outbox_find(outbox, answer->number);
	size_t at;

	assert(entry != NULL && entry->on_its_way);
	at = (size_t)(entry - outbox->entries);
	if (answer->fate == FATE_DELIVERED) {
		outbox->stats.delivered++;
		outbox_remove(outbox, at);
		return;
	}
	if (answer->fate == FATE_REFUSED) {
		outbox_lose(outbox, at, answer->words);
		return;
	}
	entry->on_its_way = false;
	entry->tries++;
	free(entry->body);
	entry->body = NULL;
	entry->due = now + outbox_pause(outbox, entry, now);
	if (entry->due < now + answer->pause)
		entry->due = now + answer->pause;
	if (entry->due > entry->created + outbox->options->give_up_after)
		outbox_lose(outbox, at, answer->words);
}

void outbox_sweep(struct outbox *outbox, usec_t now)
{
	for (size_t i = 0; i < outbox->count; i++) {
		struct outbox_entry *entry = &outbox->entries[i];
		bool waits = span_starts(span_of(entry->target), SPAN(OUTBOX_WAITS));

		if (entry->on_its_way)
			continue;
		/* The clock was set back: nothing waits for it to come round again. */
		if (entry->created > now)
			entry->created = entry->due = now;
		if (now - entry->created > outbox->options->give_up_after + (waits ? OUTBOX_LEFT : 0))
			outbox_lose(outbox, i--, "too old");
	}
}

usec_t outbox_due(const struct outbox *outbox, usec_t now)
{
	usec_t due = USEC_NEVER;

	for (size_t i = 0; i < outbox->count; i++)
		if (outbox->entries[i].due > now && (due == USEC_NEVER || outbox->entries[i].due < due))
			due = outbox->entries[i].due;
	return due;
}

const char *outbox_id(const struct outbox *outbox, uint64_t number, const char **target_r, uint32_t *tries_r)
{
	const struct outbox_entry *entry = outbox_find(outbox, number);

	if (entry == NULL)
		return NULL;
	*target_r = entry->target;
	*tries_r = entry->tries;
	return entry->id;
}

struct outbox_stats outbox_stats(const struct outbox *outbox)
{
	struct outbox_stats stats = outbox->stats;

	stats.waiting = outbox->count;
	return stats;
}
