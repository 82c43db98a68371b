/*
 * Mail that this server passed on to others without a login, by what speaks against it:
 *
 * - A sender or client that may do so, of its own network or by its name, and is new here: a mailing list that was here
 *   weeks ago is an account with a past, which its own record judges.
 * - Nobody at all: a client from elsewhere, whose mail went to a public mailbox provider as it was addressed. Mail
 *   that a gateway takes for its customers goes to their domains, and what a customer has sent on was addressed to
 *   him.
 */
#ifndef SENDWATCH_DETECTORS_SERVER_RELAYERS_H
#define SENDWATCH_DETECTORS_SERVER_RELAYERS_H

#include "parsers/attempt.h"

#include <stdbool.h>
#include <stdint.h>

#define RELAYERS_SETS 256
#define RELAYERS_WAYS 4 /* of a set, those heard of last are remembered */
#define SERVED_BITS   1024

enum relayed {
	RELAYED_NOT,
	RELAYED_NEW, /* for a sender first seen less than six days ago: weekly lists are known by their second */
	RELAYED_STRANGER /* for nobody who is known, to a mailbox at a public provider */
};

/* Zeroed before the first question. */
struct relayers {
	struct relayer {
		uint64_t hash; /* of the account; 0: free */
		usec_t first, last;
	} sets[RELAYERS_SETS][RELAYERS_WAYS];
	/* This hour: one bit of a hash for each address that strangers reached, and how many bits there are. */
	uint64_t served[SERVED_BITS / 64];
	unsigned addresses;
};

enum relayed relayers_meet(struct relayers *relayers, const struct attempt *attempt);

/* Another hour begins. */
void relayers_hour(struct relayers *relayers);

#endif
