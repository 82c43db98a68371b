/*
 * Stamps, zones' rules and years from anybody: what is read lies within the text, and is a time of the
 * calendar.
 */
#include "base/zone_rule.h"
#include "parsers/stamp.h"
#include "parsers/year.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void stamps(struct span text, struct years *years)
{
	struct stamp stamp;
	size_t len = stamp_read(text, &stamp);

	if (len == 0)
		return;
	if (len > text.len || stamp.micro < 0 || stamp.micro > 999999 || stamp.civil.month < 1 ||
	    stamp.civil.month > 12 || stamp.civil.day < 1 || stamp.civil.day > 31)
		abort();
	if (stamp.civil.year == 0)
		stamp.civil.year = years_place(years, stamp.civil);
	years_note(years, stamp_wall(&stamp));
}

static void rules(struct span text)
{
	struct zone_rule rule;

	if (!zone_rule_read(text, &rule) || !rule.summer_time)
		return;
	for (int year = 1990; year < 2030; year++)
		if (zone_rule_day(&rule.begins, year) % 86400 != 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct years years = { .bound = INT64_C(1795278582) * USEC_SECOND, .last = USEC_NEVER };
	struct span rest = { (const char *)data, size }, line;

	while (span_cut(&rest, '\n', &line)) {
		char *copy = malloc(line.len > 0 ? line.len : 1);

		if (copy == NULL)
			return 0;
		memcpy(copy, line.at, line.len);
		stamps((struct span){ copy, line.len }, &years);
		rules((struct span){ copy, line.len });
		free(copy);
	}
	return 0;
}
