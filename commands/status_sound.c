/* What the settings of [status] ask for, and whether it can be had safely. */
#include "commands/status_sound.h"

#include "commands/status.h"
#include "commands/status_http.h"
#include "commands/status_listen.h"
#include "responders/secret.h"

#include <stdlib.h>

bool status_mode(const struct status_options *options, unsigned *mode_r, struct error *error)
{
	char *end = NULL;
	unsigned long mode = options->mode == NULL ? 0660 : strtoul(options->mode, &end, 8);

	if (end != NULL && (*end != '\0' || mode > 0777))
		return error_set(error, "[status] mode: %s is not one, as in 0660", options->mode);
	*mode_r = (unsigned)mode;
	return true;
}

static bool list_has(const struct setting_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->texts[i], name) == 0)
			return true;
	return false;
}

bool status_sound(const struct status_options *options, bool known, struct error *error)
{
	struct listen_address addresses[STATUS_LISTENERS];
	struct error why;
	unsigned mode;

	for (size_t i = 0; i < options->open.count; i++)
		if (strcmp(options->open.texts[i], "health") != 0 &&
		    strcmp(options->open.texts[i], "metrics") != 0 &&
		    strcmp(options->open.texts[i], "page") != 0)
			return error_set(error, "[status] open: health, metrics or page, not %s",
					 options->open.texts[i]);
	if (options->listen.count > STATUS_LISTENERS)
		return error_set(error, "[status] listen: at most %d", STATUS_LISTENERS);
	for (size_t i = 0; i < options->listen.count; i++) {
		if (!listen_parse(options->listen.texts[i], &addresses[i], &why))
			return error_set(error, "[status] listen: %s", why.text);
		for (size_t j = 0; j < i; j++)
			if (listen_is_same(&addresses[j], &addresses[i]))
				return error_set(error, "[status] listen: %s: %s is the same place",
						 options->listen.texts[i], options->listen.texts[j]);
		/* Beyond this machine nothing is shown to just anybody, unless it was said. */
		if (!addresses[i].loopback && !known && list_has(&options->open, "page"))
			return error_set(
				error,
				"[status] listen: %s is no address of this machine alone, and the page is "
				"open: set password_file or token_file",
				options->listen.texts[i]);
	}
	if (options->change && !known)
		return error_set(error, "[status] change: needs password_file or token_file");
	return status_mode(options, &mode, error);
}

bool status_secrets(const struct status_options *options, char **password_r, char **token_r,
		    struct error *error)
{
	struct error why;

	*password_r = *token_r = NULL;
	if (options->password_file != NULL &&
	    (*password_r = secret_copy(options->password_file, &why)) == NULL)
		return error_set(error, "[status] password_file: %s", why.text);
	if (options->token_file != NULL && (*token_r = secret_copy(options->token_file, &why)) == NULL) {
		free(*password_r);
		*password_r = NULL;
		return error_set(error, "[status] token_file: %s", why.text);
	}
	return true;
}

bool status_check(const struct options *options, struct text *words, struct error *error)
{
	const struct status_options *status = &options->status;
	char *password, *token;
	bool good;

	if (status->listen.count == 0) {
		text_add(words, SPAN("there is no status page: [status] listen says where it is to be"));
		return true;
	}
	if (!status_http_is_built())
		return error_set(error, "[status] listen: built without libmicrohttpd");
	if (!status_secrets(status, &password, &token, error))
		return false;
	good = status_sound(status, password != NULL || token != NULL, error);
	text_add(words, SPAN("the status page can be shown"));
	if (password == NULL && token == NULL && !list_has(&status->open, "page"))
		text_add(words, SPAN(", over a Unix socket alone: no password_file or token_file is set"));
	free(password);
	free(token);
	return good;
}
