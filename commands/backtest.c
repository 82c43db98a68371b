/*
 * `sendwatch backtest`: what these settings would have done on old logs, beside what the rules of others would
 * have done; which settings keep the flags under so many a week; what two settings do differently. Nothing is
 * estimated: each answer is a replay, so what is suggested was tried on these very logs.
 */
#define _GNU_SOURCE
#include "commands/backtest_print.h"
#include "commands/command.h"
#include "commands/words.h"
#include "responders/payload.h"

#include <math.h>
#include <stdlib.h>

#define SUGGEST_MOST 60.0  /* decibans: a million to one, beyond which no evidence goes */
#define SETTING_MOST 100.0 /* decibans: the most that any threshold may be set to (judge.c) */

static int backtest_wrong(const char *words)
{
	fprintf(stderr, "sendwatch backtest: %s\n", words);
	return EXIT_USAGE;
}

static int status_of(const struct backtest_run *run)
{
	return run->failed ? EXIT_FAILED : EXIT_DONE;
}

static int backtest_show(const struct arguments *arguments)
{
	struct backtest_run run = { 0 };
	struct options options;
	struct error error;
	int status;

	if (!options_load(arguments, &options, &error))
		return backtest_wrong(error.text);
	if (backtest_run(&options, arguments, arguments->names, arguments->count, BACKTEST_BESIDE, &run,
			 &error)) {
		if (!run.none)
			backtest_print(&run, arguments->format, arguments->quiet);
		status = status_of(&run);
	} else {
		status = backtest_wrong(error.text);
	}
	backtest_run_free(&run);
	options_free(&options);
	return status;
}

/* --- suggest --- */

/* Standard input can be read once. */
static bool can_read_again(const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], "-") == 0)
			return false;
	return true;
}

/*
 * Thresholds keep their distances: who is flagged later is watched and disabled later. What is suggested must be one
 * that can be set: whoever never disables has a threshold at the end of the range, and stays there.
 */
static void options_raise(struct judge_options *judge, const struct judge_options *from, double flagged)
{
	double more = flagged - from->flagged;

	judge->flagged = flagged;
	judge->watch = fmin(flagged, from->watch + more);
	judge->learn = fmin(SETTING_MOST, from->learn + more);
	judge->disabled = fmin(SETTING_MOST, fmax(flagged, from->disabled + more));
}

struct suggestion {
	struct options *options;
	struct judge_options asked; /* as they came */
	const struct arguments *arguments;
	double most; /* flags a week */
	struct backtest_run run;
};

/* Try FLAGGED as the threshold; true where the flags are few enough. */
static bool suggestion_holds(struct suggestion *suggestion, double flagged, bool *failed_r)
{
	const struct arguments *arguments = suggestion->arguments;
	enum backtest_way way = suggestion->run.failed ? BACKTEST_AGAIN : BACKTEST_ALONE;
	struct error error;

	backtest_run_free(&suggestion->run);
	options_raise(&suggestion->options->judge, &suggestion->asked, flagged);
	*failed_r = !backtest_run(suggestion->options, arguments, arguments->names, arguments->count, way,
				  &suggestion->run, &error);
	if (*failed_r)
		backtest_wrong(error.text);
	return (double)suggestion->run.flags / suggestion->run.weeks <= suggestion->most;
}

/* The lowest whole deciban that holds, between the present threshold and the highest; -1 where none does. */
static double suggestion_find(struct suggestion *suggestion, bool *failed_r)
{
	double low = suggestion->asked.flagged, high = SUGGEST_MOST;

	if (suggestion_holds(suggestion, low, failed_r) || *failed_r)
		return low;
	if (!suggestion_holds(suggestion, high, failed_r))
		return -1;
	while (high - low > 1 && !*failed_r) {
		double middle = floor((low + high) / 2);

		if (suggestion_holds(suggestion, middle, failed_r))
			high = middle;
		else
			low = middle;
	}
	/* What is shown is the run of what is suggested. */
	if (!*failed_r && suggestion->options->judge.flagged < high)
		suggestion_holds(suggestion, high, failed_r);
	return high;
}

static void suggestion_print(const struct suggestion *suggestion, double found)
{
	const struct judge_options *judge = &suggestion->options->judge;
	double weekly = (double)suggestion->run.flags / suggestion->run.weeks;

	if (suggestion->arguments->format == FORMAT_NDJSON) {
		struct payload *payload = payload_begin("suggestion");
		char *json;

		payload_add_flag(payload, "changed", found > suggestion->asked.flagged);
		payload_add_share(payload, "watch", judge->watch);
		payload_add_share(payload, "flagged", judge->flagged);
		payload_add_share(payload, "disabled", judge->disabled);
		payload_add_share(payload, "learn", judge->learn);
		payload_add_share(payload, "flags_a_week", weekly);
		json = payload_end(&payload);
		puts(json);
		free(json);
		return;
	}
	if (found > suggestion->asked.flagged)
		printf("# %.1f flags a week on these logs, instead of more than %g with flagged = %g. Each step up "
		       "also\n# lets more be sent before the flag: see what it misses by --compare.\n"
		       "[judge]\nwatch = %g\nflagged = %g\ndisabled = %g\nlearn = %g\n",
		       weekly, suggestion->most, suggestion->asked.flagged, judge->watch, judge->flagged,
		       judge->disabled, judge->learn);
	else
		printf("# The settings as they are give %.1f flags a week on these logs: nothing to change.\n",
		       weekly);
}

static int backtest_suggest(const struct arguments *arguments)
{
	struct suggestion suggestion = { .arguments = arguments };
	struct options options;
	struct error error;
	bool failed;
	double found;
	int status;

	if (!can_read_again(arguments->names, arguments->count))
		return backtest_wrong("--suggest reads the logs several times, and standard input cannot be");
	if (!options_load(arguments, &options, &error))
		return backtest_wrong(error.text);
	suggestion.options = &options;
	suggestion.asked = options.judge;
	suggestion.most = (double)arguments->suggest;
	found = suggestion_find(&suggestion, &failed);
	status = failed ? EXIT_USAGE : status_of(&suggestion.run);
	if (!failed && found < 0) {
		fprintf(stderr, "sendwatch backtest: even at %.0f decibans there are more flags\n",
			SUGGEST_MOST);
		status = EXIT_FAILED;
	} else if (!failed && !suggestion.run.none) {
		suggestion_print(&suggestion, found);
	}
	backtest_run_free(&suggestion.run);
	options_free(&options);
	return status;
}

/* --- compare --- */

static bool compare_side(const struct arguments *arguments, const char *config, enum backtest_way way,
			 struct backtest_run *run)
{
	struct arguments with = *arguments;
	struct options options;
	struct error error;
	bool done;

	with.config = config;
	if (!options_load(&with, &options, &error)) {
		backtest_wrong(error.text);
		return false;
	}
	done = backtest_run(&options, arguments, arguments->names + 2, arguments->count - 2, way, run,
			    &error);
	if (!done)
		backtest_wrong(error.text);
	options_free(&options);
	return done;
}

static void compare_print(const struct arguments *arguments, struct backtest_run sides[2])
{
	size_t changes = backtest_print_changes(&sides[0], &sides[1], arguments->format, arguments->names[0],
						arguments->names[1]);

	if (arguments->format == FORMAT_NDJSON)
		return;
	printf("%s%zu %s flagged or disabled otherwise; %.1f flags a week with the first, %.1f with the second.\n",
	       changes > 0 ? "\n" : "", changes, changes == 1 ? "account is" : "accounts are",
	       (double)sides[0].flags / sides[0].weeks, (double)sides[1].flags / sides[1].weeks);
}

static int backtest_compare(const struct arguments *arguments)
{
	struct backtest_run sides[2] = { { 0 }, { 0 } };
	int status = EXIT_USAGE;

	if (arguments->count < 3)
		return backtest_wrong("--compare A.conf B.conf LOG...: two settings, then the logs");
	if (!can_read_again(arguments->names + 2, arguments->count - 2))
		return backtest_wrong("--compare reads the logs twice, and standard input cannot be");
	if (compare_side(arguments, arguments->names[0], BACKTEST_ALONE, &sides[0]) &&
	    compare_side(arguments, arguments->names[1], sides[0].failed ? BACKTEST_AGAIN : BACKTEST_ALONE,
			 &sides[1])) {
		if (!sides[0].none && !sides[1].none)
			compare_print(arguments, sides);
		status = status_of(&sides[0]);
	}
	backtest_run_free(&sides[0]);
	backtest_run_free(&sides[1]);
	return status;
}

int command_backtest(const struct arguments *arguments)
{
	if (arguments->count == 0)
		return backtest_wrong("which log? (a file, a glob, or - for standard input)");
	if (arguments->compare && arguments->suggest >= 0)
		return backtest_wrong("--compare or --suggest, not both");
	if (arguments->compare && arguments->config != NULL)
		return backtest_wrong("--compare names its two settings: no --config beside it");
	if (arguments->compare)
		return backtest_compare(arguments);
	if (arguments->suggest >= 0)
		return backtest_suggest(arguments);
	return backtest_show(arguments);
}
