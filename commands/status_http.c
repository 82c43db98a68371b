/*
 * HTTP by libmicrohttpd, a thread a connection, so that one that waits for the loop, or reads slowly, holds up no
 * other; how many there are at once, and for how long nothing may happen on one, is bounded. Passwords are tried
 * against each answer's half second of waiting.
 */
#define _GNU_SOURCE
#include "commands/status_http.h"

#include "base/library.h"
#include "base/memory.h"
#include "base/text.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_LIBMICROHTTPD

#include <microhttpd.h>

#define HTTP_BODY   ((size_t)8 * 1024)
#define HTTP_STACK  ((size_t)512 * 1024)
#define HTTP_MEMORY ((size_t)32 * 1024) /* of the heads of a request */

/* What is used of the library, which is loaded when the first of these is to be called. */
/* clang-format off */
#define HTTP_CALLS(CALL) \
	CALL(add_response_header) CALL(basic_auth_get_username_password) \
	CALL(create_response_from_buffer) CALL(destroy_response) CALL(free) CALL(get_connection_info) \
	CALL(lookup_connection_value) CALL(queue_response) CALL(start_daemon) CALL(stop_daemon)
/* clang-format on */

#define HTTP_POINTER(name) __typeof__(MHD_##name) *name;
static struct http_calls {
	HTTP_CALLS(HTTP_POINTER)
} mhd;

#define HTTP_FUNCTION(name) { "MHD_" #name, offsetof(struct http_calls, name) },
static const struct library_function http_functions[] = { HTTP_CALLS(HTTP_FUNCTION) };

struct status_http {
	struct status_site *site;
	bool local;
	int fd; /* what it listens on, borrowed */
	struct MHD_Daemon *daemon;
};

bool status_http_is_built(void)
{
	return true;
}

/*
 * The request that is on its way over a connection, which owns it: of one that it cannot make out the library tells
 * nobody the end.
 */
struct http_visit {
	char *target; /* as sent, before anything was decoded */
	struct text body;
	bool begun;
};

static void http_clear(struct http_visit *visit)
{
	free(visit->target);
	text_free(&visit->body);
	*visit = (struct http_visit){ .body.ceiling = HTTP_BODY };
}

static void http_connection(void *context, struct MHD_Connection *connection, void **place,
			    enum MHD_ConnectionNotificationCode code)
{
	(void)context;
	(void)connection;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*place = memory_new(1, sizeof(struct http_visit));
	} else if (*place != NULL) {
		http_clear(*place);
		free(*place);
		*place = NULL;
	}
}

static void *http_begin(void *context, const char *uri, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = mhd.get_connection_info(connection,
								       MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_visit *visit = info == NULL ? NULL : info->socket_context;

	(void)context;
	if (visit == NULL)
		return NULL;
	http_clear(visit);
	visit->target = memory_copy(span_of(uri));
	return visit;
}

static void http_end(void *context, struct MHD_Connection *connection, void **place,
		     enum MHD_RequestTerminationCode code)
{
	(void)context;
	(void)connection;
	(void)code;
	if (*place != NULL)
		http_clear(*place);
	*place = NULL;
}

static enum MHD_Result http_send(struct MHD_Connection *connection, const struct status_answer *answer)
{
	struct span body = text_span(&answer->body);
	/* Copied: the answer may be on its way longer than we are here. */
	struct MHD_Response *response = mhd.create_response_from_buffer(body.len, memory_copy(body),
									MHD_RESPMEM_MUST_FREE);
	enum MHD_Result sent;

	if (response == NULL)
		return MHD_NO;
	for (size_t i = 0; status_heads[i][0] != NULL; i++)
		(void)mhd.add_response_header(response, status_heads[i][0], status_heads[i][1]);
	(void)mhd.add_response_header(response, "Content-Type", answer->type);
	(void)mhd.add_response_header(response, "Cache-Control",
				      answer->lasting ? "public, max-age=3600" : "no-store");
	if (answer->location[0] != '\0')
		(void)mhd.add_response_header(response, "Location", answer->location);
	if (answer->challenge)
		(void)mhd.add_response_header(response, "WWW-Authenticate",
					      "Basic realm=\"sendwatch\", charset=\"UTF-8\"");
	if (answer->allow != NULL)
		(void)mhd.add_response_header(response, "Allow", answer->allow);
	sent = mhd.queue_response(connection, answer->code, response);
	mhd.destroy_response(response);
	return sent;
}

static struct span http_head(struct MHD_Connection *connection, const char *name)
{
	return span_of(mhd.lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

/* Whoever guesses waits; each has a thread of its own, and there are few. */
static void http_brake(void)
{
	const struct timespec half = { .tv_nsec = 500 * 1000 * 1000 };

	(void)nanosleep(&half, NULL);
}

static enum MHD_Result http_serve(struct status_site *site, struct MHD_Connection *connection,
				  const struct http_visit *visit, const char *method, bool local)
{
	char *password = NULL, *user = mhd.basic_auth_get_username_password(connection, &password);
	const struct status_request request = {
		.method = span_of(method),
		.target = span_of(visit->target),
		.host = http_head(connection, "Host"),
		.origin = http_head(connection, "Origin"),
		.site = http_head(connection, "Sec-Fetch-Site"),
		.accept = http_head(connection, "Accept"),
		.authorization = http_head(connection, "Authorization"),
		.user = span_of(user),
		.password = span_of(password),
		.body = text_span(&visit->body),
		.local = local,
	};
	struct status_answer answer;
	enum MHD_Result sent;

	status_answer(site, &request, &answer);
	if (answer.code == 401 && request.authorization.at != NULL)
		http_brake();
	sent = http_send(connection, &answer);
	text_free(&answer.body);
	mhd.free(user);
	mhd.free(password);
	return sent;
}

/* Only where a form is too long is there something to say before it was read. */
static bool http_too_long(struct MHD_Connection *connection)
{
	uint64_t len;

	return span_to_u64(http_head(connection, "Content-Length"), &len) && len > HTTP_BODY;
}

static enum MHD_Result http_called(void *context, struct MHD_Connection *connection, const char *url,
				   const char *method, const char *version, const char *upload,
				   size_t *upload_len, void **place)
{
	const struct status_http *http = context;
	struct http_visit *visit = *place;

	(void)url;
	(void)version;
	if (visit == NULL)
		return MHD_NO;
	if (!visit->begun) {
		struct status_answer answer = { .code = 413, .type = "text/plain; charset=utf-8" };
		enum MHD_Result sent;

		visit->begun = true;
		if (!http_too_long(connection))
			return MHD_YES;
		text_add(&answer.body, SPAN("That is too much.\n"));
		sent = http_send(connection, &answer);
		text_free(&answer.body);
		return sent;
	}
	if (*upload_len > 0) {
		text_add(&visit->body, (struct span){ upload, *upload_len });
		*upload_len = 0;
		return visit->body.cut ? MHD_NO : MHD_YES;
	}
	return http_serve(http->site, connection, visit, method, http->local);
}

/*
 * The library complains that it has no descriptor for who knocks, and knocks on at once, for as long as that lasts: it
 * has a pause here. What else it complains of is its visitors' affair.
 */
static void http_complains(void *context, const char *form, va_list values)
{
	const struct status_http *http = context;
	int spare = fcntl(http->fd, F_DUPFD_CLOEXEC, 3);

	(void)form;
	(void)values;
	if (spare >= 0)
		close(spare);
	else
		http_brake();
}

static bool http_load(struct error *error)
{
	static struct library library = LIBRARY("libmicrohttpd.so.12", NULL, http_functions);

	return library_load(&library, &mhd, error);
}

struct status_http *status_http_start(struct status_site *site, const struct status_options *options,
				      int listening, bool local, struct error *error)
{
	struct status_http *http;
	sigset_t all, before;
	int fd;

	if (!http_load(error))
		return NULL;
	http = memory_new(1, sizeof(*http));
	*http = (struct status_http){ .site = site, .local = local, .fd = listening };
	fd = fcntl(listening, F_DUPFD_CLOEXEC, 3); /* MHD closes the one that it is given */
	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (fd >= 0)
		http->daemon = mhd.start_daemon(
			MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
				MHD_USE_ERROR_LOG,
			0, NULL, NULL, http_called, http, MHD_OPTION_EXTERNAL_LOGGER, http_complains, http,
			MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)options->clients,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(options->timeout / USEC_SECOND),
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_MEMORY, MHD_OPTION_THREAD_STACK_SIZE,
			HTTP_STACK, MHD_OPTION_URI_LOG_CALLBACK, http_begin, NULL,
			MHD_OPTION_NOTIFY_COMPLETED, http_end, NULL, MHD_OPTION_NOTIFY_CONNECTION,
			http_connection, NULL, MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (http->daemon != NULL)
		return http;
	if (fd >= 0)
		close(fd);
	free(http);
	error_set(error, "the server cannot be started");
	return NULL;
}

void status_http_stop(struct status_http **http)
{
	if (*http == NULL)
		return;
	mhd.stop_daemon((*http)->daemon);
	free(*http);
	*http = NULL;
}

#else

bool status_http_is_built(void)
{
	return false;
}

struct status_http *status_http_start(struct status_site *site, const struct status_options *options,
				      int listening, bool local, struct error *error)
{
	(void)site;
	(void)options;
	(void)listening;
	(void)local;
	error_set(error, "built without libmicrohttpd");
	return NULL;
}

void status_http_stop(struct status_http **http)
{
	*http = NULL;
}

#endif
