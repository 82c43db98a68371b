/*
 * The tags of Postfix's daemons that came before, with what its parser makes of them: a log has a dozen, and a line
 * whose tag is one of these has its head cut in a third of the time. For frame.c.
 */
#ifndef SENDWATCH_PARSERS_FRAME_TAG_H
#define SENDWATCH_PARSERS_FRAME_TAG_H

#include "parsers/frame.h"

#define FRAME_TAGS 16

struct frame_tag {
	char text[32]; /* with the "[" of the pid */
	size_t len;    /* of it; 0: there is none */
	struct frame_daemon daemon;
};

struct frame_tags {
	struct frame_tag tags[FRAME_TAGS];
	unsigned turn;
};

/*
 * As frame_head_cut_tag, where REST begins with a tag that was kept, its pid in brackets, ": " and a word. False, and
 * nothing changed, where it does not.
 */
bool frame_tags_cut(const struct frame_tags *tags, struct span rest, struct frame *frame);

/* Keep the tag of a frame that was cut by frame_head_cut_tag. */
void frame_tags_keep(struct frame_tags *tags, const struct frame *frame);

#endif
