/*
 * Who had mail sent elsewhere without a login, and since when: a mailing list that was here weeks ago is an account
 * with a past, which its own record judges. A relay that opened serves senders and clients that nobody has seen.
 */
#ifndef SENDWATCH_DETECTORS_SERVER_RELAYERS_H
#define SENDWATCH_DETECTORS_SERVER_RELAYERS_H

#include "base/clock.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define RELAYERS_SETS 256
#define RELAYERS_WAYS 4 /* of a set, those heard of last are remembered */

/* Zeroed before the first question. */
struct relayers {
	struct relayer {
		uint64_t hash; /* of the account; 0: free */
		usec_t first, last;
	} sets[RELAYERS_SETS][RELAYERS_WAYS];
};

/* Has ACCOUNT, which relays at TIME, done so for less than six days: a weekly list has its second issue then. */
bool relayers_meet_new(struct relayers *relayers, struct span account, usec_t time);

#endif
