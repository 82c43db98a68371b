/*
 * What `sendwatch check` says of Redis: each server that the settings lead to is reached, timed, and asked to do all
 * that the store will ask of it, on a key of its own that goes away again. Each refusal is told in Redis's words,
 * with what it means here.
 */
#include "detectors/redis_function.h"
#include "detectors/redis_nodes.h"
#include "detectors/store_redis.h"

#include "base/text.h"

#include <stdio.h>

#define CHECK_PINGS 3 /* the shortest of three is not one that met a busy moment */

struct check {
	const struct redis_options *options;
	void (*tell)(void *context, bool good, const char *words);
	void *context;
	bool good;
};

static void check_say(struct check *check, const char *address, const char *words)
{
	struct text line = { 0 };

	text_add_format(&line, "%s: %s", address, words);
	check->tell(check->context, true, line.at);
	text_free(&line);
}

/* Redis's words begin with the server's address already. */
static void check_fail(struct check *check, const char *what, const struct error *error)
{
	struct text line = { 0 };

	text_add_format(&line, "%s (%s)", error->text, what);
	check->tell(check->context, false, line.at);
	text_free(&line);
	check->good = false;
}

/* "redis_version:7.0.15" of INFO: what stands behind KEY. */
static struct span info_of(struct span info, struct span key)
{
	struct span line, at = info;

	while (span_cut_text(&at, SPAN("\r\n"), &line))
		if (span_skip(&line, key))
			return line;
	return (struct span){ "", 0 };
}

static void check_info(struct check *check, struct redis *redis, const char *address, usec_t took)
{
	struct redis_reply reply;
	struct text words = { 0 };
	struct error error;
	uint64_t most = 0, used = 0;
	struct span policy, version;

	text_add_format(&words, "answers in %.1f ms", (double)took / 1000);
	/* Who may not ask for it loses nothing but these words. */
	if (!redis_ask(redis, (struct span[]){ SPAN("INFO") }, 1, &reply, &error)) {
		check_say(check, address, words.at);
		text_free(&words);
		return;
	}
	version = info_of(reply.text, SPAN("valkey_version:"));
	if (version.len > 0)
		text_add_format(&words, ", Valkey %.*s", SPAN_ARGS(version));
	else
		text_add_format(&words, ", Redis %.*s",
				SPAN_ARGS(info_of(reply.text, SPAN("redis_version:"))));
	text_add_format(&words, ", %.*s", SPAN_ARGS(info_of(reply.text, SPAN("role:"))));
	(void)span_to_u64(info_of(reply.text, SPAN("maxmemory:")), &most);
	(void)span_to_u64(info_of(reply.text, SPAN("used_memory:")), &used);
	policy = info_of(reply.text, SPAN("maxmemory_policy:"));
	if (most > 0)
		text_add_format(&words, ", uses %llu of %llu MB", (unsigned long long)(used / 1000000),
				(unsigned long long)(most / 1000000));
	check_say(check, address, words.at);
	if (most > 0 && !span_equal(policy, SPAN("noeviction")))
		check_say(
			check, address,
			"drops keys when its memory is full (maxmemory-policy): accounts will be forgotten");
	if (span_equal(info_of(reply.text, SPAN("aof_enabled:")), SPAN("0")))
		check_say(
			check, address,
			"keeps no append-only file (appendonly): should it be lost together with a collector, "
			"what both knew is lost");
	text_free(&words);
}

/*
 * Each command that is used, on keys that begin with KEY: a key of its own for each kind of value, so that a command
 * that is refused does not make others look refused.
 */
static void check_rights(struct check *check, struct redis *redis, struct span key)
{
	static const struct {
		const char *words[5]; /* ":x" is the key */
		const char *what;
	} needed[] = {
		{ { "HSET", ":h", "version", "0" }, "windows cannot be written" },
		{ { "HGET", ":h", "version" }, "windows cannot be read" },
		{ { "HMGET", ":h", "version", "record" }, "accounts and show cannot read" },
		{ { "EXPIRE", ":h", "60" }, "idle accounts would stay for ever" },
		{ { "SET", ":s", "0", "EX", "60" }, "verdicts cannot be claimed: each server would act" },
		{ { "GET", ":s" }, "verdicts cannot be claimed: each server would act" },
		{ { "SADD", ":l", "nobody" }, "accounts cannot be listed" },
		{ { "SMEMBERS", ":l" }, "accounts cannot be listed" },
		{ { "SREM", ":l", "nobody" }, "accounts cannot be listed" },
		{ { "EVAL", "return 1", "1", ":h" }, "other servers cannot be told whom this one stops" },
		{ { "XADD", ":x", "*", "a", "b" }, "other servers cannot be told whom this one stops" },
		{ { "XRANGE", ":x", "-", "+" }, "whom other servers stop cannot be heard" },
		{ { "XREVRANGE", ":x", "+", "-" }, "whom other servers stop cannot be heard" },
		{ { "HGETALL", ":h" }, "whom other servers stop cannot be heard" },
		{ { "HDEL", ":h", "version" }, "releases would be remembered for ever" },
		{ { "DEL", ":h", ":s", ":l", ":x" }, "release needs to delete keys" },
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		struct text keys[5] = { { 0 } };
		struct span words[5];
		struct redis_reply reply = { .text = { "", 0 } };
		struct error error;
		size_t count = 0;

		for (; count < 5 && needed[i].words[count] != NULL; count++) {
			const char *word = needed[i].words[count];

			text_add_format(&keys[count], "%.*s%s", *word == ':' ? (int)key.len : 0, key.at,
					word);
			words[count] = text_span(&keys[count]);
		}
		if (!redis_ask(redis, words, count, &reply, &error) &&
		    !span_starts(reply.text, SPAN("MOVED ")) && !span_starts(reply.text, SPAN("READONLY")))
			check_fail(check, needed[i].what, &error);
		for (size_t k = 0; k < count; k++)
			text_free(&keys[k]);
		if (reply.raw == NULL)
			return; /* the connection is lost */
	}
}

/* Our function, or the script that does without: run once, asking for nothing. */
static void check_function(struct check *check, struct redis *redis, const char *address, struct span key)
{
	struct redis_function function = { .loaded = false };
	const struct span arguments[] = { SPAN("-"), SPAN("60"), SPAN(""), SPAN("1") };
	struct redis_reply reply;
	struct error error;

	if (!redis_function_load(&function, redis, &error)) {
		check_fail(check, "neither FUNCTION LOAD nor SCRIPT LOAD is allowed: nothing can be counted",
			   &error);
		return;
	}
	redis_function_queue(&function, redis, key, arguments, 4);
	if (!redis_reply(redis, &reply, &error) || reply.kind == REDIS_FAILURE) {
		if (reply.kind == REDIS_FAILURE &&
		    (span_starts(reply.text, SPAN("MOVED ")) || span_starts(reply.text, SPAN("READONLY"))))
			return;
		if (reply.kind == REDIS_FAILURE)
			error_set(&error, "%s: %.*s", address, SPAN_ARGS(reply.text));
		check_fail(check, function.script ? "EVALSHA is needed" : "FCALL is needed", &error);
		return;
	}
	if (function.script)
		check_say(check, address,
			  "has no functions, or lets this user load none: the script does instead");
}

static void check_replicas(struct check *check, struct redis *redis, const char *address)
{
	char count[24];
	struct redis_reply reply;
	struct error error;

	if (check->options->replicas == 0)
		return;
	snprintf(count, sizeof(count), "%lld", (long long)check->options->replicas);
	if (!redis_ask(redis, (struct span[]){ SPAN("WAIT"), span_of(count), SPAN("500") }, 3, &reply,
		       &error))
		check_fail(check, "WAIT is needed for [redis] replicas", &error);
	else if (reply.number < check->options->replicas) {
		error_set(&error, "%s: %lld replicas answer", address, (long long)reply.number);
		check_fail(check, "[redis] replicas wants more: nothing would ever count as safe", &error);
	}
}

static bool is_master(struct redis *redis)
{
	struct redis_reply reply;
	struct error error;

	return !redis_ask(redis, (struct span[]){ SPAN("ROLE") }, 1, &reply, &error) ||
	       span_equal(redis_member(&reply, 0).text, SPAN("master"));
}

/* How far it is: the shortest of a few times there and back. */
static bool check_ping(struct redis *redis, usec_t *took_r, struct error *error)
{
	for (int i = 0; i < CHECK_PINGS; i++) {
		usec_t from = clock_monotonic();
		struct redis_reply reply;

		if (!redis_ask(redis, (struct span[]){ SPAN("PING") }, 1, &reply, error))
			return false;
		if (i == 0 || clock_monotonic() - from < *took_r)
			*took_r = clock_monotonic() - from;
	}
	return true;
}

static void check_server(struct check *check, const char *address, const struct redis_login *login)
{
	struct error error;
	struct redis *redis = redis_open(address, login, &error);
	usec_t took = USEC_NEVER;
	struct text key = { 0 };

	if (redis == NULL || !check_ping(redis, &took, &error)) {
		check_fail(check, redis == NULL ? "cannot be reached, or logged in to" : "does not answer",
			   &error);
		redis_close(&redis);
		return;
	}
	check_info(check, redis, address, took);
	if (is_master(redis)) {
		text_add_format(&key, "%s:{check}", check->options->prefix);
		check_rights(check, redis, text_span(&key));
		check_function(check, redis, address, text_span(&key));
		check_replicas(check, redis, address);
		text_free(&key);
	} else if (check->options->topology == REDIS_SINGLE) {
		error_set(&error, "%s: is a replica", address);
		check_fail(check, "nothing can be written there", &error);
	}
	redis_close(&redis);
}

/* Sentinels that cannot be reached are no trouble yet, as long as one can. */
static void check_sentinels(struct check *check)
{
	const struct redis_options *options = check->options;
	const struct span words[] = { SPAN("SENTINEL"), SPAN("get-master-addr-by-name"),
				      span_of(options->master == NULL ? "" : options->master) };

	for (size_t i = 0; i < options->servers.count; i++) {
		const char *address = options->servers.texts[i];
		struct redis_reply reply;
		struct text line = { 0 };
		struct error error;
		struct redis *redis = redis_sentinel_open(options, i, &error);

		if (redis == NULL || !redis_ask(redis, words, 3, &reply, &error)) {
			text_add_format(&line, "%s (this Sentinel is of no help)", error.text);
			check->tell(check->context, true, line.at);
		} else if (reply.count == 2) {
			text_add_format(&line, "Sentinel, says that the master is %.*s:%.*s",
					SPAN_ARGS(redis_member(&reply, 0).text),
					SPAN_ARGS(redis_member(&reply, 1).text));
			check_say(check, address, line.at);
		} else {
			check_say(check, address, "Sentinel, knows no master of this name");
		}
		text_free(&line);
		redis_close(&redis);
	}
}

bool store_redis_check(const struct redis_options *options,
		       void (*tell)(void *context, bool good, const char *words), void *context,
		       struct error *error)
{
	struct check check = { .options = options, .tell = tell, .context = context, .good = true };
	struct redis_route *route = redis_route_new(options, error);
	size_t count;

	if (route == NULL)
		return false;
	if (options->topology == REDIS_SENTINEL)
		check_sentinels(&check);
	count = redis_route_find(route, error);
	if (count == 0)
		check.good = false;
	if (count > 0 && redis_route_unserved(route) > 0) {
		struct error unserved;

		error_set(&unserved, "%zu of 16384 slots are served by no node", redis_route_unserved(route));
		check_fail(&check, "their accounts cannot be counted", &unserved);
	}
	for (size_t i = 0; i < count; i++)
		check_server(&check, redis_route_address(route, i), redis_route_login(route));
	redis_route_free(&route);
	if (!check.good && count > 0)
		error_set(error, "so Redis cannot be used");
	return check.good;
}
