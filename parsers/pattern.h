/*
 * A pattern is a Perl-compatible regular expression, compiled by PCRE2, made fast by its JIT where that
 * is there, and bounded: a match that would take too long stops at a limit and says so.
 */
#ifndef SENDWATCH_PARSERS_PATTERN_H
#define SENDWATCH_PARSERS_PATTERN_H

#include "base/error.h"
#include "base/span.h"

struct pattern;

enum pattern_result { PATTERN_MISSED, PATTERN_MATCHED, PATTERN_LIMIT };

/*
 * Compiled without regard to case. UTF8: classes and case know all letters, else ASCII's alone. NULL and
 * the place of the mistake in ERROR where TEXT is no pattern.
 */
struct pattern *pattern_new(struct span text, bool utf8, struct error *error);
void pattern_free(struct pattern **pattern);

/* A pattern holds the room for one match: it is used by one thread at a time. */
enum pattern_result pattern_try(struct pattern *pattern, struct span subject);

#endif
