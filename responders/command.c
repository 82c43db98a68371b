/* Running is spawn.c's; here is what an exit status means. */
#define _GNU_SOURCE
#include "responders/command.h"

#include "base/memory.h"
#include "responders/spawn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COMMAND_AGAIN  75 /* EX_TEMPFAIL of sysexits.h */
#define COMMAND_SIGNAL 128

const struct setting command_settings[] = {
	SETTING(LIST, struct command_options, run, "", 0, 0,
		"the program by its whole path, and its arguments: /usr/local/bin/tell, --team, mail"),
	TELLING_ROWS,
	SETTING(DURATION, struct command_options, timeout, "30s", 100000, USEC_HOUR,
		"how long it may run before it is killed"),
	{ .name = NULL },
};

struct target {
	const struct command_options *options;
	struct responder_calls calls;
	struct spawn_pool *pool;
};

static void command_done(void *context, const struct spawn_result *result)
{
	struct target *target = context;
	struct answer answer = { .number = result->number, .status = result->status, .ran = true };
	struct text back = { .ceiling = sizeof(answer.back) - 1 };
	struct span rest = result->back, line;

	if (result->late)
		snprintf(answer.words, sizeof(answer.words), "was killed at its time limit");
	else
		snprintf(answer.words, sizeof(answer.words), "exit status %d", result->status);
	answer.fate = result->status == 0 ? FATE_DELIVERED
		      : result->late || result->status == COMMAND_AGAIN || result->status > COMMAND_SIGNAL
			      ? FATE_LATER
			      : FATE_REFUSED;
	text_add_printable(&back, span_cut(&rest, '\n', &line) ? line : rest);
	snprintf(answer.back, sizeof(answer.back), "%s", back.at == NULL ? "" : back.at);
	text_free(&back);
	target->calls.done(target->calls.context, &answer);
}

static void command_send(struct target *target, const struct parcel *parcel)
{
	const struct setting_list *run = &target->options->run;
	const char **arguments = memory_new(run->count + 1, sizeof(*arguments));

	for (size_t i = 0; i < run->count; i++)
		arguments[i] = run->texts[i];
	spawn_start(target->pool, parcel->number, arguments, span_of(parcel->body), target->options->timeout);
	free(arguments);
}

static int command_fd(const struct target *target)
{
	return spawn_fd(target->pool);
}

static void command_run(struct target *target)
{
	spawn_run(target->pool);
}

static void command_close(struct target **target)
{
	if (*target == NULL)
		return;
	spawn_close(&(*target)->pool);
	free(*target);
	*target = NULL;
}

static bool command_check(const struct command_options *options, const char *where, struct error *error)
{
	const char *program = options->run.count == 0 ? "" : options->run.texts[0];

	if (*program != '/')
		return error_set(error, "%s run: begins with the whole path of a program", where);
	if (access(program, X_OK) != 0)
		return error_set(error, "%s run: %s: %s", where, program, strerror(errno));
	return telling_check(&options->telling, where, error);
}

static struct target *command_open(const void *options, const struct responder_calls *calls,
				   struct error *error)
{
	struct target *target = memory_new(1, sizeof(*target));
	char where[80];

	target->options = options;
	target->calls = *calls;
	snprintf(where, sizeof(where), "[command %s]", target->options->telling.name);
	if (command_check(target->options, where, error))
		target->pool = spawn_open(command_done, target, error);
	if (target->pool == NULL)
		command_close(&target);
	return target;
}

const struct responder responder_command = {
	.kind = "command",
	.open = command_open,
	.send = command_send,
	.fd = command_fd,
	.run = command_run,
	.close = command_close,
};
