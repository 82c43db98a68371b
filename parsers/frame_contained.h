/*
 * Docker's syslog and journald drivers put a head before what a container wrote: "Nov 21 16:29:42 host
 * docker/postfix[811]: Nov 21 16:29:42 mx1 postfix/smtpd[7]: ...", or a bare "postfix/smtpd[7]: ...". For frame.c.
 */
#ifndef SENDWATCH_PARSERS_FRAME_CONTAINED_H
#define SENDWATCH_PARSERS_FRAME_CONTAINED_H

#include "parsers/frame.h"

/* Could the words begin with a stamp or with Postfix's tag? Nobody's do but a container's. */
static inline bool frame_may_contain(const struct frame *frame)
{
	const char *at = frame->text.at;

	return frame->text.len > 24 && (at[3] == ' ' || at[4] == '-' || memcmp(at, "postfix/", 8) == 0);
}

/* The host, tag and words of the line within, where the tag is a mail container's; the time stays the driver's. */
void frame_cut_contained(struct frame *frame);

#endif
