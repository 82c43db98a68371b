/*
 * Applying a change to a record. "First time" and "away" are decided here and counted, so that what the
 * detectors read are sums; how much "away" weighs is for them to say.
 *
 * Error of remembered recipients: 32 bits of hash among 512 make one address in eight million known by
 * mistake; where a bucket of eight is full its oldest is forgotten, and what is known of such is a sample's guess.
 */
#include "detectors/record.h"

#include "base/memory.h"
#include "base/seldom.h"
#include "detectors/bucket.h"
#include "detectors/group.h"
#include "detectors/record_sample.h"
#include "detectors/record_seen.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static uint32_t day_of(usec_t time)
{
	return time < 0 ? 0 : (uint32_t)((uint64_t)time / (uint64_t)USEC_DAY);
}

/* --- remembered recipients --- */

static uint32_t *bucket_of(const struct record *record, uint32_t hash)
{
	return record->recipients + bucket_first(record->recipient_room, hash);
}

void record_prefetch(const struct record *record, uint32_t recipient)
{
	if (record->recipient_room != 0)
		__builtin_prefetch(bucket_of(record, recipient));
	__builtin_prefetch(record->seen);
	windows_prefetch(&record->windows);
}

bool record_knows(const struct record *record, uint32_t recipient)
{
	return record->recipient_room != 0 &&
	       bucket_place(bucket_of(record, recipient), recipient) < BUCKET_SIZE;
}

static void recipients_grow(struct record *record)
{
	uint32_t *old = record->recipients;
	uint16_t room = record->recipient_room;

	record->recipient_room = (uint16_t)(room == 0 ? BUCKET_SIZE : room * 2);
	record->recipients = memory_new(record->recipient_room, sizeof(*old));
	for (int i = room - 1; i >= 0; i--)
		if (old[i] != 0)
			bucket_renew(bucket_of(record, old[i]), BUCKET_SIZE - 1, old[i]);
	free(old);
}

struct record_sample *record_sample(const struct record *record)
{
	return record->sampled ? (struct record_sample *)(record->recipients + RECORD_RECIPIENTS) : NULL;
}

struct record_sample *record_sample_make(struct record *record)
{
	size_t size = RECORD_RECIPIENTS * sizeof(*record->recipients) + sizeof(struct record_sample);

	assert(record->recipient_room == RECORD_RECIPIENTS && !record->sampled);
	record->recipients = memory_grow(record->recipients, 1, size);
	record->sampled = true;
	return record_sample(record);
}

uint32_t record_correspondents(const struct record *record)
{
	const struct record_sample *sample = record_sample(record);
	uint32_t sampled = sample == NULL ? 0 : sample_count(sample);

	return sampled > record->recipient_used ? sampled : record->recipient_used;
}

/* HASH goes where the newest are; the oldest that stood there is forgotten. */
static void recipient_push(struct record *record, uint32_t hash)
{
	bool full = bucket_is_full(bucket_of(record, hash));

	while (full && record->recipient_room < RECORD_RECIPIENTS) {
		recipients_grow(record);
		full = bucket_is_full(bucket_of(record, hash));
	}
	if (full && !record->sampled)
		sample_begin(record_sample_make(record), record->recipients, RECORD_RECIPIENTS);
	if (record->sampled)
		sample_add(record_sample(record), hash);
	bucket_renew(bucket_of(record, hash), BUCKET_SIZE - 1, hash);
	record->recipient_used = (uint16_t)(record->recipient_used + !full);
}

/* Remember HASH; false where it was known. */
static bool recipient_meet(struct record *record, uint32_t hash)
{
	uint32_t *bucket;
	bool known;
	int place;

	if (record->recipient_room == 0)
		recipients_grow(record);
	bucket = bucket_of(record, hash);
	place = bucket_place(bucket, hash);
	if (place < BUCKET_SIZE) {
		bucket_renew(bucket, place, hash);
		return false;
	}
	known = record->sampled && sample_knows(record_sample(record), hash);
	/* While it is flagged, a stranger's correspondents do not push out the owner's. */
	if (record->standing.state != STATE_FLAGGED && record->standing.state != STATE_DISABLED)
		recipient_push(record, hash);
	return !known;
}

/* --- a change --- */

static uint32_t mark(enum counter counter, bool set)
{
	return set ? MARK(counter) : 0;
}

static uint32_t marks_of_attempt(const struct delta *delta, const struct applied *found)
{
	bool new = found->stranger;
	uint32_t marks = MARK(COUNT_ARRIVED);

	if (!delta->elsewhere)
		return marks;
	marks |= MARK(COUNT_RECIPIENTS) | MARK(delta->outcome) | mark(COUNT_AWAY, found->away);
	if (!new)
		return marks;
	return marks | MARK(COUNT_STRANGERS) | mark(COUNT_MAILINGS, found->mailing) |
	       mark(COUNT_FOREIGN, delta->foreign) | mark(COUNT_ODD, found->odd) |
	       mark(COUNT_AWAY_STRANGERS, found->away) |
	       mark(COUNT_AWAY_FOREIGN, found->away && delta->foreign) | mark(COUNT_ABROAD, found->abroad);
}

uint32_t record_marks(const struct delta *delta, const struct applied *found)
{
	uint32_t refused = mark(COUNT_AWAY_INVALID, found->away && delta->outcome == COUNT_INVALID) |
			   mark(COUNT_AWAY_SPAM, found->away && delta->outcome == COUNT_SPAM);

	switch (delta->kind) {
	case DELTA_SUBMITTED:
		return MARK(COUNT_MESSAGES) | MARK(COUNT_SUBMITTED);
	case DELTA_ATTEMPT:
		return marks_of_attempt(delta, found) | (delta->elsewhere ? refused : 0);
	case DELTA_CHANGED:
		return delta->elsewhere ? MARK(delta->outcome) | refused : 0;
	case DELTA_LOGIN:
		return MARK(COUNT_LOGINS) | mark(COUNT_LOGINS_AWAY, found->away);
	case DELTA_LOGIN_FAILED:
		return MARK(COUNT_LOGINS_FAILED);
	case DELTA_GROUPED:
	case DELTA_SUSPECT:
	case DELTA_USER:
		break;
	}
	return 0;
}

/* Is it somebody new? What is known vouches for where it was written from. */
static void meet_recipient(struct record *record, const struct delta *delta, struct applied *applied)
{
	applied->stranger = recipient_meet(record, delta->recipient);
	if (!applied->stranger) {
		seen_vouch(record, delta);
		return;
	}
	applied->mailing = delta->message != record->message;
	record->message = delta->message;
}

/* Where it comes from, and whom it is for: what of it is new? */
static void record_look(struct record *record, const struct delta *delta, struct applied *applied)
{
	bool ignored = false;

	seen_origin(record, delta, applied);
	applied->odd = !habit_hour(&record->habit, delta->time);
	if (delta->refuser != 0)
		seen_meet(record, SEEN_REFUSER, delta->refuser, delta_slot(delta), &ignored);
	if (delta->kind == DELTA_SUBMITTED) {
		/* By what it sent: logins and late outcomes have begun its day before. */
		applied->first_today = !windows_that_day(&record->windows, delta->time, COUNT_MESSAGES);
		seen_submitted(record, delta);
	}
	if (delta->kind == DELTA_ATTEMPT && delta->elsewhere)
		meet_recipient(record, delta, applied);
	if (delta->distinct)
		record_meet(record, delta);
}

static void set_back(usec_t *time, usec_t now)
{
	if (*time > now)
		*time = now;
}

/*
 * Is this line older than all windows because a clock was ahead for a while? The machine's own may have been as wrong
 * when that was read, which is why it was believed (parsers/frame_clock.c); what is still to come is not by now.
 */
static bool is_ahead(const struct record *record, usec_t time)
{
	return time < record->now - horizon_length(HORIZON_7D) && record->now > clock_now() + USEC_DAY;
}

/* Nothing would be counted until that time has come: what was counted ahead goes, and the account is of now again. */
static SELDOM void record_set_back(struct record *record, usec_t now)
{
	uint16_t day = (uint16_t)day_of(now);

	windows_set_back(&record->windows, now);
	crowd_free(&record->crowd);
	record->here = (struct here){ 0 };
	for (int i = 0; i < record->seen_used; i++)
		if (record->seen[i].last > clock_minute(now))
			record->seen[i].last = clock_minute(now);
	if (record->habit.first > day)
		record->habit.first = day;
	if (record->habit.learned > day)
		record->habit.learned = day;
	if (record->standing.taint > day)
		record->standing.taint = day;
	set_back(&record->standing.since, now);
	set_back(&record->standing.raised, now);
	set_back(&record->asked, now);
	record->now = now;
}

void record_apply(struct record *record, const struct delta *delta, struct applied *applied_r)
{
	*applied_r = (struct applied){ 0 };
	if (delta->kind >= DELTA_GROUPED) {
		group_apply(record, delta);
		return;
	}
	if (delta->time < record->now - USEC_DAY && is_ahead(record, delta->time))
		record_set_back(record, delta->time);
	/* A release forgives what was done before it also where that, or what became of it, is heard of later. */
	if (record->standing.state == STATE_RELEASED && delta_slot(delta) <= record->standing.since)
		return;
	if (delta->time > record->now)
		record->now = delta->time;
	if (record->habit.first == 0)
		record->habit.first = record->habit.learned = (uint16_t)day_of(delta->time);
	if (delta->kind != DELTA_LOGIN_FAILED)
		record_look(record, delta, applied_r);
	windows_add(&record->windows, record->now, delta_slot(delta), record_marks(delta, applied_r),
		    delta->count);
}

/* --- the end of a day --- */

#define UNDER_WAY USEC_HOUR /* a rest after which a day is over for the account, too: assumed */

bool record_due(const struct record *record, usec_t now)
{
	return record->habit.first != 0 && day_of(now) > day_of(record->now) &&
	       day_of(record->now) >= record->habit.learned;
}

/* The day's networks and countries become known. */
static void learn_seen(struct record *record, struct habit_day *day)
{
	uint32_t networks = 0;
	bool had_network = record->habit.days > 0, had_country = had_network;

	record->here = (struct here){ 0 };
	for (int i = 0; i < record->seen_used; i++) {
		struct seen *seen = &record->seen[i];
		unsigned credit;

		if (seen->last / (24 * 60) != day->day)
			continue;
		networks += seen->kind == SEEN_NETWORK;
		if (seen->credit == 0 && seen->kind == SEEN_NETWORK)
			day->new_network = had_network;
		if (seen->credit == 0 && seen->kind == SEEN_COUNTRY)
			day->new_country = had_country;
		credit = seen->credit + (seen->known ? SEEN_VOUCHED : 1U);
		seen->credit = (uint8_t)(credit > UINT8_MAX ? UINT8_MAX : credit);
	}
	day->many_networks = networks > 1;
}

bool record_close(struct record *record, usec_t now, double limit, struct habit_day *day_r)
{
	struct counts sums[HORIZONS];
	uint32_t day = day_of(record->now);
	bool tainted = (double)record->standing.peak >= limit || record->standing.taint == day ||
		       record->standing.state == STATE_FLAGGED || record->standing.state == STATE_DISABLED;

	assert(day_of(now) > day);
	*day_r = (struct habit_day){ .day = day };
	day_r->doubtful = record->habit.days < HABIT_SETTLED && now - record->now < UNDER_WAY;
	record->standing.peak = 0;
	record->habit.learned = (uint16_t)(day + 1);
	if (record->sampled)
		sample_rest(record_sample(record));
	windows_day(&record->windows, day, &day_r->sums);
	if (tainted || day_r->sums.n[COUNT_RECIPIENTS] == 0)
		return false;
	windows_sum(&record->windows, record->now, sums);
	day_r->week = sums[HORIZON_7D];
	day_r->hours = windows_hours_of(&record->windows, day);
	learn_seen(record, day_r);
	habit_learn(&record->habit, day_r);
	return true;
}

/* --- memory --- */

void record_trim(struct record *record, usec_t now)
{
	uint8_t kept = 0;

	windows_trim(&record->windows, now);
	crowd_trim(&record->crowd, now);
	record->here = (struct here){ 0 };
	/* Single client addresses say nothing once no window reaches them. */
	for (int i = 0; i < record->seen_used; i++) {
		const struct seen *seen = &record->seen[i];

		if ((seen->kind != SEEN_CLIENT && seen->kind != SEEN_REFUSER) ||
		    seen->last >= horizon_begin(HORIZON_7D, now))
			record->seen[kept++] = *seen;
	}
	record->seen_used = kept;
}

void record_free(struct record *record)
{
	crowd_free(&record->crowd);
	free(record->name);
	free(record->recipients);
	free(record->seen);
	windows_free(&record->windows);
	record->name = NULL;
	record->recipients = NULL;
	record->sampled = false;
	record->seen = NULL;
}

/*
 * What stands against the account is gone: windows and what was counted apart start empty, and what was seen for
 * the first time lately, or says how it was refused, is in none of them. What it is used to stays.
 */
static void record_forget(struct record *record)
{
	windows_free(&record->windows);
	crowd_free(&record->crowd);
	record->here = (struct here){ 0 };
	for (int i = 0; i < record->seen_used; i++) {
		struct seen *seen = &record->seen[i];

		if (seen->credit >= SEEN_FAMILIAR && seen->kind != SEEN_CLIENT && seen->kind != SEEN_REFUSER)
			continue;
		seen->last = 0;
		seen->known = false;
	}
	record->pending = record->step = record->bad = 0;
	record->moved = false;
}

/* The day on which it was flagged stays one that nothing is learned from, released or not. */
void record_release(struct record *record, usec_t now, usec_t until)
{
	struct standing *standing = &record->standing;

	if (standing->state == STATE_FLAGGED || standing->state == STATE_DISABLED)
		standing->taint = day_of(record->now);
	standing->state = STATE_RELEASED;
	standing->since = now > standing->since ? now : standing->since + 1;
	standing->until = until;
	standing->score = 0;
	record_forget(record);
}

bool record_take_standing(struct record *record, const struct standing *standing)
{
	struct standing *own = &record->standing;
	uint32_t taint = own->taint > standing->taint ? own->taint : standing->taint;

	if (standing->since <= own->since)
		return false;
	*own = *standing;
	own->taint = taint;
	if (own->state == STATE_RELEASED)
		record_forget(record);
	return true;
}

void record_swap(struct record *record, struct record *other)
{
	struct record was = *record;

	*record = *other;
	record->name = was.name;
	record->hash = was.hash;
	record->check = was.check;
	record->unsettled = was.unsettled;
	record->group = was.group;
	record->place = was.place;
	record->trail = was.trail;
	record->raised = was.raised;
	was.name = other->name;
	was.hash = other->hash;
	was.check = other->check;
	was.unsettled = other->unsettled;
	was.group = other->group;
	was.place = other->place;
	was.trail = other->trail;
	was.raised = other->raised;
	*other = was;
}

size_t record_bytes(const struct record *record)
{
	return sizeof(*record) + crowd_bytes(record->crowd) +
	       (record->name == NULL ? 0 : strlen(record->name) + 1) +
	       record->recipient_room * sizeof(*record->recipients) +
	       (record->sampled ? sizeof(struct record_sample) : 0) +
	       record->seen_room * sizeof(*record->seen) + windows_bytes(&record->windows);
}
