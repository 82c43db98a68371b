/*
 * A command of the admin's own, or one of contrib/panels. {account} in an argument becomes the account's name,
 * {key} the login or the local user without its prefix; standard input has {"account":…,"action":…}. Exit status
 * 0 means done. `ask` is answered by 0 (disabled) or 1 (not); without it, the account is taken for not disabled.
 */
#define _GNU_SOURCE
#include "responders/adapter.h"
#include "responders/payload.h"
#include "responders/run.h"

#include <stdlib.h>

static bool command_argument(struct span argument, const struct adapter_order *order, struct text *out)
{
	struct span before;

	while (span_cut(&argument, '{', &before)) {
		text_add(out, before);
		if (span_skip(&argument, SPAN("account}")))
			text_add(out, order->account);
		else if (span_skip(&argument, SPAN("key}")))
			text_add(out, order->key);
		else
			text_add(out, SPAN("{"));
	}
	text_add(out, argument);
	return !out->cut;
}

static bool command_run(const struct adapter_options *options, const struct setting_list *words,
			const char *action, const struct adapter_order *order, int *status_r,
			struct error *error)
{
	struct payload *payload = payload_begin("order");
	struct text texts[RUN_ARGUMENTS] = { { 0 } };
	const char *argv[RUN_ARGUMENTS + 1] = { NULL };
	struct run run = { .argv = argv, .timeout = options->timeout };
	char *json;
	bool good = words->count > 0 && words->count <= RUN_ARGUMENTS;

	payload_add_text(payload, "account", order->account);
	payload_add_text(payload, "action", span_of(action));
	json = payload_end(&payload);
	run.input = span_of(json);
	for (size_t i = 0; good && i < words->count; i++) {
		good = command_argument(span_of(words->texts[i]), order, &texts[i]);
		argv[i] = texts[i].at == NULL ? "" : texts[i].at;
	}
	if (good)
		good = run_program(&run, status_r, error);
	else
		error_set(error, "[adapter %s] %s: names no program, or too many arguments", options->name,
			  action);
	for (size_t i = 0; i < RUN_ARGUMENTS; i++)
		text_free(&texts[i]);
	free(json);
	return good;
}

static bool command_check(const struct adapter_options *options, struct error *error)
{
	const struct setting_list *const lists[] = { &options->disable, &options->release, &options->ask };

	for (size_t i = 0; i < 3; i++)
		if (i < 2 ? lists[i]->count == 0 || lists[i]->texts[0][0] != '/'
			  : lists[i]->count > 0 && lists[i]->texts[0][0] != '/')
			return error_set(error, "needs disable and release, programs by their whole path");
	return true;
}

static bool command_disable(const struct adapter_options *options, struct adapter_order *order,
			    struct error *error)
{
	int status = 0;

	return command_run(options, &options->disable, "disable", order, &status, error) && status == 0;
}

static bool command_release(const struct adapter_options *options, struct adapter_order *order,
			    struct error *error)
{
	int status = 0;

	return command_run(options, &options->release, "release", order, &status, error) && status == 0;
}

static bool command_asks(const struct adapter_options *options, struct adapter_order *order, bool *is_r,
			 struct error *error)
{
	int status = 1;

	if (options->ask.count > 0 && !command_run(options, &options->ask, "ask", order, &status, error))
		return false;
	if (status > 1)
		return false;
	*is_r = status == 0;
	return true;
}

const struct adapter adapter_command = {
	.type = "command",
	.foreign = true,
	.logins = true,
	.locals = true,
	.rights = RIGHTS_ALL,
	.check = command_check,
	.disable = command_disable,
	.release = command_release,
	.asks = command_asks,
};
