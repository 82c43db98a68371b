/*
 * The parts of the Postfix parser. Each reads the words behind a queue id (or behind none) and fills the
 * event; false means words that it does not know.
 */
#ifndef SENDWATCH_PARSERS_POSTFIX_H
#define SENDWATCH_PARSERS_POSTFIX_H

#include "parsers/parser.h"

/* What a tag of Postfix's says of its daemon. False where it is not Postfix's, or nothing that is kept. */
bool postfix_tag(struct span tag, struct frame_daemon *daemon_r);

/* postfix_result.c: "to=<r>, relay=h[ip]:25, ..., status=sent (250 ok)". */
bool postfix_read_result(struct span words, struct event *event);

/*
 * postfix_answer.c: "host h[ip] said: 450 ... (in reply to RCPT TO command)" and its like: reply, relay and
 * phase. False where the words are Postfix's own; `reply` is then all of them.
 */
bool postfix_read_answer(struct span words, struct event *event);

/* postfix_queue.c: the queue manager, cleanup's message-id, pickup, bounce, postsuper. */
bool postfix_read_from(struct span words, struct event *event);
bool postfix_read_message_id(struct span words, struct event *event);
bool postfix_read_pickup(struct span words, struct event *event);
bool postfix_read_notice(struct span words, struct event *event);
bool postfix_read_queue_change(struct span words, struct event *event);

/* postfix_smtpd.c: "client=h[ip], sasl_method=...". */
bool postfix_read_client(struct span words, struct event *event);

/* "h[ip]: SASL LOGIN authentication failed: ...", behind "warning: ". */
bool postfix_read_sasl_failure(struct span words, struct event *event);

/*
 * postfix_action.c: "reject: RCPT from h[ip]: 550 ...; from=<s> to=<r> proto=ESMTP helo=<h>", hold, discard,
 * milter-reject ..., and cleanup's "info: header Subject: ... from h[ip]; from=<s> ...: text".
 */
bool postfix_read_action(struct span words, struct event *event);

/* postfix_idle.c: what is known and says nothing of an account; warnings; trouble. */
bool postfix_read_idle(struct span words, struct event *event);
bool postfix_read_idle_queued(struct span words, struct event *event);
bool postfix_read_warning(struct span words, struct event *event);
bool postfix_read_trouble(struct span words, struct event *event);

#endif
