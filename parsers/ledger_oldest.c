/*
 * What the ledger has not finished with: whoever begins to read there knows again all that it knew. What lasts
 * longer than a message (a client that logged in before, the directory of a script) is minutes old at most when
 * it matters.
 */
#include "parsers/ledger_parts.h"

usec_t ledger_oldest(const struct ledger *ledger)
{
	usec_t oldest = ledger->now;

	for (const struct message *message = map_oldest(ledger->messages); message != NULL;
	     message = map_newer(ledger->messages, message))
		if (message->time < oldest)
			oldest = message->time;
	for (const struct held *held = ledger->held_first; held != NULL; held = held->next)
		if (held->frame.time < oldest)
			oldest = held->frame.time;
	return oldest;
}
