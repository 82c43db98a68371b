/*
 * A board is what watch knows of itself and of accounts at one moment, copied so that other threads may read it
 * while watch goes on. It never changes once it is made.
 */
#ifndef SENDWATCH_COMMANDS_STATUS_BOARD_H
#define SENDWATCH_COMMANDS_STATUS_BOARD_H

#include "commands/tally.h"
#include "commands/watch_work.h"
#include "detectors/store.h"
#include "detectors/trail.h"

#define BOARD_ACCOUNTS 200 /* the worst of those that are not normal */
#define BOARD_ROWS     200 /* own addresses at providers */
#define BOARD_SOURCES  64  /* by themselves; all are summed */

struct board_client {
	char address[48];
	char country[4]; /* "" where it is not known */
};

struct board_sample {
	char queue_id[33], recipient[97], reply[193];
	enum reply_class class;
};

/* An own address at one of the large providers, or ("other") at all the rest: few, whatever strangers do. */
#define BOARD_PROVIDERS 256
struct board_provider {
	char address[HEALTH_NAME], provider[32];
	uint64_t attempts, deferred, refused;
	uint64_t refusing; /* of them, providers that refuse us at this time */
};

struct board_account {
	char *name;
	enum account_kind kind;
	struct standing standing;
	struct habit habit;
	usec_t now; /* its newest event time */
	struct counts sums[HORIZONS];
	struct counts hours[WINDOW_SERIES]; /* the last 24 and the running one */
	struct counts days[8];
	uint32_t correspondents; /* remembered recipients */
	bool stopped;            /* something is in force: */
	struct act_case in_force;
	struct board_client clients[VERDICT_CLIENTS];
	size_t client_count;
	struct board_sample samples[VERDICT_SAMPLES];
	size_t sample_count;
};

/* What is in force, the newest first. */
#define BOARD_ORDERS 1000
struct board_order {
	char *account;
	const char *action, *ends; /* as of struct in_force */
	usec_t since, until;
	char by[64], reason[200];
};

struct board_source {
	char *name;
	uint64_t position, behind;
	usec_t time;    /* stamp of its last line; USEC_NEVER */
	usec_t silence; /* since it last spoke; -1: it has not */
	bool open, silent;
	char *trouble; /* "" where there is none */
};

struct board_target {
	char *label;
	size_t waiting;
	usec_t oldest; /* USEC_NEVER where nothing waits */
	uint64_t taken, failed;
	char *trouble;
};

struct board {
	unsigned users;    /* the desk's: who holds it */
	usec_t made;       /* wall clock */
	usec_t made_clock; /* monotonic */
	char host[128];
	bool ready;  /* caught up once since the start */
	bool waits;  /* reading stands still until the store is back */
	usec_t idle; /* so long ago there was nothing more to read */
	struct pipeline_stats pipeline;
	struct collector_stats collector;
	struct tally tally;
	struct store_stats store;
	const char *store_name;
	bool shared;
	usec_t away; /* for so long the store was out of reach; -1: it is not */
	char away_why[256];
	double coverage; /* lately, by what blindness saw: is it under what is wanted? */
	bool dim;
	usec_t saved; /* the last save began so long ago */
	struct outbox_stats outbox;
	struct act_stats act;
	bool dnsbl_on;
	struct dnsbl_stats dnsbl;
	struct dnsbl_memory listings; /* rows that are listed alone, and sides with a fault */
	struct board_source *sources;
	size_t source_count;
	uint64_t behind; /* bytes, of all sources */
	struct board_target *targets;
	size_t target_count;
	struct board_account *accounts; /* not normal, the worst first */
	size_t account_count;
	struct board_order *orders;
	size_t order_count;
	struct health_row *rows; /* the most refused first */
	size_t row_count;
	struct board_provider *providers;
	size_t provider_count;
};

/* What the loop knows beside its work. */
struct board_view {
	const struct watch_work *work;
	const struct tally *tally;
	usec_t saved; /* monotonic: when the last save began */
	usec_t idle;  /* monotonic: when there last was nothing more to read */
	bool ready, waits;
};

/* Only in the thread that runs the work. */
struct board *board_new(const struct board_view *view);
void board_free(struct board *board);

/* One account as it is now; NULL where it is not known. The caller frees it. */
struct board_account *board_account_of(const struct watch_work *work, struct span name);
void board_account_free(struct board_account *account);

/* Add the country where it is known. */
void board_locate(const struct watch_work *work, struct board_client *client);

#endif
