/*
 * `sendwatch accounts [STATE]`: who is not normal, or in STATE; `sendwatch show ACCOUNT...`: all that is
 * known of one. On any server of those that share a Redis; else on the server itself, from watch's snapshot.
 */
#include "commands/command.h"
#include "commands/known.h"

#include "base/text.h"
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

struct accounts {
	const struct arguments *arguments;
	bool only;
	enum account_state state;
	size_t told;
};

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

static void accounts_end(struct payload *payload)
{
	char *json = payload_end(&payload);

	puts(json);
	free(json);
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

/* All windows: by counter and horizon, what is not zero. */
static void show_json(const struct record *record, const struct counts sums[HORIZONS])
{
	struct payload *payload = accounts_begin(record);

	payload_add_count(payload, "remembered_recipients", record->recipient_used);
	payload_add_count(payload, "learned_days", record->habit.days);
	for (unsigned h = 0; h < HORIZONS; h++)
		for (unsigned c = 0; c < COUNTERS; c++) {
			struct text key = { 0 };

			if (sums[h].n[c] == 0)
				continue;
			text_add_format(&key, "%s_%s", counter_names[c], horizon_name((enum horizon)h));
			payload_add_count(payload, key.at, sums[h].n[c]);
			text_free(&key);
		}
	accounts_end(payload);
}

static void show_text(const struct record *record, const struct counts sums[HORIZONS])
{
	char last[CLOCK_TEXT_SIZE];

	accounts_text(record);
	printf("  last heard of %s; %u learned days, %u remembered recipients\n  %-16s",
	       record->now == 0 ? "never" : clock_text(record->now, last), record->habit.days,
	       record->recipient_used, "");
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
}

static int show_one(struct known *known, const char *name, const struct arguments *arguments)
{
	const struct record *record;
	struct counts sums[HORIZONS];
	struct error error;

	if (!known_find(known, span_of(name), &record, &error)) {
		fprintf(stderr, "sendwatch show: %s\n", error.text);
		return EXIT_FAILED;
	}
	if (record == NULL) {
		fprintf(stderr, "sendwatch show: nothing is known of %s\n", name);
		return EXIT_FAILED;
	}
	windows_sum(&record->windows, record->now, sums);
	if (arguments->format == FORMAT_NDJSON)
		show_json(record, sums);
	else
		show_text(record, sums);
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
		if (show_one(known, arguments->names[i], arguments) != EXIT_DONE)
			status = EXIT_FAILED;
	known_close(&known);
	options_free(&options);
	return status;
}

int command_accounts(const struct arguments *arguments)
{
	struct accounts accounts = { .arguments = arguments, .only = arguments->count > 0 };
	struct options options;
	struct error error;
	struct known *known;
	bool good;

	if (arguments->count > 1 ||
	    (accounts.only && !state_parse(span_of(arguments->names[0]), &accounts.state))) {
		fprintf(stderr, "sendwatch accounts: a state is watch, flagged, disabled or released\n");
		return EXIT_USAGE;
	}
	if (!options_load(arguments, &options, &error)) {
		fprintf(stderr, "sendwatch accounts: %s\n", error.text);
		return EXIT_USAGE;
	}
	known = known_open(&options, &error);
	good = known != NULL && known_raised(known, accounts_tell, &accounts, &error);
	if (!good)
		fprintf(stderr, "sendwatch accounts: %s\n", error.text);
	else if (accounts.told == 0 && arguments->format == FORMAT_TEXT)
		puts(accounts.only ? "No account is in this state." : "All accounts are normal.");
	known_close(&known);
	options_free(&options);
	return good ? EXIT_DONE : EXIT_FAILED;
}
