/*
 * A reader of the plain part of Perl's patterns: letters, escapes, classes, groups, alternatives and
 * quantifiers. Of a sequence the set with the longest shortest literal is taken, of alternatives the union. What it
 * does not know (look-around, back references, inline options) ends the reading, and the pattern counts as one without
 * a sure literal: slower, never wrong.
 */
#include "parsers/reply_literal.h"

#include <limits.h>

struct scan {
	const char *at, *end;
	bool lost; /* something was met that is not understood */
	int depth;
};

static void scan_alternatives(struct scan *scan, struct reply_literals *found_r);

/* Is a set of COUNT better, whose shortest is SHORTEST long? Longer is, and of the same length fewer. */
static bool literals_better(const struct reply_literals *best, size_t count, size_t shortest)
{
	return shortest >= REPLY_LITERAL_MIN &&
	       (best->shortest < REPLY_LITERAL_MIN || shortest * 8 > best->shortest * 8 + count * 2 ||
		(shortest >= best->shortest && count < best->count));
}

static void literals_clear(struct reply_literals *set)
{
	set->count = set->shortest = 0;
}

/* SET must have room. */
static void literals_add(struct reply_literals *set, const struct reply_literals *more)
{
	memcpy(set->items + set->count, more->items, more->count * sizeof(more->items[0]));
	if (more->count > 0 && (set->count == 0 || more->shortest < set->shortest))
		set->shortest = more->shortest;
	set->count += more->count;
}

/* RUN is of bytes that stand beside each other, as far as a literal holds them. */
static void run_flush(struct reply_literal *run, struct reply_literals *best)
{
	if (literals_better(best, 1, run->len)) {
		best->items[0] = *run;
		best->count = 1;
		best->shortest = run->len;
	}
	*run = (struct reply_literal){ .len = 0 };
}

static void run_add(struct reply_literal *run, const char *at, size_t len)
{
	size_t room = REPLY_LITERAL_MAX - (size_t)run->len, taken = len < room ? len : room;
	char *into = run->at + run->len;

	for (size_t i = 0; i < taken; i++)
		into[i] = (char)(at[i] | (at[i] >= 'A' && at[i] <= 'Z' ? 0x20 : 0));
	run->len = (uint8_t)(run->len + taken);
}

/* A quantifier at the front is passed over. True where it allows none at all. */
static bool scan_optional(struct scan *scan, bool *repeated_r)
{
	bool optional = false;

	*repeated_r = false;
	if (scan->at == scan->end)
		return false;
	if (*scan->at == '?' || *scan->at == '*' || *scan->at == '+') {
		optional = *scan->at != '+';
		*repeated_r = true;
		scan->at++;
	} else if (*scan->at == '{') {
		optional = scan->at + 1 < scan->end && (scan->at[1] == '0' || scan->at[1] == ',');
		*repeated_r = true;
		while (scan->at < scan->end && *scan->at != '}')
			scan->at++;
		if (scan->at < scan->end)
			scan->at++;
	}
	while (*repeated_r && scan->at < scan->end && (*scan->at == '?' || *scan->at == '+'))
		scan->at++;
	return optional;
}

static void scan_class(struct scan *scan)
{
	scan->at++;
	if (scan->at < scan->end && *scan->at == '^')
		scan->at++;
	if (scan->at < scan->end && *scan->at == ']')
		scan->at++;
	while (scan->at < scan->end && *scan->at != ']')
		scan->at += *scan->at == '\\' ? 2 : 1;
	scan->at++;
	if (scan->at > scan->end)
		scan->at = scan->end;
}

static void scan_group(struct scan *scan, struct reply_literals *found_r)
{
	bool around = false;

	scan->at++;
	if (scan->at < scan->end && *scan->at == '?') {
		/* Looking ahead or behind asks for nothing that the text must have: only "(?:" counts. */
		scan->at++;
		around = scan->end - scan->at >= 2 && *scan->at == '<' &&
			 (scan->at[1] == '!' || scan->at[1] == '=');
		scan->at += around;
		if (scan->at < scan->end && (*scan->at == '!' || *scan->at == '='))
			around = true;
		else if (scan->at == scan->end || *scan->at != ':')
			scan->lost = true;
		scan->at += scan->at < scan->end;
	} else if (scan->at < scan->end && *scan->at == '*') {
		scan->lost = true;
	}
	if (++scan->depth > 20)
		scan->lost = true;
	if (!scan->lost)
		scan_alternatives(scan, found_r);
	scan->depth--;
	if (around)
		literals_clear(found_r);
	if (scan->at < scan->end && *scan->at == ')')
		scan->at++;
	else
		scan->lost = true;
}

/* An escape: a literal byte into BYTE_R and true, or a class of bytes, a boundary: false. */
static bool scan_escape(struct scan *scan, char *byte_r)
{
	char byte;

	scan->at++;
	if (scan->at == scan->end) {
		scan->lost = true;
		return false;
	}
	byte = *scan->at++;
	*byte_r = byte;
	if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) {
		if (memchr("dDwWsSbBAzZhHNR", byte, 15) == NULL)
			scan->lost = true;
		return false;
	}
	return true;
}

static void scan_literal(struct scan *scan, char byte, struct reply_literal *run, struct reply_literals *best)
{
	bool repeated, optional = scan_optional(scan, &repeated);

	if (!optional)
		run_add(run, &byte, 1);
	if (repeated)
		run_flush(run, best);
}

/* What a byte is in a pattern, where it is more than itself. */
enum scan_kind { SCAN_PLAIN, SCAN_SPECIAL, SCAN_QUANTIFIER };

static const uint8_t scan_kinds[UCHAR_MAX + 1] = {
	['|'] = SCAN_SPECIAL,    ['('] = SCAN_SPECIAL,    [')'] = SCAN_SPECIAL,    ['['] = SCAN_SPECIAL,
	['.'] = SCAN_SPECIAL,    ['^'] = SCAN_SPECIAL,    ['$'] = SCAN_SPECIAL,    ['\\'] = SCAN_SPECIAL,
	['?'] = SCAN_QUANTIFIER, ['*'] = SCAN_QUANTIFIER, ['+'] = SCAN_QUANTIFIER, ['{'] = SCAN_QUANTIFIER,
};

/*
 * How many bytes at the front stand for themselves, without a quantifier behind the last: most of a pattern is such
 * bytes, so that they are taken at once.
 */
static size_t scan_plain(const struct scan *scan)
{
	const char *at = scan->at;

	while (at < scan->end && scan_kinds[(unsigned char)*at] == SCAN_PLAIN)
		at++;
	if (at > scan->at && at < scan->end && scan_kinds[(unsigned char)*at] == SCAN_QUANTIFIER)
		at--;
	return (size_t)(at - scan->at);
}

static void scan_sequence(struct scan *scan, struct reply_literals *best)
{
	struct reply_literal run = { .len = 0 };
	bool repeated;

	literals_clear(best);
	while (scan->at < scan->end && *scan->at != '|' && *scan->at != ')' && !scan->lost) {
		char byte = *scan->at;
		size_t plain = scan_plain(scan);

		if (plain > 0) {
			run_add(&run, scan->at, plain);
			scan->at += plain;
		} else if (byte == '(') {
			struct reply_literals inner;

			literals_clear(&inner);
			run_flush(&run, best);
			scan_group(scan, &inner);
			if (!scan_optional(scan, &repeated) && !scan->lost &&
			    literals_better(best, inner.count, inner.shortest)) {
				literals_clear(best);
				literals_add(best, &inner);
			}
		} else if (byte == '[' || byte == '.' || byte == '^' || byte == '$') {
			run_flush(&run, best);
			if (byte == '[')
				scan_class(scan);
			else
				scan->at++;
			(void)scan_optional(scan, &repeated);
		} else if (byte != '\\') {
			scan->at++;
			scan_literal(scan, byte, &run, best);
		} else if (scan_escape(scan, &byte)) {
			scan_literal(scan, byte, &run, best);
		} else {
			run_flush(&run, best);
			(void)scan_optional(scan, &repeated);
		}
	}
	run_flush(&run, best);
}

static void scan_alternatives(struct scan *scan, struct reply_literals *found_r)
{
	bool sure = true;

	literals_clear(found_r);
	for (;;) {
		struct reply_literals branch;

		scan_sequence(scan, &branch);
		if (branch.count == 0 || found_r->count + branch.count > REPLY_LITERALS)
			sure = false;
		if (sure)
			literals_add(found_r, &branch);
		if (scan->lost || scan->at == scan->end || *scan->at != '|')
			break;
		scan->at++;
	}
	if (!sure)
		literals_clear(found_r);
}

void reply_literals_of(struct span pattern, struct reply_literals *literals_r)
{
	struct scan scan = { .at = pattern.at, .end = pattern.at + pattern.len };

	scan_alternatives(&scan, literals_r);
	if (scan.lost || scan.at != scan.end || literals_r->shortest < REPLY_LITERAL_MIN)
		literals_clear(literals_r);
}
