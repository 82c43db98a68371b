/*
 * The list of attacking addresses while watch runs: fed by what the log says, kept in the state folder, written to
 * the files that other programs take, each whole, and every change told to the journal.
 */
#ifndef SENDWATCH_COMMANDS_ADDRESS_LISTS_H
#define SENDWATCH_COMMANDS_ADDRESS_LISTS_H

#include "commands/deliver.h"
#include "responders/addresses.h"

struct address_lists;

/* What an earlier run knew is known again. NULL and ERROR where the settings are wrong. OPTIONS are borrowed. */
struct address_lists *address_lists_open(const struct options *options, struct deliver *deliver,
					 struct error *error);
void address_lists_close(struct address_lists **lists); /* saves */

/* To feed; NULL where the settings want none. */
struct addresses *address_lists_of(const struct address_lists *lists);

/* While old logs are learned from, nobody is told. */
void address_lists_quiet(struct address_lists *lists, bool quiet);

/* Save and write what changed. */
void address_lists_step(struct address_lists *lists, usec_t now);
usec_t address_lists_due(const struct address_lists *lists); /* on the wall clock; USEC_NEVER */
bool address_lists_save(struct address_lists *lists, usec_t now, struct error *error);

/* What the last save of watch holds, for commands: true, and nothing listed, where there is none. */
bool address_lists_read(const char *state, struct addresses *addresses, struct error *error);

#endif
