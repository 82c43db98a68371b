/*
 * A trace told: a head for each message, its steps in the order of time, and at the end what belongs by itself
 * and to no message. Times are UTC. A message is told where one of its steps lies within the bounds of time.
 */
#define _GNU_SOURCE
#include "commands/trace_print.h"

#include "base/memory.h"
#include "commands/options.h"
#include "commands/trace_step.h"
#include "responders/payload.h"

#include <stdlib.h>

#define NO_LINE UINT32_MAX

struct print {
	struct trace_groups *groups;
	const struct trace_lines *lines;
	const struct trace_print_how *how;
	FILE *out;
	uint32_t *first; /* by group: its first line */
	uint32_t *next;  /* by line: the next one of its group */
	uint32_t messages;
	size_t steps;
};

static void print_json(struct print *print, char *json)
{
	fputs(json, print->out);
	fputc('\n', print->out);
	free(json);
}

static void print_text(struct print *print, struct text *text)
{
	fwrite(text->at, 1, text->len, print->out);
	text_free(text);
}

static void print_head_json(struct print *print, const struct trace_group *group)
{
	struct payload *payload = payload_begin("message");

	payload_add_count(payload, "message", print->messages);
	payload_add_text(payload, "queue_id", span_of(group->id));
	payload_add_text(payload, "account", span_of(group->account));
	payload_add_text(payload, "script", span_of(group->script));
	payload_add_time(payload, "first", group->first);
	payload_add_time(payload, "last", group->last);
	payload_add_count(payload, "delivered", group->delivered);
	payload_add_count(payload, "deferred", group->deferred);
	payload_add_count(payload, "failed", group->failed);
	payload_add_flag(payload, "complete", group->begun);
	print_json(print, payload_end(&payload));
}

static void print_head(struct print *print, const struct trace_group *group)
{
	struct text text = { .at = NULL };

	if (print->how->ndjson) {
		print_head_json(print, group);
		return;
	}
	text_add(&text, span_of(print->messages > 1 ? "\nmessage " : "message "));
	text_add_printable(&text, span_of(group->id));
	if (group->account != NULL) {
		text_add(&text, SPAN(" of "));
		text_add_printable(&text, span_of(group->account));
	}
	if (group->script != NULL) {
		text_add(&text, SPAN(", script "));
		text_add_printable(&text, span_of(group->script));
	}
	text_add_format(&text, ": %u delivered, %u deferred, %u failed%s\n", group->delivered,
			group->deferred, group->failed,
			group->begun ? "" : "; its beginning is not in these logs");
	print_text(print, &text);
}

static void print_step_json(struct print *print, uint32_t message, const struct trace_line *line,
			    const struct frame *frame, const struct event *event)
{
	struct payload *payload = payload_begin("step");
	struct text words = { .at = NULL };

	trace_step_words(&words, frame, event);
	payload_add_count(payload, "message", message);
	payload_add_time(payload, "time", frame->time);
	payload_add_text(payload, "host", frame->host);
	payload_add_text(payload, "program", event->program.at != NULL ? event->program : frame->tag);
	payload_add_text(payload, "queue_id", event->queue_id);
	payload_add_text(payload, "step", span_of(trace_step_name(event)));
	payload_add_text(payload, "words", text_span(&words));
	payload_add_text(payload, "line", (struct span){ line->at, line->len });
	print_json(print, payload_end(&payload));
	text_free(&words);
}

static void print_step_text(struct print *print, const struct frame *frame, const struct event *event)
{
	struct text text = { .at = NULL }, words = { .at = NULL };
	char time[CLOCK_TEXT_SIZE];

	trace_step_words(&words, frame, event);
	text_add_format(&text, "  %s  ", frame->time == USEC_NEVER ? "-" : clock_text(frame->time, time));
	if (event->queue_id.len > 0) {
		text_add_printable(&text, event->queue_id);
		text_add(&text, SPAN("  "));
	}
	if (words.len > 0)
		text_add_format(&text, "%-9s  ", trace_step_name(event));
	else
		text_add(&text, span_of(trace_step_name(event)));
	text_add(&text, text_span(&words));
	text_add(&text, SPAN("\n"));
	print_text(print, &text);
	text_free(&words);
}

static bool print_in_time(const struct print *print, const struct trace_line *line)
{
	return (print->how->since == USEC_NEVER || line->time >= print->how->since) &&
	       (print->how->until == USEC_NEVER || line->time < print->how->until);
}

static void print_step(struct print *print, uint32_t message, const struct trace_line *line)
{
	struct frame frame;
	struct event event;

	if (!print_in_time(print, line) || !trace_groups_read(print->groups, line, &frame, &event))
		return;
	print->steps++;
	if (print->how->ndjson)
		print_step_json(print, message, line, &frame, &event);
	else
		print_step_text(print, &frame, &event);
}

static bool print_wants(const struct print *print, uint32_t at)
{
	const struct trace_group *group = trace_groups_at(print->groups, at);

	if (!group->seed)
		return false;
	if (!options_want(print->how->options, span_of(group->account)))
		return false;
	for (uint32_t line = print->first[at]; line != NO_LINE; line = print->next[line])
		if (print_in_time(print, &print->lines->all[line]))
			return true;
	return false;
}

/* A list of lines for each group, in their order. */
static void print_chain(struct print *print)
{
	uint32_t groups = trace_groups_count(print->groups);

	print->first = memory_grow(NULL, (size_t)groups + 1, sizeof(*print->first));
	print->next = memory_grow(NULL, print->lines->count + 1, sizeof(*print->next));
	for (uint32_t i = 0; i < groups; i++)
		print->first[i] = NO_LINE;
	for (size_t i = print->lines->count; i-- > 0;) {
		uint32_t group = trace_groups_of(print->groups, i);

		if (group == TRACE_NO_GROUP)
			continue;
		print->next[i] = print->first[group];
		print->first[group] = (uint32_t)i;
	}
}

static void print_messages(struct print *print)
{
	for (size_t i = 0; i < print->lines->count; i++) {
		uint32_t group = trace_groups_of(print->groups, i);

		if (group == TRACE_NO_GROUP || print->first[group] != i || !print_wants(print, group))
			continue;
		print->messages++;
		print_head(print, trace_groups_at(print->groups, group));
		for (uint32_t line = print->first[group]; line != NO_LINE; line = print->next[line])
			print_step(print, print->messages, &print->lines->all[line]);
	}
}

/* Logins, refusals, connections. Lines of scripts are there for the ledger alone. */
static void print_others(struct print *print)
{
	bool any = false;

	for (size_t i = 0; i < print->lines->count; i++) {
		const struct trace_line *line = &print->lines->all[i];
		struct frame frame;
		struct event event;

		if (trace_groups_of(print->groups, i) != TRACE_NO_GROUP || !print_in_time(print, line) ||
		    !trace_groups_read(print->groups, line, &frame, &event) || event.kind == EVENT_SCRIPT)
			continue;
		if (!any && !print->how->ndjson)
			fprintf(print->out, "%sof no message\n", print->messages > 0 ? "\n" : "");
		any = true;
		print_step(print, 0, line);
	}
}

size_t trace_print(struct trace_groups *groups, const struct trace_lines *lines,
		   const struct trace_print_how *how, FILE *out)
{
	struct print print = { .groups = groups, .lines = lines, .how = how, .out = out };

	print_chain(&print);
	print_messages(&print);
	if (how->options->logs.account == NULL)
		print_others(&print);
	free(print.first);
	free(print.next);
	return print.steps;
}
