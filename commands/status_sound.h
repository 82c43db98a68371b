/* Are the settings of [status] sound, and what are their secrets? */
#ifndef SENDWATCH_COMMANDS_STATUS_SOUND_H
#define SENDWATCH_COMMANDS_STATUS_SOUND_H

#include "base/error.h"
#include "commands/status_options.h"

#define STATUS_LISTENERS 8

/* The rights of a Unix socket. */
bool status_mode(const struct status_options *options, unsigned *mode_r, struct error *error);

/* What can be known without listening. KNOWN: is there a password or a token? */
bool status_sound(const struct status_options *options, bool known, struct error *error);

/* Each NULL where none is set; owned by the caller. */
bool status_secrets(const struct status_options *options, char **password_r, char **token_r,
		    struct error *error);

#endif
