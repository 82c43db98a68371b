/* A kind is a row: its responder, and where its sections are. */
#include "commands/targets.h"

#include <stdio.h>

static const struct targets_kind {
	const struct responder *responder;
	size_t place; /* of its struct settings_many */
	size_t size;  /* of its options */
	const char *prefix;
} targets_kinds[] = {
	{ &responder_webhook, offsetof(struct options, webhooks), sizeof(struct webhook_options), "" },
	{ &responder_mail, offsetof(struct options, mails), sizeof(struct mail_options), "mail:" },
	{ &responder_command, offsetof(struct options, commands), sizeof(struct command_options),
	  "command:" },
};

bool targets_list(const struct options *options, struct targets *targets_r, struct error *error)
{
	*targets_r = (struct targets){ .count = 0 };
	for (size_t i = 0; i < sizeof(targets_kinds) / sizeof(targets_kinds[0]); i++) {
		const struct targets_kind *kind = &targets_kinds[i];
		const struct settings_many *many =
			(const struct settings_many *)(const void *)((const char *)options + kind->place);

		for (size_t j = 0; j < many->count; j++) {
			struct target_of *of = &targets_r->of[targets_r->count];

			if (targets_r->count == TARGETS_MOST)
				return error_set(error, "more than %d webhooks, mails and commands",
						 TARGETS_MOST);
			of->responder = kind->responder;
			of->options = (const char *)many->items + j * kind->size;
			of->telling = of->options; /* each kind's options begin with it */
			snprintf(of->key, sizeof(of->key), "%s%s", kind->prefix, of->telling->name);
			snprintf(of->label, sizeof(of->label), "%s %s", kind->responder->kind,
				 of->telling->name);
			targets_r->count++;
		}
	}
	return true;
}

bool targets_open(const struct options *options, const struct responder_calls *calls,
		  struct targets *targets_r, struct error *error)
{
	bool good = targets_list(options, targets_r, error);

	for (size_t i = 0; i < targets_r->count && good; i++) {
		struct target_of *of = &targets_r->of[i];

		of->target = of->responder->open(of->options, calls, error);
		good = of->target != NULL;
	}
	if (!good)
		targets_close(targets_r);
	return good;
}

void targets_close(struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		if (targets->of[i].target != NULL)
			targets->of[i].responder->close(&targets->of[i].target);
	targets->count = 0;
}
