/*
 * A responder tells somebody else of a verdict: a webhook, later mail and commands. The family is a struct of
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
	bool (*wants)(const struct target *target, const struct verdict *verdict);
	/* Begin; the parcel's texts are borrowed until it is done. */
	void (*send)(struct target *target, const struct parcel *parcel);
	int (*fd)(const struct target *target);
	void (*run)(struct target *target);
	void (*close)(struct target **target); /* what is on its way is not answered for */
};

extern const struct responder responder_webhook;

#endif
