/*
 * Who this server is among those that share a store: whose claims and orders are its own, and whose the lines are that
 * were counted. Two servers of one name (clones, containers) are told apart, so that neither takes the other's lines
 * for counted.
 */
#ifndef SENDWATCH_COMMANDS_SERVER_ID_H
#define SENDWATCH_COMMANDS_SERVER_ID_H

#include <stdint.h>

/* The same after every restart, as long as the folder STATE is kept; never 0. */
uint64_t server_id(const char *state);

#endif
