/* Numbers and times in the words of people: two units at most, since nobody weighs the third. */
#include "commands/words.h"

#include <math.h>
#include <stdio.h>

void words_count(struct text *out, uint64_t count)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			text_add(out, SPAN(","));
		text_add(out, (struct span){ digits + i, 1 });
	}
}

void words_counted(struct text *out, uint64_t count, const char *noun)
{
	words_count(out, count);
	text_add_format(out, " %s%s", noun, count == 1 ? "" : "s");
}

void words_time(struct text *out, usec_t time)
{
	struct civil civil = clock_to_civil(time);

	text_add_format(out, "%04d-%02d-%02d %02d:%02d:%02d", civil.year, civil.month, civil.day, civil.hour,
			civil.minute, civil.second);
}

void words_duration(struct text *out, usec_t duration)
{
	static const struct {
		usec_t unit;
		const char *one, *many;
	} units[] = {
		{ USEC_DAY, "day", "days" },
		{ USEC_HOUR, "h", "h" },
		{ USEC_MINUTE, "min", "min" },
		{ USEC_SECOND, "s", "s" },
	};
	size_t first = 0;

	duration = duration < 0 ? 0 : duration;
	while (first < 3 && duration < units[first].unit)
		first++;
	text_add_format(out, "%lld %s", (long long)(duration / units[first].unit),
			duration / units[first].unit == 1 ? units[first].one : units[first].many);
	duration %= units[first].unit;
	/* Seconds beside minutes, hours beside days; but nobody counts seconds from an hour on. */
	if (first < 3 && duration / units[first + 1].unit > 0)
		text_add_format(out, " %lld %s", (long long)(duration / units[first + 1].unit),
				units[first + 1].many);
}

void words_bytes(struct text *out, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB" };
	double amount = (double)bytes;
	size_t unit = 0;

	while (amount >= 1000 && unit < 4) {
		amount /= 1000;
		unit++;
	}
	text_add_format(out, unit == 0 || amount >= 100 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
}

void words_odds(struct text *out, double decibans)
{
	double odds = pow(10, decibans / 10), step;

	if (odds >= 1e6) {
		text_add(out, SPAN("over 1,000,000 to 1"));
	} else if (odds < 1) {
		text_add(out, SPAN("less than even"));
	} else {
		/* Two digits say all that a likelihood can. */
		step = pow(10, fmax(0, floor(log10(odds)) - 1));
		text_add(out, SPAN("about "));
		words_count(out, (uint64_t)(round(odds / step) * step));
		text_add(out, SPAN(" to 1"));
	}
}
