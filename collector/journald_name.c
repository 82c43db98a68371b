/*
 * Cutting a journal's name into its terms. A path ends at the first plus sign that a known word and an equals sign
 * follow, so that folders with plus signs in their names can be told.
 */
#include "collector/journald_name.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

#define JOURNALD_NAME_MOST 64 /* terms: more are a mistake */

/* RFC 5424, 6.2.1, as people write them in syslog.conf. */
static const char *const journald_facilities[] = {
	"kern",   "user",   "mail",     "daemon", "auth",   "syslog",   "lpr",     "news",
	"uucp",   "cron",   "authpriv", "ftp",    "ntp",    "security", "console", "solaris-cron",
	"local0", "local1", "local2",   "local3", "local4", "local5",   "local6",  "local7",
};

static const struct span journald_keys[] = {
	SPAN_INIT("unit="),      SPAN_INIT("identifier="), SPAN_INIT("facility="),
	SPAN_INIT("namespace="), SPAN_INIT("since="),
};

bool journald_name_is(const char *log)
{
	return span_starts(span_of(log), SPAN("journal:"));
}

static bool journald_name_is_key(struct span text)
{
	for (size_t i = 0; i < sizeof(journald_keys) / sizeof(journald_keys[0]); i++)
		if (span_starts(text, journald_keys[i]))
			return true;
	return false;
}

/* The text up to the next plus sign before a key. */
static struct span journald_name_cut(struct span *rest)
{
	struct span term = *rest;

	for (size_t i = 0; i < rest->len; i++)
		if (rest->at[i] == '+' && journald_name_is_key(span_from(*rest, i + 1))) {
			term = span_head(*rest, i);
			*rest = span_from(*rest, i + 1);
			return term;
		}
	*rest = span_from(*rest, rest->len);
	return term;
}

static void journald_name_match(struct journald_name *name, const char *field, struct span value,
				const char *end)
{
	struct text match = { 0 };

	text_add_format(&match, "%s=%.*s%s", field, SPAN_ARGS(value), end);
	name->matches = memory_grow(name->matches, name->count + 1, sizeof(*name->matches));
	name->matches[name->count++] = memory_copy(text_span(&match));
	text_free(&match);
}

static bool journald_name_facility(struct journald_name *name, struct span value, struct error *error)
{
	uint64_t number = 0;
	size_t count = sizeof(journald_facilities) / sizeof(journald_facilities[0]);
	char digits[8];

	if (!span_to_u64(value, &number))
		while (number < count && !span_equal(value, span_of(journald_facilities[number])))
			number++;
	if (number >= count)
		return error_set(error, "'%.*s' is no facility; the usual one is mail", SPAN_ARGS(value));
	snprintf(digits, sizeof(digits), "%u", (unsigned)number);
	journald_name_match(name, "SYSLOG_FACILITY", span_of(digits), "");
	return true;
}

static bool journald_name_term(struct journald_name *name, struct span term, struct error *error)
{
	struct span value = term;
	uint64_t since;

	if (span_skip(&value, SPAN("unit="))) {
		/* As systemctl takes it: a name alone is a service's. */
		journald_name_match(name, "_SYSTEMD_UNIT", value,
				    memchr(value.at, '.', value.len) == NULL ? ".service" : "");
	} else if (span_skip(&value, SPAN("identifier="))) {
		journald_name_match(name, "SYSLOG_IDENTIFIER", value, "");
	} else if (span_skip(&value, SPAN("facility="))) {
		return journald_name_facility(name, value, error);
	} else if (span_skip(&value, SPAN("namespace="))) {
		free(name->space);
		name->space = memory_copy(value);
	} else if (span_skip(&value, SPAN("since="))) {
		if (span_to_u64(value, &since) && since < INT64_MAX / USEC_SECOND)
			name->since = (usec_t)since * USEC_SECOND;
		else if (!clock_parse(value, &name->since))
			return error_set(error, "'%.*s' is no time", SPAN_ARGS(value));
		return true;
	} else if (name->path == NULL && name->count == 0 && term.len > 0 && term.at[0] == '/') {
		name->path = memory_copy(term);
	} else {
		return error_set(
			error,
			"'%.*s' is not understood: a path, unit=, identifier=, facility= or namespace=",
			SPAN_ARGS(term));
	}
	return value.len > 0 || error_set(error, "'%.*s' names nothing", SPAN_ARGS(term));
}

/* The name as it stays, whatever reading begins where. */
static void journald_name_log(struct journald_name *name, struct span rest)
{
	struct text log = { 0 };
	const char *before = "";

	text_add(&log, SPAN("journal:"));
	while (rest.len > 0) {
		struct span term = journald_name_cut(&rest);

		if (span_starts(term, SPAN("since=")))
			continue;
		text_add_format(&log, "%s%.*s", before, SPAN_ARGS(term));
		before = "+";
	}
	name->log = memory_copy(text_span(&log));
	text_free(&log);
}

bool journald_name_parse(const char *log, struct journald_name *name_r, struct error *error)
{
	struct journald_name name = { .since = USEC_NEVER };
	struct span rest = span_from(span_of(log), sizeof("journal:") - 1);
	struct error why = { 0 };
	bool fine = true;

	journald_name_log(&name, rest);
	while (fine && rest.len > 0) {
		fine = journald_name_term(&name, journald_name_cut(&rest), &why);
		if (fine && name.count > JOURNALD_NAME_MOST)
			fine = error_set(&why, "more than %d terms", JOURNALD_NAME_MOST);
	}
	if (fine && name.path != NULL && name.space != NULL)
		fine = error_set(&why, "a path and a namespace are one too many");
	if (!fine) {
		journald_name_free(&name);
		return error_set(error, "%s: %s", log, why.text);
	}
	if (name.count == 0)
		(void)journald_name_facility(&name, SPAN("mail"), &why);
	*name_r = name;
	return true;
}

void journald_name_free(struct journald_name *name)
{
	for (size_t i = 0; i < name->count; i++)
		free(name->matches[i]);
	free(name->matches);
	free(name->path);
	free(name->space);
	free(name->log);
	*name = (struct journald_name){ .since = USEC_NEVER };
}
