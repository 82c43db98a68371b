/*
 * What the files of pipeline.h share: pipeline.c is the way of the data, pipeline_new.c puts its parts together and
 * answers what others ask of them.
 */
#ifndef SENDWATCH_COMMANDS_PIPELINE_PARTS_H
#define SENDWATCH_COMMANDS_PIPELINE_PARTS_H

#include "commands/options.h"
#include "commands/pipeline.h"
#include "commands/reading.h"
#include "detectors/geo.h"
#include "detectors/server.h"
#include "detectors/store_redis.h"

struct pipeline {
	const struct options *options;
	struct pipeline_sink sink;
	struct replies *replies;
	struct ledger *ledger;
	struct store *store;
	struct store *groups; /* beside it, where both are shared; else the judge has one */
	struct redis_options groups_options;
	char *groups_prefix; /* of them */
	struct geo *geo;
	struct judge *judge;
	struct server *server;
	struct pipeline_stats stats;
	struct reading_ahead *ahead;       /* NULL: lines are read as they are asked for */
	struct line line;                  /* the one that is being read */
	const struct collector *collector; /* whose it is, borrowed */
	usec_t judged;                     /* when the judge was last told the time */
	enum pipeline_mode mode;
	uint32_t sources;    /* whose names the store knows */
	usec_t before;       /* the stamp of the line before */
	uint32_t steps_back; /* lines that were older than the one before, and no newer one between them */
	uint32_t beyond;     /* lines from --until on that were just read, one after another */
	bool shared;         /* windows live in a shared store */
};

/* What the ledger, the judge and the server's own detector call. */
void pipeline_submitted(void *context, const struct envelope *envelope, uint32_t source, uint64_t position);
void pipeline_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage);
void pipeline_login(void *context, const struct login *login);
void pipeline_verdict(void *context, const struct verdict *verdict);
void pipeline_server(void *context, const struct verdict *verdict);

/* Something is wrong with a file, in WORDS, for the sink. */
void pipeline_report_trouble(void *context, const char *words);

#endif
