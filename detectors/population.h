/*
 * What honest accounts of this server are like, where an account's own past does not say. Priors ship
 * with the program; every day that an account is learned from (baseline.h) moves them towards what this
 * server is. Nobody's day counts for more than a person's, so that one newsletter is not the population.
 *
 * It is each server's own, also where windows are shared: it is kept in the server's snapshot, which is written where
 * windows are in Redis too, and survives every restart there. It says what is usual where this server stands (which
 * networks and countries its people come from, how its lists are kept), a server learns enough of that within days,
 * and no one key is written by all servers of a cluster. Two servers that judge one account may so differ by a
 * fraction of a deciban; which of them acts is for the store to decide.
 */
#ifndef SENDWATCH_DETECTORS_POPULATION_H
#define SENDWATCH_DETECTORS_POPULATION_H

#include "detectors/odds.h"
#include "detectors/record.h"
#include "base/pack.h"

#define POPULATION_LEVELS 3

struct population {
	double recipients, invalid,
		spam; /* of learned days, each account's day weighing at most 50 recipients */
	double days, new_networks, new_countries;
	double country_days;
	float countries[26 * 26]; /* learned days with mail from there */
	struct map *networks;     /* learned account days by network; made at the first, bounded */
	double network_days;
	uint32_t first_day;       /* of the log, days since 1970 */
	float hours[HABIT_HOURS]; /* learned days of logins, each spread over the hours in which it met strangers */
	double judged;            /* days of accounts that were not flagged on them */
	double reached[POPULATION_LEVELS]; /* of these, days at whose worst it had so much against it */
};

/* Decibans of each level: from hardly anything to nearly flagged. */
extern const double population_levels[POPULATION_LEVELS];

/* "DE" as a number from 1 on; 0 where it is none. */
uint32_t population_country(struct span code);

void population_learn(struct population *population, const struct record *record,
		      const struct habit_day *day);

struct belief population_invalid(const struct population *population);
struct belief population_spam(const struct population *population);

/* The share of honest mail days with mail from COUNTRY. */
double population_country_share(const struct population *population, uint32_t country);

/* The share of honest mail days that are spent on NETWORK. */
double population_network_share(const struct population *population, uint32_t network);

void population_free(struct population *population);

/* On how many of its learned days an honest account has a network (country) that is new to it. */
double population_new_network(const struct population *population);
double population_new_country(const struct population *population);

/* Of what logins write to strangers, the share that is written in the hour of the day of TIME. */
double population_hour_share(const struct population *population, usec_t time);

/* A day of an account is over, at whose worst it had DECIBANS against it by itself; it was not flagged. */
void population_judge(struct population *population, double decibans);

/* On which share of its days an honest account reaches LEVEL. */
double population_reaches(const struct population *population, int level);

/* As bytes for this machine, and back. */
void population_pack(const struct population *population, struct text *into);
bool population_unpack(struct population *population, struct unpack *from);

#endif
