/* The names of the states, for people and for the wire. */
#include "detectors/verdict.h"

static const char *const names[] = {
	[STATE_NORMAL] = "normal",     [STATE_WATCH] = "watch",       [STATE_FLAGGED] = "flagged",
	[STATE_DISABLED] = "disabled", [STATE_RELEASED] = "released",
};

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
