/*
 * The caps look at what was done: the moments of the last acts stand in a ring as large as the cap. At least one
 * account may always be disabled, however few are active.
 *
 * Limits: the past of 20,000 accounts is remembered, the longest unused is forgotten first.
 */
#define _GNU_SOURCE
#include "responders/brakes.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "parsers/account.h"

#include <assert.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#define BRAKES_ACCOUNTS 20000
#define BRAKES_AN_HOUR  10000

const struct setting brakes_settings[] = {
	SETTING(FLAG, struct brakes_options, dry_run, "yes", 0, 0,
		"write down what would be done, and do nothing: turn it off when the verdicts are right"),
	SETTING(LIST, struct brakes_options, protect, "postmaster@*, abuse@*, local:root", 0, 0,
		"accounts that are never throttled or disabled: names or patterns (*@example.com)"),
	SETTING(COUNT, struct brakes_options, an_hour, "5", 1, BRAKES_AN_HOUR,
		"accounts disabled in one hour at most; past it people are told instead"),
	SETTING(PERCENT, struct brakes_options, share, "1", 0, 100,
		"share of active accounts that may be disabled at a time; one always may"),
	SETTING(DURATION, struct brakes_options, at_most_old, "15m", USEC_SECOND, 30 * USEC_DAY,
		"nothing is done about what happened longer ago, and is only read now"),
	SETTING(DURATION, struct brakes_options, release_after, "1d", 0, 365 * USEC_DAY,
		"a disabled account is released by itself after so long; 0: only by hand"),
	SETTING(NUMBER, struct brakes_options, growth, "2", 1, 100,
		"so many times as long for each time that it was disabled before"),
	SETTING(DURATION, struct brakes_options, release_longest, "30d", USEC_MINUTE, 3650 * USEC_DAY,
		"but no longer than this"),
	SETTING(DURATION, struct brakes_options, forget_after, "90d", USEC_HOUR, 3650 * USEC_DAY,
		"after so long without being disabled an account counts as new"),
	SETTING(COUNT, struct brakes_options, password_releases, "1", 0, 1000,
		"so many times a new password releases a disabled account (release --password-changed); 0: never"),
	{ .name = NULL },
};

struct braked {
	char account[ACCOUNT_SIZE];
	uint32_t times;
	usec_t last;
	usec_t exempt; /* until */
	bool heard;    /* another server did it, the last time */
};

struct brakes {
	const struct brakes_options *options;
	struct map *accounts;
	usec_t acts[BRAKES_AN_HOUR]; /* a ring */
	size_t next;
};

static bool braked_same(const void *record, struct span key)
{
	return span_equal(span_of(((const struct braked *)record)->account), key);
}

struct brakes *brakes_new(const struct brakes_options *options)
{
	const struct map_options of_map = { .record_size = sizeof(struct braked),
					    .most = BRAKES_ACCOUNTS,
					    .same = braked_same };
	struct brakes *brakes = memory_new(1, sizeof(*brakes));

	brakes->options = options;
	brakes->accounts = map_new(&of_map);
	for (size_t i = 0; i < BRAKES_AN_HOUR; i++)
		brakes->acts[i] = USEC_NEVER;
	return brakes;
}

void brakes_free(struct brakes **brakes)
{
	if (*brakes == NULL)
		return;
	map_free(&(*brakes)->accounts);
	free(*brakes);
	*brakes = NULL;
}

void brakes_use(struct brakes *brakes, const struct brakes_options *options)
{
	brakes->options = options;
}

static struct braked *brakes_find(const struct brakes *brakes, struct span account)
{
	return map_find(brakes->accounts, hash_text(account), account);
}

static struct braked *brakes_make(struct brakes *brakes, struct span account)
{
	struct braked *known = brakes_find(brakes, account);

	assert(account.len > 0 && account.len <= ACCOUNT_LONGEST);
	if (known == NULL) {
		known = map_add(brakes->accounts, hash_text(account));
		memcpy(known->account, account.at, account.len);
		known->last = known->exempt = USEC_NEVER;
	}
	map_touch(brakes->accounts, known);
	return known;
}

const char *brake_name(enum brake brake)
{
	static const char *const names[] = {
		[BRAKE_NONE] = "none",       [BRAKE_PROTECTED] = "protected", [BRAKE_EXEMPT] = "exempt",
		[BRAKE_OLD] = "old",         [BRAKE_HOUR] = "hour",           [BRAKE_SHARE] = "share",
		[BRAKE_DRY_RUN] = "dry_run",
	};

	return names[brake];
}

bool brakes_protects(const struct brakes *brakes, struct span account)
{
	const struct setting_list *patterns = &brakes->options->protect;
	char name[ACCOUNT_SIZE] = "";

	memcpy(name, account.at, account.len < ACCOUNT_LONGEST ? account.len : ACCOUNT_LONGEST);
	for (size_t i = 0; i < patterns->count; i++)
		if (fnmatch(patterns->texts[i], name, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

/* How many were disabled in the hour before NOW. */
static uint64_t brakes_lately(const struct brakes *brakes, usec_t now)
{
	uint64_t count = 0;

	for (size_t i = 0; i < BRAKES_AN_HOUR; i++)
		if (brakes->acts[i] != USEC_NEVER && now - brakes->acts[i] < USEC_HOUR)
			count++;
	return count;
}

static enum brake brakes_caps(const struct brakes *brakes, const struct brakes_question *question,
			      char words[200])
{
	const struct brakes_options *options = brakes->options;
	uint64_t most = (uint64_t)((double)question->active * options->share);

	if (brakes_lately(brakes, question->now) >= (uint64_t)options->an_hour) {
		snprintf(words, 200, "%lld accounts were disabled within an hour, which is the bound",
			 (long long)options->an_hour);
		return BRAKE_HOUR;
	}
	most = most < 1 ? 1 : most;
	if (question->at_rest >= most) {
		snprintf(words, 200,
			 "%llu of %llu active accounts are disabled, which is the bound (%.3g %%)",
			 (unsigned long long)question->at_rest, (unsigned long long)question->active,
			 options->share * 100);
		return BRAKE_SHARE;
	}
	return BRAKE_NONE;
}

enum brake brakes_ask(struct brakes *brakes, const struct brakes_question *question, char words[200])
{
	const struct brakes_options *options = brakes->options;
	const struct braked *known = brakes_find(brakes, question->account);
	enum brake brake = BRAKE_NONE;
	char until[CLOCK_TEXT_SIZE];

	words[0] = '\0';
	if (brakes_protects(brakes, question->account)) {
		snprintf(words, 200, "the account is protected");
		return BRAKE_PROTECTED;
	}
	if (known != NULL && known->exempt > question->now) {
		snprintf(words, 200, "the account is exempt until %s", clock_text(known->exempt, until));
		return BRAKE_EXEMPT;
	}
	if (question->now - question->time > options->at_most_old) {
		snprintf(words, 200, "it happened at %s, too long ago to act on it now",
			 clock_text(question->time, until));
		return BRAKE_OLD;
	}
	if (question->disabling)
		brake = brakes_caps(brakes, question, words);
	if (brake == BRAKE_NONE && options->dry_run) {
		snprintf(words, 200, "dry run: [act] dry_run is on");
		brake = BRAKE_DRY_RUN;
	}
	return brake;
}

static usec_t brakes_release_at(const struct brakes *brakes, const struct braked *known)
{
	const struct brakes_options *options = brakes->options;
	double length = (double)options->release_after;

	if (options->release_after == 0)
		return USEC_NEVER;
	for (uint32_t i = 1; i < known->times && length < (double)options->release_longest; i++)
		length *= options->growth;
	return known->last +
	       (length < (double)options->release_longest ? (usec_t)length : options->release_longest);
}

usec_t brakes_disabled(struct brakes *brakes, struct span account, usec_t now)
{
	struct braked *known = brakes_make(brakes, account);

	if (known->last != USEC_NEVER && now - known->last > brakes->options->forget_after)
		known->times = 0;
	known->times++;
	known->last = now;
	known->heard = false;
	brakes->acts[brakes->next] = now;
	brakes->next = (brakes->next + 1) % BRAKES_AN_HOUR;
	return brakes_release_at(brakes, known);
}

void brakes_remember(struct brakes *brakes, struct span account, uint32_t times, usec_t last)
{
	struct braked *known = brakes_make(brakes, account);

	known->times = times;
	known->last = last;
	if (last == USEC_NEVER)
		return;
	brakes->acts[brakes->next] = last;
	brakes->next = (brakes->next + 1) % BRAKES_AN_HOUR;
}

void brakes_hear(struct brakes *brakes, struct span account, uint32_t times, usec_t last)
{
	struct braked *known = brakes_make(brakes, account);

	if (known->last != USEC_NEVER && known->last >= last)
		return;
	known->times = times;
	known->last = last;
	known->heard = true;
}

uint32_t brakes_times(const struct brakes *brakes, struct span account)
{
	const struct braked *known = brakes_find(brakes, account);

	return known == NULL ? 0 : known->times;
}

void brakes_exempt(struct brakes *brakes, struct span account, usec_t until)
{
	brakes_make(brakes, account)->exempt = until;
}

void brakes_walk(const struct brakes *brakes, void *context,
		 void (*each)(void *context, struct span account, uint32_t times, usec_t last, usec_t exempt,
			      bool heard))
{
	for (const struct braked *at = map_oldest(brakes->accounts); at != NULL;
	     at = map_newer(brakes->accounts, at))
		each(context, span_of(at->account), at->times, at->last, at->exempt, at->heard);
}
