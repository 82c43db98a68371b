/*
 * A reader of the plain part of Perl's patterns: letters, escapes, classes, groups, alternatives and
 * quantifiers. Of a sequence the set with the longest shortest literal is taken, of alternatives the union. What it
 * does not know (look-around, back references, inline options) ends the reading, and the pattern counts as one without
 * a sure literal: slower, never wrong.
 */
#include "parsers/reply_literal.h"

struct scan {
	const char *at, *end;
	bool lost; /* something was met that is not understood */
	int depth;
};

static void scan_alternatives(struct scan *scan, struct reply_literals *found_r);

static size_t literals_shortest(const struct reply_literals *set)
{
	size_t shortest = set->count == 0 ? 0 : REPLY_LITERAL_MAX;

	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].len < shortest)
			shortest = set->items[i].len;
	return shortest;
}

/* Longer is better, and of the same length fewer. */
static void literals_better(struct reply_literals *best, const struct reply_literals *other)
{
	size_t a = literals_shortest(best), b = literals_shortest(other);

	if (b >= REPLY_LITERAL_MIN &&
	    (a < REPLY_LITERAL_MIN || b * (size_t)8 > a * (size_t)8 + other->count * 2 ||
	     (b >= a && other->count < best->count)))
		*best = *other;
}

struct run {
	char at[64];
	size_t len;
};

static void run_flush(struct run *run, struct reply_literals *best)
{
	struct reply_literals one = { .count = 1 };
	size_t len = run->len < REPLY_LITERAL_MAX ? run->len : REPLY_LITERAL_MAX;

	memcpy(one.items[0].at, run->at, len);
	one.items[0].len = (uint8_t)len;
	if (len > 0)
		literals_better(best, &one);
	run->len = 0;
}

static void run_add(struct run *run, char byte)
{
	if (byte >= 'A' && byte <= 'Z')
		byte = (char)(byte | 0x20);
	if (run->len < sizeof(run->at))
		run->at[run->len++] = byte;
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
		found_r->count = 0;
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

static void scan_literal(struct scan *scan, char byte, struct run *run, struct reply_literals *best)
{
	bool repeated, optional = scan_optional(scan, &repeated);

	if (!optional)
		run_add(run, byte);
	if (repeated)
		run_flush(run, best);
}

static void scan_sequence(struct scan *scan, struct reply_literals *best)
{
	struct run run = { .len = 0 };
	bool repeated;

	best->count = 0;
	while (scan->at < scan->end && *scan->at != '|' && *scan->at != ')' && !scan->lost) {
		char byte = *scan->at;
		struct reply_literals inner;

		if (byte == '(') {
			inner.count = 0;
			run_flush(&run, best);
			scan_group(scan, &inner);
			if (!scan_optional(scan, &repeated) && !scan->lost)
				literals_better(best, &inner);
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

	found_r->count = 0;
	for (;;) {
		struct reply_literals branch;

		scan_sequence(scan, &branch);
		if (branch.count == 0 || found_r->count + branch.count > REPLY_LITERALS)
			sure = false;
		for (size_t i = 0; sure && i < branch.count; i++)
			found_r->items[found_r->count++] = branch.items[i];
		if (scan->lost || scan->at == scan->end || *scan->at != '|')
			break;
		scan->at++;
	}
	if (!sure)
		found_r->count = 0;
}

void reply_literals_of(struct span pattern, struct reply_literals *literals_r)
{
	struct scan scan = { .at = pattern.at, .end = pattern.at + pattern.len };

	scan_alternatives(&scan, literals_r);
	if (scan.lost || scan.at != scan.end || literals_shortest(literals_r) < REPLY_LITERAL_MIN)
		literals_r->count = 0;
}
