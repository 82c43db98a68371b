/* How strangers probably came by an account, as far as its log can say: never more than a likelihood. */
#ifndef SENDWATCH_COMMANDS_CASE_CAUSE_H
#define SENDWATCH_COMMANDS_CASE_CAUSE_H

#include "commands/case.h"

#define CASE_CAUSES 5

struct case_cause {
	const char *how;    /* "The password was guessed" */
	const char *brief;  /* "guessed": for a table */
	const char *likely; /* "very likely", "likely", "possible" */
	const char *then;   /* what to do about it */
	char evidence[360];
};

/* The likeliest first. */
size_t case_causes(const struct casebook *book, const struct case_account *account,
		   struct case_cause causes_r[CASE_CAUSES]);

/* Does it send from a country now that it never sent from before? */
bool case_country_new(const struct case_account *account, const char *country);

/* An address of the incident that never sent before it. */
bool case_client_strange(const struct case_client *client);

#endif
