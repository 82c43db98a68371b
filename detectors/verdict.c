/* The names of the states, for people and for the wire, and the ids of verdicts. */
#include "detectors/verdict.h"

#include "base/hash.h"

#include <stdio.h>

static const char *const names[] = {
	[STATE_NORMAL] = "normal",     [STATE_WATCH] = "watch",       [STATE_FLAGGED] = "flagged",
	[STATE_DISABLED] = "disabled", [STATE_RELEASED] = "released",
};

void verdict_identify(struct verdict *verdict, uint64_t hash)
{
	snprintf(verdict->id, sizeof(verdict->id), "%016llx%016llx", (unsigned long long)hash,
		 (unsigned long long)hash_stable_more(hash, SPAN("verdict")));
}

const char *state_name(enum account_state state)
{
	return names[state];
}

bool state_parse(struct span name, enum account_state *state_r)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!span_equal(name, span_of(names[i])))
			continue;
		*state_r = (enum account_state)i;
		return true;
	}
	return false;
}
