/*
 * `sendwatch accounts [STATE]`: who is not normal, or in STATE; `sendwatch show ACCOUNT...`: all that is
 * known of one, or of a group (domain:example.com, customer:acme). On any server of those that share a Redis;
 * else on the server itself, from watch's snapshot. With it goes what is in force on this server.
 */
#include "commands/command.h"
#include "commands/in_force.h"
#include "commands/known.h"
#include "commands/words.h"

#include "base/text.h"
#include "detectors/group.h"
#include "responders/payload.h"

#include <stdlib.h>

static const char *const counter_names[COUNTERS] = {
	[COUNT_MESSAGES] = "messages",
	[COUNT_SUBMITTED] = "submitted",
	[COUNT_ARRIVED] = "arrived",
	[COUNT_RECIPIENTS] = "recipients",
	[COUNT_DELIVERED] = "delivered",
	[COUNT_STRANGERS] = "strangers",
	[COUNT_MAILINGS] = "mailings",
	[COUNT_INVALID] = "invalid",
	[COUNT_SPAM] = "spam",
	[COUNT_BLOCKED] = "blocked",
	[COUNT_LIMITED] = "limited",
	[COUNT_REFUSED] = "refused",
	[COUNT_TEMPORARY] = "temporary",
	[COUNT_FOREIGN] = "foreign",
	[COUNT_ODD] = "odd_hours",
	[COUNT_AWAY] = "away",
	[COUNT_AWAY_STRANGERS] = "away_strangers",
	[COUNT_AWAY_INVALID] = "away_invalid",
	[COUNT_AWAY_SPAM] = "away_spam",
	[COUNT_AWAY_FOREIGN] = "away_foreign",
	[COUNT_ABROAD] = "abroad",
	[COUNT_LOGINS] = "logins",
	[COUNT_LOGINS_AWAY] = "logins_away",
	[COUNT_LOGINS_FAILED] = "logins_failed",
};

static const char *const distinct_names[DISTINCTS] = {
	[DISTINCT_CLIENTS] = "clients", [DISTINCT_NETWORKS] = "networks", [DISTINCT_COUNTRIES] = "countries",
	[DISTINCT_DOMAINS] = "domains", [DISTINCT_SENDERS] = "senders",
};

struct accounts {
	const struct arguments *arguments;
	bool only;
	enum account_state state;
	bool exempt; /* nobody else */
	size_t told;
	size_t in_force; /* told, too */
};

static void accounts_end(struct payload *payload)
{
	char *json = payload_end(&payload);

	puts(json);
	free(json);
}

/* --- what is in force --- */

static void in_force_json(const struct in_force *order)
{
	struct payload *payload = payload_begin("order");

	payload_add_text(payload, "account", order->account);
	payload_add_text(payload, "action", span_of(order->action));
	payload_add_time(payload, "since", order->since);
	payload_add_time(payload, "until", order->until);
	payload_add_text(payload, "by", order->by);
	payload_add_text(payload, "reason", order->reason);
	accounts_end(payload);
}

/* "since 2026-11-17T14:07:26Z, until it is released; by uid 0 on mx1: called by phone" */
static void in_force_words(const struct in_force *order)
{
	struct text words = { 0 };
	char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

	text_add_format(&words, "since %s", clock_text(order->since, since));
	if (order->until != USEC_NEVER)
		text_add_format(&words, ", until %s", clock_text(order->until, until));
	else
		text_add_format(&words, ", until %s", order->ends);
	if (order->by.len > 0) {
		text_add(&words, SPAN("; by "));
		text_add_printable(&words, order->by);
	}
	if (order->reason.len > 0) {
		text_add(&words, SPAN(": "));
		text_add_printable(&words, order->reason);
	}
	puts(words.at);
	text_free(&words);
}

/* Who is not asked for is left out: who is exempt is in no state, and who is stopped is as good as disabled. */
static void accounts_tell_in_force(void *context, const struct in_force *order)
{
	struct accounts *accounts = context;
	struct text name = { 0 };
	bool exempt = strcmp(order->action, "exempt") == 0;

	if ((accounts->exempt && !exempt) || (accounts->only && exempt))
		return;
	if (accounts->arguments->format == FORMAT_NDJSON) {
		in_force_json(order);
		return;
	}
	if (accounts->in_force++ == 0)
		puts("On this server:");
	text_add_printable(&name, order->account);
	printf("  %-9s  %s  ", order->action, name.at);
	in_force_words(order);
	text_free(&name);
}

/* --- what is known --- */

/* Groups have no score and no state of their own. */
static bool is_group(const struct record *record)
{
	char room[GROUP_NAME_SIZE];
	struct span name;

	return record->habit.first == 0 && group_parse(span_of(record->name), room, &name);
}

static struct payload *group_begin(const struct record *record)
{
	struct payload *payload = payload_begin("group");

	payload_add_text(payload, "group", span_of(record->name));
	payload_add_time(payload, "last", record->now == 0 ? USEC_NEVER : record->now);
	return payload;
}

static struct payload *accounts_begin(const struct record *record)
{
	const struct standing *standing = &record->standing;
	struct payload *payload = payload_begin("account");

	payload_add_text(payload, "account", span_of(record->name));
	payload_add_text(payload, "state", span_of(state_name(standing->state)));
	payload_add_time(payload, "since", standing->since == 0 ? USEC_NEVER : standing->since);
	payload_add_time(payload, "until", standing->state == STATE_RELEASED ? standing->until : USEC_NEVER);
	payload_add_share(payload, "score", (double)standing->score);
	payload_add_time(payload, "last", record->now == 0 ? USEC_NEVER : record->now);
	return payload;
}

static void accounts_text(const struct record *record)
{
	const struct standing *standing = &record->standing;
	struct text name = { 0 };
	char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

	text_add_printable(&name, span_of(record->name));
	printf("%-9s %5.1f decibans  %s", state_name(standing->state), (double)standing->score, name.at);
	if (standing->state != STATE_NORMAL)
		printf("  since %s", clock_text(standing->since, since));
	if (standing->state == STATE_RELEASED)
		printf(", until %s", clock_text(standing->until, until));
	putchar('\n');
	text_free(&name);
}

static void accounts_tell(void *context, const struct record *record)
{
	struct accounts *accounts = context;

	if (accounts->only && record->standing.state != accounts->state)
		return;
	accounts->told++;
	if (accounts->arguments->format == FORMAT_NDJSON)
		accounts_end(accounts_begin(record));
	else
		accounts_text(record);
}

/* How many different: a number, and where it is about right only, its name says so. */
static void show_distinct_json(struct payload *payload, const struct record *record)
{
	for (unsigned kind = 0; kind < DISTINCTS; kind++)
		for (unsigned h = 0; h < HORIZONS; h++) {
			struct distinct_count found = record_count(record, (enum distinct_kind)kind,
								   (enum horizon)h);
			struct text key = { 0 };

			if (found.count == 0)
				continue;
			text_add_format(&key, "%s%s_%s", found.about ? "about_" : "distinct_",
					distinct_names[kind], horizon_name((enum horizon)h));
			payload_add_count(payload, key.at, found.count);
			text_free(&key);
		}
}

/* All windows: by counter and horizon, what is not zero. */
static void show_json(const struct record *record, const struct counts sums[HORIZONS])
{
	struct payload *payload = is_group(record) ? group_begin(record) : accounts_begin(record);

	if (!is_group(record)) {
		payload_add_count(payload, "remembered_recipients", record_correspondents(record));
		payload_add_count(payload, "learned_days", record->habit.days);
	}
	for (unsigned h = 0; h < HORIZONS; h++)
		for (unsigned c = 0; c < COUNTERS; c++) {
			struct text key = { 0 };

			if (sums[h].n[c] == 0)
				continue;
			text_add_format(&key, "%s_%s", counter_names[c], horizon_name((enum horizon)h));
			payload_add_count(payload, key.at, sums[h].n[c]);
			text_free(&key);
		}
	show_distinct_json(payload, record);
	accounts_end(payload);
}

/* "12", or "~1,234" where it is about right only. */
static void show_distinct(const struct record *record)
{
	for (unsigned kind = 0; kind < DISTINCTS; kind++) {
		if (record_count(record, (enum distinct_kind)kind, HORIZON_7D).count == 0)
			continue;
		printf("  %-16s", distinct_names[kind]);
		for (unsigned h = 0; h < HORIZONS; h++) {
			struct distinct_count found = record_count(record, (enum distinct_kind)kind,
								   (enum horizon)h);
			char number[16];

			snprintf(number, sizeof(number), "%s%u", found.about && found.count > 0 ? "~" : "",
				 found.count);
			printf("%10s", number);
		}
		puts("  different");
	}
}

/* Who of a group was suspicious by itself is known by a hash alone: how many, and since when none. */
static void show_members(const struct record *record)
{
	const struct crowd *crowd = record->crowd;
	unsigned count = 0;
	usec_t last = 0;
	char when[CLOCK_TEXT_SIZE];

	for (int i = 0; crowd != NULL && crowd->members != NULL && i < CROWD_MEMBERS; i++) {
		const struct member *member = &crowd->members[i];

		if (member->account == 0 || record->now - member->time > CROWD_KEPT)
			continue;
		count++;
		last = member->time > last ? member->time : last;
	}
	if (count > 0)
		printf("  %u of its accounts had something against them within two days, the last at %s\n",
		       count, clock_text(last, when));
}

static void group_text(const struct record *record)
{
	struct text name = { 0 };
	char last[CLOCK_TEXT_SIZE];

	text_add_printable(&name, span_of(record->name));
	printf("%s\n  last heard of %s\n", name.at,
	       record->now == 0 ? "never" : clock_text(record->now, last));
	show_members(record);
	printf("  %-16s", "");
	text_free(&name);
}

static void account_text(const struct record *record)
{
	char last[CLOCK_TEXT_SIZE];

	accounts_text(record);
	printf("  last heard of %s; %u learned days, %u remembered recipients\n  %-16s",
	       record->now == 0 ? "never" : clock_text(record->now, last), record->habit.days,
	       record_correspondents(record), "");
}

static void show_text(const struct record *record, const struct counts sums[HORIZONS])
{
	if (is_group(record))
		group_text(record);
	else
		account_text(record);
	for (unsigned h = 0; h < HORIZONS; h++)
		printf("%10s", horizon_words((enum horizon)h));
	putchar('\n');
	for (unsigned c = 0; c < COUNTERS; c++) {
		if (sums[HORIZON_7D].n[c] == 0)
			continue;
		printf("  %-16s", counter_names[c]);
		for (unsigned h = 0; h < HORIZONS; h++)
			printf("%10u", sums[h].n[c]);
		putchar('\n');
	}
	show_distinct(record);
}

/* As it is typed (a group's name, too), else as watch would name that login. */
static bool show_find(struct known *known, const struct options *options, struct span typed,
		      const struct record **record_r, struct error *error)
{
	struct account_name name;

	return known_find(known, typed, record_r, error) &&
	       (*record_r != NULL ||
		known_find(known, options_account(options, typed, &name), record_r, error));
}

/* What happened since is not in it: for who asks a moment after a verdict. */
static void accounts_print_age(const struct known *known)
{
	usec_t saved = known_saved(known), now = clock_now();
	struct text text = { 0 };

	if (saved == USEC_NEVER)
		return;
	words_time(&text, saved);
	text_add(&text, SPAN(" UTC, "));
	words_duration(&text, now > saved ? now - saved : 0);
	printf("As of %s ago, when watch last saved.\n", text.at);
	text_free(&text);
}

struct show_in_force {
	struct span typed, named;
	const struct arguments *arguments;
	bool told;
};

static void show_tell_in_force(void *context, const struct in_force *order)
{
	struct show_in_force *show = context;

	if (!span_equal(order->account, show->typed) && !span_equal(order->account, show->named))
		return;
	if (show->arguments->format == FORMAT_NDJSON) {
		in_force_json(order);
	} else {
		printf("  %s on this server ", order->action);
		in_force_words(order);
	}
	show->told = true;
}

/* What is in force about the account of that NAME, as it was typed. A user of Redis need not see watch's files. */
static bool show_in_force(const struct options *options, const char *name, const struct arguments *arguments)
{
	struct account_name room;
	struct show_in_force show = { .typed = span_of(name),
				      .named = options_account(options, span_of(name), &room),
				      .arguments = arguments };
	struct error error;

	if (options->watch.state != NULL && !in_force_read(options, show_tell_in_force, &show, &error) &&
	    options->redis.topology == REDIS_OFF)
		fprintf(stderr, "sendwatch show: %s\n", error.text);
	return show.told;
}

static int show_one(struct known *known, const struct options *options, const char *name,
		    const struct arguments *arguments)
{
	const struct record *record;
	struct counts sums[HORIZONS];
	struct error error;

	if (!show_find(known, options, span_of(name), &record, &error)) {
		fprintf(stderr, "sendwatch show: %s\n", error.text);
		return EXIT_FAILED;
	}
	if (record != NULL) {
		windows_sum(&record->windows, record->now, sums);
		if (arguments->format == FORMAT_NDJSON)
			show_json(record, sums);
		else
			show_text(record, sums);
	}
	if (!show_in_force(options, name, arguments) && record == NULL) {
		fprintf(stderr, "sendwatch show: nothing is known of %s\n", name);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

int command_show(const struct arguments *arguments)
{
	struct options options;
	struct error error;
	struct known *known;
	int status = EXIT_DONE;

	if (arguments->count == 0) {
		fprintf(stderr, "sendwatch show: which account?\n");
		return EXIT_USAGE;
	}
	if (!options_load(arguments, &options, &error)) {
		fprintf(stderr, "sendwatch show: %s\n", error.text);
		return EXIT_USAGE;
	}
	known = known_open(&options, &error);
	if (known == NULL) {
		fprintf(stderr, "sendwatch show: %s\n", error.text);
		status = EXIT_FAILED;
	}
	for (size_t i = 0; i < arguments->count && known != NULL; i++)
		if (show_one(known, &options, arguments->names[i], arguments) != EXIT_DONE)
			status = EXIT_FAILED;
	if (known != NULL && arguments->format == FORMAT_TEXT && status == EXIT_DONE)
		accounts_print_age(known);
	known_close(&known);
	options_free(&options);
	return status;
}

static bool accounts_wanted(const struct arguments *arguments, struct accounts *accounts)
{
	struct span state;

	if (arguments->count == 0)
		return true;
	state = span_of(arguments->names[0]);
	accounts->exempt = span_equal(state, SPAN("exempt"));
	accounts->only = !accounts->exempt;
	return arguments->count == 1 && (accounts->exempt || (state_parse(state, &accounts->state) &&
							      accounts->state != STATE_NORMAL));
}

/* The judge's states. */
static bool accounts_print_raised(const struct options *options, struct accounts *accounts,
				  struct error *error)
{
	bool text = accounts->arguments->format == FORMAT_TEXT;
	struct known *known = known_open(options, error);
	bool good = known != NULL && known_raised(known, accounts_tell, accounts, error);

	if (good && accounts->told == 0 && text)
		puts(accounts->only ? "No account is in this state." : "All accounts are normal.");
	if (good && text)
		accounts_print_age(known);
	known_close(&known);
	return good;
}

int command_accounts(const struct arguments *arguments)
{
	struct accounts accounts = { .arguments = arguments };
	struct options options;
	struct error error;
	bool good;

	if (!accounts_wanted(arguments, &accounts)) {
		fprintf(stderr,
			"sendwatch accounts: a state is watch, flagged, disabled or released; or exempt\n");
		return EXIT_USAGE;
	}
	if (!options_load(arguments, &options, &error)) {
		fprintf(stderr, "sendwatch accounts: %s\n", error.text);
		return EXIT_USAGE;
	}
	good = accounts.exempt || accounts_print_raised(&options, &accounts, &error);
	if (!good)
		fprintf(stderr, "sendwatch accounts: %s\n", error.text);
	if (good && options.watch.state != NULL && (!accounts.only || accounts.state == STATE_DISABLED) &&
	    !in_force_read(&options, accounts_tell_in_force, &accounts, &error)) {
		fprintf(stderr, "sendwatch accounts: %s\n", error.text);
		/* A user of Redis need not see watch's files, who asks for what stands in them alone must. */
		good = options.redis.topology != REDIS_OFF && !accounts.exempt;
	} else if (good && accounts.exempt && accounts.in_force == 0 && arguments->format == FORMAT_TEXT) {
		puts("No account is exempt on this server.");
	}
	options_free(&options);
	return good ? EXIT_DONE : EXIT_FAILED;
}
