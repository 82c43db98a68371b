/*
 * Most numbers of a record are small or zero, so that an idle account takes some hundred bytes: counters
 * of a slot are written as a bitmap of those that are not zero, and these.
 */
#define _GNU_SOURCE
#include "detectors/record_pack.h"

#include "base/memory.h"
#include "base/pack.h"
#include "detectors/bucket.h"
#include "detectors/record_sample.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>

/* Who adds to these adds a line below, and raises RECORD_PACK_VERSION. */
static_assert(sizeof(struct habit) == 100, "habit_pack and habit_unpack know every field");
static_assert(sizeof(struct standing) == 48, "standing_pack and standing_unpack know every field");
static_assert(sizeof(struct seen) == 12, "record_pack and record_unpack know every field");
static_assert(COUNTERS <= 64, "a bitmap of counters is one number");

static void habit_pack(const struct habit *habit, struct text *into)
{
	pack_number(into, habit->first);
	pack_number(into, habit->learned);
	pack_number(into, habit->days);
	pack_number(into, habit->new_networks);
	pack_number(into, habit->new_countries);
	pack_number(into, habit->away_days);
	pack_float(into, habit->top_hour);
	pack_float(into, habit->top_day);
	pack_float(into, habit->top_week);
	pack_float(into, habit->busy_hours);
	pack_float(into, habit->recipients);
	pack_float(into, habit->strangers);
	pack_float(into, habit->invalid);
	pack_float(into, habit->spam);
	pack_float(into, habit->foreign);
	pack_float(into, habit->top_recipients);
	text_add(into, (struct span){ (const char *)habit->hours, sizeof(habit->hours) });
}

static void habit_unpack(struct habit *habit, struct unpack *from)
{
	habit->first = (uint16_t)unpack_bounded(from, UINT16_MAX);
	habit->learned = (uint16_t)unpack_bounded(from, UINT16_MAX);
	habit->days = (uint16_t)unpack_bounded(from, UINT16_MAX);
	habit->new_networks = (uint16_t)unpack_bounded(from, UINT16_MAX);
	habit->new_countries = (uint16_t)unpack_bounded(from, UINT16_MAX);
	habit->away_days = (uint16_t)unpack_bounded(from, UINT16_MAX);
	habit->top_hour = unpack_float(from);
	habit->top_day = unpack_float(from);
	habit->top_week = unpack_float(from);
	habit->busy_hours = unpack_float(from);
	habit->recipients = unpack_float(from);
	habit->strangers = unpack_float(from);
	habit->invalid = unpack_float(from);
	habit->spam = unpack_float(from);
	habit->foreign = unpack_float(from);
	habit->top_recipients = unpack_float(from);
	if (from->rest.len < sizeof(habit->hours)) {
		from->broken = true;
		return;
	}
	memcpy(habit->hours, from->rest.at, sizeof(habit->hours));
	from->rest = span_from(from->rest, sizeof(habit->hours));
}

static void standing_pack(const struct standing *standing, struct text *into)
{
	pack_number(into, (uint64_t)standing->state);
	pack_signed(into, standing->since);
	pack_float(into, standing->peak);
	pack_float(into, standing->score);
	pack_number(into, standing->taint);
	pack_signed(into, standing->raised);
	pack_signed(into, standing->until);
}

static void standing_unpack(struct standing *standing, struct unpack *from)
{
	standing->state = (enum account_state)unpack_bounded(from, STATE_RELEASED);
	standing->since = unpack_signed(from);
	standing->peak = unpack_float(from);
	standing->score = unpack_float(from);
	standing->taint = (uint32_t)unpack_bounded(from, UINT32_MAX);
	standing->raised = unpack_signed(from);
	standing->until = unpack_signed(from);
}

static void slot_pack(uint32_t key, const struct counts *counts, struct text *into)
{
	uint64_t used = 0;

	for (unsigned i = 0; i < COUNTERS; i++)
		if (counts->n[i] != 0)
			used |= UINT64_C(1) << i;
	pack_number(into, key);
	pack_number(into, used);
	for (unsigned i = 0; i < COUNTERS; i++)
		if (counts->n[i] != 0)
			pack_number(into, counts->n[i]);
}

/* As they are now, whatever was left for later: the same counts are the same bytes. */
static void windows_pack(const struct windows *windows, usec_t now, struct text *into)
{
	struct counts counts;
	unsigned at = 0;
	uint32_t key;

	pack_number(into, windows_count(windows, now));
	while (windows_next(windows, now, &at, &key, &counts))
		slot_pack(key, &counts, into);
}

static void slot_unpack(struct windows *windows, struct unpack *from)
{
	uint32_t key = (uint32_t)unpack_bounded(from, UINT32_MAX);
	uint64_t used = unpack_bounded(from, (UINT64_C(1) << COUNTERS) - 1);

	windows_put(windows, key);
	for (; used != 0; used &= used - 1)
		windows_set(windows, (enum counter)__builtin_ctzll(used),
			    (uint32_t)unpack_bounded(from, UINT32_MAX));
}

static void windows_unpack(struct windows *windows, struct unpack *from)
{
	windows_make(windows, (uint8_t)unpack_bounded(from, WINDOW_SLOTS));
	while (windows->used < windows->room)
		slot_unpack(windows, from);
}

/* How many there are, the newest first, and four bytes each. */
static void bucket_pack(const uint32_t *bucket, struct text *into)
{
	uint32_t bytes[BUCKET_SIZE];
	unsigned used = 0;

	for (; used < BUCKET_SIZE && bucket[used] != 0; used++)
		bytes[used] = htole32(bucket[used]);
	pack_number(into, used);
	text_add(into, (struct span){ (const char *)bytes, used * sizeof(*bytes) });
}

static void buckets_pack(const uint32_t *hashes, unsigned room, struct text *into)
{
	for (unsigned i = 0; i < room; i += BUCKET_SIZE)
		bucket_pack(hashes + i, into);
}

static void recipients_pack(const struct record *record, struct text *into)
{
	const struct record_sample *sample = record_sample(record);

	pack_number(into, record->recipient_room);
	buckets_pack(record->recipients, record->recipient_room, into);
	pack_number(into, sample == NULL ? 0 : sample->level);
	if (sample == NULL)
		return;
	pack_number(into, sample->covered);
	buckets_pack(sample->hashes, SAMPLE_ROOM, into);
}

void record_pack(const struct record *record, struct text *into)
{
	pack_number(into, RECORD_PACK_VERSION);
	pack_number(into, (uint64_t)record->kind);
	pack_signed(into, record->now);
	pack_number(into, record->message);
	pack_number(into, record->pending);
	pack_number(into, record->step);
	pack_signed(into, record->asked);
	pack_number(into, record->met);
	pack_number(into, record->bad);
	pack_number(into, record->moved ? 1 : 0);
	pack_float(into, record->alone);
	habit_pack(&record->habit, into);
	standing_pack(&record->standing, into);
	windows_pack(&record->windows, record->now, into);
	pack_number(into, record->seen_used);
	for (unsigned i = 0; i < record->seen_used; i++) {
		const struct seen *seen = &record->seen[i];

		pack_number(into, seen->hash);
		pack_number(into, seen->last);
		pack_number(into, seen->kind);
		pack_number(into, seen->credit);
		pack_number(into, seen->known);
	}
	recipients_pack(record, into);
	crowd_pack(record->crowd, into);
}

static void seen_unpack(struct record *record, struct unpack *from)
{
	record->seen_used = record->seen_room = (uint8_t)unpack_bounded(from, RECORD_SEEN);
	if (record->seen_used == 0)
		return;
	record->seen = memory_new(record->seen_used, sizeof(*record->seen));
	for (unsigned i = 0; i < record->seen_used; i++) {
		struct seen *seen = &record->seen[i];

		seen->hash = (uint32_t)unpack_bounded(from, UINT32_MAX);
		seen->last = (uint32_t)unpack_bounded(from, UINT32_MAX);
		seen->kind = (uint8_t)unpack_bounded(from, SEEN_KINDS - 1);
		seen->credit = (uint8_t)unpack_bounded(from, UINT8_MAX);
		seen->known = unpack_bounded(from, 1) != 0;
	}
}

/* Returns how many there are. */
static unsigned bucket_unpack(uint32_t *bucket, struct unpack *from)
{
	unsigned used = (unsigned)unpack_bounded(from, BUCKET_SIZE);
	size_t len = used * sizeof(*bucket);

	if (from->rest.len < len) {
		from->broken = true;
		return 0;
	}
	memcpy(bucket, from->rest.at, len);
	from->rest = span_from(from->rest, len);
	for (unsigned i = 0; i < used; i++) {
		bucket[i] = le32toh(bucket[i]);
		from->broken = from->broken || bucket[i] == 0;
	}
	return used;
}

static uint16_t buckets_unpack(uint32_t *hashes, unsigned room, struct unpack *from)
{
	unsigned used = 0;

	for (unsigned i = 0; i < room; i += BUCKET_SIZE)
		used += bucket_unpack(hashes + i, from);
	return (uint16_t)used;
}

static void sample_unpack(struct record *record, struct unpack *from)
{
	uint32_t level = (uint32_t)unpack_bounded(from, SAMPLE_LEVELS);
	struct record_sample *sample;

	if (level == 0)
		return;
	if (record->recipient_room != RECORD_RECIPIENTS) {
		from->broken = true;
		return;
	}
	sample = record_sample_make(record);
	*sample = (struct record_sample){ .level = level };
	sample->covered = (uint16_t)unpack_bounded(from, UINT16_MAX);
	sample->used = buckets_unpack(sample->hashes, SAMPLE_ROOM, from);
	if (!sample_sound(sample))
		from->broken = true;
}

static void recipients_unpack(struct record *record, struct unpack *from)
{
	uint64_t room = unpack_bounded(from, RECORD_RECIPIENTS);

	/* A bucket is found by masking, so that the room is a power of two, and eight at least. */
	if ((room & (room - 1)) != 0 || (room > 0 && room < BUCKET_SIZE)) {
		from->broken = true;
		return;
	}
	record->recipient_room = (uint16_t)room;
	record->recipients = room == 0 ? NULL : memory_new(room, sizeof(*record->recipients));
	record->recipient_used = buckets_unpack(record->recipients, record->recipient_room, from);
	sample_unpack(record, from);
}

static void contents_free(struct record *record)
{
	free(record->recipients);
	free(record->seen);
	windows_free(&record->windows);
	crowd_free(&record->crowd);
}

bool record_unpack(struct record *record, struct span bytes)
{
	struct unpack from = { .rest = bytes };
	struct record found = *record;

	found.windows = (struct windows){ 0 };
	found.recipients = NULL;
	found.seen = NULL;
	found.here = (struct here){ 0 };
	found.crowd = NULL;
	found.sampled = false;
	found.recipient_room = found.recipient_used = 0;
	if (unpack_number(&from) != RECORD_PACK_VERSION)
		return false;
	found.kind = (enum account_kind)unpack_bounded(&from, ACCOUNT_FORWARD);
	found.now = unpack_signed(&from);
	found.message = (uint32_t)unpack_bounded(&from, UINT32_MAX);
	found.pending = (uint32_t)unpack_bounded(&from, UINT32_MAX);
	found.step = (uint32_t)unpack_bounded(&from, UINT32_MAX);
	found.asked = unpack_signed(&from);
	found.met = (uint32_t)unpack_bounded(&from, UINT32_MAX);
	found.bad = (uint32_t)unpack_bounded(&from, UINT32_MAX);
	found.moved = unpack_bounded(&from, 1) != 0;
	found.alone = unpack_float(&from);
	habit_unpack(&found.habit, &from);
	standing_unpack(&found.standing, &from);
	windows_unpack(&found.windows, &from);
	seen_unpack(&found, &from);
	recipients_unpack(&found, &from);
	(void)crowd_unpack(&found.crowd, &from);
	if (from.broken || from.rest.len > 0 || !windows_sound(&found.windows, found.now)) {
		contents_free(&found);
		return false;
	}
	contents_free(record);
	*record = found;
	return true;
}
