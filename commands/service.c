/* The protocol of sd_notify(3). Where systemd did not start us, nobody listens, and nothing happens. */
#include "commands/service.h"

#include <stdint.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#endif

void service_tell(const char *state)
{
#ifdef HAVE_LIBSYSTEMD
	(void)sd_notify(0, state);
#else
	(void)state;
#endif
}

usec_t service_watchdog(void)
{
	uint64_t every = 0;

#ifdef HAVE_LIBSYSTEMD
	if (sd_watchdog_enabled(0, &every) <= 0)
		every = 0;
#endif
	return (usec_t)every / 2;
}
