/*
 * Off by default: whoever has an account on the machine can reach its loopback addresses, and the page shows who
 * writes to whom.
 */
#include "commands/status_options.h"

#include <stddef.h>

const struct setting status_settings[] = {
	SETTING(LIST, struct status_options, listen, "", 0, 0,
		"where the status page is: 8025 (on 127.0.0.1), [::1]:8025, 192.0.2.1:8025, /run/sendwatch/status.sock; "
		"empty: nowhere"),
	SETTING(TEXT, struct status_options, mode, "0660", 0, 0,
		"rights of its Unix socket: who may connect may see"),
	SETTING(TEXT, struct status_options, user, "admin", 0, 0, "whom a browser asks the password of"),
	SETTING(TEXT, struct status_options, password_file, "", 0, 0,
		"file with that password, or credential:NAME"),
	SETTING(TEXT, struct status_options, token_file, "", 0, 0,
		"file with a token, or credential:NAME; programs send it as Authorization: Bearer"),
	SETTING(LIST, struct status_options, open, "health, metrics", 0, 0,
		"what is shown without a password or a token: health, metrics, page"),
	SETTING(LIST, struct status_options, hosts, "", 0, 0,
		"names by which the page is asked for, beside addresses and localhost: sendwatch.example.com"),
	SETTING(FLAG, struct status_options, change, "no", 0, 0,
		"may accounts be disabled and released from the page, with the password or the token?"),
	SETTING(COUNT, struct status_options, clients, "32", 2, 1000, "connections at once"),
	SETTING(DURATION, struct status_options, timeout, "10s", USEC_SECOND, USEC_HOUR,
		"a connection on which nothing happens is closed after so long"),
	SETTING(DURATION, struct status_options, stuck_after, "30s", 3 * USEC_SECOND, USEC_HOUR,
		"/healthz says that watch hangs when it did not come by for so long"),
	SETTING(DURATION, struct status_options, lag, "1m", USEC_SECOND, USEC_DAY,
		"/readyz says that reading is behind when it was not at the end of the logs for so long"),
	{ .name = NULL },
};
