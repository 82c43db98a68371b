/*
 * One pass over a reply, a token at a time, writes its shape. Every refusal passes here, so that the
 * loop is kept tight and allocates nothing; what is done about a shape happens once a shape.
 *
 * A shape must not forget what a rule could look at: the rules see the shape (joined), never the raw text,
 * so that a remembered answer and a fresh one cannot differ.
 */
#include "parsers/reply_text.h"

#include "parsers/reply_bytes.h"

/* clang-format off */
#define L TEXT_LOWER
#define U TEXT_UPPER
#define D TEXT_DIGIT
#define H TEXT_HIGH
#define O TEXT_OPENER

const uint8_t text_kind[256] = {
	['\t'] = TEXT_BLANK, ['\n'] = TEXT_BLANK, ['\r'] = TEXT_BLANK, [' '] = TEXT_BLANK,
	['@'] = TEXT_AT, ['\\'] = TEXT_BACKSLASH, ['['] = TEXT_BRACKET, ['='] = TEXT_EQUALS,
	['<'] = O, ['('] = O, ['"'] = O, ['\''] = O, [':'] = O, [';'] = O, [','] = O, ['>'] = O, ['/'] = O,
	['|'] = O, ['?'] = O, ['&'] = O, [']'] = O, [')'] = O, ['`'] = O,
	['0'] = D, D, D, D, D, D, D, D, D, D,
	['A'] = U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U,
	['a'] = L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	[128] = H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H,
	H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H,
	H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H,
	H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H,
};

#undef L
#undef U
#undef D
#undef H
#undef O
/* clang-format on */

struct shape {
	const char *at, *end; /* what is left of the words */
	char *out, *limit;
	char *start, *anchor; /* of the text written; after its last delimiter */
	unsigned tokens;
	bool dotted; /* a dot was written since the anchor */
};

static inline void shape_put(struct shape *shape, char byte)
{
	if (shape->out < shape->limit)
		*shape->out++ = byte;
}

static void shape_put_token(struct shape *shape, const char *from, const char *to)
{
	size_t len = (size_t)(to - from), room = (size_t)(shape->limit - shape->out);

	if (len > room)
		len = room;
	/* ORing 0x20 makes capitals small and leaves digits and small letters alone. */
	for (size_t i = 0; i < len; i++)
		shape->out[i] = (char)(kind_of(from[i]) == TEXT_UPPER ? from[i] | 0x20 : from[i]);
	shape->out += len;
}

/* 2001:db8::1, seen at its first group. The end of the address, or NULL. */
static const char *shape_ipv6_end(const char *at, const char *end)
{
	unsigned colons = 0;
	bool pair = false;
	const char *i = at;

	for (; i < end && i < at + 45; i++) {
		if (*i == ':') {
			colons++;
			pair = pair || (i > at && i[-1] == ':');
		} else if (!is_digit(*i) &&
			   !(((unsigned char)*i | 0x20) >= 'a' && ((unsigned char)*i | 0x20) <= 'f') &&
			   *i != '.') {
			break;
		}
	}
	return colons >= 2 && (pair || colons == 7) ? i : NULL;
}

/* "SC-001": the dash before a number stands behind a letter. */
static bool shape_after_letter(const struct shape *shape)
{
	return shape->out - shape->start >= 2 && shape->out[-2] >= 'a' && shape->out[-2] <= 'z';
}

static bool shape_ipv6(struct shape *shape)
{
	const char *address = shape_ipv6_end(shape->at, shape->end);

	if (address == NULL)
		return false;
	for (const char *ip = "0::0"; *ip != '\0'; ip++)
		shape_put(shape, *ip);
	shape->at = address;
	return true;
}

/* A number, or numbers with dots: kept where it is a code, else "0" or "0.0.0.0". */
static void shape_number(struct shape *shape, const char *digits_end)
{
	struct span rest = { shape->at, (size_t)(shape->end - shape->at) };
	const char before = shape->out > shape->start ? shape->out[-1] : ' ';
	const char *end = digits_end;
	uint8_t enhanced[3];
	size_t kept = before == '.' ? 0 : text_enhanced_at(rest, 0, enhanced);
	unsigned parts = 1;

	if (kept > 0) {
		shape_put_token(shape, shape->at, shape->at + kept);
		shape->at += kept;
		return;
	}
	while (end + 1 < shape->end && *end == '.' && is_digit(end[1])) {
		parts++;
		for (end++; end < shape->end && is_digit(*end); end++)
			;
	}
	if (parts == 1 &&
	    (shape->tokens == 1 || (shape->tokens == 2 && end - shape->at <= 2) ||
	     (end - shape->at <= 4 && (before == '#' || before == '_')) ||
	     (end - shape->at <= 4 && (before == '(' || (before == '-' && shape_after_letter(shape)))) ||
	     (end - shape->at == 3 && text_code_at(rest, 0) && before == ' ')))
		shape_put_token(shape, shape->at, end);
	else if (parts == 4)
		for (const char *ip = "0.0.0.0"; *ip != '\0'; ip++)
			shape_put(shape, *ip);
	else
		shape_put(shape, '0');
	shape->at = end;
}

/* Letters and digits in one: an error code (TSS04) is kept, a numbered name loses its number, the rest is an id. */
static void shape_mixed(struct shape *shape, const char *end)
{
	const char *i = shape->at;
	bool upper = kind_of(*i) == TEXT_UPPER;

	while (i < end && kind_of(*i) == (upper ? TEXT_UPPER : TEXT_LOWER))
		i++;
	const char *digits = i;

	while (i < end && is_digit(*i))
		i++;
	if (i == end && upper && digits - shape->at <= 9 && end - digits <= 6) {
		shape_put_token(shape, shape->at, end);
	} else if (i == end && !upper && digits > shape->at) {
		shape_put_token(shape, shape->at, digits);
		shape_put(shape, '0');
	} else {
		shape_put(shape, '#');
	}
	shape->at = end;
}

/*
 * A run of letters and digits. It is written while it is read, since nearly all are plain words; one with digits
 * is written again, shorter. That one loop is half the time of a remembered reply.
 */
static inline void shape_token(struct shape *shape)
{
	const char *i = shape->at, *end = shape->end;
	char *out = shape->out;
	unsigned digits = 0;
	uint8_t kind = kind_of(*i);

	if (end - i > shape->limit - out)
		end = i + (shape->limit - out);
	do {
		digits += kind == TEXT_DIGIT;
		*out++ = (char)(*i++ | (kind == TEXT_UPPER) << 5);
	} while (i < end && (kind = kind_of(*i), is_word(kind)));
	shape->tokens++;
	if (i < shape->end && *i == ':' && i - shape->at <= 4 && shape_ipv6(shape))
		return;
	if (digits == 0) {
		shape->out = out;
		shape->at = i;
	} else if ((size_t)(i - shape->at) == digits) {
		shape_number(shape, i);
	} else {
		shape_mixed(shape, i);
	}
}

/* local@domain: what was written of it is taken back, the rest is passed over. */
static void shape_address(struct shape *shape)
{
	const char *i = shape->at + 1;

	shape->out = shape->anchor;
	shape_put(shape, '@');
	while (i < shape->end) {
		uint8_t kind = kind_of(*i);

		if (kind == TEXT_BLANK || kind == TEXT_OPENER || kind == TEXT_BACKSLASH ||
		    kind == TEXT_BRACKET)
			break;
		i++;
	}
	shape->at = i;
}

/* Exim writes bytes beyond ASCII as \303 and line ends as \n. */
static void shape_escape(struct shape *shape)
{
	const char *at = shape->at;
	size_t left = (size_t)(shape->end - at);

	if (left >= 4 && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' && at[2] <= '7' && at[3] >= '0' &&
	    at[3] <= '7') {
		shape_put(shape, (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + at[3] - '0'));
		shape->at += 4;
	} else if (left >= 2 && (at[1] == 'n' || at[1] == 'r' || at[1] == 't')) {
		if (shape->out > shape->start && shape->out[-1] != ' ')
			shape_put(shape, ' ');
		shape->anchor = shape->out;
		shape->at += 2;
	} else {
		shape->at++;
	}
}

static void shape_host(struct shape *shape)
{
	if (shape->dotted && shape->out > shape->anchor && shape->at + 1 < shape->end &&
	    (is_digit(shape->at[1]) || shape->at[1] == 'I')) {
		shape->out = shape->anchor;
		shape_put(shape, 'h');
	}
	shape_put(shape, '[');
}

/* Postfix's "name=example.org type=MX" */
static void shape_value(struct shape *shape)
{
	shape_put(shape, '=');
	if (shape->out - shape->start < 6 || memcmp(shape->out - 6, " name=", 6) != 0)
		return;
	shape_put(shape, 'h');
	while (shape->at + 1 < shape->end && kind_of(shape->at[1]) != TEXT_BLANK)
		shape->at++;
}

/* What is neither a word nor a blank. */
static void shape_mark(struct shape *shape, uint8_t kind)
{
	if (kind == TEXT_OTHER) {
		shape->dotted = shape->dotted || *shape->at == '.';
		shape_put(shape, *shape->at++);
		return;
	}
	if (kind == TEXT_AT) {
		shape_address(shape);
		return;
	}
	if (kind == TEXT_BACKSLASH) {
		shape_escape(shape);
		return;
	}
	if (kind == TEXT_BRACKET)
		shape_host(shape);
	else if (kind == TEXT_EQUALS)
		shape_value(shape);
	else
		shape_put(shape, *shape->at);
	shape->at++;
	shape->anchor = shape->out;
	shape->dotted = false;
}

static inline void shape_step(struct shape *shape)
{
	uint8_t kind = kind_of(*shape->at);

	if (is_word(kind)) {
		shape_token(shape);
	} else if (kind == TEXT_BLANK) {
		if (shape->out > shape->start && shape->out[-1] != ' ')
			*shape->out++ = ' ';
		shape->at++;
		shape->anchor = shape->out;
		shape->dotted = false;
	} else {
		shape_mark(shape, kind);
	}
}

static void shape_step_exact(struct shape *shape)
{
	uint8_t kind = kind_of(*shape->at);

	if (kind == TEXT_BACKSLASH) {
		shape_escape(shape);
		return;
	}
	if (kind != TEXT_BLANK)
		shape_put(shape, *shape->at);
	else if (shape->out > shape->start && shape->out[-1] != ' ')
		shape_put(shape, ' ');
	shape->at++;
}

size_t reply_text_shape(struct span words, bool exact, char into[REPLY_TEXT_SIZE])
{
	struct shape shape = { .at = words.at,
			       .end = words.len == 0 ? words.at : words.at + words.len,
			       .out = into,
			       .start = into,
			       .anchor = into,
			       .limit = into + REPLY_TEXT_SIZE };

	if (words.len == 0)
		return 0;
	if (words.len > 4 * REPLY_TEXT_SIZE)
		shape.end = words.at + 4 * REPLY_TEXT_SIZE;
	if (exact)
		while (shape.at < shape.end && shape.out < shape.limit)
			shape_step_exact(&shape);
	else
		while (shape.at < shape.end && shape.out < shape.limit)
			shape_step(&shape);
	while (shape.out > into && shape.out[-1] == ' ')
		shape.out--;
	return (size_t)(shape.out - into);
}

/* --- joining --- */

/* Small letters of the two-byte alphabets that mail servers write: Latin with accents, Cyrillic. */
static void join_fold(unsigned char *pair)
{
	if (pair[0] == 0xc3 && pair[1] >= 0x80 && pair[1] <= 0x9e && pair[1] != 0x97) {
		pair[1] = (unsigned char)(pair[1] + 0x20);
	} else if (pair[0] == 0xd0 && pair[1] >= 0x90 && pair[1] <= 0x9f) {
		pair[1] = (unsigned char)(pair[1] + 0x20);
	} else if (pair[0] == 0xd0 && pair[1] >= 0xa0 && pair[1] <= 0xaf) {
		pair[0] = 0xd1;
		pair[1] = (unsigned char)(pair[1] - 0x20);
	}
}

/* How much of a repeated "550-5.1.1 " stands at AT. */
static size_t join_repeat(struct span shape, size_t at, const char code[3])
{
	uint8_t enhanced[3];
	size_t i = at + 3, more;

	if (!text_code_at(shape, at) || memcmp(shape.at + at, code, 3) != 0)
		return 0;
	while (i < shape.len && (shape.at[i] == ' ' || shape.at[i] == '-'))
		i++;
	if (i < shape.len && shape.at[i] == '#')
		i++;
	more = text_enhanced_at(shape, i, enhanced);
	i += more;
	while (i < shape.len && shape.at[i] == ' ')
		i++;
	return i - at;
}

size_t reply_text_join(const struct reply_text *text, char *shape, size_t len)
{
	struct span all = { shape, len };
	char code[3] = { shape[0], len > 1 ? shape[1] : '\0', len > 2 ? shape[2] : '\0' };
	size_t in = 0, out = 0;

	if (len == 0)
		return 0;
	if (text->code != 0 && len > 3) {
		shape[3] = ' ';
		in = out = 4;
		while (in + 1 < len && (shape[in] == ' ' || shape[in] == '-' ||
					(shape[in] == '#' && is_digit(shape[in + 1]))))
			in++;
	}
	while (in < len) {
		size_t skip = text->code != 0 && out > 4 && shape[out - 1] == ' ' ? join_repeat(all, in, code)
										  : 0;

		if (skip > 0) {
			in += skip;
			continue;
		}
		shape[out++] = shape[in++];
		if (out >= 2 && (unsigned char)shape[out - 2] >= 0xc3)
			join_fold((unsigned char *)shape + out - 2);
	}
	return out;
}
