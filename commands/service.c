/*
 * The protocol of sd_notify(3), by libsystemd, which is loaded only where systemd says in the environment that it
 * listens. Where it does not, nothing happens.
 */
#include "commands/service.h"

#include "base/library.h"
#include "base/log.h"

#include <stdint.h>
#include <stdlib.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>

static struct service_calls {
	__typeof__(sd_notify) *notify;
	__typeof__(sd_watchdog_enabled) *watchdog_enabled;
} sd;

static const struct library_function service_functions[] = {
	{ "sd_notify", offsetof(struct service_calls, notify) },
	{ "sd_watchdog_enabled", offsetof(struct service_calls, watchdog_enabled) },
};

/* Is this variable there, and the library? */
static bool service_asks(const char *variable)
{
	static struct library library = LIBRARY("libsystemd.so.0", NULL, service_functions);
	struct error error;

	if (getenv(variable) == NULL)
		return false;
	if (library_load(&library, &sd, &error))
		return true;
	log_say(clock_now(), LOG_LEVEL_ERROR, "systemd cannot be told anything: %s", error.text);
	return false;
}
#endif

void service_notify(const char *state)
{
#ifdef HAVE_LIBSYSTEMD
	if (service_asks("NOTIFY_SOCKET"))
		(void)sd.notify(0, state);
#else
	(void)state;
#endif
}

usec_t service_watchdog(void)
{
	uint64_t every = 0;

#ifdef HAVE_LIBSYSTEMD
	if (!service_asks("WATCHDOG_USEC") || sd.watchdog_enabled(0, &every) <= 0)
		every = 0;
#endif
	return (usec_t)every / 2;
}
