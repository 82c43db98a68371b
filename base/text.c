/* Growing text: doubles its room, stops at its ceiling, and never holds half a write unmarked. */
#include "base/text.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_CEILING ((size_t)16 * 1024 * 1024)

/* Room for MORE bytes and the NUL; the number of bytes that may be written. */
static size_t text_reserve(struct text *text, size_t more)
{
	size_t ceiling = text->ceiling == 0 ? TEXT_CEILING : text->ceiling;
	size_t allowed = ceiling > text->len ? ceiling - text->len : 0;

	if (more > allowed) {
		more = allowed;
		text->cut = true;
	}
	if (text->len + more + 1 > text->room) {
		size_t room = text->room == 0 ? 128 : text->room * 2;

		while (room < text->len + more + 1)
			room *= 2;
		text->at = memory_grow(text->at, room, 1);
		text->room = room;
		text->at[text->len] = '\0';
	}
	return more;
}

void text_add(struct text *text, struct span more)
{
	size_t len = text_reserve(text, more.len);

	if (len > 0)
		memcpy(text->at + text->len, more.at, len);
	text->len += len;
	text->at[text->len] = '\0';
}

void text_add_format(struct text *text, const char *format, ...)
{
	char small[256];
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(small, sizeof(small), format, arguments);
	va_end(arguments);
	if (len < 0)
		return;
	if ((size_t)len < sizeof(small)) {
		text_add(text, (struct span){ small, (size_t)len });
		return;
	}
	char *large = memory_new((size_t)len + 1, 1);

	va_start(arguments, format);
	vsnprintf(large, (size_t)len + 1, format, arguments);
	va_end(arguments);
	text_add(text, (struct span){ large, (size_t)len });
	free(large);
}

size_t text_utf8_len(struct span text)
{
	unsigned char first = (unsigned char)text.at[0];
	size_t len = first < 0x80                    ? 1
		     : first >= 0xc2 && first < 0xe0 ? 2
		     : first >= 0xe0 && first < 0xf0 ? 3
		     : first >= 0xf0 && first < 0xf5 ? 4
						     : 0;

	if (len > text.len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if (((unsigned char)text.at[i] & 0xc0) != 0x80)
			return 0;
	if (len > 2) {
		unsigned char second = (unsigned char)text.at[1];

		if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
		    (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
			return 0;
	}
	return len;
}

void text_add_printable(struct text *text, struct span strange)
{
	while (strange.len > 0) {
		unsigned char byte = (unsigned char)strange.at[0];
		size_t len = text_utf8_len(strange);
		/* C1 controls (U+0080 to U+009F) drive terminals as much as C0 ones. */
		bool control = byte < 0x20 || byte == 0x7f ||
			       (len == 2 && byte == 0xc2 && (unsigned char)strange.at[1] < 0xa0);

		if (len == 0 || control) {
			text_add_format(text, "\\x%02x", byte);
			len = 1;
		} else {
			text_add(text, span_head(strange, len));
		}
		strange = span_from(strange, len);
	}
}

void text_add_quoted(struct text *text, struct span strange)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._+-:/=,%";
	bool safe = strange.len > 0;

	for (size_t i = 0; i < strange.len; i++)
		safe = safe && strange.at[i] != '\0' && strchr(plain, strange.at[i]) != NULL;
	if (safe) {
		text_add(text, strange);
		return;
	}
	text_add(text, SPAN("'"));
	/* A quote in it is closed, escaped, opened again. */
	for (struct span piece; span_cut(&strange, '\'', &piece);) {
		text_add_printable(text, piece);
		text_add(text, SPAN("'\\''"));
	}
	text_add_printable(text, strange);
	text_add(text, SPAN("'"));
}

void text_clear(struct text *text)
{
	text->len = 0;
	text->cut = false;
	if (text->at != NULL)
		text->at[0] = '\0';
}

void text_free(struct text *text)
{
	free(text->at);
	*text = (struct text){ .ceiling = text->ceiling };
}

struct span text_span(const struct text *text)
{
	return (struct span){ text->at == NULL ? "" : text->at, text->len };
}

struct span text_utf8_head(struct span text, size_t most)
{
	struct span head = span_head(text, most);

	while (head.len < text.len && head.len > 0 && ((unsigned char)text.at[head.len] & 0xc0) == 0x80)
		head.len--;
	return head;
}
