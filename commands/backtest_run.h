/*
 * One replay of logs under given settings, and what came of it: what each account sent, when it would have been
 * watched, flagged and disabled, and when the rules of others would have fired at it.
 */
#ifndef SENDWATCH_COMMANDS_BACKTEST_RUN_H
#define SENDWATCH_COMMANDS_BACKTEST_RUN_H

#include "commands/arguments.h"
#include "commands/options.h"
#include "commands/pipeline.h"

enum backtest_stage { BACKTEST_WATCHED, BACKTEST_FLAGGED, BACKTEST_DISABLED, BACKTEST_STAGES };

struct backtest_moment {
	usec_t time;                    /* USEC_NEVER where it did not come to it */
	uint64_t recipients, delivered; /* of what is held against it, up to then */
	uint64_t sent;                  /* in these logs, up to then */
};

struct backtest_account {
	char *name;
	struct backtest_moment first[BACKTEST_STAGES];
	uint64_t recipients, delivered; /* in all */
	uint32_t flags;                 /* how often it came to be flagged */
	uint64_t hit;                   /* by which rules (backtest_peers.h): a bit each */
	double score;                   /* the highest of a verdict */
	char *reason; /* the strongest evidence of the first flag, else of the first watch */
};

struct backtest_hit {
	uint32_t account;
	size_t rule; /* backtest_peers.h */
	usec_t time;
	uint64_t sent; /* of the account in these logs, up to then */
};

struct backtest_run {
	struct backtest_account *accounts;
	size_t count;
	struct backtest_hit *hits;
	size_t hit_count;
	uint64_t flags; /* of all accounts */
	double weeks;   /* of logs; less than one counts as one */
	struct pipeline_stats stats;
	bool failed; /* a file could not be read; the others were */
	bool none;   /* no file could be read: there is nothing to be said */
};

enum backtest_way {
	BACKTEST_BESIDE, /* the rules of others too */
	BACKTEST_ALONE,
	BACKTEST_AGAIN /* alone, and what is wrong with these logs was told by a run before */
};

/* False, with ERROR, where the settings cannot be used. RUN is freed by the caller in either case. */
bool backtest_run(const struct options *options, const struct arguments *arguments, const char *const *names,
		  size_t count, enum backtest_way way, struct backtest_run *run_r, struct error *error);
void backtest_run_free(struct backtest_run *run);

#endif
