/*
 * A file that lists accounts for a mail server, a line each: the key, then what the server's format puts behind
 * it. It is ours alone: the first line says so, and a file that begins otherwise is not touched. It is replaced
 * whole, with its owner and mode kept.
 */
#ifndef SENDWATCH_RESPONDERS_LISTING_H
#define SENDWATCH_RESPONDERS_LISTING_H

#include "base/error.h"
#include "base/span.h"

#define LISTING_HEAD "# Kept by sendwatch: changes made by hand are lost\n"

/* KEY stands with REST (": suspended") behind it, or, where REST is absent, is gone. */
bool listing_change(const char *path, struct span key, struct span rest, struct error *error);

/* A file that is not there lists nobody. */
bool listing_has(const char *path, struct span key, bool *has_r, struct error *error);

/* May the file be written to: is it ours, or not there yet? */
bool listing_check(const char *path, struct error *error);

#endif
