/*
 * What reply_text.c (cutting) and reply_shape.c (shapes) share: the kinds of bytes, and where codes stand.
 */
#ifndef SENDWATCH_PARSERS_REPLY_BYTES_H
#define SENDWATCH_PARSERS_REPLY_BYTES_H

#include "base/span.h"

enum {
	TEXT_OTHER,
	TEXT_BLANK,
	TEXT_LOWER,
	TEXT_UPPER,
	TEXT_DIGIT,
	TEXT_HIGH,
	TEXT_AT,
	TEXT_BACKSLASH,
	TEXT_BRACKET,
	TEXT_EQUALS,
	TEXT_OPENER
};

extern const uint8_t text_kind[256];

static inline uint8_t kind_of(char byte)
{
	return text_kind[(unsigned char)byte];
}

/* Letters, digits and bytes beyond ASCII stand in a row among the kinds. */
static inline bool is_word(uint8_t kind)
{
	return (uint8_t)(kind - TEXT_LOWER) <= TEXT_HIGH - TEXT_LOWER;
}

static inline bool is_digit(char byte)
{
	return (unsigned char)(byte - '0') < 10;
}

/* "550 " or "550-" at AT, first digit 2, 4 or 5; a code alone at the end counts too. */
bool text_code_at(struct span text, size_t at);

/* The length of an enhanced code at AT ("5.7.606"), 0 where there is none. */
size_t text_enhanced_at(struct span text, size_t at, uint8_t enhanced_r[3]);

#endif
