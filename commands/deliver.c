/*
 * The order of things makes that a verdict is told, and told once, whatever is killed in between:
 *
 *	1. its line in the journal            known, not yet acted on
 *	2. deliver->act, which is act_verdict in watch: the account is disabled, where that is to be
 *	3. a parcel in the outbox a target    on disk before the call returns
 *	4. "queued" in the journal            acted on: when it is found again, nothing is done
 *	5. the target took it, the parcel goes, "delivered" in the journal
 *
 * Killed between 1 and 4, the verdict is found again from the last snapshot and goes through 2 and 3 once more: an
 * account that is disabled is not disabled again, and the outbox takes an id once. Killed within 5, a receiver may
 * get it twice, with the same Idempotency-Key.
 */
#define _GNU_SOURCE
#include "commands/deliver.h"

#include "base/memory.h"
#include "base/save.h"
#include "base/zone.h"
#include "commands/targets.h"
#include "commands/unkept.h"
#include "commands/waiting_room.h"
#include "responders/journal.h"
#include "responders/payload.h"

#include <stdlib.h>
#include <unistd.h>

struct deliver {
	const struct options *options;
	struct journal *journal;
	struct outbox *outbox;
	struct unkept unkept;
	struct targets targets;
	struct waiting_room rooms[TARGETS_MOST]; /* of the targets, in their order */
	struct zone *zone;                       /* this machine's, for digests */
	struct deliver_tries {
		uint64_t taken, failed;
		char trouble[160];
	} tries[TARGETS_MOST]; /* of the targets, in their order */
	usec_t now;            /* of the call that is going on, for the answers that come within it */
	usec_t swept;
	char host[65]; /* what this machine calls itself */
	void (*act)(void *context, usec_t now, const struct verdict *verdict);
	void *act_context;
};

static void deliver_complain(usec_t now, const char *words)
{
	log_say(now, LOG_LEVEL_ERROR, "%s", words);
}

/* The target of this name in the outbox, or in its waiting room. */
static const struct target_of *deliver_target(const struct deliver *deliver, const char *key)
{
	struct span name = span_of(key);

	(void)span_skip(&name, SPAN(OUTBOX_WAITS));
	for (size_t i = 0; i < deliver->targets.count; i++)
		if (span_equal(span_of(deliver->targets.of[i].key), name))
			return &deliver->targets.of[i];
	return NULL;
}

static const char *deliver_label(const struct deliver *deliver, const char *key)
{
	const struct target_of *of = deliver_target(deliver, key);

	return of == NULL ? key : of->label;
}

static void deliver_lost(void *context, const char *target, const char *id, const char *why)
{
	struct deliver *deliver = context;
	struct error error;

	log_say(deliver->now, LOG_LEVEL_ERROR, "%s was not told of %s and will not be: %s",
		deliver_label(deliver, target), id, why);
	if (!journal_response(deliver->journal, deliver->now, id, "given up", target, 0, &error))
		deliver_complain(deliver->now, error.text);
}

static void deliver_count(struct deliver *deliver, const char *key, const struct answer *answer)
{
	const struct target_of *of = deliver_target(deliver, key);
	struct deliver_tries *tries = of == NULL ? NULL : &deliver->tries[of - deliver->targets.of];

	if (tries == NULL)
		return;
	if (answer->fate == FATE_DELIVERED) {
		tries->taken++;
		tries->trouble[0] = '\0';
	} else {
		struct span words = text_utf8_head(span_of(answer->words), sizeof(tries->trouble) - 1);

		tries->failed++;
		snprintf(tries->trouble, sizeof(tries->trouble), "%.*s", SPAN_ARGS(words));
	}
}

static void deliver_done(void *context, const struct answer *answer)
{
	struct deliver *deliver = context;
	struct error error;
	uint32_t tries = 0;
	const char *target = NULL, *id = outbox_id(deliver->outbox, answer->number, &target, &tries);
	bool taken = answer->fate == FATE_DELIVERED, good = true;

	if (target != NULL)
		deliver_count(deliver, target, answer);
	if (taken)
		log_say(deliver->now, LOG_LEVEL_DEBUG, "%s took %s", deliver_label(deliver, target), id);
	else
		log_say(deliver->now, LOG_LEVEL_WARNING, "%s: %s", deliver_label(deliver, target),
			answer->words);
	if (answer->ran)
		good = journal_status(deliver->journal, deliver->now, id, taken ? "delivered" : "failed",
				      target, tries + 1, answer->status, &error);
	else if (taken)
		good = journal_response(deliver->journal, deliver->now, id, "delivered", target, tries + 1,
					&error);
	if (!good)
		deliver_complain(deliver->now, error.text);
	outbox_settle(deliver->outbox, deliver->now, answer);
}

static bool deliver_open_targets(struct deliver *deliver, struct error *error)
{
	const struct responder_calls calls = { .context = deliver, .done = deliver_done };

	deliver->zone = zone_open(NULL, error);
	if (deliver->zone == NULL || !targets_open(deliver->options, &calls, &deliver->targets, error))
		return false;
	for (size_t i = 0; i < deliver->targets.count; i++)
		waiting_room_open(&deliver->rooms[i], &deliver->targets.of[i], deliver->zone, deliver->outbox,
				  deliver->journal);
	return true;
}

struct deliver *deliver_open(const struct options *options, struct error *error)
{
	struct deliver *deliver = memory_new(1, sizeof(*deliver));
	const struct outbox_calls calls = { .context = deliver, .lost = deliver_lost };
	struct text folder = { 0 };

	deliver->options = options;
	(void)gethostname(deliver->host, sizeof(deliver->host) - 1);
	unkept_begin(&deliver->unkept);
	text_add_format(&folder, "%s/outbox", options->watch.state == NULL ? "." : options->watch.state);
	deliver->journal = journal_open(&options->journal, error);
	save_sweep(folder.at, clock_now() - USEC_HOUR);
	if (deliver->journal != NULL)
		deliver->outbox = outbox_open(folder.at, &options->outbox, &calls, error);
	text_free(&folder);
	if (deliver->outbox == NULL || !deliver_open_targets(deliver, error))
		deliver_close(&deliver);
	return deliver;
}

/* What there was no room for, now that there may be; the journal is told when all of its targets have it. */
static void deliver_unkept(struct deliver *deliver, usec_t now)
{
	struct error error;
	char *id;
	bool whole;

	while (unkept_put(&deliver->unkept, deliver->outbox, now, &id, &whole)) {
		if (whole && !journal_response(deliver->journal, now, id, "queued", NULL, 1, &error))
			deliver_complain(now, error.text);
		free(id);
	}
}

void deliver_close(struct deliver **deliver)
{
	if (*deliver == NULL)
		return;
	if (unkept_due(&(*deliver)->unkept) != USEC_NEVER)
		deliver_unkept(*deliver, unkept_due(&(*deliver)->unkept)); /* the last try */
	unkept_free(&(*deliver)->unkept);
	targets_close(&(*deliver)->targets);
	for (size_t i = 0; i < TARGETS_MOST; i++)
		waiting_room_close(&(*deliver)->rooms[i]);
	zone_free(&(*deliver)->zone);
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

/* What is told, a verdict or anything else that has a type; nobody is told of what has none. */
struct deliver_what {
	const struct verdict *verdict; /* NULL where it is none */
	const char *type, *id;
	struct span account;
};

/* Into the outbox for target I: to be sent, or to wait for others. False where it could not be written. */
static bool deliver_put(struct deliver *deliver, size_t i, usec_t now, const struct deliver_what *what,
			const char *json)
{
	const char *name = waiting_room_ask(&deliver->rooms[i], now, what->verdict);
	struct error error;

	if (name == NULL || outbox_put(deliver->outbox, now, name, what->id, what->account, json, &error))
		return true;
	deliver_complain(now, error.text);
	if (!unkept_add(&deliver->unkept, now, name, what->id, what->account, json))
		deliver_lost(deliver, deliver->targets.of[i].key, what->id, "there is no room for it");
	return false;
}

static bool deliver_wants(const struct target_of *of, const struct deliver_what *what)
{
	if (what->type == NULL || (what->verdict != NULL ? !telling_wants_verdict(of->telling, what->verdict)
							 : !telling_wants_type(of->telling, what->type)))
		return false;
	return of->responder->takes == NULL || of->responder->takes(of->target, what->verdict);
}

/* For every target that wants it. */
static void deliver_queue(struct deliver *deliver, usec_t now, const struct deliver_what *what,
			  const char *json)
{
	struct error error;
	uint64_t targets = 0;
	bool all = true;

	for (size_t i = 0; i < deliver->targets.count; i++) {
		if (what->verdict != NULL && what->verdict->state == STATE_RELEASED)
			waiting_room_forget(&deliver->rooms[i], what->account);
		if (!deliver_wants(&deliver->targets.of[i], what))
			continue;
		targets++;
		all = deliver_put(deliver, i, now, what, json) && all;
	}
	if (all && !journal_response(deliver->journal, now, what->id, "queued", NULL, targets, &error))
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

void deliver_adopt_id(const struct deliver *deliver, struct verdict *verdict)
{
	if (strcmp(verdict->type, "verdict") == 0 &&
	    journal_knows(deliver->journal, verdict->id) == JOURNAL_NEW)
		(void)journal_told(deliver->journal, verdict->account, verdict->state, verdict->time,
				   verdict->late, verdict->id);
}

void deliver_verdict(struct deliver *deliver, usec_t now, const struct verdict *verdict)
{
	const struct deliver_what what = { verdict, verdict->type, verdict->id, verdict->account };
	enum journal_knows known = journal_knows(deliver->journal, verdict->id);
	struct verdict told = *verdict;
	struct error error;
	char *json;

	deliver->now = now;
	if (known == JOURNAL_ACTED)
		return;
	told.server = deliver_host(deliver);
	json = payload_verdict(&told);
	if (known == JOURNAL_NEW) {
		deliver_log(now, verdict);
		if (!journal_verdict(deliver->journal, verdict->id, json, &error))
			deliver_complain(now, error.text);
	}
	if (deliver->act != NULL)
		deliver->act(deliver->act_context, now, verdict);
	deliver_queue(deliver, now, &what, json);
	free(json);
}

void deliver_tell(struct deliver *deliver, usec_t now, const char *type, const char *id, struct span account,
		  const char *json)
{
	const struct deliver_what what = { NULL, type, id, account };
	struct error error;

	deliver->now = now;
	if (journal_knows(deliver->journal, id) == JOURNAL_ACTED)
		return;
	if (!journal_verdict(deliver->journal, id, json, &error))
		deliver_complain(now, error.text);
	deliver_queue(deliver, now, &what, json);
}

void deliver_note(struct deliver *deliver, usec_t now, const char *id, struct span account, const char *json)
{
	journal_gather(deliver->journal, true);
	deliver_tell(deliver, now, NULL, id, account, json);
	journal_gather(deliver->journal, false);
}

struct span deliver_host(const struct deliver *deliver)
{
	return span_of(deliver->host);
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
	payload_add_text(payload, "host", deliver_host(deliver));
	payload_add_text(payload, "text", span_of(words));
	json = payload_end(&payload);
	log_say(now, LOG_LEVEL_WARNING, "%s", words);
	deliver_tell(deliver, now, "server", id, SPAN(""), json);
	free(json);
}

void deliver_step(struct deliver *deliver, usec_t now)
{
	struct parcel parcel;
	struct error error;

	deliver->now = now;
	if (!journal_sync(deliver->journal, &error))
		deliver_complain(now, error.text);
	if (now - deliver->swept >= USEC_MINUTE || now < deliver->swept) {
		outbox_sweep(deliver->outbox, now);
		deliver->swept = now;
	}
	deliver_unkept(deliver, now);
	for (size_t i = 0; i < deliver->targets.count; i++) {
		const struct target_of *to = &deliver->targets.of[i];

		waiting_room_step(&deliver->rooms[i], now);
		to->responder->run(to->target);
		while (outbox_next(deliver->outbox, now, to->key, &parcel))
			to->responder->send(to->target, &parcel);
	}
}

size_t deliver_fds(const struct deliver *deliver, struct pollfd fds[DELIVER_FDS])
{
	for (size_t i = 0; i < deliver->targets.count; i++) {
		const struct target_of *of = &deliver->targets.of[i];

		fds[i] = (struct pollfd){ .fd = of->responder->fd(of->target), .events = POLLIN };
	}
	return deliver->targets.count;
}

usec_t deliver_due(const struct deliver *deliver, usec_t now)
{
	usec_t due = outbox_due(deliver->outbox, now), unkept = unkept_due(&deliver->unkept);

	if (unkept != USEC_NEVER && (due == USEC_NEVER || unkept < due))
		due = unkept;
	for (size_t i = 0; i < deliver->targets.count; i++) {
		usec_t gathered = waiting_room_due(&deliver->rooms[i]);

		if (gathered != USEC_NEVER && (due == USEC_NEVER || gathered < due))
			due = gathered;
	}
	return due;
}

struct outbox_stats deliver_stats(const struct deliver *deliver)
{
	return outbox_stats(deliver->outbox);
}

bool deliver_target_at(const struct deliver *deliver, size_t at, struct deliver_target *target_r)
{
	const struct target_of *of = &deliver->targets.of[at];
	usec_t gathered = USEC_NEVER;

	if (at >= deliver->targets.count)
		return false;
	*target_r = (struct deliver_target){
		.label = of->label,
		.oldest = USEC_NEVER,
		.taken = deliver->tries[at].taken,
		.failed = deliver->tries[at].failed,
		.trouble = deliver->tries[at].trouble,
	};
	target_r->waiting = outbox_waiting(deliver->outbox, of->key, &target_r->oldest) +
			    waiting_room_count(&deliver->rooms[at], &gathered);
	if (target_r->oldest == USEC_NEVER || (gathered != USEC_NEVER && gathered < target_r->oldest))
		target_r->oldest = gathered;
	return true;
}
