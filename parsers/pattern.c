/*
 * The one file that knows PCRE2.
 *
 * Limits: a reply is a few hundred bytes, and an honest pattern needs a few thousand steps for it. The
 * match limit is fifty times that, about a millisecond, so that a pattern with nested repeats costs a bounded
 * time a shape and is counted by the caller. A pattern longer than 4 KiB is refused.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "parsers/pattern.h"

#include "base/memory.h"

#include <pcre2.h>
#include <stdlib.h>

#define PATTERN_LENGTH_MAX  4096
#define PATTERN_MATCH_LIMIT 200000
#define PATTERN_DEPTH_LIMIT 2000
#define PATTERN_HEAP_LIMIT  1024 /* KiB */

struct pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

struct pattern *pattern_new(struct span text, bool utf8, struct error *error)
{
	uint32_t options = PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C;
	struct pattern *pattern;
	pcre2_code *code;
	PCRE2_SIZE place = 0;
	int status = 0;

	if (text.len > PATTERN_LENGTH_MAX) {
		error_set(error, "the pattern is longer than %d bytes", PATTERN_LENGTH_MAX);
		return NULL;
	}
	if (utf8)
		options |= PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF;
	code = pcre2_compile((PCRE2_SPTR)(text.len == 0 ? "" : text.at), text.len, options, &status, &place,
			     NULL);
	if (code == NULL) {
		PCRE2_UCHAR words[160] = "";

		pcre2_get_error_message(status, words, sizeof(words));
		error_set(error, "%s at byte %zu of the pattern \"%.*s\"", (const char *)words, (size_t)place,
			  text.len > 200 ? 200 : (int)text.len, text.at);
		return NULL;
	}
	/* Without JIT (SELinux may forbid it) the interpreter does the same work, slower. */
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	pattern = memory_new(1, sizeof(*pattern));
	pattern->code = code;
	pattern->data = pcre2_match_data_create(1, NULL);
	pattern->limits = pcre2_match_context_create(NULL);
	if (pattern->data == NULL || pattern->limits == NULL) {
		error_set(error, "no memory for a pattern");
		pattern_free(&pattern);
		return NULL;
	}
	pcre2_set_match_limit(pattern->limits, PATTERN_MATCH_LIMIT);
	pcre2_set_depth_limit(pattern->limits, PATTERN_DEPTH_LIMIT);
	pcre2_set_heap_limit(pattern->limits, PATTERN_HEAP_LIMIT);
	return pattern;
}

void pattern_free(struct pattern **pattern)
{
	if (*pattern == NULL)
		return;
	pcre2_match_context_free((*pattern)->limits);
	pcre2_match_data_free((*pattern)->data);
	pcre2_code_free((*pattern)->code);
	free(*pattern);
	*pattern = NULL;
}

enum pattern_result pattern_try(struct pattern *pattern, struct span subject)
{
	int found = pcre2_match(pattern->code, (PCRE2_SPTR)(subject.len == 0 ? "" : subject.at), subject.len,
				0, 0, pattern->data, pattern->limits);

	if (found >= 0)
		return PATTERN_MATCHED;
	return found == PCRE2_ERROR_NOMATCH ? PATTERN_MISSED : PATTERN_LIMIT;
}
