/* See the header. */
#include "commands/framers.h"

#include "commands/options.h"

struct framer *framers_cutting(const struct logs_options *logs, struct error *error)
{
	const struct framer_options options = { .timezone = logs->timezone, .written = USEC_NEVER };

	return framer_new(&options, error);
}

struct framer *framers_open(const struct logs_options *logs, usec_t written)
{
	const struct framer_options options = {
		.year = (int)logs->year,
		.timezone = logs->timezone,
		.written = written == USEC_NEVER ? clock_now() : written,
	};
	struct error error; /* the zone was tried by framers_cutting */

	return framer_new(&options, &error);
}

usec_t framers_time(void *opened, struct span line)
{
	return framer_time(opened, line);
}

void framers_close(void *context, void *opened)
{
	struct framer *framer = opened;

	(void)context;
	framer_free(&framer);
}
