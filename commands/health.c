/*
 * `sendwatch health`: how remote providers treat our own addresses, from logs, and which accounts caused it.
 * Without LOG it is what the watch that runs here knows, from its snapshot; where servers share a Redis, the windows
 * of all their addresses. Where neither is, the logs that watch would follow are read. With --account, how providers
 * treat what that account sent; that is not known by itself, so it is read from logs, too.
 */
#define _GNU_SOURCE
#include "base/memory.h"
#include "base/text.h"
#include "collector/journald_name.h"
#include "collector/listen_name.h"
#include "commands/blocklists.h"
#include "commands/command.h"
#include "commands/known.h"
#include "commands/options.h"
#include "commands/pipeline.h"
#include "commands/progress.h"
#include "commands/snapshot.h"
#include "responders/payload.h"

#include <glob.h>
#include <signal.h>
#include <stdlib.h>

struct health_command {
	const struct arguments *arguments;
	const struct options *options;
	struct health *health;
	bool failed;
	size_t told;
};

static void health_seen(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	const struct health_command *command = context;

	if (options_want(command->options, attempt->envelope->account))
		health_attempt(command->health, attempt, stage);
}

static void health_trouble(void *context, const char *words)
{
	struct health_command *command = context;

	progress_trouble("health", words);
	command->failed = true;
}

static void health_warn(void *context, const struct verdict *verdict)
{
	const struct health_command *command = context;

	/* What one account met is no verdict on the address. */
	if (command->arguments->format == FORMAT_NDJSON && command->arguments->account == NULL) {
		char *json = payload_verdict(verdict);

		puts(json);
		free(json);
	}
}

static void health_json(const struct health_row *row)
{
	struct payload *payload = payload_begin("health");
	char *json;

	payload_add_text(payload, "address", span_of(row->address));
	payload_add_text(payload, "named", span_of(row->named[0] == '\0' ? NULL : row->named));
	payload_add_text(payload, "provider", span_of(row->provider));
	payload_add_count(payload, "attempts", row->attempts);
	payload_add_count(payload, "deferred", row->deferred);
	payload_add_count(payload, "refused", row->refused);
	payload_add_share(payload, "share", (double)row->refused / (double)row->attempts);
	for (unsigned i = 0; i < REPLY_CLASSES; i++)
		if (row->classes[i] > 0)
			payload_add_count(payload, reply_class_name((enum reply_class)i), row->classes[i]);
	payload_add_time(payload, "first", row->first);
	payload_add_time(payload, "last", row->last);
	payload_add_time(payload, "since", row->since);
	for (size_t i = 0; i < row->account_count && i < 3; i++) {
		static const char *const keys[] = { "account_1", "account_2", "account_3" };

		payload_add_text(payload, keys[i], span_of(row->accounts[i].name));
	}
	json = payload_end(&payload);
	puts(json);
	free(json);
}

static void health_text(const struct health_row *row)
{
	struct text line = { 0 };
	char since[CLOCK_TEXT_SIZE];

	text_add_printable(&line, span_of(row->address));
	if (row->named[0] != '\0' && strcmp(row->named, row->address) != 0)
		text_add_format(&line, " (%s)", row->named);
	text_add(&line, SPAN(" at "));
	text_add_printable(&line, span_of(row->provider));
	printf("%s\n  %llu attempts, %.1f %% refused for our address, %llu deferred\n", line.at,
	       (unsigned long long)row->attempts, 100 * (double)row->refused / (double)row->attempts,
	       (unsigned long long)row->deferred);
	if (row->since != USEC_NEVER)
		printf("  refuses us since %s\n", clock_text(row->since, since));
	for (unsigned i = 0; i < REPLY_CLASSES; i++)
		if (row->classes[i] > 0 && i != REPLY_DELIVERED)
			printf("    %8llu  %5.1f %%  %s\n", (unsigned long long)row->classes[i],
			       100 * (double)row->classes[i] / (double)row->attempts,
			       reply_class_name((enum reply_class)i));
	for (size_t i = 0; row->refused > 0 && i < row->account_count && i < 3; i++) {
		text_clear(&line);
		text_add_printable(&line, span_of(row->accounts[i].name));
		printf("  %s %s\n", i == 0 ? "mostly by" : "         ", line.at);
	}
	text_free(&line);
}

/* --- without logs --- */

static uint32_t refused_of(const struct counts *sums)
{
	return sums->n[COUNT_BLOCKED] + sums->n[COUNT_LIMITED];
}

static double share_of(uint32_t part, uint32_t of)
{
	return of == 0 ? 0 : (double)part / (double)of;
}

/* "address:192.0.2.1 google" */
static void address_parts(const struct record *record, struct span *address_r, struct span *provider_r)
{
	*address_r = span_of(record->name);
	(void)span_skip(address_r, SPAN("address:"));
	*provider_r = *address_r;
	(void)span_cut(provider_r, ' ', address_r);
}

static void address_json(const struct record *record, const struct counts sums[HORIZONS])
{
	struct payload *payload = payload_begin("health");
	struct span address, provider;
	char *json;

	address_parts(record, &address, &provider);
	payload_add_text(payload, "address", address);
	payload_add_text(payload, "provider", provider);
	for (unsigned h = HORIZON_1H; h < HORIZONS; h++) {
		static const struct {
			const char *name;
			enum counter counter;
		} rows[] = {
			{ "attempts", COUNT_RECIPIENTS }, { "delivered", COUNT_DELIVERED },
			{ "blocked", COUNT_BLOCKED },     { "limited", COUNT_LIMITED },
			{ "spam", COUNT_SPAM },           { "invalid", COUNT_INVALID },
			{ "deferred", COUNT_TEMPORARY },
		};

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct text key = { 0 };

			text_add_format(&key, "%s_%s", rows[i].name, horizon_name((enum horizon)h));
			payload_add_count(payload, key.at, sums[h].n[rows[i].counter]);
			text_free(&key);
		}
	}
	payload_add_time(payload, "last", record->now);
	json = payload_end(&payload);
	puts(json);
	free(json);
}

static void address_text(const struct record *record, const struct counts sums[HORIZONS])
{
	struct span address, provider;
	struct text line = { 0 };
	char last[CLOCK_TEXT_SIZE];

	address_parts(record, &address, &provider);
	text_add_printable(&line, address);
	text_add(&line, SPAN(" at "));
	text_add_printable(&line, provider);
	printf("%s, last %s\n", line.at, clock_text(record->now, last));
	for (unsigned h = HORIZON_1H; h < HORIZONS; h++) {
		const uint32_t *n = sums[h].n;

		printf("  %-5s %8u attempts, %5.1f %% refused for our address, %5.1f %% as spam, "
		       "%5.1f %% to nobody\n",
		       horizon_words((enum horizon)h), n[COUNT_RECIPIENTS],
		       100 * share_of(refused_of(&sums[h]), n[COUNT_RECIPIENTS]),
		       100 * share_of(n[COUNT_SPAM], n[COUNT_RECIPIENTS]),
		       100 * share_of(n[COUNT_INVALID], n[COUNT_RECIPIENTS]));
	}
	text_free(&line);
}

static void address_tell(void *context, const struct record *record)
{
	struct health_command *command = context;
	struct counts sums[HORIZONS];

	command->told++;
	windows_sum(&record->windows, record->now, sums);
	if (command->arguments->format == FORMAT_NDJSON)
		address_json(record, sums);
	else
		address_text(record, sums);
}

/* Of all servers that share a Redis. */
static int health_of_all(struct health_command *command)
{
	struct error error;
	struct known *known = known_open(command->options, &error);
	bool good = known != NULL && known_addresses(known, address_tell, command, &error);

	if (!good)
		fprintf(stderr, "sendwatch health: %s\n", error.text);
	else if (command->told == 0 && command->arguments->format == FORMAT_TEXT)
		puts("No mail went out to anyone.");
	known_close(&known);
	if (good)
		blocklists_print(command->options, NULL, 0, command->arguments->format == FORMAT_NDJSON);
	return good ? EXIT_DONE : EXIT_FAILED;
}

/* What watch saved within the last minute or so, where one runs here. */
static bool health_restore(struct health_command *command)
{
	struct snapshot snapshot;
	struct text path = { 0 };
	struct error error;
	bool good;

	if (command->options->watch.state == NULL)
		return false;
	text_add_format(&path, "%s/snapshot", command->options->watch.state);
	good = snapshot_open(path.at, &snapshot, &error) == SNAPSHOT_GOOD;
	text_free(&path);
	if (!good)
		return false;
	good = snapshot_restore(&snapshot, NULL, command->health);
	snapshot_close(&snapshot);
	return good;
}

static void health_print(const struct health_command *command)
{
	size_t count;
	struct health_row *rows = health_rows(command->health, &count);

	for (size_t i = 0; i < count; i++)
		if (command->arguments->format == FORMAT_NDJSON)
			health_json(&rows[i]);
		else
			health_text(&rows[i]);
	if (count == 0 && command->arguments->format == FORMAT_TEXT)
		puts("No mail went out to anyone.");
	/* With logs of another machine, what is known of this one's addresses would mislead. */
	if (command->arguments->count == 0 || count > 0)
		blocklists_print(command->options, rows, command->arguments->count == 0 ? 0 : count,
				 command->arguments->format == FORMAT_NDJSON);
	free(rows);
}

/* Of what watch would follow, what can be read now: of the logs that are named by default, most machines have one. */
static const char **health_logs(const struct setting_list *files, size_t *count_r)
{
	const char **names = memory_new(files->count + 1, sizeof(*names));

	*count_r = 0;
	for (size_t i = 0; i < files->count; i++) {
		const char *file = files->texts[i];
		bool there = journald_name_is(file);
		glob_t found;

		if (!there && !listen_name_is(file) && glob(file, 0, NULL, &found) == 0) {
			there = true;
			globfree(&found);
		}
		if (there)
			names[(*count_r)++] = file;
	}
	return names;
}

static void health_read(struct health_command *command, struct pipeline *pipeline, const char *const *names,
			size_t count)
{
	struct collector_calls calls = pipeline_calls(pipeline);
	struct error error;
	struct collector *collector = progress_open(command->arguments, names, count, &calls, &error);

	if (collector == NULL) {
		command->failed = true; /* what is wrong with which file was told as it was found */
		return;
	}
	progress_run(pipeline, collector, command->arguments, true);
	collector_close(&collector);
	pipeline_finish(pipeline);
	health_print(command);
}

static int health_run(struct health_command *command)
{
	const struct arguments *arguments = command->arguments;
	const struct pipeline_sink sink = { .context = command,
					    .attempt = health_seen,
					    .trouble = health_trouble };
	struct error error;
	struct pipeline *pipeline = pipeline_new(command->options, &sink, &error);
	const char **followed;
	size_t count;

	if (pipeline == NULL) {
		fprintf(stderr, "sendwatch health: %s\n", error.text);
		return EXIT_USAGE;
	}
	followed = health_logs(&command->options->logs.files, &count);
	if (arguments->count > 0)
		health_read(command, pipeline, arguments->names, arguments->count);
	else if (count > 0)
		health_read(command, pipeline, followed, count);
	else
		health_trouble(command, "no log is there that could be read: name one, or see [logs] files");
	free(followed);
	pipeline_free(&pipeline);
	return command->failed ? EXIT_FAILED : EXIT_DONE;
}

int command_health(const struct arguments *arguments)
{
	struct options options;
	struct health_command command = { .arguments = arguments, .options = &options };
	struct error error;
	int status;

	if (!options_load(arguments, &options, &error)) {
		fprintf(stderr, "sendwatch health: %s\n", error.text);
		return EXIT_USAGE;
	}
	command.health = health_new(&options.health, health_warn, &command);
	/* What is known now cannot be cut to a time or an account; logs can. */
	bool known = arguments->count == 0 && arguments->since == USEC_NEVER &&
		     arguments->until == USEC_NEVER && arguments->account == NULL;

	/* A Redis that hangs up is an error that is told. */
	if (known)
		signal(SIGPIPE, SIG_IGN);
	if (known && options.redis.topology != REDIS_OFF) {
		status = health_of_all(&command);
	} else if (known && health_restore(&command)) {
		health_print(&command);
		status = EXIT_DONE;
	} else {
		health_free(&command.health);
		command.health = health_new(&options.health, health_warn, &command);
		status = health_run(&command);
	}
	health_free(&command.health);
	options_free(&options);
	return status;
}
