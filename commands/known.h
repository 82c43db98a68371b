/*
 * What is known of accounts, for people, from wherever it is: Redis, or the snapshot of the watch that runs here,
 * which may be a minute old.
 */
#ifndef SENDWATCH_COMMANDS_KNOWN_H
#define SENDWATCH_COMMANDS_KNOWN_H

#include "commands/options.h"
#include "detectors/record.h"

struct known;

/* NULL and ERROR where nothing can be read. OPTIONS are borrowed. */
struct known *known_open(const struct options *options, struct error *error);
void known_close(struct known **known);

/* When watch saved what is read here; USEC_NEVER where it is as of now, in Redis. */
usec_t known_saved(const struct known *known);

/*
 * RECORD_R is borrowed until the next call; NULL where the account is not known. False where asking failed. A NAME
 * like domain:example.com that is no account's is a group's (group.h).
 */
bool known_find(struct known *known, struct span name, const struct record **record_r, struct error *error);

/* Own addresses, each with a provider, in the order of their names: groups. */
bool known_addresses(struct known *known, void (*tell)(void *context, const struct record *record),
		     void *context, struct error *error);

/* Those that are not normal, in the order of their names. */
bool known_raised(struct known *known, void (*tell)(void *context, const struct record *record),
		  void *context, struct error *error);

#endif
