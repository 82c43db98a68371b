/*
 * The log as a whole, hour by hour, against its own past at that hour: what concerns the server and not one
 * account. Failing logins, refusals of inbound mail, deferrals, a growing queue, bounces, floods, mail relayed
 * for nobody known, refusals of our own address, lines of unknown kinds, complaints of the mail server itself,
 * connections that could not be encrypted, and hours of silence. A verdict of type "server" says what changed,
 * since when, against what.
 */
#ifndef SENDWATCH_DETECTORS_SERVER_H
#define SENDWATCH_DETECTORS_SERVER_H

#include "base/settings.h"
#include "detectors/verdict.h"
#include "parsers/frame.h"

struct server_options {
	bool watched;
	double times;     /* as many as in the busiest hour of late */
	double spread;    /* and so many spreads over what is usual for the hour */
	int64_t learning; /* hours before anything is unusual */
	usec_t silence;
};

extern const struct setting server_settings[];

struct server;

/* OPTIONS is borrowed. */
struct server *server_new(const struct server_options *options,
			  void (*verdict)(void *context, const struct verdict *verdict), void *context);
void server_free(struct server **server);

/* Every line that was read, in the order of the log. */
void server_event(struct server *server, const struct frame *frame, const struct event *event);

/* A recipient's first outcome. */
void server_attempt(struct server *server, const struct attempt *attempt);

/* No line came until NOW: what the last ones brought is told all the same. */
void server_time(struct server *server, usec_t now);

/* Only learned from: no verdicts while QUIET. */
void server_quiet(struct server *server, bool quiet);

#endif
