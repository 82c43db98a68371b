/*
 * A sliding window needs no more than the times of the last NEED events: it fires when the oldest of them is
 * younger than the window. So a meter's memory is bounded by its rule's limit, and most stay small.
 */
#include "commands/backtest_meter.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

#define FAILED_SLOTS 60   /* of the window each: a minute of an hour */
#define FAILED_SHARE 0.25 /* cPanel's smallest sensible percentage; unset by default */

static void meter_grow(struct meter *meter)
{
	if (meter->used < meter->room)
		return;
	meter->room = meter->room == 0 ? 4 : meter->room * 2;
	meter->marks = memory_grow(meter->marks, meter->room, sizeof(*meter->marks));
}

static bool meter_sliding(struct meter *meter, const struct meter_law *law, uint32_t now)
{
	if (meter->used < law->need) {
		meter_grow(meter);
		meter->marks[meter->used++] = (struct meter_mark){ .time = now };
	} else {
		meter->marks[meter->next].time = now;
		meter->next = (meter->next + 1) % law->need;
	}
	/* From here on NEXT is the oldest of the last NEED. */
	return meter->used == law->need &&
	       (usec_t)(now - meter->marks[meter->next].time) * USEC_SECOND < law->window;
}

static bool meter_distinct(struct meter *meter, const struct meter_law *law, uint32_t now, uint32_t what)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < meter->used; i++) {
		struct meter_mark mark = meter->marks[i];

		if (mark.what != what && (usec_t)(now - mark.time) * USEC_SECOND < law->window)
			meter->marks[kept++] = mark;
	}
	meter->used = kept;
	meter_grow(meter);
	meter->marks[meter->used++] = (struct meter_mark){ now, what };
	return meter->used >= law->need;
}

/* Exim's ratelimit in its own documentation's words: smoothed by exp(-interval/period), at least one event. */
static bool meter_rate(struct meter *meter, const struct meter_law *law, usec_t time)
{
	double interval = fmax((double)(time - meter->last) / (double)law->window, 1e-9), fade;

	if (meter->rate <= 0) {
		meter->rate = 1;
	} else {
		fade = exp(-interval);
		meter->rate = fmax((1 - fade) / interval + fade * meter->rate, 1);
	}
	meter->last = time;
	return meter->rate >= law->need;
}

static bool meter_failures(struct meter *meter, const struct meter_law *law, usec_t time, bool failed)
{
	usec_t width = law->window / FAILED_SLOTS;
	uint32_t slot = (uint32_t)(time / width), hits = 0, all = 0;
	struct meter_mark *mark;

	if (meter->marks == NULL) {
		meter->marks = memory_new(FAILED_SLOTS, sizeof(*meter->marks));
		meter->room = meter->used = FAILED_SLOTS;
	}
	mark = &meter->marks[slot % FAILED_SLOTS];
	if (mark->time != slot)
		*mark = (struct meter_mark){ .time = slot };
	if ((mark->what & 0xffff) < 0xffff)
		mark->what += (failed ? UINT32_C(1) << 16 : 0) + 1;
	if (!failed)
		return false;
	for (uint32_t i = 0; i < FAILED_SLOTS; i++) {
		if (slot - meter->marks[i].time >= FAILED_SLOTS)
			continue;
		hits += meter->marks[i].what >> 16;
		all += meter->marks[i].what & 0xffff;
	}
	return hits >= law->need && hits >= FAILED_SHARE * all;
}

static bool meter_tumbling(struct meter *meter, const struct meter_law *law, usec_t time)
{
	if (meter->last != time / law->window) {
		meter->last = time / law->window;
		meter->rate = 0;
		meter->votes = 0;
	}
	meter->rate++;
	return meter->rate >= law->need;
}

bool meter_add(struct meter *meter, const struct meter_law *law, usec_t time, uint32_t what)
{
	uint32_t now = (uint32_t)(time / USEC_SECOND);

	if (meter->fired)
		return false;
	switch (law->kind) {
	case METER_SLIDING:
		meter->fired = meter_sliding(meter, law, now);
		break;
	case METER_TUMBLING:
		meter->fired = meter_tumbling(meter, law, time);
		break;
	case METER_RATE:
		meter->fired = meter_rate(meter, law, time);
		break;
	case METER_DISTINCT:
		meter->fired = meter_distinct(meter, law, now, what);
		break;
	case METER_FAILURES:
		meter->fired = meter_failures(meter, law, time, what != 0);
		break;
	}
	if (meter->fired)
		meter_free(meter);
	return meter->fired;
}

void meter_vote(struct meter *meter, uint32_t who)
{
	if (meter->votes == 0)
		meter->leader = who;
	if (meter->leader == who)
		meter->votes++;
	else
		meter->votes--;
}

void meter_free(struct meter *meter)
{
	free(meter->marks);
	meter->marks = NULL;
	meter->used = meter->room = meter->next = 0;
}
