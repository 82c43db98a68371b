/*
 * HTML written into a growing text. What comes from logs is put in by one of three ways only, and none of them
 * can be broken out of, whatever the bytes are:
 *
 *	$t	text, or the inside of an attribute in double quotes: & < > " ' are escaped
 *	$u	one part of a URL (a path's element, a value of the query): percent-encoded, ready for an attribute
 *	$h	HTML that was made by these functions already
 *
 * What cannot be seen is made visible: controls and broken UTF-8 become \xNN, and characters that turn the
 * direction of writing or have no width \uNNNN, so that two names that look alike are alike.
 *
 * A text that reached its ceiling (text->cut) may end within a tag: it is not to be shown.
 */
#ifndef SENDWATCH_COMMANDS_HTML_H
#define SENDWATCH_COMMANDS_HTML_H

#include "base/text.h"

/*
 * FORM with each $t, $u and $h filled from the next of COUNT values; as many values as places. A dollar that is
 * meant is "$$". FORM is ours: never text of strangers.
 */
void html_fill(struct text *out, const char *form, const struct span *values, size_t count);

/* HTML(&page, "<a href=\"account?name=$u\">$t</a>", account, account): the values are spans. */
#define HTML(out, form, ...) \
	html_fill(out, form, (const struct span[]){ __VA_ARGS__ }, \
		  sizeof((const struct span[]){ __VA_ARGS__ }) / sizeof(struct span))

/* HTML of ours that has no places. */
void html_add(struct text *out, const char *ours);

/* The three ways by themselves. */
void html_text(struct text *out, struct span strange);
void html_url(struct text *out, struct span strange);

/* As html_text, and at most MOST bytes of it; what was left out is said by an ellipsis. */
void html_text_head(struct text *out, struct span strange, size_t most);

#endif
