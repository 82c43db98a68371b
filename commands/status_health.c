/*
 * Alive: the loop comes by. A start and a reload may take minutes, in which logs are learned from: that is life,
 * but not readiness. Ready: logs are read, the store is there, and the end of the logs was reached a moment ago.
 */
#include "commands/status_health.h"

#include "commands/words.h"
#include "responders/payload.h"

#include <stdlib.h>
#include <string.h>

static void health_add(struct health_report *report, const char *what, const struct text *words)
{
	struct health_reason *reason;
	struct span fits = text_utf8_head(text_span(words), sizeof(reason->words) - 1);

	if (report->count == HEALTH_REASONS)
		return;
	reason = &report->reasons[report->count++];
	reason->what = what;
	memcpy(reason->words, fits.at, fits.len);
	reason->words[fits.len] = '\0';
}

static void health_phase(struct health_report *report, struct desk_pulse pulse, usec_t stuck,
			 struct text *words)
{
	static const char *const phases[] = {
		[DESK_STARTS] = "starts: learns from the logs that are there, since ",
		[DESK_RELOADS] = "takes new settings in, since ",
		[DESK_STOPS] = "stops, since ",
		[DESK_RUNS] = "the loop has not come by for ",
	};
	bool runs = pulse.phase == DESK_RUNS;

	report->alive = !runs || pulse.age < stuck;
	if (runs && report->alive)
		return;
	text_clear(words);
	text_add(words, span_of(phases[pulse.phase]));
	words_duration(words, pulse.age);
	health_add(report, runs ? "loop" : "start", words);
}

static void health_log(struct health_report *report, const struct board_source *source, struct text *words)
{
	text_clear(words);
	text_add_printable(words, span_of(source->name));
	if (source->trouble[0] == '\0')
		text_add(words, SPAN(" is not there any more"));
	else
		text_add(words, SPAN(" cannot be read: "));
	text_add_printable(words, span_of(source->trouble));
	health_add(report, "log", words);
}

/* Of the logs that are named by default, most machines have one; what was read once should stay readable. */
static void health_logs(struct health_report *report, const struct board *board, struct text *words)
{
	size_t open = 0;

	for (size_t i = 0; i < board->source_count; i++)
		open += board->sources[i].open;
	text_clear(words);
	if (open == 0) {
		text_add(words, SPAN("no log is there that can be read: see [logs] files"));
		health_add(report, "logs", words);
	}
	for (size_t i = 0; i < board->source_count; i++) {
		const struct board_source *source = &board->sources[i];

		if (!source->open && (source->position > 0 || source->trouble[0] != '\0'))
			health_log(report, source, words);
	}
}

static void health_behind(struct health_report *report, const struct board *board, usec_t lag,
			  struct text *words)
{
	text_clear(words);
	if (!board->ready) {
		text_add(words, SPAN("has not caught up with the logs since it started"));
	} else if (board->idle < lag || board->behind == 0) {
		return;
	} else {
		text_add(words, SPAN("was not at the end of the logs for "));
		words_duration(words, board->idle);
	}
	text_add(words, SPAN(": "));
	words_bytes(words, board->behind);
	text_add(words, SPAN(" are still to be read"));
	health_add(report, "behind", words);
}

static void health_store(struct health_report *report, const struct board *board, struct text *words)
{
	if (board->away < 0)
		return;
	text_clear(words);
	text_add(words, SPAN("the store cannot be reached for "));
	words_duration(words, board->away);
	text_add(words, board->waits ? SPAN(", and reading waits for it: ") : SPAN(": "));
	text_add_printable(words, span_of(board->away_why));
	health_add(report, "store", words);
}

struct health_report health_report(const struct board *board, struct desk_pulse pulse, usec_t stuck,
				   usec_t lag)
{
	struct health_report report = { .alive = true };
	struct text words = { 0 };

	health_phase(&report, pulse, stuck, &words);
	if (board != NULL) {
		health_store(&report, board, &words);
		health_logs(&report, board, &words);
		if (report.alive && pulse.phase == DESK_RUNS)
			health_behind(&report, board, lag, &words);
	}
	report.ready = report.count == 0 && board != NULL;
	text_free(&words);
	return report;
}

void health_json(struct text *out, const struct health_report *report, struct desk_pulse pulse, bool ready)
{
	struct payload *payload = payload_begin(ready ? "ready" : "health");
	char *reasons[HEALTH_REASONS] = { NULL }, *json;
	size_t count = 0;

	payload_add_flag(payload, ready ? "ready" : "alive", ready ? report->ready : report->alive);
	payload_add_share(payload, "loop_age", (double)pulse.age / USEC_SECOND);
	for (size_t i = 0; i < report->count; i++) {
		struct payload *reason = payload_begin(report->reasons[i].what);

		if (!ready && strcmp(report->reasons[i].what, "loop") != 0 &&
		    strcmp(report->reasons[i].what, "start") != 0) {
			payload_free(&reason);
			continue;
		}
		payload_add_text(reason, "text", span_of(report->reasons[i].words));
		reasons[count++] = payload_end(&reason);
	}
	payload_add_objects(payload, "reasons", (const char *const *)reasons, count);
	json = payload_end(&payload);
	text_add(out, span_of(json));
	text_add(out, SPAN("\n"));
	free(json);
	while (count > 0)
		free(reasons[--count]);
}
