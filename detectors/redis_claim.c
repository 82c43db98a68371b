/*
 * SET NX, and GET behind it in the same flush: whoever did not win learns whose it is. What is found late has a key of
 * its own, and is not told where the other one is there: that was acted on.
 */
#include "detectors/redis_claim.h"

#include "base/memory.h"
#include "detectors/redis_record.h"

#include <stdio.h>
#include <stdlib.h>

#define CLAIM_SECONDS "3600" /* two servers that find the same account in the same state within it act once */

struct redis_claims {
	const struct redis_options *options;
	struct redis_route *route; /* made when needed */
};

struct claim {
	bool set;
	char holder[64];
};

struct redis_claims *redis_claims_new(const struct redis_options *options)
{
	struct redis_claims *claims = memory_new(1, sizeof(*claims));

	claims->options = options;
	return claims;
}

void redis_claims_free(struct redis_claims **claims)
{
	if (*claims == NULL)
		return;
	redis_route_free(&(*claims)->route);
	free(*claims);
	*claims = NULL;
}

static void claim_set(struct redis_call *call, const struct redis_reply *reply)
{
	((struct claim *)call->context)->set = reply->kind == REDIS_STATUS;
}

static void claim_read(struct redis_call *call, const struct redis_reply *reply)
{
	struct claim *claim = call->context;

	snprintf(claim->holder, sizeof(claim->holder), "%.*s", SPAN_ARGS(reply->text));
}

/* Is the claim this server's own? Then ID is what it claimed with. */
static bool claim_is_ours(const struct claim *claim, uint64_t server, char id[VERDICT_ID_SIZE])
{
	struct span holder = span_of(claim->holder);
	char own[24];

	snprintf(own, sizeof(own), "%016llx ", (unsigned long long)server);
	if (!span_skip(&holder, span_of(own)) || holder.len == 0 || holder.len >= VERDICT_ID_SIZE)
		return false;
	memcpy(id, holder.at, holder.len);
	id[holder.len] = '\0';
	return true;
}

static struct redis_call claim_get(const struct text *key, struct claim *claim)
{
	return (struct redis_call){
		.key = text_span(key),
		.words = { SPAN("GET"), text_span(key) },
		.count = 2,
		.answered = claim_read,
		.context = claim,
	};
}

static void claims_ended(struct redis_call *call, const struct redis_reply *reply)
{
	(void)call;
	(void)reply;
}

static struct redis_call claim_drop(const struct text *key)
{
	return (struct redis_call){
		.key = text_span(key),
		.words = { SPAN("DEL"), text_span(key) },
		.count = 2,
		.answered = claims_ended,
	};
}

void redis_claims_end_calls(const char *prefix, struct span name, struct text keys[REDIS_CLAIMS],
			    struct redis_call calls[REDIS_CLAIMS])
{
	static const enum account_state states[] = { STATE_WATCH, STATE_FLAGGED, STATE_DISABLED };

	for (size_t i = 0; i < REDIS_CLAIMS; i++) {
		redis_claim_key(prefix, states[i / 2], i % 2 != 0, name, &keys[i]);
		calls[i] = claim_drop(&keys[i]);
	}
}

bool redis_claims_end(struct redis_claims *claims, struct span account)
{
	struct text name = { 0 }, keys[REDIS_CLAIMS] = { { 0 } };
	struct redis_call calls[REDIS_CLAIMS];
	struct error error;
	bool ended;

	if (claims->route == NULL)
		claims->route = redis_route_new(claims->options, &error);
	if (claims->route == NULL)
		return false;
	redis_account_name(claims->options, account, &name);
	redis_claims_end_calls(claims->options->prefix, text_span(&name), keys, calls);
	ended = redis_route_run(claims->route, calls, REDIS_CLAIMS, &error);
	text_free(&name);
	for (size_t i = 0; i < REDIS_CLAIMS; i++)
		text_free(&keys[i]);
	return ended;
}

enum { KEY_ASKED, KEY_ACTED, KEY_NORMAL, KEY_LATE_NORMAL, CLAIM_KEYS };

static void claim_keys(const struct redis_options *options, struct span account, enum account_state state,
		       bool late, struct text keys[CLAIM_KEYS])
{
	struct text name = { 0 };

	redis_account_name(options, account, &name);
	redis_claim_key(options->prefix, state, late, text_span(&name), &keys[KEY_ASKED]);
	redis_claim_key(options->prefix, state, false, text_span(&name), &keys[KEY_ACTED]);
	redis_claim_key(options->prefix, STATE_NORMAL, false, text_span(&name), &keys[KEY_NORMAL]);
	redis_claim_key(options->prefix, STATE_NORMAL, true, text_span(&name), &keys[KEY_LATE_NORMAL]);
	text_free(&name);
}

bool redis_claims_ask(struct redis_claims *claims, uint64_t server, struct span account,
		      enum account_state state, bool late, char id[VERDICT_ID_SIZE])
{
	struct claim claim = { .set = false }, acted = { .set = false };
	char value[64];
	struct error error;
	struct text keys[CLAIM_KEYS] = { { 0 } };
	struct redis_call calls[5];
	size_t count = 0;
	bool asked;

	if (claims->route == NULL)
		claims->route = redis_route_new(claims->options, &error);
	if (claims->route == NULL)
		return true;
	claim_keys(claims->options, account, state, late, keys);
	snprintf(value, sizeof(value), "%016llx %s", (unsigned long long)server, id);
	calls[count++] = (struct redis_call){
		.key = text_span(&keys[KEY_ASKED]),
		.words = { SPAN("SET"), text_span(&keys[KEY_ASKED]), span_of(value), SPAN("NX"), SPAN("EX"),
			   SPAN(CLAIM_SECONDS) },
		.count = 6,
		.answered = claim_set,
		.context = &claim,
	};
	calls[count++] = claim_get(&keys[KEY_ASKED], &claim);
	if (late)
		calls[count++] = claim_get(&keys[KEY_ACTED], &acted);
	/* Who is raised will be normal again, and that is new then. */
	if (state != STATE_NORMAL) {
		calls[count++] = claim_drop(&keys[KEY_NORMAL]);
		calls[count++] = claim_drop(&keys[KEY_LATE_NORMAL]);
	}
	asked = redis_route_run(claims->route, calls, count, &error);
	for (size_t i = 0; i < CLAIM_KEYS; i++)
		text_free(&keys[i]);
	if (asked && acted.holder[0] != '\0')
		return claim_is_ours(&acted, server, id);
	return !asked || claim.set || claim_is_ours(&claim, server, id);
}
