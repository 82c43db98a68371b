/*
 * The shipped priors, and what they weigh against the server's own days.
 *
 * Invalid 2 %, refused as spam 0.2 %: the benchmarks that senders of wanted mail publish are 1 to 3 % hard
 * bounces and well under 0.5 % refused; individuals are below both. New networks on one mail day in ten
 * (phones, trains, cafes, providers that renumber), new countries on one in a hundred: assumptions, which is
 * why they weigh little.
 */
#include "detectors/population.h"

#include "base/map_pack.h"

#include <ctype.h>
#include <math.h>

#define INVALID_PRIOR  0.02
#define SPAM_PRIOR     0.002
#define SHARES_WEIGHT  500.0 /* recipients that the two priors weigh: ten times the day below, assumed */
#define NETWORK_PRIOR  0.10
#define COUNTRY_PRIOR  0.01
#define DAYS_WEIGHT    50.0  /* days that the two priors weigh: ten people's working week, assumed */
#define DAY_MOST       50.0  /* recipients that one account's day can weigh: a person's busy one, assumed */
#define NETWORKS_MOST  65536 /* networks remembered, of some bytes each: as many as there are /16 */
#define COUNTRY_WEIGHT 20.0  /* days that the even spread over countries weighs: assumed */
#define COUNTRY_EVEN   0.005 /* share of a country never seen: some 200 there are */

#define HOURS_WEIGHT 50.0 /* account days that evenly spread hours weigh: as DAYS_WEIGHT */
#define JUDGED_WEIGHT \
	1000.0 /* account days that the prior of levels weighs: one day of a small server, assumed */
#define LEVEL_PRIOR 0.01 /* see population_reaches */

/* Four apart, so that they are different questions; below the first everybody is for once. */
const double population_levels[POPULATION_LEVELS] = { 4, 8, 12 };
static const double level_odds[POPULATION_LEVELS] = { 0.398, 0.158,
						      0.063 }; /* 10^(-level/10), decibans at their word */

uint32_t population_country(struct span code)
{
	if (code.len != 2 || !isupper((unsigned char)code.at[0]) || !isupper((unsigned char)code.at[1]))
		return 0;
	return (uint32_t)((code.at[0] - 'A') * 26 + (code.at[1] - 'A') + 1);
}

struct network_days {
	float days;
};

/* The table wants all 64 bits to differ. */
static uint64_t spread(uint32_t network)
{
	return network * UINT64_C(0x9e3779b97f4a7c15);
}

static struct map *networks_new(void)
{
	return map_new(
		&(struct map_options){ .record_size = sizeof(struct network_days), .most = NETWORKS_MOST });
}

static void learn_network(struct population *population, uint32_t network)
{
	struct network_days *days;

	if (population->networks == NULL)
		population->networks = networks_new();
	days = map_find(population->networks, spread(network), (struct span){ NULL, 0 });
	if (days == NULL)
		days = map_add(population->networks, spread(network));
	map_touch(population->networks, days);
	days->days++;
	population->network_days++;
}

double population_network_share(const struct population *population, uint32_t network)
{
	const struct network_days *days;

	if (population->networks == NULL)
		return 0;
	days = map_find(population->networks, spread(network), (struct span){ NULL, 0 });
	return days == NULL ? 0 : (double)days->days / population->network_days;
}

void population_free(struct population *population)
{
	if (population->networks != NULL)
		map_free(&population->networks);
}

/* Each day weighs as much, so that machines, which know no nights, do not hide those of people. */
static void learn_hours(struct population *population, const struct habit_day *day)
{
	unsigned base = habit_hour_of(day->day * USEC_DAY);
	unsigned hours = (unsigned)__builtin_popcount(day->hours.strangers);
	float each = hours == 0 ? 0 : 1.0f / (float)hours;

	for (unsigned hour = 0; hour < 24; hour++)
		if ((day->hours.strangers >> hour & 1) != 0)
			population->hours[base + hour] += each;
}

double population_hour_share(const struct population *population, usec_t time)
{
	unsigned hour = habit_hour_of(time), base = hour / 24 * 24;
	double all = 0;

	for (unsigned i = 0; i < 24; i++)
		all += (double)population->hours[base + i];
	return (HOURS_WEIGHT / 24 + (double)population->hours[hour]) / (HOURS_WEIGHT + all);
}

void population_learn(struct population *population, const struct record *record, const struct habit_day *day)
{
	double recipients = day->sums.n[COUNT_RECIPIENTS];
	double scale = recipients > DAY_MOST ? DAY_MOST / recipients : 1;

	if (!day->doubtful) {
		population->recipients += recipients * scale;
		population->invalid += day->sums.n[COUNT_INVALID] * scale;
		population->spam += day->sums.n[COUNT_SPAM] * scale;
	}
	if (record->kind == ACCOUNT_LOGIN)
		learn_hours(population, day);
	if (record->habit.days > HABIT_SETTLED) {
		population->days++;
		population->new_networks += day->new_network;
		population->new_countries += day->new_country;
	}
	for (int i = 0; i < record->seen_used; i++) {
		const struct seen *seen = &record->seen[i];

		if (seen->last / (24 * 60) != day->day)
			continue;
		if (seen->kind == SEEN_NETWORK)
			learn_network(population, seen->hash);
		if (seen->kind == SEEN_COUNTRY && seen->hash <= 26 * 26) {
			population->countries[seen->hash - 1]++;
			population->country_days++;
		}
	}
}

static struct belief share(double prior, double seen, double of)
{
	double mean = (prior * SHARES_WEIGHT + seen) / (SHARES_WEIGHT + of);

	return (struct belief){ mean, 1 };
}

struct belief population_invalid(const struct population *population)
{
	return share(INVALID_PRIOR, population->invalid, population->recipients);
}

struct belief population_spam(const struct population *population)
{
	return share(SPAM_PRIOR, population->spam, population->recipients);
}

double population_country_share(const struct population *population, uint32_t country)
{
	double days = country == 0 || country > 26 * 26 ? 0 : (double)population->countries[country - 1];

	return (COUNTRY_EVEN * COUNTRY_WEIGHT + days) / (COUNTRY_WEIGHT + population->country_days);
}

double population_new_network(const struct population *population)
{
	return (NETWORK_PRIOR * DAYS_WEIGHT + population->new_networks) / (DAYS_WEIGHT + population->days);
}

double population_new_country(const struct population *population)
{
	return (COUNTRY_PRIOR * DAYS_WEIGHT + population->new_countries) / (DAYS_WEIGHT + population->days);
}

void population_judge(struct population *population, double decibans)
{
	population->judged++;
	for (int level = 0; level < POPULATION_LEVELS; level++)
		population->reached[level] += decibans >= population_levels[level];
}

double population_reaches(const struct population *population, int level)
{
	/*
	 * The prior takes decibans at their word: ten more are seen on a tenth of the days; and has most honest days at
	 * none at all: on one of a hundred is there anything to weigh.
	 */
	double prior = LEVEL_PRIOR * level_odds[level];

	return (prior * JUDGED_WEIGHT + population->reached[level]) / (JUDGED_WEIGHT + population->judged);
}

void population_pack(const struct population *population, struct text *into)
{
	struct population plain = *population;

	plain.networks = NULL;
	pack_span(into, (struct span){ (const char *)&plain, sizeof(plain) });
	map_pack(population->networks, sizeof(struct network_days), into);
}

bool population_unpack(struct population *population, struct unpack *from)
{
	struct span plain = unpack_span(from);

	if (plain.len != sizeof(*population))
		return false;
	population_free(population);
	memcpy(population, plain.at, sizeof(*population));
	population->networks = networks_new();
	return map_unpack(population->networks, sizeof(struct network_days), NULL, from);
}
