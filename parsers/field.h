/*
 * Pieces that Postfix's lines are made of. All cut from the front of REST and leave it untouched where
 * the piece is not there.
 */
#ifndef SENDWATCH_PARSERS_FIELD_H
#define SENDWATCH_PARSERS_FIELD_H

#include "base/span.h"

/* A queue id, short ("4F2K3L" in hexadecimal) or long, and what stands behind it: ": " or the end. */
bool field_queue_id(struct span *rest, struct span *id_r);

/* Is the whole text a queue id? */
bool field_is_queue_id(struct span text);

/* "<address>" with a quoted local part that may hold anything, "<>", or a bare address up to ", ". */
bool field_address(struct span *rest, struct span *address_r);

/* How much of the front of TEXT is ADDRESS, as logged or without the quotes that logging put around it; 0: none. */
size_t field_same_address(struct span text, struct span address);

/* The last "queued as 4F2A3B" in a reply. */
bool field_queued_as(struct span reply, struct span *id_r);

/* "name[192.0.2.1]:25", "name[2001:db8::1]", "name[private/lmtp]". */
struct field_host {
	struct span name, ip, port;
};
bool field_host(struct span *rest, struct field_host *host_r);

/* The end of smtpd's and cleanup's lines: "; from=<s> to=<r> proto=ESMTP helo=<h>". */
struct field_tail {
	struct span sender, recipient, protocol, helo, login;
};

/* Cut it off the end of TEXT, whose last byte is the tail's last. */
bool field_tail(struct span *text, struct field_tail *tail_r);

#endif
