/*
 * An attempt is one recipient of one message with its first outcome, charged to the account that is
 * answerable for it. Text is borrowed until the callback returns.
 */
#ifndef SENDWATCH_PARSERS_ATTEMPT_H
#define SENDWATCH_PARSERS_ATTEMPT_H

#include "parsers/event.h"
#include "parsers/reply.h"

enum account_kind {
	ACCOUNT_NONE,   /* nobody of ours: inbound mail, a bounce */
	ACCOUNT_LOGIN,  /* "bob@example.com" */
	ACCOUNT_LOCAL,  /* "local:www-data" */
	ACCOUNT_SCRIPT, /* "script:/home/bob/public_html/x" */
	ACCOUNT_HOST,   /* "host:192.0.2.7", authenticated by address */
	ACCOUNT_SENDER, /* "sender:example.com", by the envelope domain: the weakest */
	ACCOUNT_FORWARD /* "bob@example.com": the local address that forwards what others send */
};

enum direction {
	DIRECTION_UNKNOWN,
	DIRECTION_OUTBOUND,
	DIRECTION_INBOUND,
	DIRECTION_INTERNAL,
	DIRECTION_BOUNCE,
	DIRECTION_FORWARDED
};

#define ENVELOPE_NOTE 7

/* What all attempts of one message share. */
struct envelope {
	usec_t time; /* when the message came in */
	enum event_mta mta;
	enum account_kind account_kind;
	struct span account;  /* absent for ACCOUNT_NONE */
	struct span customer; /* from the owner map; absent where unknown */
	struct span host;     /* the mail server that logged it */
	struct span queue_id; /* the first leg's */
	struct span message_id;
	struct span sender; /* "" for <> */
	struct span client_ip, helo;
	struct span subject;
	int32_t nrcpt; /* as submitted, -1 where not known (yet) */
	int64_t size;
	struct span script; /* of a local submission: the directory or file, where the log says */
	/*
	 * ENVELOPE_NOTE words for the sink to keep what it found out about this envelope, zeros at first and whenever
	 * the message got another text: an account, a client, a sender. NULL where the account is not the message's
	 * own.
	 */
	uint32_t *note;
};

struct attempt {
	const struct envelope *envelope;
	usec_t time;              /* of this outcome */
	struct span queue_ids[8]; /* all legs, the first first */
	size_t queue_id_count;
	struct span recipient, original_recipient;
	enum direction direction;
	enum event_outcome outcome;
	enum event_outcome previous; /* ATTEMPT_CHANGED: what it was */
	struct reply_meaning meaning;
	enum reply_class previous_class;
	enum event_phase phase;
	struct span dsn, reply, relay, relay_ip, provider, local_ip;
	uint64_t recipient_hash; /* hash_stable of recipient; 0: to be found out */
	uint64_t provider_hash;  /* likewise of provider */
	uint32_t tries;
	uint32_t source; /* of the line that gave the outcome */
	uint64_t position;
	bool counted; /* held against the account, though not outbound: count_forwarded and its sisters say so */
};

/* A login or a failure to log in, from any of the programs. */
struct login {
	usec_t time;
	bool succeeded;
	uint32_t repeat;
	struct span account; /* normalised as accounts of attempts are; absent where the log does not say */
	struct span client_ip, helo, service, host;
	uint32_t source;
	uint64_t position;
};

enum attempt_stage {
	ATTEMPT_FIRST,   /* the first outcome: counts */
	ATTEMPT_CHANGED, /* a retry gave another outcome or class */
	ATTEMPT_DONE     /* nothing more will come: the message ended, was evicted, or the log did */
};

const char *direction_name(enum direction direction);
const char *account_kind_name(enum account_kind kind);

#endif
