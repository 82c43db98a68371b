/*
 * What accounts are stopped with, as `sendwatch check` sees it. It looks from where it is called, which is mostly a
 * shell: what sendwatch.service forbids watch beyond that is not tried, but said.
 */
#define _GNU_SOURCE
#include "commands/alone.h"
#include "commands/check_parts.h"

#include "base/text.h"

#include <errno.h>
#include <unistd.h>

static void check_adapter(struct check *check, const struct adapter_options *use)
{
	const struct adapter *adapter = adapters[use->type];
	struct text where = { 0 };
	struct error error;

	text_add_format(&where, "[adapter %s]", use->name);
	if (adapter->check != NULL && !adapter->check(use, &error))
		check_say(check, false, where.at, error.text);
	else if (adapter == &adapter_postfix_map && use->map == ADAPTER_TEXTHASH)
		check_say(
			check, true, where.at,
			"works after a reload of Postfix, which it makes; open sessions go on: lmdb stops them");
	else if (adapter == &adapter_postfix_map && (use->map == ADAPTER_HASH || use->map == ADAPTER_CDB))
		check_say(check, true, where.at,
			  "works for new sessions; open ones go on until they end: lmdb stops them");
	else
		check_say(check, true, where.at, "can be used");
	text_free(&where);
}

/* Has systemd the folder ready when watch begins, and may watch write there? */
static bool check_is_units(struct span folder)
{
	static const struct span own[] = { SPAN_INIT("/run/sendwatch"), SPAN_INIT("/var/lib/sendwatch"),
					   SPAN_INIT("/var/log/sendwatch") };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		struct span below = folder;

		if (span_skip(&below, own[i]) && (below.len == 0 || below.at[0] == '/'))
			return true;
	}
	return false;
}

/* What is no path, tried as watch does it. While that runs, an address in use is mostly its own. */
static void check_port(struct check *check, const struct options *options, const char *where,
		       const char *address)
{
	const struct policy_options of = { .address = address };
	struct text words = { 0 };
	struct error error;
	struct policy *policy;

	policy = policy_open(&of, &error);
	if (policy == NULL && strstr(error.text, strerror(EADDRINUSE)) != NULL &&
	    alone_is_held(options->watch.state)) {
		text_add_format(&words, "%s: is in use, as it is while watch runs there", address);
		check_say(check, true, where, words.at);
	} else if (policy == NULL) {
		check_say(check, false, where, error.text);
	}
	policy_stop(&policy);
	text_free(&words);
}

/* A Unix socket is made anew at each start. */
static void check_socket(struct check *check, const struct options *options, const char *where,
			 const char *address)
{
	struct span path = policy_place(address), folder = path, name;
	struct text file = { 0 }, words = { 0 };
	bool is_path = span_starts(path, SPAN("/")), good;

	if (path.len > 0 && !is_path)
		check_port(check, options, where, address);
	if (!is_path)
		return;
	if (!span_cut_last(&folder, SPAN("/"), &name) || check_is_units(folder))
		return;
	text_add(&file, folder.len == 0 ? SPAN("/") : folder);
	text_add_format(&words, "%.*s: ", SPAN_ARGS(path));
	good = access(file.at, W_OK | X_OK) == 0;
	if (good)
		text_add_format(&words, "under sendwatch.service that takes a drop-in with ReadWritePaths=%s",
				file.at);
	else
		text_add_format(&words, "%s: %s", file.at, strerror(errno));
	check_say(check, good, where, words.at);
	text_free(&file);
	text_free(&words);
}

void check_acting(struct check *check, const struct options *options)
{
	const struct adapter_options *uses = options->adapters.items;
	struct error error;
	unsigned mode;

	if (!restriction_mode(&options->policy, &mode, &error))
		check_say(check, false, "", error.text);
	check_socket(check, options, "[policy] address:", options->policy.address);
	check_socket(check, options, "[policy] socketmap:", options->policy.socketmap);
	for (size_t i = 0; i < options->adapters.count; i++)
		check_adapter(check, &uses[i]);
	if (options->policy.socketmap != NULL)
		check_say(check, true, "[policy] socketmap:",
			  "while sendwatch is down, Postfix answers 451 to all whom it asks for: "
			  "[policy] address with default_action=DUNNO lets mail flow");
	if (options->act.dry_run && options_stop_accounts(options))
		check_say(check, true, "[act] dry_run:", "is on: nobody is stopped");
	else if (!options->act.dry_run && !options_stop_accounts(options))
		check_say(check, false, "[act] dry_run:",
			  "is off, and nobody is stopped: there is neither a [policy] nor an [adapter]");
}
