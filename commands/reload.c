/*
 * `sendwatch reload`: the watch that runs here takes its settings anew, and says whether it did. A signal could not
 * tell: `systemctl reload` would succeed where the new settings are refused, and the old ones are in force for weeks.
 */
#define _GNU_SOURCE
#include "commands/command.h"
#include "commands/control.h"
#include "commands/options.h"

#include <stdio.h>

int command_reload(const struct arguments *arguments)
{
	const struct control_order order = {
		.verb = SPAN("reload"), .account = SPAN("-"), .until = USEC_NEVER, .patient = true
	};
	struct options options;
	struct error error;
	bool good;

	/* Those that cannot be read do not say where watch keeps its state; it would refuse them, too. */
	if (!options_load(arguments, &options, &error)) {
		fprintf(stderr, "sendwatch reload: the settings stay as they were: %s\n", error.text);
		return EXIT_USAGE;
	}
	good = control_ask(options.watch.state == NULL ? "." : options.watch.state, &order, &error);
	if (!good)
		fprintf(stderr, "sendwatch reload: %s\n", error.text);
	options_free(&options);
	return good ? EXIT_DONE : EXIT_FAILED;
}
