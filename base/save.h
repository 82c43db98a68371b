/*
 * A file replaced whole: written under a temporary name beside it, synced, renamed over it, and the
 * folder synced. After a crash at any step there is the old content or the new one, never a mixture.
 * The file's mode (and, where allowed, its owner) is kept; a symbolic link stays, its target is replaced.
 * What is no ordinary file (a folder, a device, a pipe) is never replaced.
 */
#ifndef SENDWATCH_BASE_SAVE_H
#define SENDWATCH_BASE_SAVE_H

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#include <stdio.h>
#include <sys/types.h>

struct save;

/* Begin to replace PATH; a new file gets MODE. NULL, and ERROR filled, where that is not possible. */
struct save *save_begin(const char *path, mode_t mode, struct error *error);

/* To write the new content to; errors of writing are found by save_commit. */
FILE *save_stream(struct save *save);

/* Put the new content in place; on failure the old file is untouched. Nulls *SAVE either way. */
bool save_commit(struct save **save, struct error *error);

/* Forget it; the old file is untouched. */
void save_cancel(struct save **save);

/* All of it for content that is at hand. */
bool save_whole(const char *path, struct span content, mode_t mode, struct error *error);

/* Remove from FOLDER what kills left there of our own: temporary files that were last written before BEFORE. */
void save_sweep(const char *folder, usec_t before);

/* The whole file, added to TEXT; refused, and nothing added, over MOST bytes. */
bool save_read(const char *path, size_t most, struct text *text, struct error *error);

/* A removed file is gone only once its folder is synced; one that is not there is gone already. */
bool save_remove(const char *path, struct error *error);

#endif
