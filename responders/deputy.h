/*
 * The deputy is a process of its own that alone has the rights to disable accounts: forked when watch starts,
 * before that gives up its own. It takes fixed messages over a socket pair, one at a time, with a closed set of
 * verbs; it trusts none of them: account, adapter and queue ids are checked anew, whatever the reader of hostile
 * logs was made to ask. It reads no settings but those it was started with, and ends when its parent does.
 */
#ifndef SENDWATCH_RESPONDERS_DEPUTY_H
#define SENDWATCH_RESPONDERS_DEPUTY_H

#include "parsers/account.h"
#include "responders/adapter.h"

enum deputy_verb {
	DEPUTY_DISABLE = 1,
	DEPUTY_RELEASE,
	DEPUTY_IS_DISABLED,
	DEPUTY_HOLD_QUEUE,
	DEPUTY_RELEASE_QUEUE
};

enum deputy_status {
	DEPUTY_DONE,
	DEPUTY_ALREADY, /* it was disabled before: nothing was done */
	DEPUTY_MORE,    /* of a hold: some is done, ask again */
	DEPUTY_FAILED,
	DEPUTY_REFUSED /* no such verb, adapter, account or id */
};

#define DEPUTY_MAGIC UINT32_C(0x73776470)
#define DEPUTY_IDS   32768

struct deputy_request {
	uint32_t magic, verb, adapter, serial;
	uint32_t again; /* of DISABLE: do it even where it is so already */
	char account[ACCOUNT_SIZE];
	char ids[DEPUTY_IDS];
};

struct deputy_reply {
	uint32_t magic, serial, status;
	uint32_t is; /* of IS_DISABLED */
	char words[256];
	char ids[DEPUTY_IDS];
};

struct deputy;

/* ADAPTERS (struct adapter_options) are as they are at this moment. NULL where there can be no process. */
struct deputy *deputy_start(const struct settings_many *uses, struct error *error);
void deputy_stop(struct deputy **deputy);

/* Readable when an answer is there. */
int deputy_fd(const struct deputy *deputy);

/* False where the deputy is gone. One request at a time: the next after the reply. */
bool deputy_ask(struct deputy *deputy, const struct deputy_request *request, struct error *error);

/* False where no answer is there; GONE_R where none will ever be. */
bool deputy_hear(struct deputy *deputy, struct deputy_reply *reply_r, bool *gone_r);

/* What the deputy does with LEN bytes that came in; for tests and fuzzing. */
void deputy_serve(const struct settings_many *uses, const void *message, size_t len,
		  struct deputy_reply *reply_r);

#endif
