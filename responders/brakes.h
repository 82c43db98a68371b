/*
 * The brakes between a verdict and an act. A machine that disables accounts can do more harm than the spam:
 * so it acts only where the admin turned acting on, on what is happening now, on accounts that nobody protects
 * or has exempted, and on few of them an hour. Past that, verdicts go on, acting stops, and people are told.
 *
 * That independent kinds of evidence agree is the judge's part: without it no account is in state disabled.
 * Brakes decide; they do nothing themselves. They also know how long an account stays disabled, longer for
 * one that comes back.
 */
#ifndef SENDWATCH_RESPONDERS_BRAKES_H
#define SENDWATCH_RESPONDERS_BRAKES_H

#include "base/settings.h"

struct brakes_options {
	bool dry_run;
	struct setting_list protect;
	int64_t an_hour;
	double share; /* of active accounts */
	usec_t at_most_old;
	usec_t release_after;
	double growth;
	usec_t release_longest, forget_after;
	int64_t password_releases;
};

extern const struct setting brakes_settings[];

enum brake {
	BRAKE_NONE,
	BRAKE_PROTECTED,
	BRAKE_EXEMPT,
	BRAKE_OLD, /* it happened too long ago */
	BRAKE_HOUR,
	BRAKE_SHARE,
	BRAKE_DRY_RUN
};

struct brakes_question {
	struct span account;
	usec_t now;
	usec_t time;      /* when what it is judged by happened */
	bool disabling;   /* else it is only throttled, and the caps do not count */
	uint64_t active;  /* accounts that sent lately */
	uint64_t at_rest; /* accounts that are disabled at this moment */
};

struct brakes;

/* OPTIONS are borrowed while it lives, or until others are given. */
struct brakes *brakes_new(const struct brakes_options *options);
void brakes_free(struct brakes **brakes);
void brakes_use(struct brakes *brakes, const struct brakes_options *options);

/* What stands in the way, the gravest first; dry run only where nothing else does. WORDS say so for people. */
enum brake brakes_ask(struct brakes *brakes, const struct brakes_question *question, char words[200]);
const char *brake_name(enum brake brake);

/* Is ACCOUNT protected by a pattern? */
bool brakes_protects(const struct brakes *brakes, struct span account);

/* It was disabled: counts against the hour. The moment at which it is to be released; USEC_NEVER: by hand. */
usec_t brakes_disabled(struct brakes *brakes, struct span account, usec_t now);

/* The same, remembered from an earlier run: disabled TIMES until now, the last time at LAST. */
void brakes_remember(struct brakes *brakes, struct span account, uint32_t times, usec_t last);

/* The same, heard of from another server: it counts against no hour here. */
void brakes_hear(struct brakes *brakes, struct span account, uint32_t times, usec_t last);
uint32_t brakes_times(const struct brakes *brakes, struct span account);

/* Nothing is done about ACCOUNT until UNTIL; in the past, or USEC_NEVER, ends it. */
void brakes_exempt(struct brakes *brakes, struct span account, usec_t until);

/* All accounts with a past (HEARD of from another server, or not) or an exemption, the oldest first. */
void brakes_walk(const struct brakes *brakes, void *context,
		 void (*each)(void *context, struct span account, uint32_t times, usec_t last, usec_t exempt,
			      bool heard));

#endif
