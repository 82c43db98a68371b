/*
 * The status page's sockets and settings. For new settings the connections of the moment are closed, and the sockets go
 * on where their addresses stayed.
 */
#define _GNU_SOURCE
#include "commands/status.h"

#include "base/memory.h"
#include "commands/status_http.h"
#include "commands/status_listen.h"
#include "commands/status_site.h"
#include "commands/status_sound.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct status_listener {
	struct status *status;
	char *text; /* as in the settings */
	struct listen_address address;
	int fd;
	struct status_http *http; /* NULL while it does not answer */
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

static bool listener_start(struct status_listener *listener, struct error *error)
{
	struct status *status = listener->status;
	struct error why;

	listener->http = status_http_start(&status->site, &status->options->status, listener->fd,
					   listener->address.path != NULL, &why);
	return listener->http != NULL ||
	       error_set(error, "[status] listen: %s: %s", listener->text, why.text);
}

/* --- opening and closing --- */

static void listener_close(struct status_listener *listener)
{
	status_http_stop(&listener->http);
	if (listener->fd >= 0)
		close(listener->fd);
	if (listener->fd >= 0 && listener->address.path != NULL)
		unlink(listener->address.path);
	free(listener->text);
	*listener = (struct status_listener){ .fd = -1 };
}

/* The socket was there before: its rights are those of the new settings. */
static bool listener_admit(const struct status_listener *listener, struct error *error)
{
	unsigned mode;

	if (listener->address.path == NULL)
		return true;
	return status_mode(&listener->status->options->status, &mode, error) &&
	       (chmod(listener->address.path, mode) == 0 ||
		error_set(error, "[status] mode: %s: %s", listener->address.path, strerror(errno)));
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
		if (status->listeners[i].http == NULL && !listener_start(&status->listeners[i], error))
			return false;
	return true;
}

static void status_stop(struct status *status)
{
	desk_close(status->desk);
	for (size_t i = 0; i < status->count; i++)
		status_http_stop(&status->listeners[i].http);
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
	for (size_t i = 0; i < count && good; i++)
		good = listener_admit(&fresh[i], error);
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
