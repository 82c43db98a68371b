/*
 * HTTP by libmicrohttpd, a thread a connection, so that one that waits for the loop, or reads slowly, holds up no
 * other; how many there are at once, and for how long nothing may happen on one, is bounded. Passwords are tried
 * against each answer's half second of waiting.
 *
 * For new settings the connections of the moment are closed, and the sockets go on where their addresses stayed.
 */
#define _GNU_SOURCE
#include "commands/status.h"

#include "base/memory.h"
#include "commands/status_listen.h"
#include "commands/status_site.h"
#include "commands/status_sound.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_LIBMICROHTTPD
#include <microhttpd.h>
#else
struct MHD_Daemon;
#endif

#define STATUS_BODY   ((size_t)8 * 1024)
#define STATUS_STACK  ((size_t)512 * 1024)
#define STATUS_MEMORY ((size_t)32 * 1024) /* of the heads of a request */

struct status_listener {
	struct status *status;
	char *text; /* as in the settings */
	struct listen_address address;
	int fd;
	struct MHD_Daemon *daemon;
};

struct status {
	struct options *options;
	struct status_site site;
	struct desk *desk;
	char *password, *token;
	char form[33];
	struct status_listener listeners[STATUS_LISTENERS];
	size_t count;
};

#ifdef HAVE_LIBMICROHTTPD

bool status_is_built(void)
{
	return true;
}

/* --- requests --- */

struct status_visit {
	char *target; /* as sent, before anything was decoded */
	struct text body;
	bool begun;
};

static void *status_begin(void *context, const char *uri, struct MHD_Connection *connection)
{
	struct status_visit *visit = memory_new(1, sizeof(*visit));

	(void)context;
	(void)connection;
	visit->target = memory_copy(span_of(uri));
	visit->body.ceiling = STATUS_BODY;
	return visit;
}

static void status_end(void *context, struct MHD_Connection *connection, void **place,
		       enum MHD_RequestTerminationCode code)
{
	struct status_visit *visit = *place;

	(void)context;
	(void)connection;
	(void)code;
	if (visit == NULL)
		return;
	free(visit->target);
	text_free(&visit->body);
	free(visit);
	*place = NULL;
}

static enum MHD_Result status_send(struct MHD_Connection *connection, const struct status_answer *answer)
{
	struct span body = text_span(&answer->body);
	/* Copied: the answer may be on its way longer than we are here. */
	struct MHD_Response *response = MHD_create_response_from_buffer(body.len, memory_copy(body),
									MHD_RESPMEM_MUST_FREE);
	enum MHD_Result sent;

	if (response == NULL)
		return MHD_NO;
	for (size_t i = 0; status_heads[i][0] != NULL; i++)
		(void)MHD_add_response_header(response, status_heads[i][0], status_heads[i][1]);
	(void)MHD_add_response_header(response, "Content-Type", answer->type);
	(void)MHD_add_response_header(response, "Cache-Control",
				      answer->lasting ? "public, max-age=3600" : "no-store");
	if (answer->location[0] != '\0')
		(void)MHD_add_response_header(response, "Location", answer->location);
	if (answer->challenge)
		(void)MHD_add_response_header(response, "WWW-Authenticate",
					      "Basic realm=\"sendwatch\", charset=\"UTF-8\"");
	if (answer->allow != NULL)
		(void)MHD_add_response_header(response, "Allow", answer->allow);
	sent = MHD_queue_response(connection, answer->code, response);
	MHD_destroy_response(response);
	return sent;
}

static struct span status_head(struct MHD_Connection *connection, const char *name)
{
	return span_of(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

/* Whoever guesses waits; each has a thread of its own, and there are few. */
static void status_brake(void)
{
	const struct timespec half = { .tv_nsec = 500 * 1000 * 1000 };

	(void)nanosleep(&half, NULL);
}

static enum MHD_Result status_serve(struct status *status, struct MHD_Connection *connection,
				    const struct status_visit *visit, const char *method, bool local)
{
	char *password = NULL, *user = MHD_basic_auth_get_username_password(connection, &password);
	const struct status_request request = {
		.method = span_of(method),
		.target = span_of(visit->target),
		.host = status_head(connection, "Host"),
		.origin = status_head(connection, "Origin"),
		.site = status_head(connection, "Sec-Fetch-Site"),
		.accept = status_head(connection, "Accept"),
		.authorization = status_head(connection, "Authorization"),
		.user = span_of(user),
		.password = span_of(password),
		.body = text_span(&visit->body),
		.local = local,
	};
	struct status_answer answer;
	enum MHD_Result sent;

	status_answer(&status->site, &request, &answer);
	if (answer.code == 401 && request.authorization.at != NULL)
		status_brake();
	sent = status_send(connection, &answer);
	text_free(&answer.body);
	MHD_free(user);
	MHD_free(password);
	return sent;
}

/* Only where a form is too long is there something to say before it was read. */
static bool status_too_long(struct MHD_Connection *connection)
{
	uint64_t len;

	return span_to_u64(status_head(connection, "Content-Length"), &len) && len > STATUS_BODY;
}

static enum MHD_Result status_called(void *context, struct MHD_Connection *connection, const char *url,
				     const char *method, const char *version, const char *upload,
				     size_t *upload_len, void **place)
{
	const struct status_listener *listener = context;
	struct status_visit *visit = *place;

	(void)url;
	(void)version;
	if (!visit->begun) {
		struct status_answer answer = { .code = 413, .type = "text/plain; charset=utf-8" };
		enum MHD_Result sent;

		visit->begun = true;
		if (!status_too_long(connection))
			return MHD_YES;
		text_add(&answer.body, SPAN("That is too much.\n"));
		sent = status_send(connection, &answer);
		text_free(&answer.body);
		return sent;
	}
	if (*upload_len > 0) {
		text_add(&visit->body, (struct span){ upload, *upload_len });
		*upload_len = 0;
		return visit->body.cut ? MHD_NO : MHD_YES;
	}
	return status_serve(listener->status, connection, visit, method, listener->address.path != NULL);
}

static bool listener_start(struct status_listener *listener, struct error *error)
{
	const struct status_options *options = &listener->status->options->status;
	/* MHD closes the one that it is given. */
	int fd = fcntl(listener->fd, F_DUPFD_CLOEXEC, 3);
	sigset_t all, before;

	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (fd >= 0)
		listener->daemon = MHD_start_daemon(
			MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0,
			NULL, NULL, status_called, listener, MHD_OPTION_LISTEN_SOCKET, fd,
			MHD_OPTION_CONNECTION_LIMIT, (unsigned)options->clients,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(options->timeout / USEC_SECOND),
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, STATUS_MEMORY, MHD_OPTION_THREAD_STACK_SIZE,
			STATUS_STACK, MHD_OPTION_URI_LOG_CALLBACK, status_begin, NULL,
			MHD_OPTION_NOTIFY_COMPLETED, status_end, NULL, MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (listener->daemon != NULL)
		return true;
	if (fd >= 0)
		close(fd);
	return error_set(error, "[status] listen: %s: the server cannot be started", listener->text);
}

static void listener_stop(struct status_listener *listener)
{
	if (listener->daemon != NULL)
		MHD_stop_daemon(listener->daemon);
	listener->daemon = NULL;
}

#else

bool status_is_built(void)
{
	return false;
}

static bool listener_start(struct status_listener *listener, struct error *error)
{
	return error_set(error, "[status] listen: %s: built without libmicrohttpd", listener->text);
}

static void listener_stop(struct status_listener *listener)
{
	(void)listener;
}

#endif

/* --- opening and closing --- */

static void listener_close(struct status_listener *listener)
{
	listener_stop(listener);
	if (listener->fd >= 0)
		close(listener->fd);
	if (listener->fd >= 0 && listener->address.path != NULL)
		unlink(listener->address.path);
	free(listener->text);
	*listener = (struct status_listener){ .fd = -1 };
}

/* A socket for TEXT: the one that there is, which goes over to FRESH, or a new one. */
static bool listener_open(struct status *status, const char *text, struct status_listener *fresh,
			  struct error *error)
{
	struct error why;
	unsigned mode;

	*fresh = (struct status_listener){ .status = status, .text = memory_copy(span_of(text)), .fd = -1 };
	if (!listen_parse(fresh->text, &fresh->address, error))
		return false;
	for (size_t i = 0; i < status->count; i++)
		if (status->listeners[i].fd >= 0 &&
		    listen_is_same(&status->listeners[i].address, &fresh->address)) {
			free(fresh->text);
			*fresh = status->listeners[i];
			status->listeners[i].fd = -1;
			return true;
		}
	if (!status_mode(&status->options->status, &mode, error))
		return false;
	fresh->fd = listen_open(&fresh->address, mode, &why);
	return fresh->fd >= 0 || error_set(error, "[status] listen: %s: %s", text, why.text);
}

static void status_random(char form[33])
{
	unsigned char bytes[16] = { 0 };

	/* An empty one is nobody's: then only the token can change something. */
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(form + 2 * i, 3, "%02x", bytes[i]);
}

static void status_free_options(struct options **options)
{
	if (*options == NULL)
		return;
	options_free(*options);
	free(*options);
	*options = NULL;
}

/* What the site answers by, from the settings in force. */
static void status_apply(struct status *status)
{
	const struct status_options *options = &status->options->status;

	past_free(&status->site.past);
	if (status->options->journal.file != NULL)
		status->site.past = past_new(status->options->journal.file);
	status->site.options = options;
	status->site.desk = status->desk;
	status->site.keys = (struct status_keys){
		.user = options->user,
		.password = status->password,
		.token = status->token,
		.form = status->form,
		.hosts = &options->hosts,
		.open = &options->open,
	};
}

static bool status_start(struct status *status, struct error *error)
{
	desk_open(status->desk);
	for (size_t i = 0; i < status->count; i++)
		if (status->listeners[i].daemon == NULL && !listener_start(&status->listeners[i], error))
			return false;
	return true;
}

static void status_stop(struct status *status)
{
	desk_close(status->desk);
	for (size_t i = 0; i < status->count; i++)
		listener_stop(&status->listeners[i]);
}

/* Settings and secrets from ARGUMENTS, sound by themselves; or nothing. */
static bool status_load(const struct arguments *arguments, struct options **options_r, char **password_r,
			char **token_r, struct error *error)
{
	struct options *options = memory_new(1, sizeof(*options));

	if (!options_load(arguments, options, error)) {
		free(options);
		return false;
	}
	if (options->status.listen.count == 0) {
		*password_r = *token_r = NULL;
		*options_r = options;
		return true;
	}
	if (!status_secrets(&options->status, password_r, token_r, error)) {
		status_free_options(&options);
		return false;
	}
	if (!status_sound(&options->status, *password_r != NULL || *token_r != NULL, error)) {
		free(*password_r);
		free(*token_r);
		status_free_options(&options);
		return false;
	}
	*options_r = options;
	return true;
}

/* Sockets for what the settings name; those that are not named any more are closed once all others are there. */
static bool status_bind(struct status *status, const struct setting_list *wanted, struct error *error)
{
	struct status_listener fresh[STATUS_LISTENERS];
	size_t count = 0;
	bool good = true;

	while (good && count < wanted->count)
		good = listener_open(status, wanted->texts[count], &fresh[count], error), count++;
	if (!good) {
		/* What was taken over goes back; the others go. */
		for (size_t i = 0; i < count; i++) {
			bool back = false;

			for (size_t old = 0; old < status->count && !back; old++)
				if (status->listeners[old].fd < 0 &&
				    status->listeners[old].text == fresh[i].text) {
					status->listeners[old] = fresh[i];
					back = true;
				}
			if (!back)
				listener_close(&fresh[i]);
		}
		return false;
	}
	for (size_t i = 0; i < status->count; i++)
		if (status->listeners[i].fd >= 0)
			listener_close(&status->listeners[i]);
	memcpy(status->listeners, fresh, count * sizeof(fresh[0]));
	status->count = count;
	return true;
}

struct status *status_open(const struct arguments *arguments, struct error *error)
{
	struct status *status = memory_new(1, sizeof(*status));

	status->desk = desk_new();
	status_random(status->form);
	if (!status_load(arguments, &status->options, &status->password, &status->token, error) ||
	    !status_bind(status, &status->options->status.listen, error)) {
		status_close(&status);
		return NULL;
	}
	status_apply(status);
	if (!status_start(status, error))
		status_close(&status);
	return status;
}

void status_close(struct status **status)
{
	struct status *gone = *status;

	if (gone == NULL)
		return;
	status_stop(gone);
	for (size_t i = 0; i < gone->count; i++)
		listener_close(&gone->listeners[i]);
	past_free(&gone->site.past);
	status_free_options(&gone->options);
	free(gone->password);
	free(gone->token);
	desk_free(&gone->desk);
	free(gone);
	*status = NULL;
}

bool status_reload(struct status *status, const struct arguments *arguments, struct error *error)
{
	struct options *options = NULL, *old = status->options;
	char *password = NULL, *token = NULL;
	struct error why;
	bool good;

	if (!status_load(arguments, &options, &password, &token, error))
		return false;
	status_stop(status);
	status->options = options;
	good = status_bind(status, &options->status.listen, error);
	if (good) {
		free(status->password);
		free(status->token);
		status->password = password;
		status->token = token;
		status_apply(status);
		status_free_options(&old);
	} else {
		status->options = old;
		free(password);
		free(token);
		status_free_options(&options);
	}
	if (status_start(status, &why))
		return good;
	*error = why;
	return false;
}

/* --- the loop's side --- */

int status_fd(const struct status *status)
{
	return status->count == 0 ? -1 : desk_fd(status->desk);
}

void status_turn(struct status *status, const struct board_view *view, desk_obey *obey, void *context)
{
	if (status->count > 0)
		desk_turn(status->desk, view, obey, context);
}

void status_enter(struct status *status, enum desk_phase phase)
{
	desk_enter(status->desk, phase);
}
