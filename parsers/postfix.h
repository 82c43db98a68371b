/*
 * The parts of the Postfix parser. Each reads the words behind a queue id (or behind none) and fills the
 * event; false means words that it does not know.
 */
#ifndef SENDWATCH_PARSERS_POSTFIX_H
#define SENDWATCH_PARSERS_POSTFIX_H

#include "parsers/parser.h"

/* postfix_result.c: "to=<r>, relay=h[ip]:25, ..., status=sent (250 ok)". */
bool postfix_read_result(struct span words, struct event *event);

/* "host h[ip] said: 450 ..." and its like: reply, relay, phase. False, and only `reply` set, for own words. */
bool postfix_read_answer(struct span words, struct event *event);

/* postfix_smtpd.c: "client=h[ip], sasl_method=...". */
bool postfix_read_client(struct span words, struct event *event);

/* "reject: RCPT from h[ip]: 550 ...; from=<s> to=<r> proto=ESMTP helo=<h>", hold, discard, milter-reject ... */
bool postfix_read_action(struct span words, struct event *event);

/* "h[ip]: SASL LOGIN authentication failed: ...", behind "warning: ". */
bool postfix_read_sasl_failure(struct span words, struct event *event);

/* postfix_idle.c: what is known and says nothing of an account; warnings; trouble. */
bool postfix_read_idle(struct span words, struct event *event);
bool postfix_read_warning(struct span words, struct event *event);

/* Daemons that say nothing of an account whatever they say. */
bool postfix_service_idle(struct span service);

#endif
