/*
 * Rows for the tests of the Exim parser: the words of a line, and what must be read from them, written as
 * "field=value" with '|' between; "field" alone means that it must be absent.
 */
#ifndef SENDWATCH_TESTS_EXIM_ROWS_H
#define SENDWATCH_TESTS_EXIM_ROWS_H

#include "parsers/parser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct exim_row {
	const char *line;
	enum event_kind kind;
	const char *expected;
};

/* Numbers and flags as text, so that a row can name them like any field. */
static bool exim_number(const struct event *event, struct span name, char into[32])
{
	if (span_equal(name, SPAN("size")))
		snprintf(into, 32, "%lld", (long long)event->size);
	else if (span_equal(name, SPAN("nrcpt")))
		snprintf(into, 32, "%d", (int)event->nrcpt);
	else if (span_equal(name, SPAN("outcome")))
		snprintf(into, 32, "%d", (int)event->outcome);
	else if (span_equal(name, SPAN("phase")))
		snprintf(into, 32, "%d", (int)event->phase);
	else if (span_equal(name, SPAN("local")))
		snprintf(into, 32, "%d", event->local ? 1 : 0);
	else if (span_equal(name, SPAN("repeat")))
		snprintf(into, 32, "%u", event->repeat);
	else
		return false;
	return true;
}

static struct span exim_text(const struct event *event, struct span name)
{
	for (size_t i = 0; i < EVENT_TEXTS; i++)
		if (span_equal(span_of(event_text_name(i)), name))
			return event_text(event, i);
	fail_msg("no field is called %.*s", SPAN_ARGS(name));
	return SPAN("");
}

static void exim_expect(const struct exim_row *row, const struct event *event, struct span expectation)
{
	struct span name, found, value = expectation;
	bool absent = !span_cut(&value, '=', &name);
	char number[32];

	if (absent)
		name = expectation;
	if (exim_number(event, name, number))
		found = span_of(number);
	else
		found = exim_text(event, name);
	if (absent ? found.at != NULL : found.at == NULL || !span_equal(found, value))
		fail_msg("%s\n  %.*s, found \"%.*s\"", row->line, SPAN_ARGS(expectation), SPAN_ARGS(found));
}

static void exim_check(const struct exim_row *row)
{
	struct frame frame = { .text = span_of(row->line), .repeat = 1 };
	struct event event = { .mta = MTA_EXIM, .uid = -1, .size = -1, .nrcpt = -1, .repeat = 1 };
	struct span rest = span_of(row->expected), expectation;

	parser_exim.parse(&frame, &event);
	if (event.kind != row->kind)
		fail_msg("%s\n  is of kind %d, not %d", row->line, (int)event.kind, (int)row->kind);
	while (span_cut(&rest, '|', &expectation))
		exim_expect(row, &event, expectation);
	if (rest.len > 0)
		exim_expect(row, &event, rest);
}

#endif
