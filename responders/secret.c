/* The one place that knows where secrets come from. */
#define _GNU_SOURCE
#include "responders/secret.h"

#include "base/memory.h"
#include "base/save.h"

#include <stdlib.h>

#define SECRET_MAX ((size_t)16 * 1024)

bool secret_path(const char *path, struct text *file, struct error *error)
{
	struct span name = span_of(path);
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	if (span_skip(&name, SPAN("credential:"))) {
		if (folder == NULL)
			return error_set(error, "%s: systemd gave no credentials (CREDENTIALS_DIRECTORY)",
					 path);
		text_add_format(file, "%s/", folder);
	}
	text_add(file, name);
	return true;
}

bool secret_read(const char *path, struct text *text, struct error *error)
{
	struct text file = { 0 };
	bool good = secret_path(path, &file, error) && save_read(file.at, SECRET_MAX, text, error);

	text_free(&file);
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

char *secret_of(const char *where, const char *key, const char *path, struct error *error)
{
	struct error why;
	char *copy = secret_copy(path, &why);

	if (copy == NULL)
		error_set(error, "%s %s: %s", where, key, why.text);
	return copy;
}
