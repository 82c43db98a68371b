/*
 * The last word about each account, by anybody on any server: that it is restricted, and how; that it was
 * released; that it is exempt. Of two words the later one holds, wherever and in whatever order they are heard,
 * so that servers that tell each other all they know come to agree. What was released is remembered for
 * ORDERS_KEPT, so that who was away that long still learns of it.
 *
 * They stand in a file that is replaced whole: a word is saved before it is acted on, so that what a kill
 * interrupts is found and finished at the next start.
 */
#ifndef SENDWATCH_RESPONDERS_ORDERS_H
#define SENDWATCH_RESPONDERS_ORDERS_H

#include "base/text.h"
#include "parsers/account.h"
#include "responders/restrictions.h"

#define ORDERS_KEPT (30 * USEC_DAY)

struct order {
	char account[ACCOUNT_SIZE];
	bool exemption;                 /* else a restriction, or its end */
	usec_t time;                    /* when it was given */
	uint64_t server;                /* by which server */
	struct restriction restriction; /* RESTRICTION_NONE: released */
	/* A restriction ends by itself, a released account is left alone, an exempt one exempt until then. */
	usec_t until;
	uint32_t times; /* disabled so often by now */
	char cause[40]; /* the verdict's id, or "-" */
	char by[64];    /* "uid 0 on mx1" */
	char reason[200];
	/* Not of the word itself: */
	bool shared;    /* the other servers can hear it */
	uint32_t heard; /* for whoever marks what was there */
};

struct orders;

/* From PATH, where it is. NULL where it cannot be understood. */
struct orders *orders_open(const char *path, struct error *error);
void orders_close(struct orders **orders);
bool orders_save(struct orders *orders, struct error *error);

/* ORDER is known from now on; false, and nothing changed, where something as late or later is. */
bool orders_take(struct orders *orders, const struct order *order);

/* Orders stay where they are until they are forgotten. */
const struct order *orders_find(const struct orders *orders, struct span account, bool exemption);
const struct order *orders_next(const struct orders *orders, const struct order *after);

/* Mark a known one as shared, and heard. */
void orders_mark(struct orders *orders, const struct order *order, uint32_t heard);

/* Does it have the account disabled at NOW? */
bool order_disables(const struct order *order, usec_t now);

/* May other servers be told of orders about ACCOUNT? Of logins; a local user is another one on each machine. */
bool order_is_shared(struct span account);

/* Is it a release, or an exemption, that nobody needs to know of any more who heard of it before BEFORE? */
bool order_is_over(const struct order *order, usec_t before);
void orders_forget(struct orders *orders, usec_t before);

/* When all servers' words were last heard; USEC_NEVER where never. Is saved with them. */
usec_t orders_heard(const struct orders *orders);
void orders_hear(struct orders *orders, usec_t now);

/* A field and a value of one line each, as they stand in the file and are told to other servers. */
void order_write(const struct order *order, struct text *field, struct text *value);
bool order_read(struct span field, struct span value, struct order *order_r);

#endif
