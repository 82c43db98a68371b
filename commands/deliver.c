/*
 * The order of things makes that a verdict is told, and told once, whatever is killed in between:
 *
 *	1. its line in the journal            known, not yet acted on
 *	2. a parcel in the outbox a target    on disk before the call returns
 *	3. "queued" in the journal            acted on: when it is found again, nothing is done
 *	4. the target took it, the parcel goes, "delivered" in the journal
 *
 * Killed between 1 and 3, the verdict is found again from the last snapshot and goes through 2 once more; the
 * outbox takes an id once. Killed within 4, a receiver may get it twice, with the same Idempotency-Key.
 */
#define _GNU_SOURCE
#include "commands/deliver.h"

#include "base/memory.h"
#include "responders/journal.h"
#include "responders/payload.h"

#include <stdlib.h>

struct deliver_target {
	const struct responder *responder;
	struct target *target;
	const char *name;
	const struct setting_list *types;
};

struct deliver {
	const struct options *options;
	struct journal *journal;
	struct outbox *outbox;
	struct deliver_target targets[DELIVER_FDS];
	size_t target_count;
	usec_t now; /* of the call that is going on, for the answers that come within it */
	usec_t swept;
	void (*act)(void *context, usec_t now, const struct verdict *verdict);
	void *act_context;
};

static void deliver_complain(usec_t now, const char *words)
{
	log_say(now, LOG_LEVEL_ERROR, "%s", words);
}

static void deliver_lost(void *context, const char *target, const char *id, const char *why)
{
	struct deliver *deliver = context;
	struct error error;

	log_say(deliver->now, LOG_LEVEL_ERROR, "webhook %s was not told of %s and will not be: %s", target,
		id, why);
	if (!journal_response(deliver->journal, deliver->now, id, "given up", target, 0, &error))
		deliver_complain(deliver->now, error.text);
}

static void deliver_done(void *context, const struct answer *answer)
{
	struct deliver *deliver = context;
	struct error error;
	uint32_t tries = 0;
	const char *target = NULL, *id = outbox_id(deliver->outbox, answer->number, &target, &tries);

	if (answer->fate == FATE_DELIVERED) {
		log_say(deliver->now, LOG_LEVEL_DEBUG, "webhook %s took %s", target, id);
		if (!journal_response(deliver->journal, deliver->now, id, "delivered", target, tries + 1,
				      &error))
			deliver_complain(deliver->now, error.text);
	} else {
		log_say(deliver->now, LOG_LEVEL_WARNING, "webhook %s: %s", target, answer->words);
	}
	outbox_settle(deliver->outbox, deliver->now, answer);
}

static bool deliver_open_targets(struct deliver *deliver, struct error *error)
{
	const struct responder_calls calls = { .context = deliver, .done = deliver_done };
	const struct settings_many *webhooks = &deliver->options->webhooks;
	const struct webhook_options *items = webhooks->items;

	if (webhooks->count > DELIVER_FDS)
		return error_set(error, "more than %d webhooks", DELIVER_FDS);
	for (size_t i = 0; i < webhooks->count; i++) {
		struct target *target = responder_webhook.open(&items[i], &calls, error);

		if (target == NULL)
			return false;
		deliver->targets[deliver->target_count++] =
			(struct deliver_target){ &responder_webhook, target, items[i].name, &items[i].types };
	}
	return true;
}

struct deliver *deliver_open(const struct options *options, struct error *error)
{
	struct deliver *deliver = memory_new(1, sizeof(*deliver));
	const struct outbox_calls calls = { .context = deliver, .lost = deliver_lost };
	struct text folder = { 0 };

	deliver->options = options;
	text_add_format(&folder, "%s/outbox", options->watch.state == NULL ? "." : options->watch.state);
	deliver->journal = journal_open(&options->journal, error);
	if (deliver->journal != NULL)
		deliver->outbox = outbox_open(folder.at, &options->outbox, &calls, error);
	text_free(&folder);
	if (deliver->outbox == NULL || !deliver_open_targets(deliver, error))
		deliver_close(&deliver);
	return deliver;
}

void deliver_close(struct deliver **deliver)
{
	if (*deliver == NULL)
		return;
	for (size_t i = 0; i < (*deliver)->target_count; i++)
		(*deliver)->targets[i].responder->close(&(*deliver)->targets[i].target);
	outbox_close(&(*deliver)->outbox);
	journal_close(&(*deliver)->journal);
	free(*deliver);
	*deliver = NULL;
}

void deliver_on_verdict(struct deliver *deliver,
			void (*act)(void *context, usec_t now, const struct verdict *verdict), void *context)
{
	deliver->act = act;
	deliver->act_context = context;
}

/* Into the outbox for every target that wants it. */
static void deliver_queue(struct deliver *deliver, usec_t now, const struct verdict *verdict,
			  const char *json)
{
	struct error error;
	uint64_t targets = 0;
	bool all = true;

	for (size_t i = 0; i < deliver->target_count; i++) {
		const struct deliver_target *to = &deliver->targets[i];

		if (!to->responder->wants(to->target, verdict))
			continue;
		targets++;
		if (!outbox_put(deliver->outbox, now, to->name, verdict->id, verdict->account, json,
				&error)) {
			deliver_complain(now, error.text);
			all = false;
		}
	}
	if (all && !journal_response(deliver->journal, now, verdict->id, "queued", NULL, targets, &error))
		deliver_complain(now, error.text);
}

static void deliver_log(usec_t now, const struct verdict *verdict)
{
	static const char *const words_of[] = {
		[STATE_NORMAL] = "is normal again", [STATE_WATCH] = "is watched",
		[STATE_FLAGGED] = "is flagged",     [STATE_DISABLED] = "is sure enough to be disabled",
		[STATE_RELEASED] = "is released",
	};
	struct text words = { 0 };

	text_add_printable(&words, verdict->account);
	if (strcmp(verdict->type, "verdict") == 0)
		text_add_format(&words, " %s (%.1f decibans, was %s)%s", words_of[verdict->state],
				verdict->score, state_name(verdict->previous),
				verdict->late ? ", found while catching up" : "");
	if (verdict->evidence_count > 0 &&
	    (verdict->state != STATE_NORMAL || strcmp(verdict->type, "verdict") != 0)) {
		text_add(&words, SPAN(": "));
		text_add_printable(&words, span_of(verdict->evidence[0].text));
	}
	log_say(now, LOG_LEVEL_INFO, "%s", words.at);
	text_free(&words);
}

void deliver_verdict(struct deliver *deliver, usec_t now, const struct verdict *verdict)
{
	enum journal_knows known = journal_knows(deliver->journal, verdict->id);
	struct error error;
	char *json;

	deliver->now = now;
	if (known == JOURNAL_ACTED)
		return;
	json = payload_verdict(verdict);
	if (known == JOURNAL_NEW) {
		deliver_log(now, verdict);
		if (!journal_verdict(deliver->journal, verdict->id, json, &error))
			deliver_complain(now, error.text);
	}
	if (deliver->act != NULL)
		deliver->act(deliver->act_context, now, verdict);
	deliver_queue(deliver, now, verdict, json);
	free(json);
}

static bool deliver_takes(const struct setting_list *types, const char *type)
{
	for (size_t i = 0; i < types->count; i++)
		if (strcmp(types->texts[i], "*") == 0 || strcmp(types->texts[i], type) == 0)
			return true;
	return false;
}

void deliver_tell(struct deliver *deliver, usec_t now, const char *type, const char *id, struct span account,
		  const char *json)
{
	struct error error;
	uint64_t targets = 0;

	deliver->now = now;
	if (journal_knows(deliver->journal, id) == JOURNAL_ACTED)
		return;
	if (!journal_verdict(deliver->journal, id, json, &error))
		deliver_complain(now, error.text);
	for (size_t i = 0; i < deliver->target_count; i++) {
		bool wanted = type != NULL && deliver_takes(deliver->targets[i].types, type);

		if (wanted &&
		    !outbox_put(deliver->outbox, now, deliver->targets[i].name, id, account, json, &error))
			deliver_complain(now, error.text);
		targets += wanted ? 1 : 0;
	}
	if (!journal_response(deliver->journal, now, id, "queued", NULL, targets, &error))
		deliver_complain(now, error.text);
}

void deliver_notice(struct deliver *deliver, usec_t now, const char *id, const char *words)
{
	struct payload *payload;
	char *json;

	if (journal_knows(deliver->journal, id) == JOURNAL_ACTED)
		return;
	payload = payload_begin("server");
	payload_add_text(payload, "id", span_of(id));
	payload_add_time(payload, "time", now);
	payload_add_text(payload, "text", span_of(words));
	json = payload_end(&payload);
	log_say(now, LOG_LEVEL_WARNING, "%s", words);
	deliver_tell(deliver, now, "server", id, SPAN(""), json);
	free(json);
}

void deliver_step(struct deliver *deliver, usec_t now)
{
	struct parcel parcel;

	deliver->now = now;
	if (now - deliver->swept >= USEC_MINUTE) {
		outbox_sweep(deliver->outbox, now);
		deliver->swept = now;
	}
	for (size_t i = 0; i < deliver->target_count; i++) {
		const struct deliver_target *to = &deliver->targets[i];

		to->responder->run(to->target);
		while (outbox_next(deliver->outbox, now, to->name, &parcel))
			to->responder->send(to->target, &parcel);
	}
}

size_t deliver_fds(const struct deliver *deliver, struct pollfd fds[DELIVER_FDS])
{
	for (size_t i = 0; i < deliver->target_count; i++)
		fds[i] = (struct pollfd){ .fd = deliver->targets[i].responder->fd(deliver->targets[i].target),
					  .events = POLLIN };
	return deliver->target_count;
}

usec_t deliver_due(const struct deliver *deliver, usec_t now)
{
	return outbox_due(deliver->outbox, now);
}

struct outbox_stats deliver_stats(const struct deliver *deliver)
{
	return outbox_stats(deliver->outbox);
}
