/*
 * The servers that have our keys, known by address and connected when needed, and which of them has each slot of a
 * cluster: as the settings, Sentinel or the cluster itself say. Of a route (redis_route.h), which sends to them.
 * Blocking.
 */
#ifndef SENDWATCH_DETECTORS_REDIS_NODES_H
#define SENDWATCH_DETECTORS_REDIS_NODES_H

#include "detectors/redis_function.h"
#include "detectors/redis_route.h"

#define REDIS_NODE_NONE UINT16_MAX

struct redis_node {
	char *address;
	struct redis *redis; /* NULL: not connected */
	struct redis_function function;
	bool refused; /* it wants to be logged in to anew */
};

struct redis_nodes {
	const struct redis_options *options;
	struct redis_login login;
	struct redis_node *of; /* moves when one is added */
	size_t count;
	uint16_t slots[REDIS_SLOTS]; /* which node; for a single server all the first */
	bool mapped;                 /* slots are believed to be right */
	size_t sentinel; /* which is asked first the next time: not who sent us to a wrong place */
};

/* Connects to none yet. OPTIONS are borrowed. False and ERROR where the password cannot be read. Close in any case. */
bool redis_nodes_open(struct redis_nodes *nodes, const struct redis_options *options, struct error *error);
void redis_nodes_close(struct redis_nodes *nodes);

/* Ask who has which slot, unless that is believed to be known. False and ERROR where nobody says. */
bool redis_nodes_map(struct redis_nodes *nodes, struct error *error);

/* The node of this address, known or new; REDIS_NODE_NONE where there are too many. */
uint16_t redis_nodes_index(struct redis_nodes *nodes, struct span address);

/* NODE, of NODES, connected and with our function there. False and ERROR, and not connected, where it cannot be. */
bool redis_node_ready(struct redis_nodes *nodes, struct redis_node *node, struct error *error);
void redis_node_close(struct redis_node *node);

/* The Sentinel at AT of the settings, logged in to as these say. */
struct redis *redis_sentinel_open(const struct redis_options *options, size_t at, struct error *error);

#endif
