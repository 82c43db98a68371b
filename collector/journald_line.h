/*
 * An entry of a journal as the line that a syslog daemon would have written of it:
 * "2026-11-01T03:04:05.123456Z mx1 postfix/smtpd[123]: words". What the fields hold is their sender's, so a byte
 * that would end the line, or a field before the words, is written as rsyslog does, #012.
 */
#ifndef SENDWATCH_COLLECTOR_JOURNALD_LINE_H
#define SENDWATCH_COLLECTOR_JOURNALD_LINE_H

#include "base/clock.h"
#include "base/text.h"

struct journald_fields {
	usec_t time; /* USEC_NEVER where the entry has none */
	struct span host, identifier, pid, message;
};

/* Is UID, as journald had it from the kernel, a person's, who says it in the name of one of Postfix's programs? */
bool journald_line_forged(struct span identifier, struct span uid, uint64_t *uid_r);

/* The line, without newline, added to INTO. False, and nothing added, where there are no words to be told. */
bool journald_line(const struct journald_fields *fields, struct text *into);

#endif
