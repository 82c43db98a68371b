/*
 * A family of samples begins with its head (metric_family) and goes on with one call a sample. The two formats
 * differ in the heads, in _total, which OpenMetrics leaves to the samples, and in the last line.
 */
#define _GNU_SOURCE
#include "commands/metrics.h"

#include "commands/command.h"
#include "commands/metrics_process.h"
#include "parsers/parser.h"
#include "responders/deputy.h"

#include <stdio.h>

struct metrics {
	struct text *out;
	bool open;
	const char *name;
	bool counter;
};

void metrics_label(struct text *out, struct span value)
{
	while (value.len > 0) {
		size_t len = text_utf8_len(value);

		if (value.at[0] == '\\' || value.at[0] == '"')
			text_add(out, SPAN("\\"));
		if (value.at[0] == '\n')
			text_add(out, SPAN("\\n"));
		else
			text_add(out, len == 0 || value.at[0] == '\0' ? SPAN("\xef\xbf\xbd")
								      : span_head(value, len));
		value = span_from(value, len == 0 ? 1 : len);
	}
}

/* UNIT, of which the name is the end, may be NULL. TYPE: counter, gauge, histogram, info. */
static void metric_family(struct metrics *metrics, const char *name, const char *type, const char *unit,
			  const char *help)
{
	struct text *out = metrics->out;
	bool info = strcmp(type, "info") == 0;
	const char *end = metrics->open ? "" : info ? "_info" : strcmp(type, "counter") == 0 ? "_total" : "";

	metrics->name = name;
	metrics->counter = strcmp(type, "counter") == 0;
	text_add_format(out, "# TYPE sendwatch_%s%s %s\n", name, end,
			info && !metrics->open ? "gauge" : type);
	if (metrics->open && unit != NULL)
		text_add_format(out, "# UNIT sendwatch_%s %s\n", name, unit);
	text_add_format(out, "# HELP sendwatch_%s%s %s\n", name, end, help);
}

struct label {
	const char *name;
	struct span value;
};

static void metric_begin(struct metrics *metrics, const char *end, const struct label *labels, size_t count)
{
	struct text *out = metrics->out;

	text_add_format(out, "sendwatch_%s%s", metrics->name, end);
	for (size_t i = 0; i < count; i++) {
		text_add_format(out, "%s%s=\"", i == 0 ? "{" : ",", labels[i].name);
		metrics_label(out, labels[i].value);
		text_add(out, SPAN("\""));
	}
	text_add(out, count > 0 ? SPAN("} ") : SPAN(" "));
}

static void metric_labelled(struct metrics *metrics, const struct label *labels, size_t count, uint64_t value)
{
	metric_begin(metrics, metrics->counter ? "_total" : "", labels, count);
	text_add_format(metrics->out, "%llu\n", (unsigned long long)value);
}

static void metric_real(struct metrics *metrics, const struct label *labels, size_t count, double value)
{
	metric_begin(metrics, metrics->counter ? "_total" : "", labels, count);
	text_add_format(metrics->out, "%.15g\n", value);
}

static void metric_of(struct metrics *metrics, const char *label, const char *value, uint64_t number)
{
	const struct label one = { label, span_of(value) };

	metric_labelled(metrics, &one, 1, number);
}

static void metric_seconds(struct metrics *metrics, const char *label, const char *value, usec_t duration)
{
	const struct label one = { label, span_of(value) };

	metric_real(metrics, &one, label == NULL ? 0 : 1, (double)duration / USEC_SECOND);
}

/* One counter or gauge without labels. */
static void metric_one(struct metrics *metrics, const char *name, const char *type, const char *unit,
		       const char *help, uint64_t value)
{
	metric_family(metrics, name, type, unit, help);
	metric_labelled(metrics, NULL, 0, value);
}

static void metric_spread(struct metrics *metrics, const char *name, const char *help,
			  const struct spread *spread)
{
	uint64_t sum = 0;

	metric_family(metrics, name, "histogram", "seconds", help);
	for (unsigned i = 0; i <= SPREAD_BOUNDS; i++) {
		double bound = i == SPREAD_BOUNDS ? 0 : (double)spread_bound(i) / USEC_SECOND;

		sum += spread->counts[i];
		if (i == SPREAD_BOUNDS)
			text_add_format(metrics->out, "sendwatch_%s_bucket{le=\"+Inf\"} ", name);
		else
			text_add_format(metrics->out,
					bound < 1 ? "sendwatch_%s_bucket{le=\"%g\"} "
						  : "sendwatch_%s_bucket{le=\"%.1f\"} ",
					name, bound);
		text_add_format(metrics->out, "%llu\n", (unsigned long long)sum);
	}
	text_add_format(metrics->out, "sendwatch_%s_sum %.15g\nsendwatch_%s_count %llu\n", name,
			(double)spread->sum / USEC_SECOND, name, (unsigned long long)sum);
}

static void metrics_loop(struct metrics *metrics, const struct board *board, struct desk_pulse pulse,
			 const struct metrics_server *server)
{
	const struct label version = { "version", SPAN(SENDWATCH_VERSION) };

	metric_family(metrics, "build", "info", NULL, "The version that runs.");
	metric_begin(metrics, "_info", &version, 1);
	text_add(metrics->out, SPAN("1\n"));
	metric_family(metrics, "loop_age_seconds", "gauge", "seconds",
		      "How long ago watch's loop last came by; it does at least every 10 s.");
	metric_seconds(metrics, NULL, NULL, pulse.age);
	metric_one(metrics, "following", "gauge", NULL,
		   "1 once the logs were caught up with, 0 while watch starts.",
		   board != NULL && board->ready);
	metric_one(metrics, "status_requests", "counter", NULL, "Requests to this server that were answered.",
		   server->answered);
	metric_one(metrics, "status_requests_refused", "counter", NULL,
		   "Requests refused for want of a password, a known host name or a right.", server->refused);
}

static void metrics_reading(struct metrics *metrics, const struct board *board)
{
	const struct pipeline_stats *pipeline = &board->pipeline;
	const struct collector_stats *collector = &board->collector;

	metric_one(metrics, "lines", "counter", NULL, "Lines that were read.", pipeline->lines);
	metric_one(metrics, "read_bytes", "counter", "bytes", "Bytes of logs that were read.",
		   collector->bytes);
	metric_one(metrics, "files", "counter", NULL, "Files that were opened, rotations included.",
		   collector->files);
	metric_one(metrics, "files_failed", "counter", NULL, "Files that could not be opened or read on.",
		   collector->files_failed);
	metric_family(metrics, "lines_skipped", "counter", NULL, "Lines that could not be taken in.");
	metric_of(metrics, "reason", "too_long", collector->skipped_long);
	metric_of(metrics, "reason", "binary", collector->skipped_binary);
	metric_of(metrics, "reason", "unframed", pipeline->unframed);
	metric_family(metrics, "events", "counter", NULL, "What the lines said, by kind.");
	for (unsigned kind = 0; kind < EVENT_KINDS; kind++)
		metric_of(metrics, "kind", event_kind_name((enum event_kind)kind), pipeline->events[kind]);
	metric_family(metrics, "coverage_ratio", "gauge", "ratio",
		      "Share of the mail server's own lines that were understood, since the start.");
	metric_real(metrics, NULL, 0, board->coverage);
	metric_one(metrics, "coverage_low", "gauge", NULL,
		   "1 while less is understood lately than [watch] coverage asks for.", board->dim);
	metric_one(metrics, "reading_waits", "gauge", NULL,
		   "1 while reading stands still until the store is back.", board->waits);
}

static void metrics_sources(struct metrics *metrics, const struct board *board)
{
	metric_family(metrics, "source_lag_bytes", "gauge", "bytes",
		      "Bytes of a log, as stored, that were not read yet.");
	for (size_t i = 0; i < board->source_count; i++)
		metric_of(metrics, "source", board->sources[i].name, board->sources[i].behind);
	metric_family(metrics, "source_lag_seconds", "gauge", "seconds",
		      "Age of the last line that was read, while there are others behind it; else 0.");
	for (size_t i = 0; i < board->source_count; i++) {
		const struct board_source *source = &board->sources[i];
		/* Half a line at the end is not waited for. */
		bool behind = source->behind > 0 && source->time != USEC_NEVER &&
			      source->time < board->made && board->idle > USEC_SECOND;

		metric_seconds(metrics, "source", source->name, behind ? board->made - source->time : 0);
	}
	metric_family(metrics, "source_readable", "gauge", NULL, "1 where the log is there and can be read.");
	for (size_t i = 0; i < board->source_count; i++)
		metric_of(metrics, "source", board->sources[i].name, board->sources[i].open);
	metric_family(metrics, "source_silent", "gauge", NULL, "1 where a log that used to speak is silent.");
	for (size_t i = 0; i < board->source_count; i++)
		metric_of(metrics, "source", board->sources[i].name, board->sources[i].silent);
}

static void metrics_messages(struct metrics *metrics, const struct board *board)
{
	const struct ledger_stats *ledger = &board->pipeline.ledger;

	metric_one(metrics, "messages", "counter", NULL, "Messages that were followed.", ledger->messages);
	metric_one(metrics, "messages_open", "gauge", NULL, "Messages that are being followed.",
		   ledger->open);
	metric_one(metrics, "messages_evicted", "counter", NULL,
		   "Messages given up before their end, to make room.", ledger->evicted);
	metric_one(metrics, "results_orphaned", "counter", NULL, "Results of messages never seen to begin.",
		   ledger->orphans);
	metric_family(metrics, "attempts", "counter", NULL, "Recipients, by what their first answer meant.");
	for (unsigned class = 0; class < REPLY_CLASSES; class ++)
		metric_of(metrics, "class", reply_class_name((enum reply_class) class),
			  board->tally.attempts[class]);
}

static void metrics_accounts(struct metrics *metrics, const struct board *board)
{
	const struct judge_stats *judge = &board->pipeline.judge;

	metric_family(metrics, "accounts", "gauge", NULL, "Accounts that are known, by state.");
	for (unsigned state = 0; state < TALLY_STATES; state++)
		metric_of(metrics, "state", state_name((enum account_state)state), judge->in_state[state]);
	metric_one(metrics, "accounts_evicted", "counter", NULL, "Accounts forgotten to make room.",
		   board->store.evicted);
	metric_one(metrics, "groups", "gauge", NULL, "Networks, domains, customers and own addresses known.",
		   judge->groups);
	metric_one(metrics, "groups_evicted", "counter", NULL, "Of them, forgotten to make room.",
		   judge->groups_evicted);
	metric_family(metrics, "verdicts", "counter", NULL, "Changes of an account's state, by the new one.");
	for (unsigned state = 0; state < TALLY_STATES; state++)
		metric_of(metrics, "state", state_name((enum account_state)state),
			  board->tally.verdicts[state]);
	metric_family(metrics, "warnings", "counter", NULL,
		      "Verdicts about the server and about its addresses.");
	metric_of(metrics, "type", "server", board->tally.server);
	metric_of(metrics, "type", "address", board->tally.address);
}

static void metrics_responses(struct metrics *metrics, const struct board *board)
{
	metric_family(metrics, "responses", "counter", NULL, "Tries to tell a target, by how they ended.");
	for (size_t i = 0; i < board->target_count; i++) {
		const struct board_target *target = &board->targets[i];
		const struct label taken[] = { { "target", span_of(target->label) },
					       { "result", SPAN("delivered") } };
		const struct label failed[] = { { "target", span_of(target->label) },
						{ "result", SPAN("failed") } };

		metric_labelled(metrics, taken, 2, target->taken);
		metric_labelled(metrics, failed, 2, target->failed);
	}
	metric_family(metrics, "outbox_waiting", "gauge", NULL,
		      "Messages that a target is still to be told.");
	for (size_t i = 0; i < board->target_count; i++)
		metric_of(metrics, "target", board->targets[i].label, board->targets[i].waiting);
	metric_family(metrics, "outbox_oldest_seconds", "gauge", "seconds",
		      "Age of the oldest of them; 0: none.");
	for (size_t i = 0; i < board->target_count; i++) {
		const struct board_target *target = &board->targets[i];

		metric_seconds(metrics, "target", target->label,
			       target->oldest == USEC_NEVER ? 0 : board->made - target->oldest);
	}
	metric_one(metrics, "outbox_given_up", "counter", NULL, "Messages that nobody will be told any more.",
		   board->outbox.given_up);
}

static void metrics_store(struct metrics *metrics, const struct board *board)
{
	const struct store_stats *store = &board->store;

	metric_one(metrics, "store_up", "gauge", NULL, "1 while the store of windows can be reached.",
		   board->away < 0);
	metric_one(metrics, "store_records", "gauge", NULL, "Accounts that the store holds here.",
		   store->records);
	metric_one(metrics, "store_memory_bytes", "gauge", "bytes",
		   "Memory of the store, without the records.", store->bytes);
	metric_one(metrics, "store_applied", "counter", NULL, "Changes that were counted.", store->applied);
	metric_one(metrics, "store_failed", "counter", NULL, "Changes that the store refused.",
		   store->failed);
	metric_one(metrics, "store_calls", "counter", NULL, "Calls to a shared store.", store->calls);
	metric_one(metrics, "store_repeated", "counter", NULL, "Changes that had been counted before.",
		   store->repeated);
	metric_one(metrics, "store_rebased", "counter", NULL, "Records that another server was faster with.",
		   store->rebased);
	metric_one(metrics, "store_restored", "counter", NULL, "Records that were lost there, and put back.",
		   store->restored);
	metric_spread(metrics, "store_batch_seconds", "How long a batch of calls to a shared store took.",
		      &store->took);
}

static void metrics_addresses(struct metrics *metrics, const struct board *board)
{
	static const struct {
		const char *name, *help;
		size_t place;
	} rows[] = {
		{ "address_attempts", "Recipients at a provider, by the own address that mail went out from.",
		  offsetof(struct board_provider, attempts) },
		{ "address_deferred", "Of them, deferred.", offsetof(struct board_provider, deferred) },
		{ "address_refused",
		  "Of them, refused for our address's sake: listed, blocked, rate-limited.",
		  offsetof(struct board_provider, refused) },
		{ "address_refusing", "Providers that refuse the address at this time.",
		  offsetof(struct board_provider, refusing) },
	};

	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		metric_family(metrics, rows[row].name, row == 3 ? "gauge" : "counter", NULL, rows[row].help);
		for (size_t i = 0; i < board->provider_count; i++) {
			const struct board_provider *provider = &board->providers[i];
			const struct label labels[] = { { "address", span_of(provider->address) },
							{ "provider", span_of(provider->provider) } };
			uint64_t value;

			memcpy(&value, (const char *)provider + rows[row].place, sizeof(value));
			metric_labelled(metrics, labels, 2, value);
		}
	}
}

static void metrics_listings(struct metrics *metrics, const struct board *board)
{
	metric_family(metrics, "address_listed", "gauge", NULL,
		      "1 for each blocklist that lists an own address.");
	for (size_t i = 0; i < board->listings.row_count; i++) {
		const struct label labels[] = { { "address", span_of(board->listings.rows[i].address) },
						{ "zone", span_of(board->listings.rows[i].zone) } };

		metric_labelled(metrics, labels, 2, 1);
	}
	metric_one(metrics, "blocklist_questions", "counter", NULL, "Questions to blocklists.",
		   board->dnsbl.asked);
	metric_one(metrics, "blocklist_questions_failed", "counter", NULL, "Questions without an answer.",
		   board->dnsbl.failed);
}

static void metrics_acts(struct metrics *metrics, const struct board *board)
{
	static const char *const verbs[ACT_VERBS] = { [DEPUTY_DISABLE] = "disable",
						      [DEPUTY_RELEASE] = "release",
						      [DEPUTY_HOLD_QUEUE] = "hold_queue",
						      [DEPUTY_RELEASE_QUEUE] = "release_queue" };
	static const char *const statuses[ACT_STATUSES] = { [DEPUTY_DONE] = "done",
							    [DEPUTY_ALREADY] = "already",
							    [DEPUTY_MORE] = "more",
							    [DEPUTY_FAILED] = "failed",
							    [DEPUTY_REFUSED] = "refused" };
	const struct act_stats *act = &board->act;

	metric_family(metrics, "accounts_stopped", "gauge", NULL, "Accounts that may not send as they like.");
	metric_of(metrics, "how", "disabled", act->disabled);
	metric_of(metrics, "how", "throttled", act->throttled);
	metric_one(metrics, "dry_run", "gauge", NULL, "1 where nothing is done about verdicts.",
		   act->dry_run);
	metric_one(metrics, "deputy_up", "gauge", NULL, "1 where there is a process that disables accounts.",
		   act->deputy);
	metric_one(metrics, "deputy_waiting", "gauge", NULL, "Acts that the deputy is still to do.",
		   act->waiting);
	metric_family(metrics, "deputy_acts", "counter", NULL, "What the deputy did, by how it ended.");
	for (unsigned verb = 0; verb < ACT_VERBS; verb++)
		for (unsigned status = 0; status < ACT_STATUSES && verbs[verb] != NULL; status++) {
			const struct label labels[] = { { "verb", span_of(verbs[verb]) },
							{ "result", span_of(statuses[status]) } };

			metric_labelled(metrics, labels, 2, act->deeds[verb][status]);
		}
}

/* The two services that mail servers ask have the same metrics. */
static void metrics_service(struct metrics *metrics, const struct policy_stats *policy, const char *name,
			    const char *help)
{
	static const struct {
		const char *end, *help;
		size_t place;
	} rows[] = {
		{ "requests", "Questions that the mail server asked",
		  offsetof(struct policy_stats, requests) },
		{ "refused", "Of them, answered with a refusal or a hold",
		  offsetof(struct policy_stats, refused) },
		{ "bad_requests", "What was no question", offsetof(struct policy_stats, bad_requests) },
		{ "connections", "Connections", offsetof(struct policy_stats, connections) },
	};
	char family[64], words[100];

	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		uint64_t value;

		memcpy(&value, (const char *)policy + rows[row].place, sizeof(value));
		snprintf(family, sizeof(family), "%s_%s", name, rows[row].end);
		snprintf(words, sizeof(words), "%s, %s.", rows[row].help, help);
		metric_one(metrics, family, "counter", NULL, words, value);
	}
	snprintf(family, sizeof(family), "%s_answer_seconds", name);
	snprintf(words, sizeof(words), "From a whole question to its answer, %s.", help);
	metric_spread(metrics, family, words, &policy->took);
}

void metrics_write(struct text *out, const struct board *board, struct desk_pulse pulse,
		   const struct metrics_server *server, bool open)
{
	struct metrics metrics = { .out = out, .open = open };

	metrics_loop(&metrics, board, pulse, server);
	if (board != NULL) {
		metrics_reading(&metrics, board);
		metrics_sources(&metrics, board);
		metrics_messages(&metrics, board);
		metrics_accounts(&metrics, board);
		metrics_responses(&metrics, board);
		metrics_store(&metrics, board);
		metrics_addresses(&metrics, board);
		metrics_listings(&metrics, board);
		metrics_acts(&metrics, board);
		metrics_service(&metrics, &board->act.policy, "policy", "by the policy service");
		metrics_service(&metrics, &board->act.socketmap, "socketmap", "by the socketmap");
	}
	metrics_process(out, pulse.started, open);
	if (open)
		text_add(out, SPAN("# EOF\n"));
}
