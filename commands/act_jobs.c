/*
 * The deputy's work, in order, one request at a time, and what is written down of it. A deed stands in its case
 * before the deputy is asked; where the deputy found the account disabled by somebody else, it is struck out
 * again, so that a release leaves that alone. Of a release, what is undone is struck out: what is left, because
 * watch was killed or the deputy could not, is undone at the next start.
 */
#define _GNU_SOURCE
#include "commands/act_parts.h"

#include "base/hash.h"
#include "base/memory.h"
#include "responders/payload.h"

#include <stdio.h>
#include <stdlib.h>

static void act_note_id(char id[17], usec_t now, const struct act_note *note)
{
	uint64_t hash = hash_stable_more((uint64_t)now, note->account);

	hash = hash_stable_more(hash, span_of(note->action));
	hash = hash_stable_more(hash, note->adapter);
	snprintf(id, 17, "%016llx", (unsigned long long)hash);
}

static void act_add(struct payload *payload, const char *key, struct span text)
{
	if (text.len > 0)
		payload_add_text(payload, key, text);
}

void act_write(struct deliver *deliver, usec_t now, const struct act_note *note)
{
	struct payload *payload = payload_begin(note->type);
	struct text undo = { 0 }, words = { 0 };
	char id[17];
	char *json;

	act_note_id(id, now, note);
	payload_add_text(payload, "id", span_of(note->once != NULL ? note->once : id));
	payload_add_time(payload, "time", now);
	payload_add_text(payload, "account", note->account);
	payload_add_text(payload, "action", span_of(note->action));
	act_add(payload, "adapter", note->adapter);
	act_add(payload, "ids", note->ids);
	act_add(payload, "by", note->by);
	act_add(payload, "reason", note->reason);
	act_add(payload, "verdict", note->cause);
	if (note->until != USEC_NEVER)
		payload_add_time(payload, "until", note->until);
	payload_add_text(payload, "host", deliver_host(deliver));
	if (note->dry_run)
		payload_add_flag(payload, "dry_run", true);
	if (note->undo) {
		payload_add_undo(note->account, &undo);
		payload_add_text(payload, "undo", text_span(&undo));
	}
	json = payload_end(&payload);
	text_add_printable(&words, note->account);
	text_add_format(&words, ": %s%s%.*s%s", note->action, note->adapter.len > 0 ? " by " : "",
			SPAN_ARGS(note->adapter), note->reason.len > 0 ? ": " : "");
	text_add_printable(&words, note->reason);
	log_say(now, LOG_LEVEL_INFO, "%s", words.at);
	deliver_tell(deliver, now, note->quiet ? NULL : note->type, note->once != NULL ? note->once : id,
		     note->account, json);
	free(json);
	text_free(&undo);
	text_free(&words);
}

void act_save(struct act *act, usec_t now)
{
	struct error error;

	if (!cases_save(act->cases, act->brakes, &error))
		log_say(now, LOG_LEVEL_ERROR, "%s", error.text);
}

static const struct adapter_options *act_adapter(const struct act *act, uint32_t number)
{
	const struct adapter_options *uses = act->started->adapters.items;

	return &uses[number];
}

static void act_job(struct act *act, enum deputy_verb verb, uint32_t adapter, struct span account,
		    struct span ids, bool again)
{
	struct act_job *job = memory_new(1, sizeof(*job));

	job->request = (struct deputy_request){ .magic = DEPUTY_MAGIC,
						.verb = verb,
						.adapter = adapter,
						.serial = ++act->serial,
						.again = again };
	memcpy(job->request.account, account.at, account.len);
	memcpy(job->request.ids, ids.at, ids.len);
	*act->end = job;
	act->end = &job->next;
}

void act_jobs_disable(struct act *act, struct open_case *open, bool again)
{
	struct span account = span_of(open->account), key;
	bool local, known;

	if (act->deputy == NULL || !adapter_key(account, &key, &local))
		return;
	for (uint32_t i = 0; i < act->started->adapters.count; i++) {
		const struct adapter_options *use = act_adapter(act, i);
		const struct adapter *adapter = adapters[use->type];

		if (local ? !adapter->locals : !adapter->logins)
			continue;
		/* After a restart, what was found disabled by others has no deed, and stays theirs. */
		if (again && !case_did(open, span_of(use->name)))
			continue;
		/* Where its last release was not carried out yet, it is disabled by us, and no one else. */
		known = case_did(open, span_of(use->name));
		case_done(open, span_of(use->name), SPAN(""));
		act_job(act, adapter->queue ? DEPUTY_HOLD_QUEUE : DEPUTY_DISABLE, i, account, SPAN(""),
			again || known);
	}
}

/* A piece of IDS that fits into one request. */
static struct span act_ids_piece(struct span *ids)
{
	struct span piece = span_head(*ids, DEPUTY_IDS - 1), last;

	if (piece.len < ids->len)
		(void)span_cut_last(&piece, SPAN(" "), &last);
	*ids = span_from(*ids, piece.len + 1);
	return piece;
}

/* The adapter that did it, as a number; false where the settings have it no more. */
static bool act_did(const struct act *act, const struct deed *deed, uint32_t *number_r)
{
	for (uint32_t i = 0; i < act->started->adapters.count; i++)
		if (strcmp(act_adapter(act, i)->name, deed->adapter) == 0) {
			*number_r = i;
			return true;
		}
	return false;
}

/* Ask for what undoes DEED; false where there is nothing to undo. */
static bool act_jobs_undo(struct act *act, struct span account, const struct deed *deed)
{
	struct span ids = span_of(deed->ids);
	uint32_t number;

	if (!act_did(act, deed, &number)) {
		log_say(clock_now(), LOG_LEVEL_ERROR,
			"adapter %s is not in the settings: what it did about %.*s stays", deed->adapter,
			SPAN_ARGS(account));
		return true;
	}
	if (!adapters[act_adapter(act, number)->type]->queue) {
		act_job(act, DEPUTY_RELEASE, number, account, SPAN(""), false);
		return true;
	}
	if (ids.len == 0)
		return false;
	while (ids.len > 0)
		act_job(act, DEPUTY_RELEASE_QUEUE, number, account, act_ids_piece(&ids), false);
	return true;
}

void act_jobs_release(struct act *act, struct open_case *open)
{
	size_t kept = 0;

	while (kept < open->deed_count && act->deputy != NULL) {
		if (act_jobs_undo(act, span_of(open->account), &open->deeds[kept]))
			kept++;
		else
			case_undone(open, span_of(open->deeds[kept].adapter));
	}
}

/* A case in which nothing is in force and nothing to be undone is closed. */
static void act_end_case(struct act *act, struct open_case *open)
{
	if (open->restriction.kind == RESTRICTION_NONE && open->deed_count == 0)
		cases_end(act->cases, &open);
}

/* A deed is undone, in whole or, of a queue, as far as IDS. Where the account was disabled anew, it stands. */
static void act_undone(struct act *act, const struct deputy_request *request, struct span name)
{
	struct open_case *open = cases_find(act->cases, span_of(request->account));

	if (open == NULL)
		return;
	if (request->verb == DEPUTY_RELEASE_QUEUE)
		case_undone_ids(open, name, span_of(request->ids));
	else if (!case_is_disabled(open))
		case_undone(open, name);
	act_end_case(act, open);
}

/*
 * Orders that came while the job waited may have made it needless: what is released need not be disabled first,
 * and what is disabled anew need not be released. What was never done is no deed.
 */
static bool act_is_needed(struct act *act, const struct deputy_request *request)
{
	struct span name = span_of(act_adapter(act, request->adapter)->name);
	struct open_case *open = cases_find(act->cases, span_of(request->account));

	switch (request->verb) {
	case DEPUTY_DISABLE:
		if (open == NULL || case_is_disabled(open))
			return open != NULL;
		if (!request->again)
			case_undone(open, name);
		act_end_case(act, open);
		return false;
	case DEPUTY_HOLD_QUEUE:
		return open != NULL && case_is_disabled(open);
	case DEPUTY_RELEASE:
		return open != NULL && !case_is_disabled(open) && case_did(open, name);
	default:
		return true;
	}
}

/* The answer to a disabling: noted in the case, or undone at once where that was closed in the meantime. */
static void act_answered(struct act *act, usec_t now, const struct deputy_request *request,
			 const struct deputy_reply *reply)
{
	struct span account = span_of(request->account), ids = span_of(reply->ids);
	struct span name = span_of(act_adapter(act, request->adapter)->name);
	struct open_case *open = cases_find(act->cases, account);
	bool bad = reply->status == DEPUTY_FAILED || reply->status == DEPUTY_REFUSED;

	if (request->verb < ACT_VERBS && reply->status < ACT_STATUSES)
		act->deeds[request->verb][reply->status]++;
	if (request->verb == DEPUTY_DISABLE && reply->status == DEPUTY_ALREADY && open != NULL)
		case_undone(open, name);
	if (request->verb == DEPUTY_HOLD_QUEUE && ids.len > 0) {
		if (open != NULL && case_is_disabled(open))
			case_done(open, name, ids);
		else
			act_job(act, DEPUTY_RELEASE_QUEUE, request->adapter, account, ids, false);
	}
	if (request->verb == DEPUTY_HOLD_QUEUE && reply->status == DEPUTY_MORE && open != NULL &&
	    case_is_disabled(open))
		act_job(act, DEPUTY_HOLD_QUEUE, request->adapter, account, SPAN(""), false);
	if ((request->verb == DEPUTY_RELEASE || request->verb == DEPUTY_RELEASE_QUEUE) && !bad)
		act_undone(act, request, name);
	act_save(act, now);
}

static const char *act_action(const struct deputy_request *request, const struct deputy_reply *reply)
{
	bool bad = reply->status == DEPUTY_FAILED || reply->status == DEPUTY_REFUSED;

	switch (request->verb) {
	case DEPUTY_DISABLE:
		return bad                               ? "could not be disabled"
		       : reply->status == DEPUTY_ALREADY ? "found disabled"
							 : "disabled";
	case DEPUTY_RELEASE:
		return bad ? "could not be released" : "released";
	case DEPUTY_HOLD_QUEUE:
		return bad ? "queue could not be held" : "queue held";
	default:
		return bad ? "queue could not be released" : "queue released";
	}
}

static void act_tell_answer(struct act *act, struct deliver *deliver, usec_t now,
			    const struct deputy_request *request, const struct deputy_reply *reply)
{
	struct act_note note = { .type = "act",
				 .action = act_action(request, reply),
				 .account = span_of(request->account),
				 .adapter = span_of(act_adapter(act, request->adapter)->name),
				 .by = SPAN("sendwatch"),
				 .reason = span_of(reply->words),
				 .ids = request->verb == DEPUTY_RELEASE_QUEUE ? span_of(request->ids)
									      : span_of(reply->ids),
				 .until = USEC_NEVER,
				 .quiet = reply->status != DEPUTY_FAILED && reply->status != DEPUTY_REFUSED };

	if (reply->status == DEPUTY_FAILED || reply->status == DEPUTY_REFUSED)
		log_say(now, LOG_LEVEL_ERROR, "adapter %.*s: %s", SPAN_ARGS(note.adapter), reply->words);
	act_write(deliver, now, &note);
}

static void act_drop_job(struct act *act)
{
	struct act_job *job = act->first;

	act->first = job->next;
	if (act->first == NULL)
		act->end = &act->first;
	free(job);
	act->asked = false;
}

static void act_deputy_gone(struct act *act, usec_t now, const char *why)
{
	log_say(now, LOG_LEVEL_ERROR,
		"the deputy is gone (%s): only the policy service acts until sendwatch is started anew", why);
	deputy_stop(&act->deputy);
	act_jobs_free(act);
}

void act_jobs_step(struct act *act, struct deliver *deliver, usec_t now)
{
	struct deputy_reply reply;
	struct error error;
	bool gone = false;

	while (act->deputy != NULL && deputy_hear(act->deputy, &reply, &gone)) {
		if (!act->asked || reply.serial != act->first->request.serial)
			continue;
		act_answered(act, now, &act->first->request, &reply);
		act_tell_answer(act, deliver, now, &act->first->request, &reply);
		act_drop_job(act);
	}
	while (act->first != NULL && !act->asked && !act_is_needed(act, &act->first->request))
		act_drop_job(act);
	if (gone) {
		act_deputy_gone(act, now, "it ended");
	} else if (act->deputy != NULL && !act->asked && act->first != NULL) {
		act->asked = deputy_ask(act->deputy, &act->first->request, &error);
		if (!act->asked)
			act_deputy_gone(act, now, error.text);
	}
}

void act_jobs_free(struct act *act)
{
	while (act->first != NULL)
		act_drop_job(act);
}

struct act_stats act_stats(const struct act *act)
{
	struct act_stats stats = { .serves = act->policy != NULL || act->socketmap != NULL,
				   .deputy = act->deputy != NULL,
				   .dry_run = act->options->act.dry_run };

	if (act->policy != NULL)
		stats.policy = policy_stats(act->policy);
	if (act->socketmap != NULL)
		stats.socketmap = policy_stats(act->socketmap);
	memcpy(stats.deeds, act->deeds, sizeof(stats.deeds));
	for (const struct act_job *job = act->first; job != NULL; job = job->next)
		stats.waiting++;
	stats.disabled = cases_disabled(act->cases);
	for (const struct open_case *open = cases_next(act->cases, NULL); open != NULL;
	     open = cases_next(act->cases, open))
		stats.throttled += open->restriction.kind == RESTRICTION_THROTTLE;
	return stats;
}

bool act_case_of(const struct act *act, struct span account, struct act_case *case_r)
{
	const struct open_case *open = cases_find(act->cases, account);

	/* One that was released, and waits for an adapter to undo what it did, is not stopped. */
	if (open == NULL || open->restriction.kind == RESTRICTION_NONE)
		return false;
	*case_r = (struct act_case){ case_is_disabled(open), open->since, open->until };
	return true;
}

bool act_is_owed(const struct act *act, struct span account, enum account_state state, usec_t now)
{
	const struct brakes_question question = { .account = account, .now = now, .time = now };
	struct act_case known;
	char words[200];

	return (state == STATE_DISABLED ||
		(state == STATE_FLAGGED && act->options->policy.throttle_flagged > 0)) &&
	       !act_case_of(act, account, &known) && brakes_ask(act->brakes, &question, words) == BRAKE_NONE;
}
