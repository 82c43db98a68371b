/*
 * A case: what an incident report tells, gathered in two readings of the same logs. The first judges as replay
 * always does and leaves the accounts that were watched or flagged, with their verdicts. The second, which knows
 * whom and when to look at, counts what they sent, from where and to whom, and keeps lines of the log as samples.
 * Logs that cannot be read twice (standard input) have no report.
 *
 * Bounded: CASE_ACCOUNTS accounts, and of each so many buckets, addresses, providers and lines; what did not fit
 * is counted. An account takes some 60 KiB at most.
 */
#ifndef SENDWATCH_COMMANDS_CASE_H
#define SENDWATCH_COMMANDS_CASE_H

#include "collector/collector.h"
#include "commands/arguments.h"
#include "commands/case_parts.h"
#include "commands/pipeline.h"
#include "detectors/geo.h"
#include "detectors/health.h"

#define CASE_ACCOUNTS  4000
#define CASE_STEPS     24
#define CASE_CLIENTS   320
#define CASE_FAILING   40 /* of them at most that only failed to log in, where room is short */
#define CASE_SAMPLES   24
#define CASE_LINE      700 /* bytes of a sample */
#define CASE_PROVIDERS 32
#define CASE_WORDS     12
#define CASE_TROUBLES  100

/* A change of state. */
struct case_step {
	usec_t time;
	enum account_state state, previous;
	double score;
};

/* What a sample line shows. */
enum case_show {
	CASE_SUBMITTED, /* how a message of the incident came in */
	CASE_LOGIN,     /* a login, from an address of the incident */
	CASE_FAILED,    /* a login that failed */
	CASE_RESULT,    /* CASE_RESULT + enum chart_kind */
	CASE_SHOWS = CASE_RESULT + CHART_KINDS
};

struct case_sample {
	usec_t time;
	char *line;
	enum case_show show;
	bool cut;
};

struct case_account {
	char *name, *customer;
	enum account_kind kind;
	enum account_state state, worst; /* worst: watch or flagged; normal where only asked for by name */
	char id[VERDICT_ID_SIZE];        /* of the worst verdict, as the rest up to `recipients` */
	double score;
	struct evidence *evidence;
	size_t evidence_count;
	usec_t since;                  /* when it began; USEC_NEVER where unknown */
	usec_t watched, flagged, sure; /* the first of each; USEC_NEVER where it was not */
	usec_t over;                   /* normal again since; USEC_NEVER where it is not */
	usec_t began;                  /* `since`; where strangers sent most, the first of theirs */
	usec_t sent; /* the last recipient while it was not normal; where strangers sent most, the last of theirs */
	struct case_step steps[CASE_STEPS];
	size_t step_count, steps_lost;
	/* Of the second reading. Counted by the minute is from `from` to `until`; drawn large is a part of it. */
	usec_t from, until, shown_from, shown_until;
	struct case_series whole, incident; /* first answers */
	uint64_t recipients;                /* since it began */
	uint64_t first[CHART_KINDS];        /* first answers since it began */
	uint64_t last[CHART_KINDS];         /* what became of them in the end */
	uint64_t waiting;                   /* of these, still in the queue at the end of the logs */
	uint64_t classes[REPLY_CLASSES];
	uint64_t before; /* recipients before it began */
	struct case_client *clients;
	size_t client_count, client_room, client_at;
	uint64_t clients_lost; /* recipients from addresses that did not fit */
	uint64_t own;          /* recipients since it began, from addresses that it used before */
	struct case_tally providers, senders, subjects;
	uint64_t failed;      /* failed logins in the week before it began */
	uint64_t failed_late; /* since */
	uint64_t failing;     /* addresses that only failed, and did not fit */
	usec_t failed_last;   /* the last before it began */
	struct case_sample samples[CASE_SAMPLES];
	size_t sample_count;
};

/* What concerns the server and no account alone. */
struct case_trouble {
	usec_t time;
	char *words, *sample;
};

struct case_options {
	const struct options *options;
	const struct arguments *arguments;
	FILE *verdicts, *attempts; /* NDJSON goes there as it comes; NULL: nowhere */
};

struct case_file;
struct case_log;
struct case_still;

struct casebook {
	struct case_options with;
	struct case_account *accounts;
	size_t count, room;
	uint64_t lost; /* accounts that did not fit */
	struct map *names;
	struct case_trouble server[CASE_TROUBLES], reading[CASE_TROUBLES];
	size_t server_count, reading_count;
	struct case_file *files; /* in the order in which they were read */
	size_t file_count, file_room;
	struct case_still *still; /* flagged before what is told of */
	struct case_shared *shared;
	struct geo *geo;
	struct health *health;
	struct case_tally delist; /* where to ask, with the refusals of our own address */
	struct collector_stats collector;
	struct pipeline_stats stats, second;
	/* Of the second reading. */
	struct collector_calls calls; /* the pipeline's */
	struct collector *reader;
	struct line line;
	struct case_file *file;
	bool failed;
};

/* Can these logs be read twice? False, and why not in ERROR. */
bool case_can_read(const struct arguments *arguments, struct error *error);

struct casebook *casebook_new(const struct case_options *with);
void casebook_free(struct casebook **book);

/* Of the first reading; `earlier` is of the time before the one that is told of. */
void casebook_earlier(struct casebook *book, const struct verdict *verdict);
void casebook_verdict(struct casebook *book, const struct verdict *verdict);
void casebook_attempt(struct casebook *book, const struct attempt *attempt);
void casebook_trouble(struct casebook *book, const char *words);

/* The first is done, with these figures: read again. False where the logs cannot be read any more. */
bool casebook_read(struct casebook *book, const struct collector_stats *collector,
		   const struct pipeline_stats *stats, struct error *error);

/* NULL where it is none of the case. */
struct case_account *casebook_find(const struct casebook *book, struct span name);

#endif
