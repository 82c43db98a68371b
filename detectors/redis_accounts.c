/* A release is one swap more (redis_swap.lua), tried again where a server was faster. */
#define _GNU_SOURCE
#include "detectors/redis_accounts.h"

#include "base/memory.h"
#include "detectors/redis_claim.h"
#include "detectors/redis_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define TRIES 20 /* before a person is told: each fails only where a server wrote in the same moment */

struct redis_accounts {
	const struct redis_options *options;
	struct redis_route *route;
};

/* What was found under an account's key. */
struct found {
	const struct redis_options *options; /* while names are told */
	struct text version, bytes;
	void (*tell)(void *context, struct span name);
	void *context;
};

struct redis_accounts *redis_accounts_open(const struct redis_options *options, struct error *error)
{
	struct redis_route *route = redis_route_new(options, error);
	struct redis_accounts *accounts;

	if (route == NULL)
		return NULL;
	accounts = memory_new(1, sizeof(*accounts));
	accounts->options = options;
	accounts->route = route;
	return accounts;
}

void redis_accounts_close(struct redis_accounts **accounts)
{
	if (*accounts == NULL)
		return;
	redis_route_free(&(*accounts)->route);
	free(*accounts);
	*accounts = NULL;
}

static void found_free(struct found *found)
{
	text_free(&found->version);
	text_free(&found->bytes);
}

/* Of HMGET version record, and of the swap: a version, and perhaps bytes. */
static void found_answered(struct redis_call *call, const struct redis_reply *reply)
{
	struct found *found = call->context;
	struct redis_reply version = redis_member(reply, 0), bytes = redis_member(reply, 1);

	text_clear(&found->version);
	text_clear(&found->bytes);
	if (version.kind == REDIS_TEXT)
		text_add(&found->version, version.text);
	if (bytes.kind == REDIS_TEXT)
		text_add(&found->bytes, bytes.text);
}

static bool found_get(struct redis_accounts *accounts, struct span key, struct found *found,
		      struct error *error)
{
	struct redis_call call = {
		.key = key,
		.words = { SPAN("HMGET"), key, SPAN("version"), SPAN("record") },
		.count = 4,
		.answered = found_answered,
		.context = found,
	};

	return redis_route_run(accounts->route, &call, 1, error);
}

static bool found_unpack(const struct found *found, struct span name, struct reached *reached,
			 struct record *record, struct error *error)
{
	*record = (struct record){ .name = NULL };
	if (found->bytes.len == 0)
		return true;
	if (!redis_record_unpack(text_span(&found->bytes), reached, record))
		return error_set(error, "what Redis has of this account is of another version");
	record->name = memory_copy(name);
	return true;
}

/* The account of this NAME, or else another machine's that is called so THERE. */
static bool found_account(struct redis_accounts *accounts, struct span name, struct text *there,
			  struct text *key, struct found *found, struct error *error)
{
	redis_account_name(accounts->options, name, there);
	redis_record_key(accounts->options->prefix, text_span(there), key);
	if (!found_get(accounts, text_span(key), found, error))
		return false;
	if (found->bytes.len > 0 || there->len == name.len)
		return true;
	text_clear(there);
	text_clear(key);
	text_add(there, name);
	redis_record_key(accounts->options->prefix, name, key);
	return found_get(accounts, text_span(key), found, error);
}

bool redis_accounts_read(struct redis_accounts *accounts, struct span name, struct record *record,
			 struct error *error)
{
	struct reached reached[REDIS_SOURCES];
	struct found found = { .tell = NULL };
	struct text there = { 0 }, key = { 0 };
	bool good;

	good = found_account(accounts, name, &there, &key, &found, error) &&
	       found_unpack(&found, name, reached, record, error);
	text_free(&there);
	text_free(&key);
	found_free(&found);
	return good;
}

static void raised_answered(struct redis_call *call, const struct redis_reply *reply)
{
	const struct found *found = call->context;

	for (size_t i = 0; i < reply->count; i++)
		found->tell(found->context, redis_account_here(found->options, redis_member(reply, i).text));
}

bool redis_accounts_raised(struct redis_accounts *accounts, void (*tell)(void *context, struct span name),
			   void *context, struct error *error)
{
	struct found found = { .tell = tell, .context = context, .options = accounts->options };
	struct text key = { 0 };
	struct redis_call call = { .count = 2, .answered = raised_answered, .context = &found };
	bool good;

	text_add_format(&key, "%s:raised", accounts->options->prefix);
	call.key = text_span(&key);
	call.words[0] = SPAN("SMEMBERS");
	call.words[1] = call.key;
	good = redis_route_run(accounts->route, &call, 1, error);
	text_free(&key);
	return good;
}

/* Offer the record as it is to be, for the version that was found. */
static bool release_swap(struct redis_accounts *accounts, struct span key, const struct reached *reached,
			 const struct record *record, struct found *found, bool *taken_r, struct error *error)
{
	char keep[24], offered[24];
	struct text bytes = { 0 };
	uint64_t version = 0;
	struct redis_call call = {
		.key = key, .count = 4, .function = true, .answered = found_answered, .context = found
	};
	char *expected = memory_copy(text_span(&found->version));
	bool good;

	if (getrandom(&version, sizeof(version), 0) != (ssize_t)sizeof(version))
		version = (uint64_t)clock_monotonic();
	snprintf(offered, sizeof(offered), "%llu", (unsigned long long)(version | 1));
	snprintf(keep, sizeof(keep), "%lld", (long long)(accounts->options->keep / USEC_SECOND));
	redis_record_pack(reached, record, &bytes);
	call.words[0] = span_of(expected);
	call.words[1] = span_of(keep);
	call.words[2] = text_span(&bytes);
	call.words[3] = span_of(offered);
	good = redis_route_run(accounts->route, &call, 1, error);
	*taken_r = good && span_equal(text_span(&found->version), span_of(offered));
	text_free(&bytes);
	free(expected);
	return good;
}

/* What is found of the account from now on is new, and somebody may act on it. */
static bool claims_drop(struct redis_accounts *accounts, struct span there, struct error *error)
{
	struct text keys[REDIS_CLAIMS] = { { 0 } };
	struct redis_call calls[REDIS_CLAIMS];
	bool good;

	redis_claims_end_calls(accounts->options->prefix, there, keys, calls);
	good = redis_route_run(accounts->route, calls, REDIS_CLAIMS, error);
	for (size_t i = 0; i < REDIS_CLAIMS; i++)
		text_free(&keys[i]);
	return good;
}

bool redis_accounts_release(struct redis_accounts *accounts, struct span name, usec_t now, usec_t until,
			    struct record *record, struct error *error)
{
	struct found found = { .tell = NULL };
	struct text there = { 0 }, key = { 0 };
	bool taken = false, good;

	*record = (struct record){ .name = NULL };
	good = found_account(accounts, name, &there, &key, &found, error);
	for (int i = 0; i < TRIES && good && !taken; i++) {
		struct reached reached[REDIS_SOURCES] = { { 0 } };
		struct standing before;

		record_free(record);
		good = found_unpack(&found, name, reached, record, error);
		if (!good || record->name == NULL)
			break;
		before = record->standing;
		record_release(record, now, until);
		good = release_swap(accounts, text_span(&key), reached, record, &found, &taken, error);
		record->standing = before;
	}
	if (good && record->name != NULL && !taken)
		good = error_set(error, "the account changes too fast; try again");
	if (good && taken)
		good = claims_drop(accounts, text_span(&there), error);
	text_free(&there);
	text_free(&key);
	found_free(&found);
	return good;
}
