/*
 * Slots of four widths: 1 minute, 5 minutes, 1 hour, 1 day. What is counted goes to the minute, and a minute that the
 * last five no longer reach becomes a part of its five, and these of their hour and day: not when time passes, but
 * when room is needed. Widths divide each other, so that what a horizon reaches is always of whole slots. An account
 * that sends one message a day has eight slots (240 bytes), the busiest 64; an idle one none.
 *
 * Sums are made when somebody asks, not kept: asking is rare (judge.c's gate), counting is not.
 */
#define _GNU_SOURCE
#include "base/seldom.h"
#include "detectors/window_slot.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *words;
	uint32_t width; /* minutes */
	uint32_t slots; /* besides the running one */
} shapes[HORIZONS] = {
	[HORIZON_5M] = { "5m", "5 min", 1, 5 },
	[HORIZON_1H] = { "1h", "1 h", 5, 12 },
	[HORIZON_24H] = { "24h", "24 h", 60, 24 },
	[HORIZON_7D] = { "7d", "7 d", 24 * 60, 7 },
};

const char *horizon_name(enum horizon horizon)
{
	return shapes[horizon].name;
}

const char *horizon_words(enum horizon horizon)
{
	return shapes[horizon].words;
}

usec_t horizon_width(enum horizon horizon)
{
	return shapes[horizon].width * USEC_MINUTE;
}

usec_t horizon_length(enum horizon horizon)
{
	return horizon_width(horizon) * shapes[horizon].slots;
}

/* The first minute of the slot of HORIZON that MINUTE is in. */
static uint32_t slot_begin(uint32_t minute, enum horizon horizon)
{
	return minute - minute % shapes[horizon].width;
}

/* The first minute that HORIZON reaches, at the minute NOW. */
static uint32_t reach_of(uint32_t now, enum horizon horizon)
{
	uint32_t running = slot_begin(now, horizon);
	uint32_t length = shapes[horizon].slots * shapes[horizon].width;

	return running < length ? 0 : running - length;
}

uint32_t horizon_begin(enum horizon horizon, usec_t now)
{
	return reach_of(clock_minute(now), horizon);
}

static void reaches_of(uint32_t now, uint32_t reaches_r[HORIZONS])
{
	for (int h = 0; h < HORIZONS; h++)
		reaches_r[h] = reach_of(now, (enum horizon)h);
}

/* KEY, or that of the wider slot that it is a part of where its own horizon has left it. False where all have. */
static bool key_reached(const uint32_t reaches[HORIZONS], uint32_t key, uint32_t *key_r)
{
	uint32_t minute = key_minute(key);

	for (int h = (int)key_horizon(key); h < HORIZONS; h++) {
		if (minute < reaches[h])
			continue;
		*key_r = h == (int)key_horizon(key)
				 ? key
				 : key_of(slot_begin(minute, (enum horizon)h), (enum horizon)h);
		return true;
	}
	return false;
}

/*
 * Slots that their horizon no longer reaches become wider ones; those of the same key, which then stand side by side,
 * become one.
 */
static void windows_fold(struct windows *windows, uint32_t now)
{
	uint32_t reaches[HORIZONS];
	unsigned kept = 0;

	reaches_of(now, reaches);
	for (unsigned i = 0; i < windows->used; i++) {
		uint32_t key = windows->slots[i];

		if (key_minute(key) < reaches[key_horizon(key)] && !key_reached(reaches, key, &key))
			continue;
		if (kept > 0 && windows->slots[kept - 1] == key) {
			slot_merge(windows, kept - 1, i);
			continue;
		}
		if (kept != i)
			slot_move(windows, kept, i);
		windows->slots[kept++] = key;
	}
	windows->used = (uint8_t)kept;
}

/* One more: where too few became others', in twice the room, so that it is not tried again for each. */
static void windows_make_room(struct windows *windows, uint32_t now)
{
	windows_fold(windows, now);
	if (windows->room == 0)
		slots_resize(windows, 4);
	else if (windows->used > windows->room / 4 * 3)
		slots_resize(windows, windows->room < WINDOW_SLOTS / 2 ? windows->room * 2U : WINDOW_SLOTS);
	assert(windows->used < windows->room);
}

/* Behind how many slots is the place of KEY? */
static unsigned slot_behind(const struct windows *windows, uint32_t key)
{
	unsigned number = windows->used;

	while (number > 0 && windows->slots[number - 1] > key)
		number--;
	return number;
}

/* The slot of KEY, where it is not the newest one: two of five times, so not SELDOM, but apart as if it were. */
static __attribute__((noinline)) unsigned slot_for(struct windows *windows, uint32_t now, uint32_t key)
{
	unsigned number = slot_behind(windows, key);

	if (number > 0 && windows->slots[number - 1] == key)
		return number - 1;
	if (windows->used == windows->room) {
		windows_make_room(windows, now);
		number = slot_behind(windows, key);
		/* It may have come about. */
		if (number > 0 && windows->slots[number - 1] == key)
			return number - 1;
	}
	slot_insert(windows, number, key);
	return number;
}

/* The same for a line that is late. */
static SELDOM bool key_late(uint32_t now, uint32_t key, uint32_t *key_r)
{
	uint32_t reaches[HORIZONS];

	reaches_of(now, reaches);
	return key_reached(reaches, key, key_r);
}

#define EACH(byte)  (UINT64_C(0x0101010101010101) * (byte))
#define FIRST_EIGHT UINT32_C(0xff)

/*
 * The first eight counters are all that most attempts raise: at once, since how many bits are set is what no processor
 * can foretell. False, and nothing raised, where one of them is full.
 */
static inline bool raise_first(uint8_t n[8], uint32_t marks)
{
	uint64_t bits = EACH((uint64_t)(marks & FIRST_EIGHT)) & UINT64_C(0x8040201008040201);
	uint64_t ones = (bits + EACH(0x7f)) >> 7 & EACH(1), old, sum;

	memcpy(&old, n, sizeof(old));
	old = le64toh(old);
	sum = ((old & EACH(0x7f)) + ones) ^ (old & EACH(0x80));
	if ((old & ~sum & EACH(0x80)) != 0)
		return false;
	sum = htole64(sum);
	memcpy(n, &sum, sizeof(sum));
	return true;
}

void windows_add(struct windows *windows, usec_t now, usec_t time, uint32_t marks, uint32_t count)
{
	uint32_t key = key_of(clock_minute(time), HORIZON_5M);
	unsigned number = windows->used - 1U;

	if (time != now && !key_late(clock_minute(now), key, &key))
		return;
	/* Nearly always it is the running minute. */
	if (windows->used == 0 || windows->slots[number] != key)
		number = slot_for(windows, clock_minute(now), key);
	if (windows->width == 0 && count == 1) {
		uint8_t *n = (uint8_t *)slot_counters(windows) + number * COUNTERS;

		if (raise_first(n, marks))
			marks &= ~FIRST_EIGHT;
		for (; marks != 0 && n[__builtin_ctz(marks)] < UINT8_MAX; marks &= marks - 1)
			n[__builtin_ctz(marks)]++;
	}
	/* Wider ones, more than one, and what is too much for a byte. */
	for (; marks != 0; marks &= marks - 1) {
		int counter = __builtin_ctz(marks);

		slot_add(windows, number, (enum counter)counter,
			 (MARKS_COUNTED >> counter & 1) != 0 ? count : 1);
	}
}

/* From the newest to the oldest: what a horizon reaches is in all longer ones. */
void windows_sum(const struct windows *windows, usec_t now, struct counts sums_r[HORIZONS])
{
	struct counts sum = { { 0 } };
	unsigned at = windows->used;

	for (int h = 0; h < HORIZONS; h++) {
		uint32_t from = reach_of(clock_minute(now), (enum horizon)h);

		while (at > 0 && key_minute(windows->slots[at - 1]) >= from)
			slot_sum(windows, --at, &sum);
		sums_r[h] = sum;
	}
}

void windows_day(const struct windows *windows, uint32_t day, struct counts *sums_r)
{
	*sums_r = (struct counts){ { 0 } };
	for (unsigned i = 0; i < windows->used; i++)
		if (key_minute(windows->slots[i]) / shapes[HORIZON_7D].width == day)
			slot_sum(windows, i, sums_r);
}

bool windows_that_day(const struct windows *windows, usec_t time, enum counter counter)
{
	uint32_t from = slot_begin(clock_minute(time), HORIZON_7D), end = from + shapes[HORIZON_7D].width;

	for (unsigned i = windows->used; i > 0 && key_minute(windows->slots[i - 1]) >= from; i--)
		if (key_minute(windows->slots[i - 1]) < end && slot_counter(windows, i - 1, counter) > 0)
			return true;
	return false;
}

size_t windows_series(const struct windows *windows, usec_t now, enum horizon horizon,
		      struct counts *series_r)
{
	uint32_t width = shapes[horizon].width, count = shapes[horizon].slots + 1;
	uint32_t last = clock_minute(now) / width;

	memset(series_r, 0, count * sizeof(*series_r));
	for (unsigned i = 0; i < windows->used; i++) {
		uint32_t age = last - key_minute(windows->slots[i]) / width;

		if (age < count)
			slot_sum(windows, i, &series_r[count - 1 - age]);
	}
	return count;
}

struct window_hours windows_hours_of(const struct windows *windows, uint32_t day)
{
	struct window_hours hours = { 0 };
	uint32_t strangers[24] = { 0 };

	for (unsigned i = 0; i < windows->used; i++) {
		uint32_t key = windows->slots[i], hour = key_minute(key) / 60;
		uint32_t bit = UINT32_C(1) << hour % 24;
		struct counts counts = { { 0 } };

		if (key_horizon(key) > HORIZON_24H || hour / 24 != day)
			continue;
		slot_sum(windows, i, &counts);
		strangers[hour % 24] += counts.n[COUNT_STRANGERS];
		if (counts.n[COUNT_STRANGERS] > 0)
			hours.strangers |= bit;
		if (counts.n[COUNT_MESSAGES] > 0 || counts.n[COUNT_RECIPIENTS] > 0)
			hours.active |= bit;
		if (strangers[hour % 24] > hours.top)
			hours.top = strangers[hour % 24];
	}
	return hours;
}

uint32_t windows_hours(const struct windows *windows, usec_t now, enum counter counter)
{
	uint32_t from = reach_of(clock_minute(now), HORIZON_24H), last = UINT32_MAX, hours = 0;

	for (unsigned i = 0; i < windows->used; i++) {
		uint32_t minute = key_minute(windows->slots[i]);

		if (minute < from || minute / 60 == last || slot_counter(windows, i, counter) == 0)
			continue;
		last = minute / 60;
		hours++;
	}
	return hours;
}

usec_t windows_since(const struct windows *windows, usec_t now, enum horizon horizon, enum counter counter)
{
	uint32_t from = reach_of(clock_minute(now), horizon);

	for (unsigned i = 0; i < windows->used; i++) {
		uint32_t minute = key_minute(windows->slots[i]);

		if (minute >= from && slot_counter(windows, i, counter) > 0)
			return slot_begin(minute, horizon) * USEC_MINUTE;
	}
	return USEC_NEVER;
}

unsigned windows_count(const struct windows *windows, usec_t now)
{
	uint32_t reaches[HORIZONS], key, last = 0;
	unsigned count = 0;

	reaches_of(clock_minute(now), reaches);
	for (unsigned i = 0; i < windows->used; i++) {
		if (!key_reached(reaches, windows->slots[i], &key))
			continue;
		count += count == 0 || key != last;
		last = key;
	}
	return count;
}

bool windows_next(const struct windows *windows, usec_t now, unsigned *at, uint32_t *key_r,
		  struct counts *counts_r)
{
	uint32_t reaches[HORIZONS], key;
	bool found = false;

	reaches_of(clock_minute(now), reaches);
	for (; *at < windows->used; ++*at) {
		if (!key_reached(reaches, windows->slots[*at], &key))
			continue;
		if (found && key != *key_r)
			break;
		if (!found)
			*counts_r = (struct counts){ { 0 } };
		found = true;
		*key_r = key;
		slot_sum(windows, *at, counts_r);
	}
	return found;
}

bool windows_sound(const struct windows *windows, usec_t now)
{
	for (unsigned i = 0; i < windows->used; i++) {
		uint32_t key = windows->slots[i], minute = key_minute(key);

		/* A slot that no window reaches any more is in nobody's way; one of the future would stay. */
		if (minute > clock_minute(now) || slot_begin(minute, key_horizon(key)) != minute ||
		    (i > 0 && key <= windows->slots[i - 1]))
			return false;
	}
	return windows->used <= WINDOW_SLOTS;
}

void windows_set_back(struct windows *windows, usec_t now)
{
	while (windows->used > 0 && key_minute(windows->slots[windows->used - 1]) > clock_minute(now))
		windows->used--;
}

void windows_trim(struct windows *windows, usec_t now)
{
	windows_fold(windows, clock_minute(now));
	if (windows->used == 0)
		windows_free(windows);
	else if (windows->used <= windows->room / 2 && windows->room > 4)
		slots_resize(windows, windows->used < 4 ? 4 : windows->used);
}

void windows_free(struct windows *windows)
{
	free(windows->slots);
	*windows = (struct windows){ 0 };
}
