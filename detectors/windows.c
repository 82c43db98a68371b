/*
 * Slots of four widths: 1 minute, 5 minutes, 1 hour, 1 day. An account that sends one message a day has
 * four slots (200 bytes), the busiest 52 (2.6 KiB); an idle one none. Each horizon's newest slot is known:
 * what is newer is not there yet, and only what is late is looked for among all. There are few.
 *
 * Sums are made when somebody asks, not kept: asking is rare (judge.c's gate), counting is not.
 */
#include "detectors/window_slot.h"

#include "base/memory.h"
#include "base/seldom.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *words;
	usec_t width;
	uint32_t slots; /* besides the running one */
} shapes[HORIZONS] = {
	[HORIZON_5M] = { "5m", "5 min", USEC_MINUTE, 5 },
	[HORIZON_1H] = { "1h", "1 h", 5 * USEC_MINUTE, 12 },
	[HORIZON_24H] = { "24h", "24 h", USEC_HOUR, 24 },
	[HORIZON_7D] = { "7d", "7 d", USEC_DAY, 7 },
};

const char *horizon_name(enum horizon horizon)
{
	return shapes[horizon].name;
}

const char *horizon_words(enum horizon horizon)
{
	return shapes[horizon].words;
}

usec_t horizon_length(enum horizon horizon)
{
	return shapes[horizon].width * shapes[horizon].slots;
}

/* Which slot of each horizon a time is in. Divided by constants, once: by the widths it is eight times as dear. */
static void places_of(usec_t time, uint32_t places_r[HORIZONS])
{
	uint32_t minute = time < 0 ? 0 : (uint32_t)(time / USEC_MINUTE);

	places_r[HORIZON_5M] = minute;
	places_r[HORIZON_1H] = minute / 5;
	places_r[HORIZON_24H] = minute / 60;
	places_r[HORIZON_7D] = minute / (24 * 60);
}

/* The keys below which no window reaches that ends at the places LAST: one of each horizon. */
static void floors_below(const uint32_t last[HORIZONS], uint32_t floors_r[HORIZONS])
{
	for (int h = 0; h < HORIZONS; h++)
		floors_r[h] = key_of((enum horizon)h,
				     last[h] < shapes[h].slots ? 0 : last[h] - shapes[h].slots);
}

static void floors_of(usec_t now, uint32_t floors_r[HORIZONS])
{
	uint32_t last[HORIZONS];

	places_of(now, last);
	floors_below(last, floors_r);
}

static bool reached(uint32_t key, const uint32_t floors[HORIZONS])
{
	return key >= floors[key_horizon(key)];
}

/* A slot to use: one that no window reaches any more, else a new one. */
static __attribute__((noinline)) unsigned slot_new(struct windows *windows, const uint32_t last[HORIZONS])
{
	uint32_t floors[HORIZONS];

	floors_below(last, floors);
	for (unsigned i = 0; i < windows->used; i++)
		if (!reached(slot_key(windows, i), floors))
			return i;
	if (windows->used == windows->room) {
		/* 5 + 12 + 24 + 7 and one running each are 52: the room never passes 64. */
		windows->room = (uint8_t)(windows->room == 0 ? 4 : windows->room * 2);
		windows->slots = memory_grow(windows->slots, windows->room, slot_size(windows));
	}
	assert(windows->used < 64);
	return windows->used++;
}

/* One that is not its horizon's newest. */
static SELDOM unsigned slot_find(const struct windows *windows, uint32_t key)
{
	unsigned number = 0;

	while (number < windows->used && slot_key(windows, number) != key)
		number++;
	return number;
}

/*
 * What is newer than the newest is not there. Nor is KEY where that newest slot has become another horizon's: it was
 * out of reach then, and with it all of this one's, while KEY is within.
 */
static unsigned slot_of(struct windows *windows, enum horizon horizon, uint32_t place,
			const uint32_t last[HORIZONS])
{
	uint32_t key = key_of(horizon, place), newest;
	unsigned number;

	if (windows->used > 0) {
		newest = slot_key(windows, windows->last[horizon]);
		if (newest == key)
			return windows->last[horizon];
		if (newest > key && key_horizon(newest) == horizon &&
		    (number = slot_find(windows, key)) < windows->used)
			return number;
	}
	number = slot_new(windows, last);
	memset(slot_at(windows, number), 0, slot_size(windows));
	*slot_at(windows, number) = key;
	slot_note(windows, number);
	return number;
}

void windows_add(struct windows *windows, usec_t now, usec_t time, const struct counts *counts)
{
	uint32_t last[HORIZONS], places[HORIZONS];
	struct slot_more more;

	slot_more(&more, counts);
	places_of(now, last);
	if (time == now) /* nearly always */
		memcpy(places, last, sizeof(places));
	else
		places_of(time, places);
	for (int h = 0; h < HORIZONS; h++)
		if (places[h] + shapes[h].slots >= last[h])
			slot_add(windows, slot_of(windows, (enum horizon)h, places[h], last), &more);
}

void windows_sum(const struct windows *windows, usec_t now, struct counts sums_r[HORIZONS])
{
	uint32_t floors[HORIZONS];

	floors_of(now, floors);
	memset(sums_r, 0, HORIZONS * sizeof(*sums_r));
	for (unsigned i = 0; i < windows->used; i++) {
		uint32_t key = slot_key(windows, i);

		if (reached(key, floors))
			slot_sum(windows, i, &sums_r[key_horizon(key)]);
	}
}

void windows_day(const struct windows *windows, uint32_t day, struct counts *sums_r)
{
	*sums_r = (struct counts){ { 0 } };
	for (unsigned i = 0; i < windows->used; i++)
		if (slot_key(windows, i) == key_of(HORIZON_7D, day))
			(void)windows_at(windows, i, sums_r);
}

uint32_t windows_that_day(const struct windows *windows, usec_t time, enum counter counter)
{
	uint32_t places[HORIZONS], key;
	unsigned number;

	if (windows->used == 0)
		return 0;
	places_of(time, places);
	key = key_of(HORIZON_7D, places[HORIZON_7D]);
	number = windows->last[HORIZON_7D]; /* nearly always */
	if (slot_key(windows, number) != key)
		number = slot_find(windows, key);
	return number < windows->used ? slot_counter(windows, number, counter) : 0;
}

usec_t horizon_width(enum horizon horizon)
{
	return shapes[horizon].width;
}

size_t windows_series(const struct windows *windows, usec_t now, enum horizon horizon,
		      struct counts *series_r)
{
	uint32_t places[HORIZONS], count = shapes[horizon].slots + 1;

	places_of(now, places);
	memset(series_r, 0, count * sizeof(*series_r));
	for (unsigned i = 0; i < windows->used; i++) {
		uint32_t key = slot_key(windows, i), age = places[horizon] - key_place(key);

		if (key_horizon(key) == horizon && age < count)
			(void)windows_at(windows, i, &series_r[count - 1 - age]);
	}
	return count;
}

struct window_hours windows_hours_of(const struct windows *windows, uint32_t day)
{
	struct window_hours hours = { 0 };

	for (unsigned i = 0; i < windows->used; i++) {
		uint32_t key = slot_key(windows, i), bit = UINT32_C(1) << key_place(key) % 24;
		struct counts counts;

		if (key_horizon(key) != HORIZON_24H || key_place(key) / 24 != day)
			continue;
		(void)windows_at(windows, i, &counts);
		if (counts.n[COUNT_STRANGERS] > 0)
			hours.strangers |= bit;
		if (counts.n[COUNT_MESSAGES] > 0 || counts.n[COUNT_RECIPIENTS] > 0)
			hours.active |= bit;
		if (counts.n[COUNT_STRANGERS] > hours.top)
			hours.top = counts.n[COUNT_STRANGERS];
	}
	return hours;
}

uint32_t windows_hours(const struct windows *windows, usec_t now, enum counter counter)
{
	uint32_t floors[HORIZONS], hours = 0;

	floors_of(now, floors);
	for (unsigned i = 0; i < windows->used; i++) {
		uint32_t key = slot_key(windows, i);

		hours += key_horizon(key) == HORIZON_24H && reached(key, floors) &&
			 slot_counter(windows, i, counter) > 0;
	}
	return hours;
}

usec_t windows_since(const struct windows *windows, usec_t now, enum horizon horizon, enum counter counter)
{
	uint32_t floors[HORIZONS];
	usec_t since = USEC_NEVER;

	floors_of(now, floors);
	for (unsigned i = 0; i < windows->used; i++) {
		uint32_t key = slot_key(windows, i);
		usec_t start = key_place(key) * shapes[horizon].width;

		if (key_horizon(key) == horizon && reached(key, floors) &&
		    slot_counter(windows, i, counter) > 0 && (since == USEC_NEVER || start < since))
			since = start;
	}
	return since;
}

bool windows_sound(const struct windows *windows, usec_t now)
{
	uint32_t last[HORIZONS];

	places_of(now, last);
	for (unsigned i = 0; i < windows->used; i++) {
		uint32_t key = slot_key(windows, i);

		/* A slot that no window reaches any more is in nobody's way; one of the future would stay. */
		if (key_place(key) > last[key_horizon(key)])
			return false;
		for (unsigned j = 0; j < i; j++)
			if (slot_key(windows, j) == key)
				return false;
	}
	return windows->used <= WINDOW_SLOTS;
}

void windows_trim(struct windows *windows, usec_t now)
{
	uint32_t floors[HORIZONS];
	uint8_t kept = 0;

	floors_of(now, floors);
	for (unsigned i = 0; i < windows->used; i++)
		if (reached(slot_key(windows, i), floors))
			memmove(slot_at(windows, kept++), slot_at(windows, i), slot_size(windows));
	windows->used = kept;
	memset(windows->last, 0, sizeof(windows->last));
	for (unsigned i = 0; i < kept; i++)
		slot_note(windows, i);
	if (kept == 0) {
		windows_free(windows);
	} else if (kept <= windows->room / 2 && windows->room > 4) {
		windows->room = kept < 4 ? 4 : kept;
		windows->slots = memory_grow(windows->slots, windows->room, slot_size(windows));
	}
}

void windows_free(struct windows *windows)
{
	free(windows->slots);
	*windows = (struct windows){ 0 };
}
