/*
 * The machine that `sendwatch setup` looks at: this one, or a tree of files that was made of another or for a test.
 * Nothing outside the tree is ever opened, whatever its links say; nothing in it is changed.
 *
 * Paths are absolute, as they are on that machine.
 */
#ifndef SENDWATCH_COMMANDS_SETUP_ROOT_H
#define SENDWATCH_COMMANDS_SETUP_ROOT_H

#include "base/error.h"
#include "base/text.h"

#include <sys/stat.h>

struct setup_root {
	int fd;
};

#define SETUP_READ_MOST ((size_t)1024 * 1024)

bool setup_root_open(const char *path, struct setup_root *root_r, struct error *error);
void setup_root_close(struct setup_root *root);

bool setup_has(const struct setup_root *root, const char *path);
bool setup_stat(const struct setup_root *root, const char *path, struct stat *found_r);

/*
 * What a regular file holds, up to SETUP_READ_MOST, instead of what TEXT held. False where there is none that can be
 * read: TEXT is empty then.
 */
bool setup_read(const struct setup_root *root, const char *path, struct text *text);

/* LOOK at each name in FOLDER, in the order of names, until it answers false; names of strange bytes are left out. */
void setup_each(const struct setup_root *root, const char *folder,
		bool (*look)(void *context, const char *name), void *context);

#endif
