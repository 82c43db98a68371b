/*
 * Where strangers' words begin a line, as a web application's may, they would be taken for the mail server's: so the
 * container must be called by what it is.
 */
#include "parsers/frame_contained.h"

#include "base/seldom.h"
#include "parsers/frame_head.h"
#include "parsers/stamp.h"

static bool contained_has(struct span tag, const struct span *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_find(tag, words[i]) < tag.len)
			return true;
	return false;
}

#define CONTAINED_HAS(tag, words) contained_has(tag, words, sizeof(words) / sizeof((words)[0]))

/*
 * Has a container of this name a mail server in it? A server's own tag is no container's. What is called webmail, or is
 * one of many that have mailcow in their names, may be an application.
 */
static SELDOM bool contained_is_named(struct span tag)
{
	static const struct span servers[] = { SPAN_INIT("postfix"), SPAN_INIT("exim"), SPAN_INIT("smtp"),
					       SPAN_INIT("mta"), SPAN_INIT("dovecot") };
	static const struct span mail[] = { SPAN_INIT("mail") };
	static const struct span applications[] = {
		SPAN_INIT("web"),  SPAN_INIT("php"),   SPAN_INIT("http"),    SPAN_INIT("nginx"),
		SPAN_INIT("sogo"), SPAN_INIT("caddy"), SPAN_INIT("traefik"), SPAN_INIT("apache"),
	};

	if (span_starts(tag, SPAN("postfix/")) || span_equal(tag, SPAN("dovecot")) ||
	    span_starts(tag, SPAN("exim")))
		return false;
	return CONTAINED_HAS(tag, servers) || (CONTAINED_HAS(tag, mail) && !CONTAINED_HAS(tag, applications));
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
