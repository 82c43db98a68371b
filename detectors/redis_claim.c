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

bool redis_claims_ask(struct redis_claims *claims, uint64_t server, struct span account,
		      enum account_state state, bool late, char id[VERDICT_ID_SIZE])
{
	struct claim claim = { .set = false }, acted = { .set = false };
	char value[64];
	struct error error;
	struct text name = { 0 }, key = { 0 }, acted_key = { 0 };
	struct redis_call calls[3];
	bool asked;

	if (claims->route == NULL)
		claims->route = redis_route_new(claims->options, &error);
	if (claims->route == NULL)
		return true;
	redis_account_name(claims->options, account, &name);
	redis_claim_key(claims->options->prefix, state, late, text_span(&name), &key);
	redis_claim_key(claims->options->prefix, state, false, text_span(&name), &acted_key);
	text_free(&name);
	snprintf(value, sizeof(value), "%016llx %s", (unsigned long long)server, id);
	calls[0] = (struct redis_call){
		.key = text_span(&key),
		.words = { SPAN("SET"), text_span(&key), span_of(value), SPAN("NX"), SPAN("EX"),
			   SPAN(CLAIM_SECONDS) },
		.count = 6,
		.answered = claim_set,
		.context = &claim,
	};
	calls[1] = claim_get(&key, &claim);
	calls[2] = claim_get(&acted_key, &acted);
	asked = redis_route_run(claims->route, calls, late ? 3 : 2, &error);
	text_free(&key);
	text_free(&acted_key);
	if (asked && acted.holder[0] != '\0')
		return claim_is_ours(&acted, server, id);
	return !asked || claim.set || claim_is_ours(&claim, server, id);
}
