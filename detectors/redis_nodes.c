/*
 * The map of slots is asked for when it is wanted and not believed: Sentinels in turn, nodes of the cluster that
 * are connected, then those of the settings. A single server, or a master, has all slots.
 */
#define _GNU_SOURCE
#include "detectors/redis_nodes.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define NODES_MOST 1000 /* what Redis itself recommends at most for a cluster */

static void login_forget_password(struct redis_login *login)
{
	union {
		const char *text;
		char *owned;
	} password = { .text = login->password };

	if (password.owned != NULL)
		explicit_bzero(password.owned, strlen(password.owned));
	free(password.owned);
	login->password = NULL;
}

/* At each connection: who changes passwords writes the new one to the file, and starts nothing anew. */
static bool login_read_password(struct redis_login *login, const char *path, struct error *error)
{
	char line[512] = "";
	FILE *file;

	if (path == NULL)
		return true;
	file = fopen(path, "re");
	if (file == NULL && span_starts(span_of(path), SPAN("credential:")))
		return error_set(error, "%s: no folder of credentials is named (CREDENTIALS_DIRECTORY)",
				 path);
	if (file == NULL)
		return error_set(error, "%s: %s", path, strerror(errno));
	if (fgets(line, sizeof(line), file) == NULL)
		line[0] = '\0';
	fclose(file);
	login_forget_password(login);
	login->password = memory_copy(span_trim(span_of(line)));
	explicit_bzero(line, sizeof(line));
	return true;
}

static bool nodes_read_password(struct redis_nodes *nodes, struct error *error)
{
	return login_read_password(&nodes->login, nodes->options->password_file, error);
}

bool redis_nodes_open(struct redis_nodes *nodes, const struct redis_options *options, struct error *error)
{
	*nodes = (struct redis_nodes){
		.options = options,
		.login = {
			.user = options->user,
			.database = options->topology == REDIS_CLUSTER ? 0 : options->database,
			.tls = options->tls,
			.ca = options->ca,
			.timeout = options->timeout,
		},
	};
	return nodes_read_password(nodes, error);
}

void redis_node_close(struct redis_node *node)
{
	redis_close(&node->redis);
	node->function = (struct redis_function){ 0 };
	node->refused = false;
}

void redis_nodes_close(struct redis_nodes *nodes)
{
	for (size_t i = 0; i < nodes->count; i++) {
		redis_node_close(&nodes->of[i]);
		free(nodes->of[i].address);
	}
	free(nodes->of);
	login_forget_password(&nodes->login);
}

uint16_t redis_nodes_index(struct redis_nodes *nodes, struct span address)
{
	struct redis_node *node;

	for (size_t i = 0; i < nodes->count; i++)
		if (span_equal(span_of(nodes->of[i].address), address))
			return (uint16_t)i;
	if (nodes->count == NODES_MOST)
		return REDIS_NODE_NONE;
	nodes->of = memory_grow(nodes->of, nodes->count + 1, sizeof(*nodes->of));
	node = &nodes->of[nodes->count];
	*node = (struct redis_node){ .address = memory_copy(address) };
	return (uint16_t)nodes->count++;
}

bool redis_node_ready(struct redis_nodes *nodes, struct redis_node *node, struct error *error)
{
	if (node->refused)
		redis_node_close(node);
	if (node->redis == NULL && nodes_read_password(nodes, error))
		node->redis = redis_open(node->address, &nodes->login, error);
	if (node->redis == NULL)
		return false;
	if (redis_function_load(&node->function, node->redis, error))
		return true;
	redis_node_close(node);
	return false;
}

static void nodes_all_to(struct redis_nodes *nodes, uint16_t node)
{
	for (size_t slot = 0; slot < REDIS_SLOTS; slot++)
		nodes->slots[slot] = node;
	nodes->mapped = node != REDIS_NODE_NONE;
}

/* "host:port" of two members of a reply; brackets around an IPv6 address. */
static bool nodes_address(struct span host, int64_t port, char *into, size_t room)
{
	bool v6 = span_find(host, SPAN(":")) < host.len;

	return host.len > 0 && port > 0 && port < 65536 &&
	       (size_t)snprintf(into, room, v6 ? "[%.*s]:%d" : "%.*s:%d", SPAN_ARGS(host), (int)port) < room;
}

/* It has a password of its own, or none: Redis's is not for it. */
struct redis *redis_sentinel_open(const struct redis_options *options, size_t at, struct error *error)
{
	struct redis_login login = {
		.user = options->sentinel_user,
		.tls = options->sentinel_tls,
		.ca = options->ca,
		.timeout = options->timeout,
	};
	struct redis *sentinel = NULL;

	if (login_read_password(&login, options->sentinel_password_file, error))
		sentinel = redis_open(options->servers.texts[at], &login, error);
	login_forget_password(&login);
	return sentinel;
}

/* Ask the Sentinels in turn who the master is. */
static bool nodes_ask_sentinel(struct redis_nodes *nodes, struct error *error)
{
	const struct redis_options *options = nodes->options;
	const struct span words[] = { SPAN("SENTINEL"), SPAN("get-master-addr-by-name"),
				      span_of(options->master == NULL ? "" : options->master) };

	for (size_t asked = 0; asked < options->servers.count; asked++) {
		size_t i = nodes->sentinel++ % options->servers.count;
		struct redis *sentinel = redis_sentinel_open(options, i, error);
		struct redis_reply reply;
		char address[300];
		bool found = false;

		if (sentinel != NULL && redis_ask(sentinel, words, 3, &reply, error)) {
			uint64_t port = 0;

			found = reply.count == 2 && span_to_u64(redis_member(&reply, 1).text, &port) &&
				nodes_address(redis_member(&reply, 0).text, (int64_t)port, address,
					      sizeof(address));
			if (!found)
				error_set(error, "%s: Sentinel knows no master %.*s",
					  options->servers.texts[i], SPAN_ARGS(words[2]));
		}
		redis_close(&sentinel);
		if (found) {
			nodes_all_to(nodes, redis_nodes_index(nodes, span_of(address)));
			return true;
		}
	}
	return false;
}

/* One range of CLUSTER SLOTS: first, last, [host, port, ...] of its master, its replicas. */
static void nodes_map_range(struct redis_nodes *nodes, const struct redis_reply *range, struct span asked)
{
	struct redis_reply first = redis_member(range, 0), last = redis_member(range, 1),
			   master = redis_member(range, 2), host = redis_member(&master, 0),
			   port = redis_member(&master, 1);
	struct span name = host.text;
	char address[300];
	uint16_t node;

	/* A node that does not know its own name leaves it out: it is the one that was asked. */
	if (name.len == 0) {
		struct span rest = asked, ignored;

		name = span_cut_last(&rest, SPAN(":"), &ignored) ? rest : asked;
	}
	if (!nodes_address(name, port.number, address, sizeof(address)))
		return;
	node = redis_nodes_index(nodes, span_of(address));
	for (int64_t slot = first.number < 0 ? 0 : first.number; slot <= last.number && slot < REDIS_SLOTS;
	     slot++)
		nodes->slots[slot] = node;
}

static bool nodes_map_by(struct redis_nodes *nodes, const char *address, struct error *error)
{
	const struct span words[] = { SPAN("CLUSTER"), SPAN("SLOTS") };
	struct redis *redis = redis_open(address, &nodes->login, error);
	struct redis_reply reply;
	char *asked;
	bool mapped;

	if (redis == NULL)
		return false;
	mapped = redis_ask(redis, words, 2, &reply, error) && reply.kind == REDIS_LIST && reply.count > 0;
	if (mapped) {
		asked = memory_copy(span_of(address)); /* it may be a node's own, which move when they grow */
		for (size_t slot = 0; slot < REDIS_SLOTS; slot++)
			nodes->slots[slot] = REDIS_NODE_NONE;
		for (size_t i = 0; i < reply.count; i++) {
			struct redis_reply range = redis_member(&reply, i);

			nodes_map_range(nodes, &range, span_of(asked));
		}
		free(asked);
		nodes->mapped = true;
	}
	redis_close(&redis);
	return mapped;
}

/* Ask the nodes that are known, then those of the settings, for the slots. */
static bool nodes_ask_cluster(struct redis_nodes *nodes, struct error *error)
{
	if (!nodes_read_password(nodes, error))
		return false;
	for (size_t i = 0; i < nodes->count; i++)
		if (nodes->of[i].redis != NULL && nodes_map_by(nodes, nodes->of[i].address, error))
			return true;
	for (size_t i = 0; i < nodes->options->servers.count; i++)
		if (nodes_map_by(nodes, nodes->options->servers.texts[i], error))
			return true;
	return false;
}

bool redis_nodes_map(struct redis_nodes *nodes, struct error *error)
{
	if (nodes->mapped)
		return true;
	switch ((enum redis_topology)nodes->options->topology) {
	case REDIS_SENTINEL:
		return nodes_ask_sentinel(nodes, error);
	case REDIS_CLUSTER:
		return nodes_ask_cluster(nodes, error);
	case REDIS_OFF:
	case REDIS_SINGLE:
		break;
	}
	nodes_all_to(nodes, redis_nodes_index(nodes, span_of(nodes->options->servers.texts[0])));
	return true;
}
