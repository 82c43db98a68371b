/*
 * The main settings of an Exim, as they are when it has read its file: lines that go on behind a backslash are joined,
 * .include is followed, macros are put in and .ifdef chooses.
 */
#ifndef SENDWATCH_COMMANDS_SETUP_EXIM_MAIN_H
#define SENDWATCH_COMMANDS_SETUP_EXIM_MAIN_H

#include "commands/setup_root.h"

/* The settings of PATH, "name = value" a line, instead of what SETTINGS held. False where there is no such file. */
bool exim_main_read(const struct setup_root *root, const char *path, struct text *settings);

/* The value of KEY; where it is set twice, the first. False where it is not set. */
bool exim_main_get(struct span settings, struct span key, struct span *value_r);

#endif
