/*
 * A round sends every open call to its node, in one row a node, and reads the replies; what was moved, asked
 * elsewhere or met a node that is not ready is sent again in the next. After ROUNDS the caller is told, who waits
 * and tries again.
 */
#define _GNU_SOURCE
#include "detectors/redis_route.h"

#include "base/memory.h"
#include "detectors/redis_nodes.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUTE_ROUNDS 5 /* moved, asked elsewhere, and a node that fails over are three; two more, assumed */

struct redis_route {
	const struct redis_options *options;
	struct redis_nodes nodes;
	bool short_of_replicas; /* in this run: the next try is the caller's */
};

struct redis_route *redis_route_new(const struct redis_options *options, struct error *error)
{
	struct redis_route *route;

	if (options->servers.count == 0) {
		error_set(error, "[redis] servers: none is named");
		return NULL;
	}
	route = memory_new(1, sizeof(*route));
	route->options = options;
	if (!redis_nodes_open(&route->nodes, options, error))
		redis_route_free(&route);
	return route;
}

void redis_route_free(struct redis_route **route)
{
	if (*route == NULL)
		return;
	redis_nodes_close(&(*route)->nodes);
	free(*route);
	*route = NULL;
}

/* A function's key is named beside its words. */
static struct span call_key(const struct redis_call *call)
{
	return call->function ? call->key : call->words[1];
}

static void node_queue(struct redis_node *node, const struct redis_call *call)
{
	if (call->foreign)
		redis_queue(node->redis, (struct span[]){ SPAN("DEL"), call_key(call) }, 2);
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
static bool route_is_safe(const struct redis_route *route, const struct redis_node *node,
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
	uint16_t at = redis_nodes_index(&route->nodes, address);
	struct redis_reply reply;
	struct redis_node *node;

	if (at == REDIS_NODE_NONE || !redis_node_ready(&route->nodes, &route->nodes.of[at], error))
		return false;
	node = &route->nodes.of[at];
	redis_queue(node->redis, (struct span[]){ SPAN("ASKING") }, 1);
	node_queue(node, call);
	if (!redis_reply(node->redis, &reply, error) || !redis_reply(node->redis, &reply, error)) {
		redis_node_close(node);
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
			redis_node_close(node);
			return false;
		}
	}
	call->done = !waits || route_is_safe(route, node, &reply, error);
	route->short_of_replicas = route->short_of_replicas || !call->done;
	return call->done;
}

/*
 * Under our prefix stands what we cannot have written. Waiting would hold up the whole batch until somebody finds that
 * key: so it is deleted, as a record that cannot be read is replaced; but for a claim, which GET asks for: where it
 * cannot be read, whoever asks may act.
 */
static void route_foreign(const struct redis_node *node, struct redis_call *call, struct span text,
			  struct error *error)
{
	error_set(error, "%s: %.*s: %.*s", node->address, SPAN_ARGS(call_key(call)), SPAN_ARGS(text));
	call->foreign = call->function || !span_equal(call->words[0], SPAN("GET"));
}

/* A refusal: what to do before the call is tried again. */
static void route_refused(struct redis_route *route, uint16_t at, struct redis_call *call, struct span text,
			  struct error *error)
{
	struct redis_node *node = &route->nodes.of[at];
	struct span address;

	error_set(error, "%s: %.*s", node->address, SPAN_ARGS(text));
	if (redis_function_missing(text))
		node->function = (struct redis_function){ 0 };
	else if (span_find(text, SPAN("WRONGTYPE")) < text.len)
		route_foreign(node, call, text, error);
	else if (span_starts(text, SPAN("NOAUTH ")))
		node->refused = true;
	else if (span_starts(text, SPAN("ASK ")) && route_pointed(text, &address))
		(void)route_ask_once(route, call, address, error);
	else if (span_starts(text, SPAN("MOVED ")) && route_pointed(text, &address))
		route->nodes.slots[redis_slot(call->key)] = redis_nodes_index(&route->nodes, address);
	else /* READONLY, LOADING, CLUSTERDOWN, OOM ...: perhaps another is the master by now */
		route->nodes.mapped = false;
}

/* Too few replicas have it: its calls are to be run again, which they bear. */
static void route_waited(struct redis_route *route, uint16_t at, struct redis_call *calls,
			 const uint16_t *places, size_t count, struct error *error)
{
	struct redis_node *node = &route->nodes.of[at];
	struct redis_reply reply;
	bool well = redis_reply(node->redis, &reply, error);

	if (well && route_is_safe(route, node, &reply, error))
		return;
	for (size_t i = 0; i < count; i++)
		if (places[i] == at && calls[i].function)
			calls[i].done = false;
	route->short_of_replicas = true;
	if (!well)
		redis_node_close(node);
}

/* Send the node at AT those calls that PLACES gives it, and read their replies. */
static void route_round_of(struct redis_route *route, uint16_t at, struct redis_call *calls,
			   const uint16_t *places, size_t count, struct error *error)
{
	struct redis_reply reply;
	bool waits = false;

	if (!redis_node_ready(&route->nodes, &route->nodes.of[at], error)) {
		route->nodes.mapped = false;
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (places[i] == at) {
			node_queue(&route->nodes.of[at], &calls[i]);
			waits = waits || (calls[i].function && route->options->replicas > 0);
		}
	if (waits)
		route_queue_wait(route->options, route->nodes.of[at].redis);
	for (size_t i = 0; i < count; i++) {
		if (places[i] != at)
			continue;
		/* The reply to DEL, where there is one, does not matter: the call's own tells whether it helped. */
		if (!redis_reply(route->nodes.of[at].redis, &reply, error) ||
		    (calls[i].foreign && !redis_reply(route->nodes.of[at].redis, &reply, error))) {
			redis_node_close(&route->nodes.of[at]);
			route->nodes.mapped = false;
			return;
		}
		calls[i].foreign = false;
		if (reply.kind == REDIS_FAILURE) {
			route_refused(route, at, &calls[i], reply.text, error);
			continue;
		}
		/* Not done, so that there is a pause as there is for one that is lost. */
		if (calls[i].function && reply.kind != REDIS_LIST) {
			error_set(error, "%s: answers as no Redis does", route->nodes.of[at].address);
			redis_node_close(&route->nodes.of[at]);
			route->nodes.mapped = false;
			return;
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
		places[i] = calls[i].done ? REDIS_NODE_NONE : route->nodes.slots[redis_slot(calls[i].key)];
		open += !calls[i].done;
	}
	return open;
}

size_t redis_route_find(struct redis_route *route, struct error *error)
{
	return redis_nodes_map(&route->nodes, error) ? route->nodes.count : 0;
}

size_t redis_route_unserved(const struct redis_route *route)
{
	size_t count = 0;

	for (size_t slot = 0; slot < REDIS_SLOTS; slot++)
		count += route->nodes.slots[slot] == REDIS_NODE_NONE;
	return count;
}

const char *redis_route_address(const struct redis_route *route, size_t at)
{
	return route->nodes.of[at].address;
}

const struct redis_login *redis_route_login(const struct redis_route *route)
{
	return &route->nodes.login;
}

bool redis_route_run(struct redis_route *route, struct redis_call *calls, size_t count, struct error *error)
{
	uint16_t *places = memory_new(count, sizeof(*places));
	usec_t until = clock_monotonic() + route->nodes.login.timeout;
	size_t open = count;

	error->text[0] = '\0';
	route->short_of_replicas = false;
	for (int round = 0; round < ROUTE_ROUNDS && open > 0 && !route->short_of_replicas; round++) {
		/* Somebody hangs: who waits is told so now, and not after as many time limits as there are rounds. */
		if ((round > 0 && clock_monotonic() >= until) || !redis_nodes_map(&route->nodes, error))
			break;
		open = route_places(route, calls, places, count);
		for (size_t at = 0; at < route->nodes.count && open > 0; at++)
			for (size_t i = 0; i < count; i++)
				if (places[i] == at) {
					route_round_of(route, (uint16_t)at, calls, places, count, error);
					break;
				}
		open = route_places(route, calls, places, count);
		/* A slot that nobody serves: the map may be out of date. */
		for (size_t i = 0; i < count; i++)
			if (!calls[i].done && places[i] == REDIS_NODE_NONE)
				route->nodes.mapped = false;
	}
	free(places);
	/* Nobody complained: there was nobody to ask. */
	if (open > 0 && error->text[0] == '\0')
		error_set(error, "no node of the cluster serves the slot");
	return open == 0;
}
