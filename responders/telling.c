/* Patterns are those of a shell (fnmatch), without a special meaning of slashes or of dots in front. */
#define _GNU_SOURCE
#include "responders/telling.h"

#include "base/memory.h"

#include <fnmatch.h>
#include <stdlib.h>

static bool telling_matches(const struct setting_list *patterns, struct span text)
{
	char *copy = memory_copy(text);
	bool matches = false;

	for (size_t i = 0; i < patterns->count && !matches; i++)
		matches = fnmatch(patterns->texts[i], copy, 0) == 0;
	free(copy);
	return matches;
}

bool telling_wants_type(const struct telling *telling, const char *type)
{
	return telling_matches(&telling->types, span_of(type));
}

bool telling_wants_verdict(const struct telling *telling, const struct verdict *verdict)
{
	enum account_state state = verdict->state;

	/* Who heard that an address has a bad name, or that the server suffers, is told when that is over. */
	if (strcmp(verdict->type, "verdict") != 0 && state == STATE_NORMAL &&
	    !telling_matches(&telling->states, SPAN("normal")))
		state = verdict->previous;
	return telling_matches(&telling->states, span_of(state_name(state))) &&
	       telling_wants_type(telling, verdict->type) &&
	       telling_matches(&telling->accounts, verdict->account);
}

bool telling_digest(const struct telling *telling, usec_t *time_r)
{
	struct span minute = span_of(telling->digest), hour;
	uint64_t hours, minutes;

	if (!span_cut(&minute, ':', &hour) || !span_to_u64(hour, &hours) || !span_to_u64(minute, &minutes) ||
	    hours > 23 || minutes > 59 || minute.len != 2)
		return false;
	*time_r = (usec_t)hours * USEC_HOUR + (usec_t)minutes * USEC_MINUTE;
	return true;
}

/* Does any type that there is match PATTERN? */
static bool telling_is_type(const char *pattern)
{
	static const char *const types[] = { "verdict", "server", "address", "act", "brake" };
	bool known = false;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		known = known || fnmatch(pattern, types[i], 0) == 0;
	return known;
}

bool telling_check(const struct telling *telling, const char *where, struct error *error)
{
	enum account_state state;
	usec_t time;

	for (size_t i = 0; i < telling->states.count; i++)
		if (strcmp(telling->states.texts[i], "*") != 0 &&
		    !state_parse(span_of(telling->states.texts[i]), &state))
			return error_set(error, "%s states: no state is called %s", where,
					 telling->states.texts[i]);
	for (size_t i = 0; i < telling->types.count; i++)
		if (!telling_is_type(telling->types.texts[i]))
			return error_set(error, "%s types: no type is called %s", where,
					 telling->types.texts[i]);
	if (telling->digest != NULL && !telling_digest(telling, &time))
		return error_set(error, "%s digest: %s is not a time of day (07:30)", where, telling->digest);
	return true;
}
