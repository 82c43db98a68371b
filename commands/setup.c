/*
 * `sendwatch setup`: looks at a machine and writes a detect.conf for it, each line with its reason; then says what is
 * left for a person to do. It asks nothing that it can find out, runs no program, and changes no file but the one that
 * --write names.
 *
 * Without --write the settings go to standard output and the steps to standard error.
 */
#define _GNU_SOURCE
#include "commands/command.h"
#include "commands/setup_found.h"

#include "base/save.h"

#include <errno.h>
#include <grp.h>
#include <unistd.h>

static bool setup_keep(const char *path, struct error *error)
{
	struct text old = { 0 }, aside = { 0 };
	char time[CLOCK_TEXT_SIZE];
	bool good;

	text_add_format(&aside, "%s.%s", path, clock_text(clock_now(), time));
	good = save_read(path, SETUP_READ_MOST, &old, error) &&
	       save_whole(aside.at, text_span(&old), 0600, error);
	if (good)
		printf("kept the old one as %s\n", aside.at);
	text_free(&aside);
	text_free(&old);
	return good;
}

/* root's and sendwatch's alone: secrets may be put into it. */
static bool setup_write(const char *path, bool force, struct span conf, struct error *error)
{
	const struct group *group = getgrnam("sendwatch");

	if (access(path, F_OK) == 0) {
		if (!force)
			return error_set(error,
					 "%s is there already: --force replaces it, and keeps the old one",
					 path);
		if (!setup_keep(path, error))
			return false;
	} else if (errno != ENOENT)
		return error_set(error, "%s: %s", path, strerror(errno));
	if (!save_whole(path, conf, 0640, error))
		return false;
	/* It is read again at a reload, by whom watch has become by then. */
	if (group != NULL && geteuid() == 0 && chown(path, (uid_t)-1, group->gr_gid) != 0)
		return error_set(error, "%s: %s", path, strerror(errno));
	return true;
}

int command_setup(const struct arguments *arguments)
{
	const char *path = arguments->write == NULL ? "/etc/sendwatch/detect.conf" : arguments->write;
	struct text conf = { 0 }, steps = { 0 };
	struct setup_root root;
	struct setup_found found;
	struct error error;
	bool good = true;

	if (arguments->count > 0) {
		fprintf(stderr, "sendwatch setup: takes no names: what is %s?\n", arguments->names[0]);
		return EXIT_USAGE;
	}
	if (!setup_root_open(arguments->root == NULL ? "/" : arguments->root, &root, &error)) {
		fprintf(stderr, "sendwatch setup: %s\n", error.text);
		return EXIT_FAILED;
	}
	setup_look(&root, clock_now(), &found);
	setup_root_close(&root);
	setup_conf(&found, &conf);
	setup_steps(&found, path, &steps);
	if (arguments->write == NULL)
		fputs(conf.at, stdout);
	else
		good = setup_write(path, arguments->force, text_span(&conf), &error);
	if (!good)
		fprintf(stderr, "sendwatch setup: %s\n", error.text);
	else if (arguments->write != NULL)
		printf("wrote %s\n\n%s", path, steps.at);
	else
		fprintf(stderr, "\n%s", steps.at);
	text_free(&conf);
	text_free(&steps);
	return good ? EXIT_DONE : EXIT_FAILED;
}
