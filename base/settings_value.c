/*
 * Values as people write them: 64k, 5%, 1h 30m, yes. Each kind has one parser from text to its number;
 * bounds are in the unit that the row's value has (microseconds for durations, percent for percentages).
 */
#define _GNU_SOURCE
#include "base/settings_value.h"

#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct setting_unit {
	const char *name;
	double factor;
};

static const struct setting_unit setting_counts[] = {
	{ "", 1 }, { "k", 1e3 }, { "M", 1e6 }, { "G", 1e9 }, { NULL, 0 },
};

static const struct setting_unit setting_bytes[] = {
	{ "", 1 },
	{ "k", 1024 },
	{ "kb", 1024 },
	{ "M", 1024 * 1024 },
	{ "MB", 1024 * 1024 },
	{ "G", 1024.0 * 1024 * 1024 },
	{ "GB", 1024.0 * 1024 * 1024 },
	{ NULL, 0 },
};

static const struct setting_unit setting_durations[] = {
	{ "", (double)USEC_SECOND },       { "ms", 1000 },
	{ "s", (double)USEC_SECOND },      { "sec", (double)USEC_SECOND },
	{ "m", (double)USEC_MINUTE },      { "min", (double)USEC_MINUTE },
	{ "h", (double)USEC_HOUR },        { "hour", (double)USEC_HOUR },
	{ "hours", (double)USEC_HOUR },    { "d", (double)USEC_DAY },
	{ "day", (double)USEC_DAY },       { "days", (double)USEC_DAY },
	{ "w", 7 * (double)USEC_DAY },     { "week", 7 * (double)USEC_DAY },
	{ "weeks", 7 * (double)USEC_DAY }, { NULL, 0 },
};

static void *setting_place(const struct setting *row, void *options)
{
	return (char *)options + row->place;
}

/* The decimal number at the front of TEXT; exponents and signs other than minus are not written by people. */
static bool setting_cut_number(struct span *text, double *number_r)
{
	char digits[40];
	size_t len = 0;
	char *end;

	while (len < text->len && len < sizeof(digits) - 1 && strchr("-.0123456789", text->at[len]) != NULL &&
	       text->at[len] != '\0')
		len++;
	if (len == 0)
		return false;
	memcpy(digits, text->at, len);
	digits[len] = '\0';
	*number_r = strtod(digits, &end);
	if (*end != '\0' || !isfinite(*number_r))
		return false;
	*text = span_trim(span_from(*text, len));
	return true;
}

static bool setting_cut_unit(struct span *text, const struct setting_unit *units, double *factor_r)
{
	size_t len = 0;

	while (len < text->len && strchr("-.0123456789 \t", text->at[len]) == NULL)
		len++;
	for (; units->name != NULL; units++)
		if (span_equal_nocase(span_of(units->name), span_head(*text, len))) {
			*factor_r = units->factor;
			*text = span_trim(span_from(*text, len));
			return true;
		}
	return false;
}

/* A number and its unit; for durations several in a row, "1h 30m". */
static bool setting_amount(struct span text, const struct setting_unit *units, bool several, double *amount_r)
{
	double number, factor, sum = 0;

	do {
		if (!setting_cut_number(&text, &number) || !setting_cut_unit(&text, units, &factor))
			return false;
		sum += number * factor;
	} while (several && text.len > 0);
	*amount_r = sum;
	return text.len == 0;
}

static bool setting_number(const struct setting *row, struct span text, double *number_r)
{
	bool known;

	if (row->kind == SETTING_COUNT)
		known = setting_amount(text, setting_counts, false, number_r);
	else if (row->kind == SETTING_BYTES)
		known = setting_amount(text, setting_bytes, false, number_r);
	else if (row->kind == SETTING_DURATION)
		known = setting_amount(text, setting_durations, true, number_r);
	else {
		if (row->kind == SETTING_PERCENT && span_ends(text, SPAN("%")))
			text = span_trim(span_head(text, text.len - 1));
		known = setting_cut_number(&text, number_r) && text.len == 0;
	}
	if (known && row->kind != SETTING_NUMBER && row->kind != SETTING_PERCENT &&
	    *number_r != floor(*number_r))
		known = false;
	if (!known || (row->low == 0 && row->high == 0))
		return known && fabs(*number_r) < 9e18;
	return *number_r >= row->low && *number_r <= row->high;
}

static bool setting_flag(struct span text, bool *flag_r)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_equal_nocase(text, span_of(words[i]))) {
			*flag_r = i % 2 == 1;
			return true;
		}
	return false;
}

/* The length of a list's first value: to the comma that is not between braces, as those of "/x/{a,b}.log" are. */
static size_t setting_list_value(struct span values)
{
	size_t deep = 0;

	for (size_t i = 0; i < values.len; i++) {
		char c = values.at[i];

		if (c == ',' && deep == 0)
			return i;
		if (c == '{')
			deep++;
		else if (c == '}' && deep > 0)
			deep--;
	}
	/* A brace that nothing closes is one letter of many. */
	return deep == 0 ? values.len : span_find(values, SPAN(","));
}

static void setting_list_add(struct setting_list *list, struct span values)
{
	while (values.len > 0) {
		size_t len = setting_list_value(values);
		struct span value = span_trim(span_head(values, len));

		values = span_from(values, len + 1);
		if (value.len == 0)
			continue;
		list->texts = memory_grow(list->texts, list->count + 1, sizeof(*list->texts));
		list->texts[list->count++] = memory_copy(value);
	}
}

static bool setting_choice(const struct setting *row, struct span text, int *choice_r)
{
	for (int i = 0; row->choices[i] != NULL; i++)
		if (span_equal_nocase(text, span_of(row->choices[i]))) {
			*choice_r = i;
			return true;
		}
	return false;
}

static bool setting_store(const struct setting *row, void *place, struct span value)
{
	double number;

	switch (row->kind) {
	case SETTING_FLAG:
		return setting_flag(value, place);
	case SETTING_CHOICE:
		return setting_choice(row, value, place);
	case SETTING_LIST:
		setting_list_add(place, value);
		return true;
	case SETTING_TEXT:
		free(*(char **)place);
		*(char **)place = value.len == 0 ? NULL : memory_copy(value);
		return true;
	case SETTING_COUNT:
	case SETTING_BYTES:
	case SETTING_DURATION:
		if (!setting_number(row, value, &number))
			return false;
		*(int64_t *)place = (int64_t)number;
		return true;
	case SETTING_NUMBER:
	case SETTING_PERCENT:
		if (!setting_number(row, value, &number))
			return false;
		*(double *)place = row->kind == SETTING_PERCENT ? number / 100 : number;
		return true;
	}
	return false;
}

bool setting_put(const struct setting *row, void *options, struct span value, struct error *error)
{
	struct text wanted = { 0 };

	value = span_trim(value);
	if (setting_store(row, setting_place(row, options), value))
		return true;
	setting_describe(row, &wanted);
	error_set(error, "\"%.*s\" is not %s", (int)(value.len > 80 ? 80 : value.len), value.at, wanted.at);
	text_free(&wanted);
	return false;
}

void setting_clear(const struct setting *row, void *options)
{
	void *place = setting_place(row, options);

	if (row->kind == SETTING_TEXT) {
		free(*(char **)place);
		*(char **)place = NULL;
	} else if (row->kind == SETTING_LIST) {
		struct setting_list *list = place;

		for (size_t i = 0; i < list->count; i++)
			free(list->texts[i]);
		free(list->texts);
		*list = (struct setting_list){ 0 };
	}
}

void setting_default(const struct setting *row, void *options)
{
	bool good;

	setting_clear(row, options);
	good = setting_store(row, setting_place(row, options), span_of(row->fallback));
	assert(good); /* a default that its own row refuses is a mistake in the table */
	(void)good;
}

/* A bound in the words in which it would be written: 60000000 microseconds are "1m". */
static void setting_describe_bound(const struct setting *row, double bound, struct text *out)
{
	static const struct setting_unit durations[] = {
		{ "d", (double)USEC_DAY },
		{ "h", (double)USEC_HOUR },
		{ "m", (double)USEC_MINUTE },
		{ "s", (double)USEC_SECOND },
		{ "ms", 1000 },
		{ NULL, 0 },
	};
	static const struct setting_unit bytes[] = {
		{ "G", 1024.0 * 1024 * 1024 },
		{ "M", 1024 * 1024 },
		{ "k", 1024 },
		{ NULL, 0 },
	};
	static const struct setting_unit counts[] = { { "G", 1e9 }, { "M", 1e6 }, { NULL, 0 } };
	const struct setting_unit *unit = row->kind == SETTING_DURATION ? durations
					  : row->kind == SETTING_BYTES  ? bytes
									: counts;

	while (unit->name != NULL && (bound == 0 || fmod(bound, unit->factor) != 0))
		unit++;
	text_add_format(out, "%.15g%s", unit->name == NULL ? bound : bound / unit->factor,
			unit->name != NULL             ? unit->name
			: row->kind == SETTING_PERCENT ? "%"
						       : "");
}

void setting_bounds(const struct setting *row, struct text *out)
{
	if (row->kind == SETTING_FLAG)
		text_add(out, SPAN("yes or no"));
	if (row->kind == SETTING_CHOICE)
		for (int i = 0; row->choices[i] != NULL; i++)
			text_add_format(out, "%s%s", i == 0 ? "" : ", ", row->choices[i]);
	if (row->low == 0 && row->high == 0)
		return;
	setting_describe_bound(row, row->low, out);
	text_add(out, SPAN(" to "));
	setting_describe_bound(row, row->high, out);
}

void setting_describe(const struct setting *row, struct text *out)
{
	static const char *const kinds[] = {
		[SETTING_FLAG] = "",
		[SETTING_COUNT] = "a number (12, 64k, 2M)",
		[SETTING_BYTES] = "a number of bytes (64k, 2M, 1G)",
		[SETTING_NUMBER] = "a number (0.5, 12)",
		[SETTING_PERCENT] = "a percentage (5%)",
		[SETTING_DURATION] = "a duration (30s, 10m, 1h, 2d, 1h 30m)",
		[SETTING_TEXT] = "a text",
		[SETTING_LIST] = "a list (a, b, c)",
		[SETTING_CHOICE] = "one of ",
	};

	text_add(out, span_of(kinds[row->kind]));
	if (row->low != 0 || row->high != 0)
		text_add(out, SPAN(" from "));
	setting_bounds(row, out);
}
