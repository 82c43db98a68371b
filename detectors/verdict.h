/*
 * A verdict is the change of an account's state, with all evidence: what a person is told and a responder
 * acts on. Everything in it is borrowed until the callback returns.
 */
#ifndef SENDWATCH_DETECTORS_VERDICT_H
#define SENDWATCH_DETECTORS_VERDICT_H

#include "parsers/attempt.h"

enum account_state { STATE_NORMAL, STATE_WATCH, STATE_FLAGGED, STATE_DISABLED, STATE_RELEASED };

#define EVIDENCE_TEXT_SIZE 240
#define VERDICT_EVIDENCE   16
#define VERDICT_SAMPLES    5
#define VERDICT_CLIENTS    8
#define VERDICT_ID_SIZE    33

/* One detector's finding: 10 decibans are ten to one that the account is compromised. */
struct evidence {
	const char *detector;
	double decibans;
	const char *window; /* "1h"; NULL where it has none */
	double seen, of;    /* 41 of 96; of < 0 where there is no whole */
	double expected;    /* a share where there is a whole, else a number; < 0 where nothing is */
	char text[EVIDENCE_TEXT_SIZE];
};

struct verdict_sample {
	struct span queue_id, recipient, reply;
	enum reply_class class;
};

struct verdict {
	const char *type;         /* "verdict"; "server" and "address" have their own meanings of account */
	char id[VERDICT_ID_SIZE]; /* 32 hex digits: of account, state and what caused it */
	usec_t time;              /* of the line that tipped it */
	struct span account, customer;
	enum account_kind account_kind;
	enum account_state state, previous;
	double score;       /* decibans */
	struct span host;   /* of the line */
	struct span server; /* what the machine that tells it calls itself; absent where nobody is told */
	uint32_t source;
	uint64_t position;
	const struct evidence *evidence;
	size_t evidence_count;
	usec_t first_bad;
	bool away; /* counted is what came from where the account had never sent, beside its owner's */
	uint64_t recipients; /* since first_bad */
	uint64_t leaked;     /* of them, accepted by the remote */
	struct span clients[VERDICT_CLIENTS];
	size_t client_count;
	const struct verdict_sample *samples;
	size_t sample_count;
	bool late; /* found while catching up, or in a line that came too late to be acted on */
	/* Of type "address": which one, at whom (a provider or a blocklist's zone), and what that said. */
	struct span address, provider, zone, code, words;
};

/* The id of what HASH, the same for the same finding wherever and whenever it is made, is of. */
void verdict_identify(struct verdict *verdict, uint64_t hash);

const char *state_name(enum account_state state);
bool state_parse(struct span name, enum account_state *state_r);

#endif
