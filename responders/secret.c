/* The one place that knows where secrets come from. */
#define _GNU_SOURCE
#include "responders/secret.h"

#include "base/memory.h"
#include "base/save.h"

#include <stdlib.h>

#define SECRET_MAX ((size_t)16 * 1024)

bool secret_read(const char *path, struct text *text, struct error *error)
{
	struct span name = span_of(path);
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	struct text full = { 0 };
	bool good;

	if (!span_skip(&name, SPAN("credential:")))
		return save_read(path, SECRET_MAX, text, error);
	if (folder == NULL)
		return error_set(error, "%s: systemd gave no credentials (CREDENTIALS_DIRECTORY)", path);
	text_add_format(&full, "%s/", folder);
	text_add(&full, name);
	good = save_read(full.at, SECRET_MAX, text, error);
	text_free(&full);
	return good;
}

char *secret_copy(const char *path, struct error *error)
{
	struct text text = { 0 };
	char *copy = NULL;

	if (secret_read(path, &text, error)) {
		struct span trimmed = span_trim(text_span(&text));

		if (trimmed.len > 0)
			copy = memory_copy(trimmed);
		else
			error_set(error, "%s: is empty", path);
	}
	text_free(&text);
	return copy;
}
