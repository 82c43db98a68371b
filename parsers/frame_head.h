/*
 * What stands between a stamp and a program's words: host, tag and pid. For frame.c.
 */
#ifndef SENDWATCH_PARSERS_FRAME_HEAD_H
#define SENDWATCH_PARSERS_FRAME_HEAD_H

#include "parsers/frame.h"

/* The host of " host tag[pid]: words" off the front, where there is one. */
void frame_head_cut_host(struct span *rest, struct frame *frame);

/* " host tag[pid]: words", " tag[pid]: words", "  tag: words" as syslog and journalctl write them. */
void frame_head_cut(struct span rest, struct frame *frame);

/* The same from the tag on, where FRAME has its host. */
void frame_head_cut_tag(struct span rest, struct frame *frame);

/* Does such a head, and not Exim's words, follow a stamp like "2026-11-21 16:29:42"? */
bool frame_head_follows(struct span rest);

/* " [pid] words" of Exim's own log. */
void frame_head_cut_exim(struct span rest, struct frame *frame);

/* " host app-name procid msgid structured-data words" of RFC 5424. False where it is not that. */
bool frame_head_cut_5424(struct span rest, struct frame *frame);

#endif
