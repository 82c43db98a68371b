/*
 * Postfix's socketmap (socketmap_table(5)): a table for check_sasl_access or check_sender_access that is asked over
 * a socket. Requests and answers are netstrings, "12:disabled bob," and "9:NOTFOUND ,". It is served as the policy
 * service is, with the same decider, in these words.
 *
 * There is one table, "disabled": its keys are logins or addresses, its values what access(5) takes. Every other
 * name, and every key that could be no login's, is NOTFOUND: where nothing is known, mail flows. Postfix asks a
 * socketmap for no parts of an address, so that a login without a domain is not taken for one.
 */
#ifndef SENDWATCH_RESPONDERS_SOCKETMAP_H
#define SENDWATCH_RESPONDERS_SOCKETMAP_H

#include "responders/policy.h"

/* A netstring's content at most: Postfix's keys are lines of SMTP, which it keeps below 2,048. */
#define SOCKETMAP_LONGEST 8192

/* The key is the request's sasl_username, which is absent for what is to be NOTFOUND. */
extern const struct policy_tongue socketmap_tongue;

#endif
