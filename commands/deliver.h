/*
 * From a verdict to those who are told: the journal first, then the outbox, then the targets, each in its own
 * time. Everything that watch tells goes through here; nothing here blocks.
 */
#ifndef SENDWATCH_COMMANDS_DELIVER_H
#define SENDWATCH_COMMANDS_DELIVER_H

#include "commands/options.h"
#include "responders/responder.h"

#include <poll.h>

#define DELIVER_FDS 64

struct deliver;

/* NULL and ERROR where the journal, the outbox or a target cannot be opened. OPTIONS are borrowed. */
struct deliver *deliver_open(const struct options *options, struct error *error);
void deliver_close(struct deliver **deliver);

/* Was it told of before under another id? Then it takes that one, by which it is known. */
void deliver_adopt_id(const struct deliver *deliver, struct verdict *verdict);

/* A verdict that was acted on before, known by its id, is not acted on again. */
void deliver_verdict(struct deliver *deliver, usec_t now, const struct verdict *verdict);

/* ACT is called, from within deliver_verdict, with each that was not acted on before, once it is in the journal. */
void deliver_on_verdict(struct deliver *deliver,
			void (*act)(void *context, usec_t now, const struct verdict *verdict), void *context);

/* One line for the journal, and for the targets that take its TYPE (NULL: none). ID makes it one message. */
void deliver_tell(struct deliver *deliver, usec_t now, const char *type, const char *id, struct span account,
		  const char *json);

/* A line for the journal that nobody is told of; many are synced together, with the next step. */
void deliver_note(struct deliver *deliver, usec_t now, const char *id, struct span account, const char *json);

/* What this machine calls itself, for what is told of it: many servers tell the same people. */
struct span deliver_host(const struct deliver *deliver);

/* Something that watch has to say of itself, to targets that take the type "server". ID makes it one message. */
void deliver_notice(struct deliver *deliver, usec_t now, const char *id, const char *words);

/* Go on with what is on its way, and begin what is due. */
void deliver_step(struct deliver *deliver, usec_t now);

/* What to poll for reading; the number of them. */
size_t deliver_fds(const struct deliver *deliver, struct pollfd fds[DELIVER_FDS]);

/* When deliver_step has something to begin, on the wall clock; USEC_NEVER where it has nothing. */
usec_t deliver_due(const struct deliver *deliver, usec_t now);

/* One target, and what it is still to be told. Texts are borrowed until the next call. */
struct deliver_target {
	const char *label;      /* "webhook ops" */
	size_t waiting;         /* those that are gathered for it included */
	usec_t oldest;          /* of them; USEC_NEVER where there is none */
	uint64_t taken, failed; /* tries */
	const char *trouble;    /* the last failure, until it takes something; "" where there is none */
};

/* Target AT; false behind the last. */
bool deliver_target_at(const struct deliver *deliver, size_t at, struct deliver_target *target_r);

struct outbox_stats deliver_stats(const struct deliver *deliver);

#endif
