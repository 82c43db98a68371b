/*
 * Secrets that stand in files of their own: "credential:NAME" is the file of that name where systemd puts a
 * unit's credentials (LoadCredential=). Blanks and newlines at both ends do not belong to it.
 */
#ifndef SENDWATCH_RESPONDERS_SECRET_H
#define SENDWATCH_RESPONDERS_SECRET_H

#include "base/error.h"
#include "base/text.h"

/* The file that PATH means, added to FILE. */
bool secret_path(const char *path, struct text *file, struct error *error);

/* Its content, added to TEXT. The words of ERROR name the file alone. */
bool secret_read(const char *path, struct text *text, struct error *error);

/* The same, as a text of its own (free); NULL where it cannot be read or is empty. */
char *secret_copy(const char *path, struct error *error);

/* The same of KEY in the section WHERE ("[webhook ops]"), which the words of ERROR name. */
char *secret_of(const char *where, const char *key, const char *path, struct error *error);

#endif
