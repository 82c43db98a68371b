/* What systemd is told of us, and how often it wants to hear; nothing where it does not listen. */
#ifndef SENDWATCH_COMMANDS_SERVICE_H
#define SENDWATCH_COMMANDS_SERVICE_H

#include "base/clock.h"

/* "READY=1", "STATUS=...": see sd_notify(3). */
void service_notify(const char *state);

/* How often WATCHDOG=1 is to be told, half of what is allowed; 0: never. */
usec_t service_watchdog(void);

#endif
