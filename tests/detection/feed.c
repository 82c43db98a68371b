/*
 * Rows of attempts straight into the judge, without logs: for work on the detectors, where parsing would
 * only take time. Reads what the simulators write (time, account, message, rcpt, rcpt_new, malicious,
 * outcome, client_ip, country, local, sender) on standard input, in the order of time; writes verdicts as NDJSON.
 *
 *	feed [-o section.key=value]... [-g GEO.csv] [-k KINDS]
 *
 * Keys of one section follow each other. KINDS has lines "account customer kind"; kind "forwarder" is what no login sent.
 */
#define _GNU_SOURCE
#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/text.h"
#include "detectors/geo.h"
#include "detectors/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 11

struct row {
	struct span field[COLUMNS];
};

enum column { TIME, ACCOUNT, MESSAGE, RCPT, RCPT_NEW, MALICIOUS, OUTCOME, CLIENT_IP, COUNTRY, LOCAL, SENDER };

struct named {
	struct span customer;
	bool forwarder;
	uint32_t recipients; /* of a message */
	uint64_t cost;
};

static struct options {
	struct judge_options judge;
} options;

#define SECTION(name_, rows, place_) \
	{ \
		name_, "", rows, sizeof(union detector_options), \
			offsetof(struct options, judge.detector[place_]), false \
	}

static const struct settings_section sections[] = {
	{ "judge", "", judge_settings, sizeof(struct judge_options), offsetof(struct options, judge), false },
	SECTION("volume", volume_settings, DETECT_VOLUME),
	SECTION("strangers", strangers_settings, DETECT_STRANGERS),
	SECTION("invalid_recipients", invalid_settings, DETECT_INVALID),
	SECTION("rejects", rejects_settings, DETECT_REJECTS),
	SECTION("origins", origins_settings, DETECT_ORIGINS),
	SECTION("hours", hours_settings, DETECT_HOURS),
	SECTION("logins", logins_settings, DETECT_LOGINS),
	SECTION("senders", senders_settings, DETECT_SENDERS),
	SECTION("scripts", scripts_settings, DETECT_SCRIPTS),
	SECTION("campaign", campaign_settings, DETECT_CAMPAIGN),
	{ .name = NULL },
};

static struct text slurp(FILE *file)
{
	struct text text = { .ceiling = SIZE_MAX / 4 };
	static char block[1 << 16];
	size_t got;

	while ((got = fread(block, 1, sizeof(block), file)) > 0)
		text_add(&text, (struct span){ block, got });
	return text;
}

static struct named *named_of(struct map *map, struct span key)
{
	uint64_t hash = hash_stable(key);
	struct named *named = map_find(map, hash, key);

	return named != NULL ? named : map_add(map, hash);
}

static bool row_cut(struct span *rest, struct row *row_r)
{
	struct span line;

	if (!span_cut(rest, '\n', &line))
		return false;
	line = span_trim(line);
	for (int i = 0; i < COLUMNS; i++)
		if (!span_cut(&line, ',', &row_r->field[i]))
			row_r->field[i] = i == COLUMNS - 1 ? line : (struct span){ NULL, 0 };
	return true;
}

static void show(void *context, const struct verdict *verdict)
{
	char time[CLOCK_TEXT_SIZE];

	(void)context;
	printf("{\"type\":\"verdict\",\"time\":\"%s\",\"account\":\"%.*s\",\"state\":\"%s\",\"previous\":\"%s\","
	       "\"score\":%.1f,\"recipients\":%llu,\"evidence\":[",
	       clock_text(verdict->time, time), SPAN_ARGS(verdict->account), state_name(verdict->state),
	       state_name(verdict->previous), verdict->score, (unsigned long long)verdict->recipients);
	for (size_t i = 0; i < verdict->evidence_count; i++)
		printf("%s{\"detector\":\"%s\",\"decibans\":%.1f,\"text\":\"%s\"}", i > 0 ? "," : "",
		       verdict->evidence[i].detector, verdict->evidence[i].decibans,
		       verdict->evidence[i].text);
	printf("]}\n");
}

static void read_kinds(const char *path, struct map *accounts)
{
	FILE *file = fopen(path, "re");
	static struct text text;
	struct span rest, line, account, customer;

	if (file == NULL)
		return;
	text = slurp(file);
	fclose(file);
	rest = text_span(&text);
	while (span_cut(&rest, '\n', &line)) {
		struct named *named;

		if (!span_cut(&line, ' ', &account) || !span_cut(&line, ' ', &customer))
			continue;
		named = named_of(accounts, account);
		named->customer = customer;
		named->forwarder = span_equal(line, SPAN("forwarder"));
	}
}

static void envelope_of(const struct row *row, const struct named *account, const struct named *message,
			struct envelope *envelope_r, usec_t time)
{
	const struct span *f = row->field;
	bool local = span_equal(f[LOCAL], SPAN("1"));

	*envelope_r = (struct envelope){
		.time = time,
		.account_kind = account->forwarder ? ACCOUNT_FORWARD
				: local            ? ACCOUNT_LOCAL
						   : ACCOUNT_LOGIN,
		.account = f[ACCOUNT],
		.customer = account->customer,
		.queue_id = f[MESSAGE],
		.sender = f[SENDER],
		.client_ip = f[CLIENT_IP],
		.nrcpt = (int32_t)message->recipients,
	};
	if (span_starts(f[ACCOUNT], SPAN("script:")))
		envelope_r->account_kind = ACCOUNT_SCRIPT;
}

static void feed(struct judge *judge, const struct row *row, struct map *accounts, struct map *messages)
{
	const struct span *f = row->field;
	struct named *account = named_of(accounts, f[ACCOUNT]), *message = named_of(messages, f[MESSAGE]);
	struct envelope envelope;
	struct attempt attempt = { .envelope = &envelope,
				   .recipient = f[RCPT],
				   .direction = DIRECTION_OUTBOUND };
	struct span local;
	uint64_t seconds;

	if (!span_to_u64(f[TIME], &seconds) || f[ACCOUNT].len == 0)
		return;
	attempt.time = (usec_t)seconds * USEC_SECOND;
	envelope_of(row, account, message, &envelope, attempt.time);
	if (message->cost == 0) {
		message->cost = 1;
		judge_submitted(judge, &envelope, 0, 0);
	}
	attempt.provider = f[RCPT];
	span_cut(&attempt.provider, '@', &local);
	if (!reply_class_parse(f[OUTCOME], &attempt.meaning.class))
		attempt.meaning.class = REPLY_UNKNOWN;
	attempt.outcome = attempt.meaning.class == REPLY_DELIVERED ? OUTCOME_DELIVERED : OUTCOME_BOUNCED;
	judge_attempt(judge, &attempt, ATTEMPT_FIRST);
}

int main(int argc, char **argv)
{
	struct judge_sink sink = { NULL, show };
	struct map_options many = { .record_size = sizeof(struct named) };
	struct map *accounts = map_new(&many), *messages = map_new(&many);
	struct text text, settings = { 0 };
	struct store *store;
	struct judge *judge;
	struct judge_stats stats;
	struct store_stats kept;
	struct error error;
	struct span rest;
	struct row row;
	usec_t before;
	struct geo *geo = NULL;

	settings_defaults(sections, &options);
	for (int i = 1; i + 1 < argc; i += 2) {
		char section[64], key[64], value[64];
		static char last[64];

		if (strcmp(argv[i], "-g") == 0) {
			geo = geo_open(argv[i + 1], &error);
			if (geo == NULL)
				fprintf(stderr, "%s\n", error.text);
		} else if (strcmp(argv[i], "-k") == 0) {
			read_kinds(argv[i + 1], accounts);
		} else if (sscanf(argv[i + 1], "%63[^.].%63[^=]=%63s", section, key, value) == 3) {
			if (strcmp(section, last) != 0)
				text_add_format(&settings, "[%s]\n", section);
			text_add_format(&settings, "%s = %s\n", key, value);
			memcpy(last, section, sizeof(last));
		}
	}
	/* All at once: each reading begins with the defaults. */
	if (settings.len > 0 && !settings_read_text(sections, "-o", text_span(&settings), &options, &error)) {
		fprintf(stderr, "%s\n", error.text);
		return 2;
	}
	text = slurp(stdin);
	rest = text_span(&text);
	while (row_cut(&rest, &row))
		named_of(messages, row.field[MESSAGE])->recipients++;
	store = store_memory_new((uint32_t)options.judge.accounts);
	judge = judge_new(&options.judge, store, &sink);
	judge_use_geo(judge, geo);
	rest = text_span(&text);
	before = clock_monotonic();
	while (row_cut(&rest, &row))
		feed(judge, &row, accounts, messages);
	stats = judge_stats(judge);
	kept = store->calls->stats(store);
	fprintf(stderr, "%llu attempts, %llu asked, %llu accounts, %zu bytes, %.0f ns an attempt\n",
		(unsigned long long)stats.attempts, (unsigned long long)stats.asked,
		(unsigned long long)stats.accounts, kept.bytes,
		(double)(clock_monotonic() - before) * 1000 / (double)stats.attempts);
	judge_free(&judge);
	store_free(&store);
	geo_close(&geo);
	text_free(&text);
	text_free(&settings);
	settings_free(sections, &options);
	map_free(&accounts);
	map_free(&messages);
	return 0;
}
