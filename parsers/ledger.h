/*
 * The ledger follows messages through their queue ids: client, sender, recipients, results, content
 * filters' second legs, bounces and requeues; and says of each recipient whose it is and how it ended.
 *
 * It is bounded: `messages` open at most, the oldest evicted first and counted. It judges nothing.
 */
#ifndef SENDWATCH_PARSERS_LEDGER_H
#define SENDWATCH_PARSERS_LEDGER_H

#include "base/settings.h"
#include "parsers/account.h"
#include "parsers/attempt.h"
#include "parsers/frame.h"
#include "parsers/parser.h"

struct ledger_options {
	int64_t messages;     /* open at once */
	usec_t forget_after;  /* an open message without news */
	char *default_domain; /* a bare login "bob" is bob@this; NULL leaves it bare */
	bool fold_tags;       /* bob+tag@ is bob@ */
	bool fold_case;       /* Bob@Example.com is bob@example.com */
	bool count_forwarded, count_internal, count_bounces; /* held against the account too */
	struct setting_list local_domains;                   /* beyond those that the log itself shows */
	struct setting_list filters; /* relays that are our content filters, beyond loopback addresses */
	struct setting_list trusted_hosts; /* clients that may send without login: account "host:..." */
	char *passwd;                      /* names of uids, for logs of another machine */
	char *owners;                      /* domain or user to customer */
	struct setting_list shared_users; /* as whom many customers' scripts run: the script is the account */
};

extern const struct setting ledger_settings[];

/* How accounts are named by these options, which it borrows. */
struct account_rules ledger_rules(const struct ledger_options *options);

/*
 * Where attempts, submissions and logins go. `submitted` comes once a message, before its first attempt.
 * ATTEMPT_FIRST and ATTEMPT_CHANGED come with the line that brings them, or up to minutes of the log's time
 * later where a content filter's second leg must first be told from other mail, or seconds where lines are out of
 * order. When the queue gives up on recipients by one line, their ATTEMPT_CHANGED has no recipient unless want_done.
 * ATTEMPT_DONE comes for every attempt, with want_done only.
 *
 * Spans are borrowed until the call returns.
 */
struct ledger_sink {
	void *context;
	void (*submitted)(void *context, const struct envelope *envelope, uint32_t source, uint64_t position);
	void (*attempt)(void *context, const struct attempt *attempt, enum attempt_stage stage);
	void (*login)(void *context, const struct login *login);
	bool want_done; /* keep every recipient's text until ATTEMPT_DONE: parse --attempts, trace */
};

struct ledger_stats {
	uint64_t messages, attempts, evicted, orphans; /* orphans: results of queue ids never seen to begin */
	uint64_t open;
};

struct ledger;

struct ledger *ledger_new(const struct ledger_options *options, struct replies *replies,
			  const struct ledger_sink *sink, struct error *error);
void ledger_free(struct ledger **ledger);

void ledger_feed(struct ledger *ledger, const struct frame *frame, const struct event *event, uint32_t source,
		 uint64_t position);

/* The log ended: what is open is given as it stands. */
void ledger_finish(struct ledger *ledger);

/* The stamp of the oldest thing that is still open; the newest stamp where nothing is; USEC_NEVER at first. */
usec_t ledger_oldest(const struct ledger *ledger);

struct ledger_stats ledger_stats(const struct ledger *ledger);

#endif
