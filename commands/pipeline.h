/*
 * The way of the data, live and in replay alike (pipeline.c has it step by step):
 *
 *	bytes -collector-> line -framer-> frame -parser-> event -ledger-> attempt -judge-> verdict
 *
 * The judge counts attempts in the windows of a store, and asks the detectors what these are evidence of.
 */
#ifndef SENDWATCH_COMMANDS_PIPELINE_H
#define SENDWATCH_COMMANDS_PIPELINE_H

#include "collector/collector.h"
#include "detectors/judge.h"
#include "parsers/frame.h"
#include "parsers/ledger.h"

struct options;

/*
 * Who takes what passes: a command's own calls, in watch those of watch_work.c. Any may be NULL; without `verdict`
 * nothing is judged, without `attempt` too nothing is followed. What happened before options->logs.since is learned
 * from, and not shown.
 */
struct pipeline_sink {
	void *context;
	bool (*line)(void *context, const struct line *line, usec_t time); /* is it to be read? */
	void (*event)(void *context, const struct line *line, const struct frame *frame,
		      const struct event *event);
	void (*attempt)(void *context, const struct attempt *attempt, enum attempt_stage stage);
	void (*login)(void *context, const struct login *login);
	void (*verdict)(void *context, const struct verdict *verdict);
	void (*earlier)(void *context, const struct verdict *verdict); /* before --since; NULL: nobody asks */
	void (*trouble)(void *context,
			const char *words); /* something is wrong with a file; reading goes on */
	bool want_done;                     /* ATTEMPT_DONE is wanted, with all its text */
	bool shared; /* windows live where the settings say, with other servers'; else in memory */
};

struct pipeline_stats {
	uint64_t lines;      /* with what follows, lines given by the collector */
	uint64_t unframed;   /* no frame that is known */
	uint64_t foreign;    /* other programs' */
	uint64_t understood; /* the mail servers' own */
	uint64_t unknown;    /* theirs too, in words that no parser knows */
	uint64_t events[EVENT_KINDS];
	usec_t first, last; /* earliest and latest stamp; USEC_NEVER where there is none */
	struct ledger_stats ledger;
	struct judge_stats judge;
};

struct pipeline;

struct pipeline *pipeline_new(const struct options *options, const struct pipeline_sink *sink,
			      struct error *error);
void pipeline_free(struct pipeline **pipeline);

/* For the collector that feeds this pipeline: framers by file, time of lines. */
struct collector_calls pipeline_calls(struct pipeline *pipeline);

/* Read until the end of the logs, until there is nothing for now, or until MOST lines were read (0: no bound). */
enum collected pipeline_run(struct pipeline *pipeline, struct collector *collector, uint64_t most);

/*
 * Have a thread read the lines of COLLECTOR and what they say, until pipeline_read_no_more or the pipeline's
 * end, which must come before the collector's. What pipeline_run does is the same with it and without.
 */
void pipeline_read_ahead(struct pipeline *pipeline, struct collector *collector);
void pipeline_read_no_more(struct pipeline *pipeline);

/* How far COLLECTOR is, for progress: it belongs to that thread meanwhile. */
struct collector_stats pipeline_collected(const struct pipeline *pipeline, const struct collector *collector);

/* What becomes of what is read from now on; the first at the beginning. */
enum pipeline_mode {
	PIPELINE_JUDGES,      /* counted and judged: verdicts are given as they are found */
	PIPELINE_JUDGES_LATE, /* likewise, and verdicts say that they were found late */
	PIPELINE_LEARNS,      /* counted and judged, without giving verdicts */
	PIPELINE_RECALLS,     /* was counted before: read once more for the messages that were open */
};
void pipeline_set_mode(struct pipeline *pipeline, enum pipeline_mode mode);

/* No line for so long: time went on by as much, also where the log's stamps are not of today. */
void pipeline_idle(struct pipeline *pipeline, usec_t silence);

/* The logs are at their end: open messages are given as they stand. */
void pipeline_finish(struct pipeline *pipeline);

/*
 * ACCOUNT was released: it is judged anew from then, and left alone until UNTIL. REPEATED: it may have been
 * released before, as after a restart, where what was saved may be older than the release.
 */
void pipeline_release(struct pipeline *pipeline, struct span account, usec_t when, usec_t until,
		      bool repeated);

/* Where the windows are: to be flushed, and asked whether reading must wait. NULL where nothing is judged. */
struct store *pipeline_store(const struct pipeline *pipeline);

/* What it knows of accounts; NULL where nothing is judged. */
struct judge *pipeline_judge(const struct pipeline *pipeline);

/* "DE"; absent where no table is there, or it does not know. */
struct span pipeline_country(const struct pipeline *pipeline, struct span address);

/* Do windows survive elsewhere when this process ends? */
bool pipeline_is_shared(const struct pipeline *pipeline);

/* Up to when the judge was told the time, which must go on evenly through a restart. */
usec_t pipeline_judged(const struct pipeline *pipeline);
void pipeline_set_judged(struct pipeline *pipeline, usec_t judged);

/* The stamp of the oldest message that is still open (see ledger_oldest). */
usec_t pipeline_oldest(const struct pipeline *pipeline);

struct pipeline_stats pipeline_stats(const struct pipeline *pipeline);

/* Share of the mail servers' own lines that were understood, 0 to 1; 1 where there were none. */
double pipeline_coverage(const struct pipeline_stats *stats);

#endif
