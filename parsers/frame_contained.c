/*
 * Where strangers' words begin a line, as a web application's may, they would be taken for the mail server's: so the
 * container must be called by what it is.
 */
#include "parsers/frame_contained.h"

#include "base/seldom.h"
#include "parsers/frame_head.h"
#include "parsers/stamp.h"

/* Has a container of this name a mail server in it? A server's own tag is no container's. */
static SELDOM bool contained_is_named(struct span tag)
{
	static const struct span kinds[] = { SPAN_INIT("postfix"), SPAN_INIT("exim"), SPAN_INIT("mail"),
					     SPAN_INIT("smtp"),    SPAN_INIT("mta"),  SPAN_INIT("dovecot") };

	if (span_starts(tag, SPAN("postfix/")) || span_equal(tag, SPAN("dovecot")) ||
	    span_starts(tag, SPAN("exim")))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (span_find(tag, kinds[i]) < tag.len)
			return true;
	return false;
}

void frame_cut_contained(struct frame *frame)
{
	struct span head = frame->text;
	struct stamp inner;
	size_t len;

	/* Without a tag nothing needs to stand before the text. */
	if (!contained_is_named(frame->tag))
		return;
	len = stamp_read(head, &inner);
	if (len == 0 && head.at[-1] != ' ')
		return;
	head = len > 0 ? span_from(head, len) : (struct span){ head.at - 1, head.len + 1 };
	if (frame_head_follows(head)) {
		frame_head_cut(head, frame);
	} else if (len > 0 && inner.blank) {
		frame->tag = span_head(frame->tag, 0);
		frame->pid = 0;
		frame_head_cut_exim(head, frame);
	}
}
