/*
 * A span is text that somebody else owns: a place and a length, no terminating NUL. Lines, fields of
 * lines and keys are spans; who keeps one past the next line copies it (memory_copy).
 *
 * An absent field is { NULL, 0 }; an empty one has a place and no length. Nothing here allocates.
 */
#ifndef SENDWATCH_BASE_SPAN_H
#define SENDWATCH_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *at;
	size_t len;
};

/* A string literal as a span; its length is known when compiling. */
#define SPAN(literal) ((struct span){ "" literal, sizeof(literal) - 1 })

/* The same in the initialiser of a static table, where C11 takes no compound literal. */
#define SPAN_INIT(literal) \
	{ \
		"" literal, sizeof(literal) - 1 \
	}

/* For printf's "%.*s". */
#define SPAN_ARGS(text) (int)(text).len, (text).at

static inline struct span span_of(const char *text)
{
	return (struct span){ text, text == NULL ? 0 : strlen(text) };
}

static inline bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool span_starts(struct span text, struct span head)
{
	return text.len >= head.len && memcmp(text.at, head.at, head.len) == 0;
}

static inline bool span_ends(struct span text, struct span tail)
{
	return text.len >= tail.len && memcmp(text.at + text.len - tail.len, tail.at, tail.len) == 0;
}

/*
 * memcmp of texts that are short and not known when compiling, by loads that overlap: calling the other takes longer
 * than the comparison, some 30 instructions, and makes its caller save registers.
 */
static inline bool span_same_bytes(const char *a, const char *b, size_t len)
{
	size_t at = 0;

	if (len < 16) {
		if (len >= 8)
			return memcmp(a, b, 8) == 0 && memcmp(a + len - 8, b + len - 8, 8) == 0;
		while (at < len && a[at] == b[at])
			at++;
		return at == len;
	}
	if (memcmp(a, b, 16) != 0 || memcmp(a + len - 16, b + len - 16, 16) != 0)
		return false;
	for (at = 16; at + 16 < len; at += 16)
		if (memcmp(a + at, b + at, 16) != 0)
			return false;
	return true;
}

/* The text from N on; N beyond the end gives the empty end. */
static inline struct span span_from(struct span text, size_t n)
{
	if (n > text.len)
		n = text.len;
	return (struct span){ text.at + n, text.len - n };
}

/* The first N bytes, or all where there are fewer. */
static inline struct span span_head(struct span text, size_t n)
{
	return (struct span){ text.at, n < text.len ? n : text.len };
}

/* Drop HEAD from the front. False, and nothing changed, where it does not stand there. */
static inline bool span_skip(struct span *text, struct span head)
{
	if (!span_starts(*text, head))
		return false;
	text->at += head.len;
	text->len -= head.len;
	return true;
}

/* Cut the text before the next SEP off REST. False, and nothing changed, where there is none. */
bool span_cut(struct span *rest, char sep, struct span *head_r);

/* The same with a separator of several bytes; from the right, HEAD keeps what stands before the last. */
bool span_cut_text(struct span *rest, struct span sep, struct span *head_r);
bool span_cut_last(struct span *head, struct span sep, struct span *tail_r);

/* Where NEEDLE first (last) stands in TEXT, or TEXT.len where it does not. */
size_t span_find(struct span text, struct span needle);
size_t span_find_last(struct span text, struct span needle);

/* Without blanks, tabs, CR and LF at both ends. */
struct span span_trim(struct span text);

/* Without ASCII case. */
bool span_equal_nocase(struct span a, struct span b);
size_t span_find_nocase(struct span text, struct span needle);

/* Decimal digits and nothing else, no overflow; false and untouched otherwise. */
bool span_to_u64(struct span text, uint64_t *number_r);

/* An address as 16 bytes (IPv4 as ::ffff:a.b.c.d), or as 4; brackets and a zone are not accepted. */
bool span_to_v4(struct span text, uint8_t address_r[4]);
bool span_to_address(struct span text, uint8_t address_r[16]);

#endif
