/* A line's key ends at the first blank or colon, or with the line; keys are told apart without case. */
#define _GNU_SOURCE
#include "responders/listing.h"

#include "base/save.h"

#include <errno.h>
#include <unistd.h>

#define LISTING_MOST ((size_t)16 * 1024 * 1024)

static struct span listing_key(struct span line)
{
	size_t len = 0;

	while (len < line.len && line.at[len] != ' ' && line.at[len] != ':' && line.at[len] != '\t')
		len++;
	return span_head(line, len);
}

/* REST_R are the lines after the first. A file that is not there is empty. */
static bool listing_read(const char *path, struct text *text, struct span *rest_r, struct error *error)
{
	*rest_r = SPAN("");
	if (path == NULL)
		return error_set(error, "names no file");
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return true;
	if (!save_read(path, LISTING_MOST, text, error))
		return false;
	*rest_r = text_span(text);
	if (!span_skip(rest_r, SPAN(LISTING_HEAD)))
		return error_set(error, "%s: does not begin with sendwatch's own line, so it is left alone",
				 path);
	return true;
}

/* The next line; the last may be without its newline, where a person's editor or script wrote it. */
static bool listing_line(struct span *lines, struct span *line_r)
{
	if (span_cut(lines, '\n', line_r))
		return true;
	*line_r = *lines;
	*lines = span_from(*lines, lines->len);
	return line_r->len > 0;
}

bool listing_change(const char *path, struct span key, struct span rest, struct error *error)
{
	struct text old = { 0 }, fresh = { 0 };
	struct span lines, line;
	bool good = listing_read(path, &old, &lines, error);

	text_add(&fresh, SPAN(LISTING_HEAD));
	while (good && listing_line(&lines, &line))
		if (!span_equal_nocase(listing_key(line), key)) {
			text_add(&fresh, line);
			text_add(&fresh, SPAN("\n"));
		}
	if (rest.at != NULL) {
		text_add(&fresh, key);
		text_add(&fresh, rest);
		text_add(&fresh, SPAN("\n"));
	}
	good = good && save_whole(path, text_span(&fresh), 0644, error);
	text_free(&old);
	text_free(&fresh);
	return good;
}

bool listing_has(const char *path, struct span key, bool *has_r, struct error *error)
{
	struct text text = { 0 };
	struct span lines, line;
	bool good = listing_read(path, &text, &lines, error), has = false;

	while (good && listing_line(&lines, &line))
		has = has || span_equal_nocase(listing_key(line), key);
	if (good)
		*has_r = has;
	text_free(&text);
	return good;
}

bool listing_check(const char *path, struct error *error)
{
	struct text text = { 0 };
	struct span rest;
	bool good = listing_read(path, &text, &rest, error);

	text_free(&text);
	return good;
}
