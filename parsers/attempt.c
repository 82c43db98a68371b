/* The words for directions and kinds of account, as they stand in what is printed. */
#include "parsers/attempt.h"

const char *direction_name(enum direction direction)
{
	static const char *const names[] = { "unknown",  "outbound", "inbound",
					     "internal", "bounce",   "forwarded" };

	return (size_t)direction < sizeof(names) / sizeof(names[0]) ? names[direction] : "unknown";
}

const char *account_kind_name(enum account_kind kind)
{
	static const char *const names[] = { "none", "login", "local", "script", "host", "sender", "forward" };

	return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "none";
}
