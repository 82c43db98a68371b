/*
 * `sendwatch check`: reads detect.conf as watch would, and says what would not work, before it is needed.
 * `--defaults` prints the settings themselves, from the table that reads them.
 */
#define _GNU_SOURCE
#include "commands/command.h"
#include "commands/options.h"

static int check_defaults(const struct arguments *arguments)
{
	if (arguments->manual) {
		settings_print_manual(options_sections(), stdout);
		return EXIT_DONE;
	}
	fputs("# detect.conf: the settings of sendwatch, each at its default.\n"
	      "#\n"
	      "# A line that begins with ; shows a key: take the ; away to change it. A ; after a blank begins a\n"
	      "# comment. Units: 10m, 1h, 2d; 5%; 64k, 2M. Files named *.conf in detect.conf.d are read after this\n"
	      "# one and win. `sendwatch check` says what is wrong, `systemctl reload sendwatch` takes changes in.\n",
	      stdout);
	settings_print(options_sections(), stdout);
	return EXIT_DONE;
}

int command_check(const struct arguments *arguments)
{
	struct options options;
	struct error error;

	if (arguments->defaults)
		return check_defaults(arguments);
	if (!options_load(arguments, &options, &error)) {
		fprintf(stderr, "sendwatch check: %s\n", error.text);
		return EXIT_USAGE;
	}
	options_free(&options);
	return EXIT_DONE;
}
