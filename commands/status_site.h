/*
 * From a request to its answer: which path shows what, who may see it, and the heads that keep a browser from doing
 * more than showing it. Knows nothing of sockets.
 */
#ifndef SENDWATCH_COMMANDS_STATUS_SITE_H
#define SENDWATCH_COMMANDS_STATUS_SITE_H

#include "commands/metrics.h"
#include "commands/page_past.h"
#include "commands/status_access.h"
#include "commands/status_options.h"

#include <stdatomic.h>

struct status_site {
	const struct status_options *options;
	struct status_keys keys;
	struct desk *desk;
	struct past *past; /* NULL where no journal is kept */
	atomic_uint_fast64_t answered, refused;
};

struct status_answer {
	unsigned code;
	const char *type; /* of the body */
	struct text body;
	char location[512]; /* of a redirection; else "" */
	const char *allow;  /* the methods that a path takes, where another was used; else NULL */
	bool challenge;     /* ask for the password */
	bool lasting;       /* it may be kept for a while: nothing private in it */
};

/* The body is the caller's (text_free). May wait for the loop for some seconds. */
void status_answer(struct status_site *site, const struct status_request *request,
		   struct status_answer *answer_r);

/* Heads of every answer, as pairs, ended by NULL. */
extern const char *const status_heads[][2];

#endif
