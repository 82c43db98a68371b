/*
 * JSON out. Keys stand in the order in which the manual page names them. An event says only what its line
 * said; an attempt and a verdict have all their keys, null where nothing is known, so that a reader of
 * theirs never has to ask whether a key is there.
 */
#define _GNU_SOURCE
#include "responders/payload.h"

#include "base/memory.h"
#include "base/text.h"
#include "parsers/parser.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Text of strangers as a JSON string; what is not UTF-8 becomes U+FFFD. */
static json_t *payload_text(struct span text)
{
	json_t *string = json_stringn(text.at == NULL ? "" : text.at, text.len);
	struct text mended = { 0 };

	if (string != NULL)
		return string;
	while (text.len > 0) {
		size_t len = text_utf8_len(text);

		text_add(&mended, len == 0 ? SPAN("\xef\xbf\xbd") : span_head(text, len));
		text = span_from(text, len == 0 ? 1 : len);
	}
	string = json_stringn(mended.at, mended.len);
	text_free(&mended);
	return string;
}

static void payload_put(json_t *object, const char *key, json_t *value)
{
	json_object_set_new_nocheck(object, key, value);
}

static void payload_put_text(json_t *object, const char *key, struct span text)
{
	payload_put(object, key, text.at == NULL ? json_null() : payload_text(text));
}

/* The same for events: a key that the line does not have is left out. */
static void payload_put_known(json_t *object, const char *key, struct span text)
{
	if (text.at != NULL)
		payload_put(object, key, payload_text(text));
}

static void payload_put_word(json_t *object, const char *key, const char *word)
{
	payload_put(object, key, json_string(word));
}

static void payload_put_time(json_t *object, const char *key, usec_t time)
{
	char into[CLOCK_TEXT_SIZE];

	payload_put(object, key, time == USEC_NEVER ? json_null() : json_string(clock_text(time, into)));
}

static void payload_put_number(json_t *object, const char *key, int64_t number)
{
	payload_put(object, key, json_integer(number));
}

/* A measured number: whole ones as such, others with three digits that mean something; null below 0. */
static void payload_put_measure(json_t *object, const char *key, double number)
{
	char digits[40];

	if (number < 0 || !isfinite(number)) {
		payload_put(object, key, json_null());
	} else if (number == floor(number) && number < 1e15) {
		payload_put_number(object, key, (int64_t)number);
	} else {
		snprintf(digits, sizeof(digits), "%.3g", number);
		payload_put(object, key, json_real(strtod(digits, NULL)));
	}
}

/* Decibans, to a tenth: more would pretend. */
static void payload_put_decibans(json_t *object, const char *key, double decibans)
{
	payload_put(object, key, json_real(isfinite(decibans) ? round(decibans * 10) / 10 : 0));
}

static char *payload_dump(json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(12));

	json_decref(object);
	return text == NULL ? memory_copy(SPAN("{}")) : text;
}

static void payload_event_numbers(json_t *object, const struct frame *frame, const struct event *event)
{
	if (event->uid >= 0)
		payload_put_number(object, "uid", event->uid);
	if (event->size >= 0)
		payload_put_number(object, "size", event->size);
	if (event->nrcpt >= 0)
		payload_put_number(object, "nrcpt", event->nrcpt);
	if (event->local)
		payload_put(object, "local", json_true());
	if (event->internal_client)
		payload_put(object, "internal_client", json_true());
	if (frame->repeat > 1)
		payload_put_number(object, "repeat", frame->repeat);
}

char *payload_event(const struct frame *frame, const struct event *event)
{
	json_t *object = json_object();

	payload_put_word(object, "type", "event");
	payload_put_time(object, "time", frame->time);
	payload_put_known(object, "host", frame->host);
	payload_put_word(object, "kind", event_kind_name(event->kind));
	payload_put_word(object, "mta", event_mta_name(event->mta));
	payload_put_known(object, "program", event->program.at != NULL ? event->program : frame->tag);
	if (frame->pid != 0)
		payload_put_number(object, "pid", frame->pid);
	if (event->outcome != OUTCOME_UNKNOWN)
		payload_put_word(object, "outcome", event_outcome_name(event->outcome));
	if (event->phase != PHASE_UNKNOWN)
		payload_put_word(object, "phase", event_phase_name(event->phase));
	for (size_t i = 0; i < EVENT_TEXTS; i++)
		payload_put_known(object, event_text_name(i), event_text(event, i));
	payload_event_numbers(object, frame, event);
	return payload_dump(object);
}

char *payload_attempt(const struct attempt *attempt)
{
	const struct envelope *envelope = attempt->envelope;
	json_t *object = json_object(), *queue_ids = json_array();

	for (size_t i = 0; i < attempt->queue_id_count; i++)
		json_array_append_new(queue_ids, payload_text(attempt->queue_ids[i]));
	payload_put_word(object, "type", "attempt");
	payload_put_time(object, "time", attempt->time);
	payload_put_text(object, "account", envelope->account);
	payload_put_text(object, "queue_id", envelope->queue_id);
	payload_put(object, "queue_ids", queue_ids);
	payload_put_text(object, "message_id", envelope->message_id);
	payload_put_text(object, "sender", envelope->sender);
	payload_put_text(object, "recipient", attempt->recipient);
	payload_put_text(object, "original_recipient", attempt->original_recipient);
	payload_put_word(object, "direction", direction_name(attempt->direction));
	payload_put_word(object, "outcome", event_outcome_name(attempt->outcome));
	payload_put_word(object, "class", reply_class_name(attempt->meaning.class));
	payload_put_text(object, "dsn", attempt->dsn);
	payload_put_text(object, "reply", attempt->reply);
	payload_put_text(object, "provider", attempt->provider);
	payload_put_text(object, "relay", attempt->relay);
	payload_put_text(object, "relay_ip", attempt->relay_ip);
	payload_put_text(object, "client_ip", envelope->client_ip);
	payload_put_text(object, "helo", envelope->helo);
	payload_put_text(object, "host", envelope->host);
	payload_put_word(object, "mta", event_mta_name(envelope->mta));
	payload_put_number(object, "attempts", attempt->tries);
	if (envelope->customer.at != NULL)
		payload_put_text(object, "customer", envelope->customer);
	return payload_dump(object);
}

static json_t *payload_evidence(const struct evidence *evidence)
{
	json_t *object = json_object();

	payload_put_word(object, "detector", evidence->detector);
	payload_put_decibans(object, "decibans", evidence->decibans);
	payload_put_text(object, "window", span_of(evidence->window));
	payload_put_measure(object, "seen", evidence->seen);
	payload_put_measure(object, "of", evidence->of);
	payload_put_measure(object, "expected", evidence->expected);
	payload_put_text(object, "text", span_head(span_of(evidence->text), sizeof(evidence->text)));
	return object;
}

static json_t *payload_sample(const struct verdict_sample *sample)
{
	json_t *object = json_object();

	payload_put_text(object, "queue_id", sample->queue_id);
	payload_put_text(object, "recipient", sample->recipient);
	payload_put_word(object, "class", reply_class_name(sample->class));
	payload_put_text(object, "reply", sample->reply);
	return object;
}

void payload_add_undo(struct span account, struct text *out)
{
	text_add(out, SPAN("sendwatch release "));
	if (span_starts(account, SPAN("-")))
		text_add(out, SPAN("-- "));
	text_add_quoted(out, account);
}

void payload_undo(const struct verdict *verdict, struct text *out)
{
	payload_add_undo(verdict->account, out);
}

static void payload_verdict_lists(json_t *object, const struct verdict *verdict)
{
	json_t *clients = json_array(), *samples = json_array();

	for (size_t i = 0; i < verdict->client_count; i++)
		json_array_append_new(clients, payload_text(verdict->clients[i]));
	for (size_t i = 0; i < verdict->sample_count; i++)
		json_array_append_new(samples, payload_sample(&verdict->samples[i]));
	payload_put(object, "clients", clients);
	payload_put(object, "samples", samples);
}

/* Which address, at whom, since when; what the other does not say is left out. */
static void payload_put_address(json_t *object, const struct verdict *verdict)
{
	payload_put_text(object, "address", verdict->address);
	payload_put_known(object, "provider", verdict->provider);
	payload_put_known(object, "zone", verdict->zone);
	payload_put_known(object, "code", verdict->code);
	payload_put_known(object, "words", verdict->words);
	payload_put_time(object, "since", verdict->first_bad);
}

char *payload_verdict(const struct verdict *verdict)
{
	json_t *object = json_object(), *evidence = json_array();
	bool is_address = strcmp(verdict->type, "address") == 0;
	struct text undo = { 0 };

	for (size_t i = 0; i < verdict->evidence_count; i++)
		json_array_append_new(evidence, payload_evidence(&verdict->evidence[i]));
	payload_undo(verdict, &undo);
	payload_put_word(object, "type", verdict->type);
	payload_put_word(object, "id", verdict->id);
	payload_put_time(object, "time", verdict->time);
	payload_put_text(object, "account", verdict->account);
	payload_put_word(object, "state", state_name(verdict->state));
	payload_put_word(object, "previous", state_name(verdict->previous));
	payload_put_decibans(object, "score", verdict->score);
	payload_put_text(object, "host", verdict->host);
	payload_put_number(object, "position", (int64_t)verdict->position);
	payload_put(object, "evidence", evidence);
	payload_put_time(object, "first_bad", verdict->first_bad);
	payload_put_number(object, "recipients", (int64_t)verdict->recipients);
	payload_put_number(object, "leaked", (int64_t)verdict->leaked);
	payload_verdict_lists(object, verdict);
	/* What can be taken back is what was done to an account. */
	if (is_address)
		payload_put_address(object, verdict);
	else if (strcmp(verdict->type, "verdict") == 0)
		payload_put_text(object, "undo", text_span(&undo));
	if (verdict->customer.at != NULL)
		payload_put_text(object, "customer", verdict->customer);
	if (verdict->server.at != NULL)
		payload_put_text(object, "server", verdict->server);
	if (verdict->late)
		payload_put(object, "late", json_true());
	text_free(&undo);
	return payload_dump(object);
}

struct payload {
	json_t *object;
};

struct payload *payload_begin(const char *type)
{
	struct payload *payload = memory_new(1, sizeof(*payload));

	payload->object = json_object();
	payload_put_word(payload->object, "type", type);
	return payload;
}

void payload_add_text(struct payload *payload, const char *key, struct span text)
{
	payload_put_text(payload->object, key, text);
}

void payload_add_time(struct payload *payload, const char *key, usec_t time)
{
	payload_put_time(payload->object, key, time);
}

void payload_add_count(struct payload *payload, const char *key, uint64_t count)
{
	payload_put_number(payload->object, key, (int64_t)count);
}

void payload_add_share(struct payload *payload, const char *key, double share)
{
	payload_put(payload->object, key, json_real(floor(share * 1e4) / 1e4));
}

void payload_add_flag(struct payload *payload, const char *key, bool flag)
{
	payload_put(payload->object, key, json_boolean(flag));
}

char *payload_end(struct payload **payload)
{
	char *text = payload_dump((*payload)->object);

	free(*payload);
	*payload = NULL;
	return text;
}

void payload_add_objects(struct payload *payload, const char *key, const char *const *objects, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *object = json_loads(objects[i], 0, NULL);

		if (object != NULL)
			json_array_append_new(array, object);
	}
	payload_put(payload->object, key, array);
}

static struct payload *payload_of(json_t *object)
{
	struct payload *payload;

	if (!json_is_object(object)) {
		json_decref(object);
		return NULL;
	}
	payload = memory_new(1, sizeof(*payload));
	payload->object = object;
	return payload;
}

struct payload *payload_read(struct span json)
{
	return payload_of(json_loadb(json.at == NULL ? "" : json.at, json.len, JSON_REJECT_DUPLICATES, NULL));
}

void payload_free(struct payload **payload)
{
	if (*payload == NULL)
		return;
	json_decref((*payload)->object);
	free(*payload);
	*payload = NULL;
}

static bool payload_value(const json_t *value, struct text *into)
{
	if (json_is_string(value))
		text_add(into, (struct span){ json_string_value(value), json_string_length(value) });
	else if (json_is_integer(value))
		text_add_format(into, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		text_add_format(into, "%.12g", json_real_value(value));
	else
		return false;
	return true;
}

bool payload_get(const struct payload *payload, const char *key, struct text *into)
{
	return payload_value(json_object_get(payload->object, key), into);
}

usec_t payload_get_time(const struct payload *payload, const char *key)
{
	const char *text = json_string_value(json_object_get(payload->object, key));
	usec_t time;

	return text != NULL && clock_parse(span_of(text), &time) ? time : USEC_NEVER;
}

size_t payload_count(const struct payload *payload, const char *key)
{
	return json_array_size(json_object_get(payload->object, key));
}

bool payload_get_member(const struct payload *payload, const char *key, size_t at, struct text *into)
{
	return payload_value(json_array_get(json_object_get(payload->object, key), at), into);
}

struct payload *payload_member(const struct payload *payload, const char *key, size_t at)
{
	return payload_of(json_incref(json_array_get(json_object_get(payload->object, key), at)));
}

bool payload_is_json(struct span text)
{
	json_t *value = json_loadb(text.at == NULL ? "" : text.at, text.len,
				   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);

	json_decref(value);
	return value != NULL;
}
