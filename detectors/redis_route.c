/*
 * Nodes are known by address and connected when needed. A round sends every open call to its node, in one
 * row a node, and reads the replies; what was moved, asked elsewhere or met a node that is not ready is
 * sent again in the next. After ROUNDS the caller is told, who waits and tries again.
 */
#define _GNU_SOURCE
#include "detectors/redis_route.h"

#include "base/memory.h"
#include "detectors/redis_function.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUTE_NODES  1000 /* what Redis itself recommends at most for a cluster */
#define ROUTE_ROUNDS 5 /* moved, asked elsewhere, and a node that fails over are three; two more, assumed */
#define ROUTE_NONE   UINT16_MAX

struct route_node {
	char *address;
	struct redis *redis;
	struct redis_function function;
	bool refused; /* it wants to be logged in to anew */
};

struct redis_route {
	const struct redis_options *options;
	struct redis_login login;
	struct route_node *nodes;
	size_t node_count;
	uint16_t slots[REDIS_SLOTS]; /* which node; for a single server all the first */
	bool mapped;                 /* slots are believed to be right */
	size_t sentinel;        /* which is asked first the next time: not who sent us to a wrong place */
	bool short_of_replicas; /* in this run: the next try is the caller's */
};

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

static bool route_read_password(struct redis_route *route, struct error *error)
{
	return login_read_password(&route->login, route->options->password_file, error);
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

struct redis_route *redis_route_new(const struct redis_options *options, struct error *error)
{
	struct redis_route *route;

	if (options->servers.count == 0) {
		error_set(error, "[redis] servers: none is named");
		return NULL;
	}
	route = memory_new(1, sizeof(*route));
	route->options = options;
	route->login = (struct redis_login){
		.user = options->user,
		.database = options->topology == REDIS_CLUSTER ? 0 : options->database,
		.tls = options->tls,
		.ca = options->ca,
		.timeout = options->timeout,
	};
	if (!route_read_password(route, error))
		redis_route_free(&route);
	return route;
}

static void node_close(struct route_node *node)
{
	redis_close(&node->redis);
	node->function = (struct redis_function){ 0 };
	node->refused = false;
}

void redis_route_free(struct redis_route **route)
{
	if (*route == NULL)
		return;
	for (size_t i = 0; i < (*route)->node_count; i++) {
		node_close(&(*route)->nodes[i]);
		free((*route)->nodes[i].address);
	}
	free((*route)->nodes);
	login_forget_password(&(*route)->login);
	free(*route);
	*route = NULL;
}

/* The node of this address, known or new; ROUTE_NONE where there are too many. */
static uint16_t route_node(struct redis_route *route, struct span address)
{
	struct route_node *node;

	for (size_t i = 0; i < route->node_count; i++)
		if (span_equal(span_of(route->nodes[i].address), address))
			return (uint16_t)i;
	if (route->node_count == ROUTE_NODES)
		return ROUTE_NONE;
	route->nodes = memory_grow(route->nodes, route->node_count + 1, sizeof(*route->nodes));
	node = &route->nodes[route->node_count];
	*node = (struct route_node){ .address = memory_copy(address) };
	return (uint16_t)route->node_count++;
}

static bool node_ready(struct redis_route *route, struct route_node *node, struct error *error)
{
	if (node->refused)
		node_close(node);
	if (node->redis == NULL && route_read_password(route, error))
		node->redis = redis_open(node->address, &route->login, error);
	if (node->redis == NULL)
		return false;
	if (redis_function_load(&node->function, node->redis, error))
		return true;
	node_close(node);
	return false;
}

static void route_all_to(struct redis_route *route, uint16_t node)
{
	for (size_t slot = 0; slot < REDIS_SLOTS; slot++)
		route->slots[slot] = node;
	route->mapped = node != ROUTE_NONE;
}

/* "host:port" of two members of a reply; brackets around an IPv6 address. */
static bool route_address(struct span host, int64_t port, char *into, size_t room)
{
	bool v6 = span_find(host, SPAN(":")) < host.len;

	return host.len > 0 && port > 0 && port < 65536 &&
	       (size_t)snprintf(into, room, v6 ? "[%.*s]:%d" : "%.*s:%d", SPAN_ARGS(host), (int)port) < room;
}

/* Ask the Sentinels in turn who the master is. */
static bool route_ask_sentinel(struct redis_route *route, struct error *error)
{
	const struct redis_options *options = route->options;
	const struct span words[] = { SPAN("SENTINEL"), SPAN("get-master-addr-by-name"),
				      span_of(options->master == NULL ? "" : options->master) };

	for (size_t asked = 0; asked < options->servers.count; asked++) {
		size_t i = route->sentinel++ % options->servers.count;
		struct redis *sentinel = redis_sentinel_open(options, i, error);
		struct redis_reply reply;
		char address[300];
		bool found = false;

		if (sentinel != NULL && redis_ask(sentinel, words, 3, &reply, error)) {
			uint64_t port = 0;

			found = reply.count == 2 && span_to_u64(redis_member(&reply, 1).text, &port) &&
				route_address(redis_member(&reply, 0).text, (int64_t)port, address,
					      sizeof(address));
			if (!found)
				error_set(error, "%s: Sentinel knows no master %.*s",
					  options->servers.texts[i], SPAN_ARGS(words[2]));
		}
		redis_close(&sentinel);
		if (found) {
			route_all_to(route, route_node(route, span_of(address)));
			return true;
		}
	}
	return false;
}

/* One range of CLUSTER SLOTS: first, last, [host, port, ...] of its master, its replicas. */
static void route_map_range(struct redis_route *route, const struct redis_reply *range, struct span asked)
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
	if (!route_address(name, port.number, address, sizeof(address)))
		return;
	node = route_node(route, span_of(address));
	for (int64_t slot = first.number < 0 ? 0 : first.number; slot <= last.number && slot < REDIS_SLOTS;
	     slot++)
		route->slots[slot] = node;
}

static bool route_map_by(struct redis_route *route, const char *address, struct error *error)
{
	const struct span words[] = { SPAN("CLUSTER"), SPAN("SLOTS") };
	struct redis *redis = redis_open(address, &route->login, error);
	struct redis_reply reply;
	char *asked;
	bool mapped;

	if (redis == NULL)
		return false;
	mapped = redis_ask(redis, words, 2, &reply, error) && reply.kind == REDIS_LIST && reply.count > 0;
	if (mapped) {
		asked = memory_copy(span_of(address)); /* it may be a node's own, which move when they grow */
		for (size_t slot = 0; slot < REDIS_SLOTS; slot++)
			route->slots[slot] = ROUTE_NONE;
		for (size_t i = 0; i < reply.count; i++) {
			struct redis_reply range = redis_member(&reply, i);

			route_map_range(route, &range, span_of(asked));
		}
		free(asked);
		route->mapped = true;
	}
	redis_close(&redis);
	return mapped;
}

/* Ask the nodes that are known, then those of the settings, for the slots. */
static bool route_ask_cluster(struct redis_route *route, struct error *error)
{
	if (!route_read_password(route, error))
		return false;
	for (size_t i = 0; i < route->node_count; i++)
		if (route->nodes[i].redis != NULL && route_map_by(route, route->nodes[i].address, error))
			return true;
	for (size_t i = 0; i < route->options->servers.count; i++)
		if (route_map_by(route, route->options->servers.texts[i], error))
			return true;
	return false;
}

static bool route_map(struct redis_route *route, struct error *error)
{
	if (route->mapped)
		return true;
	switch ((enum redis_topology)route->options->topology) {
	case REDIS_SENTINEL:
		return route_ask_sentinel(route, error);
	case REDIS_CLUSTER:
		return route_ask_cluster(route, error);
	case REDIS_OFF:
	case REDIS_SINGLE:
		break;
	}
	route_all_to(route, route_node(route, span_of(route->options->servers.texts[0])));
	return true;
}

static void node_queue(struct route_node *node, const struct redis_call *call)
{
	if (call->function)
		redis_function_queue(&node->function, node->redis, call->key, call->words, call->count);
	else
		redis_queue(node->redis, call->words, call->count);
}

/* "MOVED 3999 127.0.0.1:6381", "ASK 3999 127.0.0.1:6381": the address, where there is one. */
static bool route_pointed(struct span text, struct span *address_r)
{
	struct span rest = text, slot;

	if (!span_cut_last(&rest, SPAN(" "), address_r) || !span_cut_last(&rest, SPAN(" "), &slot))
		return false;
	return span_find(*address_r, SPAN(":")) > 0 && address_r->len > 0 && address_r->len < 300;
}

/* Ask for the replicas' word on all that was written before. */
static void route_queue_wait(const struct redis_options *options, struct redis *redis)
{
	char replicas[24], milliseconds[24];

	snprintf(replicas, sizeof(replicas), "%lld", (long long)options->replicas);
	snprintf(milliseconds, sizeof(milliseconds), "%lld", (long long)(options->timeout / 2000));
	redis_queue(redis, (struct span[]){ SPAN("WAIT"), span_of(replicas), span_of(milliseconds) }, 3);
}

/* What the replicas answered: do enough of them have it? */
static bool route_is_safe(const struct redis_route *route, const struct route_node *node,
			  const struct redis_reply *reply, struct error *error)
{
	if (reply->kind == REDIS_NUMBER && reply->number >= route->options->replicas)
		return true;
	if (reply->kind == REDIS_FAILURE)
		return error_set(error, "%s: WAIT: %.*s", node->address, SPAN_ARGS(reply->text));
	return error_set(error, "%s: %lld of %lld replicas have what was written", node->address,
			 (long long)reply->number, (long long)route->options->replicas);
}

/* Once, at the node that is taking the slot over. */
static bool route_ask_once(struct redis_route *route, struct redis_call *call, struct span address,
			   struct error *error)
{
	bool waits = call->function && route->options->replicas > 0;
	uint16_t at = route_node(route, address);
	struct redis_reply reply;
	struct route_node *node;

	if (at == ROUTE_NONE || !node_ready(route, &route->nodes[at], error))
		return false;
	node = &route->nodes[at];
	redis_queue(node->redis, (struct span[]){ SPAN("ASKING") }, 1);
	node_queue(node, call);
	if (!redis_reply(node->redis, &reply, error) || !redis_reply(node->redis, &reply, error)) {
		node_close(node);
		return false;
	}
	if (reply.kind == REDIS_FAILURE) {
		if (redis_function_missing(reply.text))
			node->function = (struct redis_function){ 0 };
		return error_set(error, "%s: %.*s", node->address, SPAN_ARGS(reply.text));
	}
	call->answered(call, &reply);
	if (waits) {
		route_queue_wait(route->options, node->redis);
		if (!redis_reply(node->redis, &reply, error)) {
			node_close(node);
			return false;
		}
	}
	call->done = !waits || route_is_safe(route, node, &reply, error);
	route->short_of_replicas = route->short_of_replicas || !call->done;
	return call->done;
}

/* A refusal: what to do before the call is tried again. */
static void route_refused(struct redis_route *route, uint16_t at, struct redis_call *call, struct span text,
			  struct error *error)
{
	struct route_node *node = &route->nodes[at];
	struct span address;

	error_set(error, "%s: %.*s", node->address, SPAN_ARGS(text));
	if (redis_function_missing(text))
		node->function = (struct redis_function){ 0 };
	else if (span_starts(text, SPAN("NOAUTH ")))
		node->refused = true;
	else if (span_starts(text, SPAN("ASK ")) && route_pointed(text, &address))
		(void)route_ask_once(route, call, address, error);
	else if (span_starts(text, SPAN("MOVED ")) && route_pointed(text, &address))
		route->slots[redis_slot(call->key)] = route_node(route, address);
	else /* READONLY, LOADING, CLUSTERDOWN, OOM ...: perhaps another is the master by now */
		route->mapped = false;
}

/* Too few replicas have it: its calls are to be run again, which they bear. */
static void route_waited(struct redis_route *route, uint16_t at, struct redis_call *calls,
			 const uint16_t *places, size_t count, struct error *error)
{
	struct route_node *node = &route->nodes[at];
	struct redis_reply reply;
	bool well = redis_reply(node->redis, &reply, error);

	if (well && route_is_safe(route, node, &reply, error))
		return;
	for (size_t i = 0; i < count; i++)
		if (places[i] == at && calls[i].function)
			calls[i].done = false;
	route->short_of_replicas = true;
	if (!well)
		node_close(node);
}

/* Send the node at AT those calls that PLACES gives it, and read their replies. */
static void route_round_of(struct redis_route *route, uint16_t at, struct redis_call *calls,
			   const uint16_t *places, size_t count, struct error *error)
{
	struct redis_reply reply;
	bool waits = false;

	if (!node_ready(route, &route->nodes[at], error)) {
		route->mapped = false;
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (places[i] == at) {
			node_queue(&route->nodes[at], &calls[i]);
			waits = waits || (calls[i].function && route->options->replicas > 0);
		}
	if (waits)
		route_queue_wait(route->options, route->nodes[at].redis);
	for (size_t i = 0; i < count; i++) {
		if (places[i] != at)
			continue;
		if (!redis_reply(route->nodes[at].redis, &reply, error)) {
			node_close(&route->nodes[at]);
			route->mapped = false;
			return;
		}
		if (reply.kind == REDIS_FAILURE) {
			route_refused(route, at, &calls[i], reply.text, error);
			continue;
		}
		calls[i].done = true;
		calls[i].answered(&calls[i], &reply);
	}
	if (waits)
		route_waited(route, at, calls, places, count, error);
}

/* Which node each open call goes to; how many are open. */
static size_t route_places(const struct redis_route *route, const struct redis_call *calls, uint16_t *places,
			   size_t count)
{
	size_t open = 0;

	for (size_t i = 0; i < count; i++) {
		places[i] = calls[i].done ? ROUTE_NONE : route->slots[redis_slot(calls[i].key)];
		open += !calls[i].done;
	}
	return open;
}

size_t redis_route_find(struct redis_route *route, struct error *error)
{
	return route_map(route, error) ? route->node_count : 0;
}

size_t redis_route_unserved(const struct redis_route *route)
{
	size_t count = 0;

	for (size_t slot = 0; slot < REDIS_SLOTS; slot++)
		count += route->slots[slot] == ROUTE_NONE;
	return count;
}

const char *redis_route_address(const struct redis_route *route, size_t at)
{
	return route->nodes[at].address;
}

const struct redis_login *redis_route_login(const struct redis_route *route)
{
	return &route->login;
}

bool redis_route_run(struct redis_route *route, struct redis_call *calls, size_t count, struct error *error)
{
	uint16_t *places = memory_new(count, sizeof(*places));
	usec_t until = clock_monotonic() + route->login.timeout;
	size_t open = count;

	error->text[0] = '\0';
	route->short_of_replicas = false;
	for (int round = 0; round < ROUTE_ROUNDS && open > 0 && !route->short_of_replicas; round++) {
		/* Somebody hangs: who waits is told so now, and not after as many time limits as there are rounds. */
		if ((round > 0 && clock_monotonic() >= until) || !route_map(route, error))
			break;
		open = route_places(route, calls, places, count);
		for (size_t at = 0; at < route->node_count && open > 0; at++)
			for (size_t i = 0; i < count; i++)
				if (places[i] == at) {
					route_round_of(route, (uint16_t)at, calls, places, count, error);
					break;
				}
		open = route_places(route, calls, places, count);
		/* A slot that nobody serves: the map may be out of date. */
		for (size_t i = 0; i < count; i++)
			if (!calls[i].done && places[i] == ROUTE_NONE)
				route->mapped = false;
	}
	free(places);
	/* Nobody complained: there was nobody to ask. */
	if (open > 0 && error->text[0] == '\0')
		error_set(error, "no node of the cluster serves the slot");
	return open == 0;
}
