/*
 * `sendwatch check`: reads detect.conf as watch would, and says what would not work, before it is needed.
 * `--defaults` prints the settings themselves, from the table that reads them.
 */
#define _GNU_SOURCE
#include "commands/command.h"
#include "commands/options.h"

static const char check_head[] =
	"# detect.conf: the settings of sendwatch, each at its default.\n"
	"#\n"
	"# A line that begins with ; shows a key: take the ; away to change it. A ; after a blank begins a comment.\n"
	"# Units: 10m, 1h, 2d; 5%; 64k, 2M. Files named *.conf in detect.conf.d are read after this one, and win.\n"
	"# `sendwatch check` says what is wrong with it; `systemctl reload sendwatch` takes changes in.\n";

static const char check_manual_head[] =
	".Dd November 21, 2026\n"
	".Dt DETECT.CONF 5\n"
	".Os\n"
	".Sh NAME\n"
	".Nm detect.conf\n"
	".Nd settings of sendwatch\n"
	".Sh DESCRIPTION\n"
	"Every command of\n"
	".Xr sendwatch 1\n"
	"reads\n"
	".Pa /etc/sendwatch/detect.conf ,\n"
	"or the file that\n"
	".Fl c\n"
	"names, and after it the files\n"
	".Pa *.conf\n"
	"in the folder of the same name with\n"
	".Pa .d\n"
	"added, in the order of their names; what is read later wins.\n"
	"Without a file everything is at its default.\n"
	".Pp\n"
	"The file consists of sections and keys:\n"
	".Bd -literal -offset indent\n"
	"[judge]\n"
	"flagged = 24            ; a comment begins after a blank\n"
	"\n"
	"[webhook ops]\n"
	"url = https://hooks.example.com/sendwatch\n"
	"states = flagged, disabled\n"
	".Ed\n"
	".Pp\n"
	"Durations are written 30s, 10m, 1h, 2d, 1w or 1h 30m; sizes 64k, 2M, 1G; shares 5%.\n"
	"A list has commas between its members, can go on in indented lines, and its key can stand several times.\n"
	"A section and any other key stand once in a file.\n"
	"A key that is not known, or a value out of its bounds, refuses the whole: nothing starts, and a\n"
	"running watch keeps the settings that it has.\n"
	".Ql sendwatch check\n"
	"says what is wrong, with file, line and the nearest known key.\n"
	".Sh SECTIONS\n";

static const char check_manual_foot[] = ".Sh SEE ALSO\n"
					".Xr sendwatch 1 ,\n"
					".Xr sendwatch-events 5\n";

/* The settings as they are by default: detect.conf itself, or its manual page. */
static int check_defaults(bool manual)
{
	fputs(manual ? check_manual_head : check_head, stdout);
	if (manual)
		settings_print_manual(options_sections(), stdout);
	else
		settings_print(options_sections(), stdout);
	fputs(manual ? check_manual_foot : "", stdout);
	return EXIT_DONE;
}

int command_check(const struct arguments *arguments)
{
	struct options options;
	struct error error;

	if (arguments->defaults)
		return check_defaults(arguments->manual);
	if (!options_load(arguments, &options, &error)) {
		fprintf(stderr, "sendwatch check: %s\n", error.text);
		return EXIT_USAGE;
	}
	options_free(&options);
	return EXIT_DONE;
}
