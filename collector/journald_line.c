/* Writing an entry as a line. */
#include "collector/journald_line.h"

#include "base/uid.h"

#define JOURNALD_LINE_FIELD   255                 /* bytes of a host's or program's name */
#define JOURNALD_LINE_MESSAGE ((size_t)60 * 1024) /* so that the whole stays below what a line may have */

static void journald_line_byte(struct text *into, unsigned char c)
{
	text_add_format(into, "#%03o", c);
}

/* As words: control bytes escaped, runs of others added whole. */
static void journald_line_words(struct text *into, struct span words)
{
	size_t from = 0;

	for (size_t i = 0; i < words.len; i++) {
		unsigned char c = (unsigned char)words.at[i];

		if ((c >= ' ' || c == '\t') && c != 0x7f)
			continue;
		text_add(into, (struct span){ words.at + from, i - from });
		journald_line_byte(into, c);
		from = i + 1;
	}
	text_add(into, span_from(words, from));
}

/* As one word in front of others: neither blanks nor what ends a tag. */
static void journald_line_name(struct text *into, struct span name, const char *none)
{
	name = span_head(name, JOURNALD_LINE_FIELD);
	if (name.len == 0)
		text_add(into, span_of(none));
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.at[i];

		if (c <= ' ' || c == 0x7f || c == ':' || c == '[' || c == ']')
			journald_line_byte(into, c);
		else
			text_add(into, (struct span){ name.at + i, 1 });
	}
}

bool journald_line_forged(struct span identifier, struct span uid, uint64_t *uid_r)
{
	return span_find(identifier, SPAN("/")) < identifier.len && uid_is_a_persons(uid, uid_r);
}

bool journald_line(const struct journald_fields *fields, struct text *into)
{
	char time[CLOCK_TEXT_SIZE];
	struct span message = fields->message;

	while (message.len > 0 &&
	       (message.at[message.len - 1] == '\n' || message.at[message.len - 1] == '\r'))
		message.len--;
	if (message.len == 0 || fields->time == USEC_NEVER)
		return false;
	text_add(into, span_of(clock_text(fields->time, time)));
	text_add(into, SPAN(" "));
	journald_line_name(into, fields->host, "-");
	text_add(into, SPAN(" "));
	journald_line_name(into, fields->identifier, "unknown");
	if (fields->pid.len > 0) {
		text_add(into, SPAN("["));
		journald_line_name(into, fields->pid, "0");
		text_add(into, SPAN("]"));
	}
	text_add(into, SPAN(": "));
	journald_line_words(into, span_head(message, JOURNALD_LINE_MESSAGE));
	return true;
}
