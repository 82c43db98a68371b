/*
 * The status page's HTTP server on one listening socket. status_http.c is the only file that knows libmicrohttpd, and
 * loads it when the first server is started.
 */
#ifndef SENDWATCH_COMMANDS_STATUS_HTTP_H
#define SENDWATCH_COMMANDS_STATUS_HTTP_H

#include "base/error.h"
#include "commands/status_options.h"
#include "commands/status_site.h"

struct status_http;

bool status_http_is_built(void);

/*
 * Answer by SITE, which is borrowed while it runs, what comes in at LISTENING, which stays the caller's. LOCAL: a Unix
 * socket. NULL and ERROR where it cannot be started.
 */
struct status_http *status_http_start(struct status_site *site, const struct status_options *options,
				      int listening, bool local, struct error *error);

/* The connections of the moment are closed. */
void status_http_stop(struct status_http **http);

#endif
