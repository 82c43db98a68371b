/*
 * HTML that strangers cannot write in. One way of escaping serves text and attributes in quotes: it costs a few
 * bytes more in text, and cannot be taken for the wrong one. A slash is left alone, since "<" never gets through:
 * neither </script> nor a comment can begin.
 */
#include "commands/html.h"

#include <assert.h>

/* Characters that nobody sees: they change the direction, the order or the width of what stands beside them. */
static const struct html_range {
	uint32_t from, to;
} html_unseen[] = {
	{ 0x00ad, 0x00ad },    /* soft hyphen */
	{ 0x034f, 0x034f },    /* grapheme joiner */
	{ 0x061c, 0x061c },    /* Arabic letter mark */
	{ 0x115f, 0x1160 },    /* Hangul fillers */
	{ 0x17b4, 0x17b5 },    /* Khmer inherent vowels */
	{ 0x180b, 0x180f },    /* Mongolian selectors and separator */
	{ 0x200b, 0x200f },    /* without width; left-to-right and right-to-left marks */
	{ 0x2028, 0x202e },    /* separators of lines; embeddings and overrides */
	{ 0x2060, 0x206f },    /* joiners, isolates, deprecated formats */
	{ 0x2800, 0x2800 },    /* blank Braille pattern */
	{ 0x3164, 0x3164 },    /* Hangul filler */
	{ 0xe000, 0xf8ff },    /* private use: whatever a font makes of it */
	{ 0xfdd0, 0xfdef },    /* no characters */
	{ 0xfeff, 0xfeff },    /* byte order mark */
	{ 0xffa0, 0xffa0 },    /* halfwidth Hangul filler */
	{ 0xfff0, 0xfffc },    /* unassigned, annotations, object replacement */
	{ 0xfffe, 0xffff },    /* no characters */
	{ 0xe0000, 0x10ffff }, /* tags, selectors, private planes */
};

static uint32_t html_character(struct span sequence)
{
	static const unsigned char head[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t character = (unsigned char)sequence.at[0] & head[sequence.len];

	for (size_t i = 1; i < sequence.len; i++)
		character = character << 6 | ((unsigned char)sequence.at[i] & 0x3f);
	return character;
}

static bool html_is_unseen(uint32_t character)
{
	for (size_t i = 0; i < sizeof(html_unseen) / sizeof(html_unseen[0]); i++)
		if (character <= html_unseen[i].to)
			return character >= html_unseen[i].from;
	return false;
}

/* The entity of a character that means something in HTML; NULL for another. */
static const char *html_entity(unsigned char byte)
{
	switch (byte) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* How many bytes from the front are plain ASCII that needs nothing. */
static size_t html_plain(struct span text)
{
	size_t len = 0;

	while (len < text.len) {
		unsigned char byte = (unsigned char)text.at[len];

		if (byte < 0x20 || byte >= 0x7f || html_entity(byte) != NULL)
			break;
		len++;
	}
	return len;
}

/* The one character at the front that is not plain; how many bytes it has. */
static size_t html_special(struct text *out, struct span text)
{
	unsigned char byte = (unsigned char)text.at[0];
	const char *entity = html_entity(byte);
	size_t len = text_utf8_len(text);
	uint32_t character = len == 0 ? 0 : html_character(span_head(text, len));

	if (entity != NULL) {
		text_add(out, span_of(entity));
		return 1;
	}
	/* The controls of C1 (U+0080 to U+009F) too: a copy of the page may end in a terminal. */
	if (len == 0 || character < 0x20 || (character >= 0x7f && character < 0xa0)) {
		text_add_format(out, "\\x%02x", byte);
		return 1;
	}
	if (html_is_unseen(character))
		text_add_format(out, "\\u%04x", (unsigned)character);
	else
		text_add(out, span_head(text, len));
	return len;
}

void html_text(struct text *out, struct span strange)
{
	while (strange.len > 0) {
		size_t len = html_plain(strange);

		text_add(out, span_head(strange, len));
		strange = span_from(strange, len);
		if (strange.len > 0)
			strange = span_from(strange, html_special(out, strange));
	}
}

void html_text_head(struct text *out, struct span strange, size_t most)
{
	html_text(out, text_utf8_head(strange, most));
	if (strange.len > most)
		text_add(out, SPAN("…"));
}

void html_url(struct text *out, struct span strange)
{
	for (size_t i = 0; i < strange.len; i++) {
		unsigned char byte = (unsigned char)strange.at[i];
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
			      (byte >= '0' && byte <= '9');

		if (letter || byte == '-' || byte == '.' || byte == '_' || byte == '~')
			text_add(out, span_head(span_from(strange, i), 1));
		else
			text_add_format(out, "%%%02X", byte);
	}
}

void html_add(struct text *out, const char *ours)
{
	text_add(out, span_of(ours));
}

void html_fill(struct text *out, const char *form, const struct span *values, size_t count)
{
	struct span rest = span_of(form), before;
	size_t used = 0;

	while (span_cut(&rest, '$', &before)) {
		char way = rest.len > 0 ? rest.at[0] : '\0';

		text_add(out, before);
		rest = span_from(rest, 1);
		if (way == '$') {
			text_add(out, SPAN("$"));
			continue;
		}
		assert(used < count && (way == 't' || way == 'u' || way == 'h'));
		if (way == 't')
			html_text(out, values[used]);
		else if (way == 'u')
			html_url(out, values[used]);
		else
			text_add(out, values[used]);
		used++;
	}
	assert(used == count);
	text_add(out, rest);
}
