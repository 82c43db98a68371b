/*
 * The maxima grow slowly: a day of ten times as much is only believed half as much again, so that
 * an attacker who warms an account up gains a factor of 1.5 a day that his growth itself gives away, and one
 * odd day does not open the door. They sink by 1 % a learned day: a habit given up is forgotten in months.
 *
 * The sums of shares keep about the last 2,000 recipients: an account's own past outweighs the server's
 * prior after some hundred, and half a year ago counts for nothing.
 */
#include "detectors/baseline.h"

#include <math.h>

#define TRUST_DAYS   3.0f /* days at which a habit is half believed: most people write on 3 days of a week */
/*
 * The most by which one day raises a maximum. Measured, 1.2 finds the same abuse and flags the same accounts; with it
 * a weekly newsletter to a thousand would become its own habit in half a year, with 1.5 it does in a quarter.
 */
#define GROWTH       1.5f
#define GROWTH_FLOOR 8.0f    /* and at least so many: small numbers are not habits */
#define SINK         0.99f   /* a learned day: by half in 70 of them */
#define SHARES_KEPT  2000.0f /* recipients: some months of a person, as above */
#define HOURS_KNOWN  5       /* learned days before an hour can be odd: a working week, assumed */

double habit_trust(const struct habit *habit)
{
	return habit->days / (habit->days + (double)TRUST_DAYS);
}

unsigned habit_hour_of(usec_t time)
{
	usec_t day = time / USEC_DAY;
	unsigned weekend = (day + 4) % 7 == 0 || (day + 4) % 7 == 6; /* 1970-01-01 was a Thursday */

	return weekend * 24 + (unsigned)(time / USEC_HOUR % 24);
}

bool habit_sent_at(const struct habit *habit, usec_t time)
{
	unsigned hour = habit_hour_of(time), base = hour / 24 * 24, of_day = hour % 24;

	/* The hour before and the one after count: nobody lives by the clock. */
	return habit->hours[base + of_day] > 0 || habit->hours[base + (of_day + 1) % 24] > 0 ||
	       habit->hours[base + (of_day + 23) % 24] > 0;
}

bool habit_hour(const struct habit *habit, usec_t time)
{
	return habit->days < HOURS_KNOWN || time < 0 || habit_sent_at(habit, time);
}

static float grow(float top, float seen)
{
	float most = fmaxf(top * GROWTH, top + GROWTH_FLOOR);

	top *= SINK;
	return seen <= top ? top : fminf(seen, most);
}

static void learn_hours(struct habit *habit, const struct habit_day *day)
{
	unsigned base = habit_hour_of(day->day * USEC_DAY) / 24 * 24;

	for (unsigned hour = 0; hour < 24; hour++)
		if ((day->hours.active >> hour & 1) != 0 && habit->hours[base + hour] < UINT8_MAX)
			habit->hours[base + hour]++;
}

static void learn_shares(struct habit *habit, const uint32_t n[COUNTERS])
{
	if (habit->recipients > SHARES_KEPT) {
		float keep = SHARES_KEPT / 2 / habit->recipients;

		habit->recipients *= keep;
		habit->strangers *= keep;
		habit->invalid *= keep;
		habit->spam *= keep;
		habit->foreign *= keep;
	}
	habit->recipients += (float)(n[COUNT_RECIPIENTS] - n[COUNT_AWAY]);
	habit->strangers += (float)(n[COUNT_STRANGERS] - n[COUNT_AWAY_STRANGERS]);
	habit->invalid += (float)(n[COUNT_INVALID] - n[COUNT_AWAY_INVALID]);
	habit->spam += (float)(n[COUNT_SPAM] - n[COUNT_AWAY_SPAM]);
	habit->foreign += (float)(n[COUNT_FOREIGN] - n[COUNT_AWAY_FOREIGN]);
}

void habit_learn(struct habit *habit, const struct habit_day *day)
{
	const uint32_t *n = day->sums.n;
	/* What comes from elsewhere teaches where it comes from, not how much is usual. */
	uint32_t strangers = n[COUNT_STRANGERS] - n[COUNT_AWAY_STRANGERS];

	/* The first days bring home, office and phone: nothing of that is news. */
	if (habit->days >= HABIT_SETTLED) {
		habit->new_networks = (uint16_t)(habit->new_networks + day->new_network);
		habit->new_countries = (uint16_t)(habit->new_countries + day->new_country);
	}
	habit->away_days = (uint16_t)(habit->away_days + day->many_networks);
	if (habit->days < UINT16_MAX)
		habit->days++;
	habit->top_hour = grow(habit->top_hour, fminf((float)day->hours.top, (float)strangers));
	habit->top_day = grow(habit->top_day, (float)strangers);
	habit->top_recipients = grow(habit->top_recipients, (float)(n[COUNT_RECIPIENTS] - n[COUNT_AWAY]));
	habit->top_week = grow(habit->top_week,
			       (float)(day->week.n[COUNT_STRANGERS] - day->week.n[COUNT_AWAY_STRANGERS]));
	habit->busy_hours = fmaxf(habit->busy_hours * SINK, (float)__builtin_popcount(day->hours.strangers));
	/* How many of them were refused is not believed of what an account begins with, while it goes on. */
	if (!day->doubtful)
		learn_shares(habit, n);
	learn_hours(habit, day);
}
