/*
 * hiredis behind four verbs. TLS is there where hiredis was built with it (its version 1.0 and later,
 * package hiredis-ssl); elsewhere asking for it is refused rather than ignored. OpenSSL comes with that, so that it is
 * loaded only when it is asked for.
 */
#include "detectors/redis.h"

#include "base/library.h"
#include "base/memory.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#ifdef HAVE_HIREDIS_SSL
#include <hiredis/hiredis_ssl.h>
#endif
#include <stdio.h>
#include <stdlib.h>

#define REDIS_WORDS 16

struct redis {
	redisContext *context;
	redisReply *reply; /* the last one, which lent its text */
	char *address;
#ifdef HAVE_HIREDIS_SSL
	redisSSLContext *tls;
#endif
};

static struct timeval redis_limit(usec_t timeout)
{
	return (struct timeval){ .tv_sec = timeout / USEC_SECOND, .tv_usec = timeout % USEC_SECOND };
}

static redisContext *redis_dial(const char *address, struct timeval limit, struct error *error)
{
	struct span host = span_of(address), port_text;
	uint64_t port;
	char *name;
	redisContext *context;

	if (address[0] == '/')
		return redisConnectUnixWithTimeout(address, limit);
	if (!span_cut_last(&host, SPAN(":"), &port_text) || !span_to_u64(port_text, &port) || port == 0 ||
	    port > 65535) {
		error_set(error, "%s: neither host:port nor the path of a socket", address);
		return NULL;
	}
	if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
		host = (struct span){ host.at + 1, host.len - 2 };
	name = memory_copy(host);
	context = redisConnectWithTimeout(name, (int)port, limit);
	free(name);
	return context;
}

#ifdef HAVE_HIREDIS_SSL
static struct redis_tls_calls {
	__typeof__(redisCreateSSLContext) *create;
	__typeof__(redisFreeSSLContext) *free;
	__typeof__(redisInitiateSSLWithContext) *initiate;
	__typeof__(redisSSLContextGetError) *why;
} redis_tls;

static const struct library_function redis_tls_functions[] = {
	{ "redisCreateSSLContext", offsetof(struct redis_tls_calls, create) },
	{ "redisFreeSSLContext", offsetof(struct redis_tls_calls, free) },
	{ "redisInitiateSSLWithContext", offsetof(struct redis_tls_calls, initiate) },
	{ "redisSSLContextGetError", offsetof(struct redis_tls_calls, why) },
};

/* The library beside the hiredis that the header is of: it is numbered as that is. */
#define REDIS_WORD(number)        #number
#define REDIS_TLS_FILE_OF(soname) "libhiredis_ssl.so." REDIS_WORD(soname)

static bool redis_tls_load(struct error *error)
{
	static struct library library = LIBRARY(REDIS_TLS_FILE_OF(HIREDIS_SONAME), NULL, redis_tls_functions);

	return library_load(&library, &redis_tls, error);
}
#endif

static bool redis_start_tls(struct redis *redis, const struct redis_login *login, struct error *error)
{
#ifdef HAVE_HIREDIS_SSL
	redisSSLContextError why = REDIS_SSL_CTX_NONE;
	struct error missing;

	if (!redis_tls_load(&missing))
		return error_set(error, "%s: TLS: %s", redis->address, missing.text);
	redis->tls = redis_tls.create(login->ca, login->ca == NULL ? "/etc/ssl/certs" : NULL, NULL, NULL,
				      NULL, &why);
	if (redis->tls == NULL)
		return error_set(error, "%s: TLS: %s", redis->address, redis_tls.why(why));
	if (redis_tls.initiate(redis->context, redis->tls) != REDIS_OK)
		return error_set(error, "%s: TLS: %s", redis->address, redis->context->errstr);
	return true;
#else
	(void)login;
	return error_set(error, "%s: this sendwatch was built without TLS for Redis (hiredis_ssl)",
			 redis->address);
#endif
}

static bool redis_log_in(struct redis *redis, const struct redis_login *login, struct error *error)
{
	struct redis_reply reply;
	char database[24];

	if (login->password != NULL) {
		const struct span words[] = { SPAN("AUTH"),
					      span_of(login->user == NULL ? "default" : login->user),
					      span_of(login->password) };

		/* A server before Redis 6 knows one password and no users. */
		if (login->user != NULL
			    ? !redis_ask(redis, words, 3, &reply, error)
			    : !redis_ask(redis, (struct span[]){ words[0], words[2] }, 2, &reply, error))
			return false;
	}
	if (login->database == 0)
		return true;
	snprintf(database, sizeof(database), "%lld", (long long)login->database);
	return redis_ask(redis, (struct span[]){ SPAN("SELECT"), span_of(database) }, 2, &reply, error);
}

struct redis *redis_open(const char *address, const struct redis_login *login, struct error *error)
{
	struct timeval limit = redis_limit(login->timeout);
	struct redis *redis = memory_new(1, sizeof(*redis));

	error->text[0] = '\0';
	redis->address = memory_copy(span_of(address));
	redis->context = redis_dial(address, limit, error);
	if (redis->context == NULL || redis->context->err != 0) {
		if (error->text[0] == '\0')
			error_set(error, "%s: %s", address,
				  redis->context == NULL ? "no memory" : redis->context->errstr);
		redis_close(&redis);
		return NULL;
	}
	(void)redisSetTimeout(redis->context, limit);
	if (address[0] != '/')
		(void)redisEnableKeepAlive(redis->context);
	if ((login->tls && !redis_start_tls(redis, login, error)) || !redis_log_in(redis, login, error))
		redis_close(&redis);
	return redis;
}

void redis_close(struct redis **redis)
{
	if (*redis == NULL)
		return;
	if ((*redis)->reply != NULL)
		freeReplyObject((*redis)->reply);
	if ((*redis)->context != NULL)
		redisFree((*redis)->context);
#ifdef HAVE_HIREDIS_SSL
	if ((*redis)->tls != NULL)
		redis_tls.free((*redis)->tls);
#endif
	free((*redis)->address);
	free(*redis);
	*redis = NULL;
}

void redis_queue(struct redis *redis, const struct span *words, size_t count)
{
	const char *texts[REDIS_WORDS];
	size_t lengths[REDIS_WORDS];

	assert(count <= REDIS_WORDS);
	for (size_t i = 0; i < count; i++) {
		texts[i] = words[i].at;
		lengths[i] = words[i].len;
	}
	/* Its only failure is memory, or a connection that is broken already: the reply will tell. */
	(void)redisAppendCommandArgv(redis->context, (int)count, texts, lengths);
}

static struct redis_reply redis_shape(const redisReply *raw)
{
	struct redis_reply reply = { .kind = REDIS_NIL, .raw = raw };

	if (raw == NULL)
		return reply;
	reply.number = raw->integer;
	switch (raw->type) {
	case REDIS_REPLY_STRING:
		reply.kind = REDIS_TEXT;
		break;
	case REDIS_REPLY_STATUS:
		reply.kind = REDIS_STATUS;
		break;
	case REDIS_REPLY_ERROR:
		reply.kind = REDIS_FAILURE;
		break;
	case REDIS_REPLY_INTEGER:
		reply.kind = REDIS_NUMBER;
		return reply;
	case REDIS_REPLY_ARRAY:
		reply.kind = REDIS_LIST;
		reply.count = raw->elements;
		return reply;
	default:
		return reply;
	}
	reply.text = (struct span){ raw->str, raw->len };
	return reply;
}

bool redis_reply(struct redis *redis, struct redis_reply *reply_r, struct error *error)
{
	void *raw = NULL;

	if (redis->reply != NULL)
		freeReplyObject(redis->reply);
	redis->reply = NULL;
	if (redisGetReply(redis->context, &raw) != REDIS_OK) {
		error_set(error, "%s: %s", redis->address,
			  redis->context->err == REDIS_ERR_IO ? "no answer in time, or connection lost"
							      : redis->context->errstr);
		return false;
	}
	redis->reply = raw;
	*reply_r = redis_shape(raw);
	return true;
}

struct redis_reply redis_member(const struct redis_reply *list, size_t at)
{
	const redisReply *raw = list->raw;

	return redis_shape(list->kind == REDIS_LIST && at < list->count ? raw->element[at] : NULL);
}

bool redis_ask(struct redis *redis, const struct span *words, size_t count, struct redis_reply *reply_r,
	       struct error *error)
{
	redis_queue(redis, words, count);
	if (!redis_reply(redis, reply_r, error))
		return false;
	if (reply_r->kind == REDIS_FAILURE)
		return error_set(error, "%s: %.*s", redis->address, SPAN_ARGS(reply_r->text));
	return true;
}
