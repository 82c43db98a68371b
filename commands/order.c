/*
 * `sendwatch disable`, `release` and `exempt`: what a person orders the running watch to do. What is done, by
 * whom and why stands in its journal.
 *
 * Where the windows live in Redis, a release or an exemption goes to all servers: by the watch that runs here, or,
 * where none does, straight from here; each server undoes what it did, at its next start where it is down. So does a
 * changed password that is enough by the settings.
 */
#define _GNU_SOURCE
#include "commands/command.h"
#include "commands/act.h"
#include "commands/control.h"
#include "commands/options.h"
#include "commands/server_id.h"
#include "commands/unheard.h"

#include "detectors/redis_accounts.h"
#include "detectors/redis_board.h"
#include "responders/orders.h"

#include <stdio.h>
#include <unistd.h>

/*
 * Where the windows live in Redis, every server learns of a release from there; it is left alone until UNTIL. False:
 * nothing was released.
 */
static bool order_release_shared(const struct options *options, struct span account, usec_t until,
				 struct error *error)
{
	struct redis_accounts *accounts;
	struct record record;
	bool good;

	if (options->redis.topology == REDIS_OFF)
		return false;
	accounts = redis_accounts_open(&options->redis, error);
	if (accounts == NULL)
		return false;
	good = redis_accounts_release(accounts, account, clock_now(), until, &record, error);
	if (good && record.name == NULL)
		good = error_set(error, "%.*s: Redis knows no such account", SPAN_ARGS(account));
	if (good)
		record_free(&record);
	redis_accounts_close(&accounts);
	return good;
}

/* What all servers were last told about the account of ORDER; nothing where KNOWN_R has no account. */
static bool order_known(const struct options *options, const struct order *order, struct order *known_r,
			struct error *error)
{
	struct text field = { 0 }, value = { 0 };
	bool good;

	order_write(order, &field, &value);
	good = redis_board_read(&options->redis, text_span(&field), &value, error);
	if (!good || !order_read(text_span(&field), text_span(&value), known_r))
		*known_r = (struct order){ .until = USEC_NEVER };
	text_free(&field);
	text_free(&value);
	return good;
}

/* Later than what is known, also where the clock of the server that said it is ahead. */
static bool order_time(const struct options *options, struct order *order, struct error *error)
{
	struct order known;
	bool good = order_known(options, order, &known, error);

	order->time = clock_now();
	if (good && known.account[0] != '\0' && known.time >= order->time)
		order->time = known.time + 1;
	return good;
}

/* No watch runs here: tell all servers. They know this one by its state folder, as if its watch had said so. */
static bool order_tell(const struct options *options, const struct control_order *given, struct error *error)
{
	const char *state = options->watch.state == NULL ? "." : options->watch.state;
	struct text field = { 0 }, value = { 0 };
	struct order order;
	char by[24];
	bool good;

	if (!order_is_shared(given->account))
		return error_set(error, "%.*s is known on one machine alone, and no watch runs here",
				 SPAN_ARGS(given->account));
	snprintf(by, sizeof(by), "uid %u", (unsigned)getuid());
	act_order_begin(&order, given->account, server_id(state), span_of(by), given->reason);
	order.exemption = span_equal(given->verb, SPAN("exempt"));
	order.until = given->until;
	good = order_time(options, &order, error);
	order_write(&order, &field, &value);
	good = good && redis_board_write(&options->redis, text_span(&field), text_span(&value), error);
	text_free(&field);
	text_free(&value);
	return good;
}

/* No watch runs here: what act_password does, from what all servers were told. */
static bool order_password(const struct options *options, const struct control_order *given,
			   struct error *error)
{
	struct control_order release = *given;
	struct order order = { .until = USEC_NEVER }, known;
	usec_t now = clock_now();

	snprintf(order.account, sizeof(order.account), "%.*s", SPAN_ARGS(given->account));
	if (!order_known(options, &order, &known, error))
		return false;
	if (!order_disables(&known, now))
		return true;
	if (known.times > options->act.password_releases)
		return error_set(error, "%.*s stays disabled: that was the case %u times by now",
				 SPAN_ARGS(given->account), (unsigned)known.times);
	release.verb = SPAN("release");
	if (release.reason.len == 0)
		release.reason = SPAN("its password was changed");
	/* One that Redis has no windows of is refused by policy services all the same, until they are told. */
	(void)order_release_shared(options, given->account, now, error);
	return order_tell(options, &release, error);
}

/* Asked before it is given: from then on it is heard of. Who does not know whether it is says nothing. */
static bool order_is_unheard(const struct options *options, const struct control_order *given)
{
	struct redis_accounts *accounts;
	struct order order = { .until = USEC_NEVER }, known;
	struct record record = { .name = NULL };
	struct error error;
	bool unheard;

	if (options->redis.topology == REDIS_OFF || span_equal(given->verb, SPAN("password")))
		return false;
	accounts = redis_accounts_open(&options->redis, &error);
	unheard = accounts != NULL && redis_accounts_read(accounts, given->account, &record, &error) &&
		  record.name == NULL;
	record_free(&record);
	redis_accounts_close(&accounts);
	snprintf(order.account, sizeof(order.account), "%.*s", SPAN_ARGS(given->account));
	for (int exemption = 0; exemption < 2 && unheard; exemption++) {
		order.exemption = exemption == 1;
		unheard = order_known(options, &order, &known, &error) && known.account[0] == '\0';
	}
	return unheard;
}

/*
 * To the watch that runs here, which tells the others where there are any. Where it is done, ERROR has what there is
 * to say of it, or no words.
 */
static bool order_send(const struct options *options, const struct control_order *order, struct error *error)
{
	struct error shared;
	bool unheard = order_is_unheard(options, order);
	bool everywhere = options->redis.topology != REDIS_OFF && !span_equal(order->verb, SPAN("disable")),
	     released = false;

	if (everywhere && span_equal(order->verb, SPAN("release")))
		released = order_release_shared(options, order->account, clock_now() + options->watch.release,
						&shared);
	if (!control_ask(options->watch.state == NULL ? "." : options->watch.state, order, error)) {
		if (everywhere && span_equal(order->verb, SPAN("password"))) {
			if (!order_password(options, order, error))
				return false;
		} else if (!released && !(everywhere && order_tell(options, order, &shared))) {
			return false;
		}
		error->text[0] = '\0';
	}
	if (unheard && error->text[0] == '\0')
		unheard_say(NULL, order->account, error);
	return true;
}

/* A time that is over would be taken, and nothing would come of it. */
static bool order_too_late(const struct arguments *arguments, const char *command)
{
	char until[CLOCK_TEXT_SIZE];

	if (arguments->until == USEC_NEVER || arguments->until > clock_now())
		return false;
	fprintf(stderr, "sendwatch %s: --until: %s is past\n", command, clock_text(arguments->until, until));
	return true;
}

static int order_give(const struct arguments *arguments, const char *command, const char *verb)
{
	struct options options;
	struct error error;
	int status = EXIT_DONE;

	if (arguments->count == 0) {
		fprintf(stderr,
			"sendwatch %s: names no account ('sendwatch accounts' lists who is stopped or exempt)\n",
			command);
		return EXIT_USAGE;
	}
	if (order_too_late(arguments, command))
		return EXIT_USAGE;
	if (!options_load(arguments, &options, &error)) {
		fprintf(stderr, "sendwatch %s: %s\n", command, error.text);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < arguments->count; i++) {
		struct account_name name;
		const struct control_order order = {
			.verb = span_of(verb),
			.account = options_account(&options, span_of(arguments->names[i]), &name),
			.until = arguments->until,
			.reason = span_of(arguments->reason),
		};

		bool done = order_send(&options, &order, &error);

		if (!done)
			status = EXIT_FAILED;
		if (!done || error.text[0] != '\0')
			fprintf(stderr, "sendwatch %s: %s\n", command, error.text);
	}
	options_free(&options);
	return status;
}

int command_disable(const struct arguments *arguments)
{
	return order_give(arguments, "disable", "disable");
}

int command_release(const struct arguments *arguments)
{
	/* Whether that is enough is for the watch to say that disabled it. */
	return order_give(arguments, "release", arguments->password_changed ? "password" : "release");
}

int command_exempt(const struct arguments *arguments)
{
	if (arguments->count > 0 && arguments->until == USEC_NEVER && !arguments->end) {
		fprintf(stderr, "sendwatch exempt: until when? --until 2026-11-02, or --end to end it\n");
		return EXIT_USAGE;
	}
	if (arguments->until != USEC_NEVER && arguments->end) {
		fprintf(stderr, "sendwatch exempt: either --until or --end\n");
		return EXIT_USAGE;
	}
	return order_give(arguments, "exempt", "exempt");
}
