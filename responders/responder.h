/*
 * A responder tells somebody else of a verdict: a webhook, a mail, a command. The family is a struct of
 * function pointers; a target is one of a kind, opened from its section of detect.conf ("[webhook ops]").
 *
 * What is to be told is a parcel: it stays in the outbox, on disk, until the target answers for it. Nothing
 * here blocks: send begins, run goes on when fd is readable, and `done` is called from within run.
 */
#ifndef SENDWATCH_RESPONDERS_RESPONDER_H
#define SENDWATCH_RESPONDERS_RESPONDER_H

#include "detectors/verdict.h"

struct parcel {
	uint64_t number;  /* the outbox's */
	const char *id;   /* the verdict's, for receivers that get it twice */
	const char *body; /* JSON */
	uint32_t tries;   /* before this one */
	usec_t now;       /* when it is sent */
};

enum fate {
	FATE_DELIVERED,
	FATE_LATER,  /* again after a pause */
	FATE_REFUSED /* the receiver will never take it */
};

struct answer {
	uint64_t number;
	enum fate fate;
	usec_t pause;    /* the receiver's wish, 0 where it has none */
	char words[160]; /* for people; without secrets */
	char back[200];  /* the first line of what came back, for a test of the target; never in a log */
	int status;      /* of a command: its exit status, 128 and the signal's number; where it ran */
	bool ran;        /* status holds */
};

struct responder_calls {
	void *context;
	void (*done)(void *context, const struct answer *answer);
};

struct target; /* each kind has its own */

struct responder {
	const char *kind;
	/* NULL and ERROR where the options cannot work. They are borrowed while the target lives. */
	struct target *(*open)(const void *options, const struct responder_calls *calls, struct error *error);
	/* Can it be told of this at all? VERDICT is NULL for notices of the server. The member is NULL: it can. */
	bool (*takes)(const struct target *target, const struct verdict *verdict);
	/* Each message is an alert of its own to the receiver, so that none may be gathered; NULL: they may. */
	bool (*alone)(const struct target *target);
	/* Begin; the parcel's texts are borrowed until it is done. */
	void (*send)(struct target *target, const struct parcel *parcel);
	int (*fd)(const struct target *target);
	void (*run)(struct target *target);
	void (*close)(struct target **target); /* what is on its way is not answered for */
};

extern const struct responder responder_webhook, responder_mail, responder_command;

#endif
