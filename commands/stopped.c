/* From the file of open cases, which watch replaces whole at every change: it is never older than what was done. */
#include "commands/stopped.h"

#include "base/text.h"
#include "responders/cases.h"

#include <stdio.h>

static void stopped_line(const struct open_case *open)
{
	struct text name = { 0 };
	char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

	text_add_printable(&name, span_of(open->account));
	if (case_is_disabled(open))
		printf("  stopped    %s  since %s, until %s\n", name.at, clock_text(open->since, since),
		       open->until == USEC_NEVER ? "it is released" : clock_text(open->until, until));
	else
		printf("  throttled  %s  since %s\n", name.at, clock_text(open->since, since));
	text_free(&name);
}

bool stopped_print(const struct options *options, struct error *error)
{
	struct brakes *brakes = brakes_new(&options->act);
	struct text path = { 0 };
	struct cases *cases;
	bool headed = false, good;

	text_add_format(&path, "%s/cases", options->watch.state);
	cases = cases_open(path.at, brakes, error);
	good = cases != NULL;
	for (const struct open_case *open = good ? cases_next(cases, NULL) : NULL; open != NULL;
	     open = cases_next(cases, open)) {
		if (open->restriction.kind == RESTRICTION_NONE)
			continue;
		if (!headed)
			puts("On this server:");
		headed = true;
		stopped_line(open);
	}
	cases_close(&cases);
	brakes_free(&brakes);
	text_free(&path);
	return good;
}
