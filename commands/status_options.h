/* The settings of [status]; apart from status.h, which needs all of watch. */
#ifndef SENDWATCH_COMMANDS_STATUS_OPTIONS_H
#define SENDWATCH_COMMANDS_STATUS_OPTIONS_H

#include "base/settings.h"

struct status_options {
	struct setting_list listen;
	char *mode; /* of a Unix socket, octal */
	char *user;
	char *password_file, *token_file;
	struct setting_list hosts, open;
	bool change;
	int64_t clients;
	usec_t timeout, stuck_after, lag;
};

extern const struct setting status_settings[];

#endif
