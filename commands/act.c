/*
 * What is to be done is decided here, and stands in the file of cases before anything is done: after a crash in
 * between it is done again, and can be undone. The policy service refuses at once; the deputy's work follows.
 *
 * A verdict in dry run is written down as "would disable", and nothing else happens.
 */
#define _GNU_SOURCE
#include "commands/act_parts.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/save.h"
#include "responders/socketmap.h"

#include <stdio.h>
#include <stdlib.h>

void act_find_due(struct act *act)
{
	act->due = USEC_NEVER;
	for (const struct open_case *open = cases_next(act->cases, NULL); open != NULL;
	     open = cases_next(act->cases, open))
		if (open->until != USEC_NEVER && (act->due == USEC_NEVER || open->until < act->due))
			act->due = open->until;
}

/* What was in force before this start is in force again, before the first line is read. */
static void act_restore(struct act *act)
{
	for (struct open_case *open = cases_next(act->cases, NULL); open != NULL;
	     open = cases_next(act->cases, open)) {
		restrictions_set(act->restrictions, span_of(open->account), &open->restriction);
		if (case_is_disabled(open))
			act_jobs_disable(act, open, true);
		else
			act_jobs_release(act, open); /* what a stop left undone */
	}
	act_find_due(act);
}

static bool act_open_state(struct act *act, struct error *error)
{
	struct text path = { 0 };

	/* What kills left; a save of an hour ago is none that is going on. */
	save_sweep(act->options->watch.state, clock_now() - USEC_HOUR);
	text_add_format(&path, "%s/cases", act->options->watch.state);
	act->cases = cases_open(path.at, act->brakes, error);
	text_free(&path);
	return act->cases != NULL;
}

static bool act_open_socket(const struct restriction_options *options, const char *address,
			    const struct policy_tongue *tongue, struct policy **policy_r, struct error *error)
{
	struct policy_options policy = { .address = address,
					 .clients = (unsigned)options->clients,
					 .tongue = tongue };

	if (address == NULL)
		return true;
	if (!restriction_mode(options, &policy.mode, error))
		return false;
	*policy_r = policy_open(&policy, error);
	return *policy_r != NULL;
}

bool act_open_policy(const struct restriction_options *options, struct policy **policy_r, struct error *error)
{
	return act_open_socket(options, options->address, NULL, policy_r, error);
}

bool act_open_socketmap(const struct restriction_options *options, struct policy **socketmap_r,
			struct error *error)
{
	return act_open_socket(options, options->socketmap, &socketmap_tongue, socketmap_r, error);
}

struct act *act_open(const struct arguments *arguments, struct error *error)
{
	struct act *act = memory_new(1, sizeof(*act));
	struct account_rules rules;

	act->end = &act->first;
	act->options = act->started = memory_new(1, sizeof(*act->options));
	if (!options_load(arguments, act->options, error)) {
		free(act->options);
		free(act);
		return NULL;
	}
	rules = ledger_rules(&act->options->ledger);
	act->restrictions = restrictions_new(&act->options->policy, &rules);
	act->brakes = brakes_new(&act->options->act);
	if (act->options->adapters.count > 0)
		act->deputy = deputy_start(&act->options->adapters, error);
	if ((act->options->adapters.count > 0 && act->deputy == NULL) ||
	    !act_open_policy(&act->options->policy, &act->policy, error) ||
	    !act_open_socketmap(&act->options->policy, &act->socketmap, error))
		act_close(&act);
	return act;
}

bool act_start(struct act *act, struct error *error)
{
	if (!act_open_state(act, error) || !act_orders_open(act, error))
		return false;
	act_restore(act);
	return (act->policy == NULL ||
		policy_serve(act->policy, restrictions_decide, act->restrictions, error)) &&
	       (act->socketmap == NULL ||
		policy_serve(act->socketmap, restrictions_decide, act->restrictions, error));
}

void act_close(struct act **act)
{
	struct act *gone = *act;

	if (gone == NULL)
		return;
	redis_board_stop(&gone->board);
	orders_close(&gone->orders);
	policy_stop(&gone->policy);
	policy_stop(&gone->socketmap);
	deputy_stop(&gone->deputy);
	act_jobs_free(gone);
	cases_close(&gone->cases);
	brakes_free(&gone->brakes);
	restrictions_free(&gone->restrictions);
	if (gone->boarded != NULL && gone->boarded != gone->started && gone->boarded != gone->options) {
		options_free(gone->boarded);
		free(gone->boarded);
	}
	if (gone->started != gone->options) {
		options_free(gone->started);
		free(gone->started);
	}
	options_free(gone->options);
	free(gone->options);
	free(gone);
	*act = NULL;
}

void act_on_release(struct act *act,
		    void (*released)(void *context, struct span account, usec_t when, usec_t until,
				     bool repeated),
		    void *context)
{
	act->released = released;
	act->context = context;
}

void act_on_too_late(struct act *act, void (*too_late)(void *context, struct span account), void *context)
{
	act->too_late = too_late;
	act->too_late_context = context;
}

/* A brake that stops all acting is told to people, once an hour each. */
static void act_braked(struct deliver *deliver, usec_t now, const struct verdict *verdict, enum brake brake,
		       const char *action, const char *words)
{
	struct act_note note = { .type = "act",
				 .action = action,
				 .account = verdict->account,
				 .by = SPAN("sendwatch"),
				 .reason = span_of(words),
				 .cause = span_of(verdict->id),
				 .until = USEC_NEVER,
				 .dry_run = brake == BRAKE_DRY_RUN,
				 .quiet = true };
	char once[64];

	act_write(deliver, now, &note);
	if (brake != BRAKE_HOUR && brake != BRAKE_SHARE)
		return;
	log_say(now, LOG_LEVEL_ERROR, "acting stops: %s; verdicts go on, and people must act", words);
	/* Of two servers each has brakes of its own: where ids are told apart, both are heard. */
	snprintf(once, sizeof(once), "brake-%s-%lld-%08x", brake_name(brake), (long long)(now / USEC_HOUR),
		 (unsigned)hash_stable(deliver_host(deliver)));
	note.type = "brake";
	note.quiet = false;
	note.action = "acting stops";
	note.once = once;
	act_write(deliver, now, &note);
}

void act_lift(struct act *act, struct open_case *open)
{
	open->restriction = (struct restriction){ 0 };
	open->until = USEC_NEVER;
	restrictions_set(act->restrictions, span_of(open->account), &open->restriction);
	act_jobs_release(act, open);
	if (open->deed_count == 0)
		cases_end(act->cases, &open);
}

void act_restrict(struct act *act, struct open_case *open, struct restriction restriction)
{
	open->restriction = restriction;
	restrictions_set(act->restrictions, span_of(open->account), &restriction);
}

/* Disable an account: the policy service does so now, the deputy from the next act_step on. */
static void act_begin(struct act *act, struct deliver *deliver, usec_t now, const struct act_order *order,
		      struct span cause)
{
	struct open_case *open = cases_make(act->cases, order->account);
	enum restriction_kind kind = act->options->policy.disabled == 1 ? RESTRICTION_HOLD
									: RESTRICTION_REJECT;
	usec_t until = brakes_disabled(act->brakes, order->account, now);
	struct act_note note = { .type = "act",
				 .action = "disabled",
				 .account = order->account,
				 .by = order->by,
				 .reason = order->reason,
				 .cause = cause,
				 .undo = true };

	open->since = now;
	open->until = order->until != USEC_NEVER ? order->until : until;
	snprintf(open->cause, sizeof(open->cause), "%.*s", SPAN_ARGS(cause));
	open->elsewhere = false;
	act_restrict(act, open, (struct restriction){ .kind = kind });
	act_orders_restrict(act, now, open, order->by, order->reason);
	act_jobs_disable(act, open, false);
	act_save(act, now);
	act_find_due(act);
	note.until = open->until;
	act_write(deliver, now, &note);
}

static void act_throttle(struct act *act, struct deliver *deliver, usec_t now, const struct verdict *verdict,
			 int64_t an_hour)
{
	struct open_case *open = cases_find(act->cases, verdict->account);
	const struct restriction restriction = { .kind = RESTRICTION_THROTTLE, .an_hour = an_hour };
	const struct act_order lifted = {
		.account = verdict->account, .by = SPAN("sendwatch"), .until = USEC_NEVER, .lifts = true
	};
	struct act_note note = { .type = "act",
				 .action = "throttled",
				 .account = verdict->account,
				 .by = SPAN("sendwatch"),
				 .cause = span_of(verdict->id),
				 .until = USEC_NEVER,
				 .undo = true };

	if (open != NULL && case_is_disabled(open))
		return;
	/* Another server's word that it may do less than it likes is lifted by whoever finds it well. */
	if (an_hour == 0 && (open == NULL || open->restriction.kind == RESTRICTION_NONE) &&
	    !act_orders_throttled(act, verdict->account))
		return;
	if (an_hour == 0) {
		note.action = "throttle lifted";
		note.undo = false;
		act_orders_release(act, now, &lifted, true);
		if (open != NULL)
			act_lift(act, open);
	} else {
		open = cases_make(act->cases, verdict->account);
		open->since = now;
		open->elsewhere = false;
		snprintf(open->cause, sizeof(open->cause), "%s", verdict->id);
		act_restrict(act, open, restriction);
		act_orders_restrict(act, now, open, note.by, SPAN(""));
	}
	act_save(act, now);
	act_write(deliver, now, &note);
}

/* How many recipients an hour an account in this state may reach; 0: as many as it likes. */
static int64_t act_bound(const struct act *act, enum account_state state)
{
	const struct restriction_options *policy = &act->options->policy;

	/* One that is sure enough to be disabled, and is not, may do no more than one that is flagged. */
	if (state == STATE_FLAGGED || state == STATE_DISABLED)
		return policy->throttle_flagged;
	return state == STATE_WATCH ? policy->throttle_watch : 0;
}

void act_verdict(struct act *act, struct deliver *deliver, usec_t now, const struct verdict *verdict,
		 uint64_t active)
{
	const struct open_case *open = cases_find(act->cases, verdict->account);
	struct brakes_question question = { .account = verdict->account,
					    .now = now,
					    .time = verdict->time,
					    .disabling = verdict->state == STATE_DISABLED,
					    .active = active,
					    .at_rest = cases_disabled(act->cases) };
	struct act_order order = { .account = verdict->account,
				   .by = SPAN("sendwatch"),
				   .until = USEC_NEVER };
	char words[200];
	enum brake brake;

	/* What a release takes back was taken back before it is told. */
	if (strcmp(verdict->type, "verdict") != 0 || verdict->account.len == 0 ||
	    verdict->state == STATE_RELEASED || (open != NULL && case_is_disabled(open)))
		return;
	brake = brakes_ask(act->brakes, &question, words);
	if (brake == BRAKE_OLD && act->too_late != NULL &&
	    (verdict->state == STATE_FLAGGED || verdict->state == STATE_DISABLED))
		act->too_late(act->too_late_context, verdict->account);
	if (verdict->state == STATE_DISABLED) {
		if (brake == BRAKE_NONE) {
			order.reason = verdict->evidence_count > 0 ? span_of(verdict->evidence[0].text)
								   : SPAN("");
			act_begin(act, deliver, now, &order, span_of(verdict->id));
			return;
		}
		act_braked(deliver, now, verdict, brake,
			   brake == BRAKE_DRY_RUN ? "would disable" : "not disabled", words);
		question.disabling = false;
		brake = brakes_ask(act->brakes, &question, words);
	}
	if (act_bound(act, verdict->state) == 0 || brake == BRAKE_NONE)
		act_throttle(act, deliver, now, verdict, act_bound(act, verdict->state));
	else if (brake == BRAKE_DRY_RUN)
		act_braked(deliver, now, verdict, brake, "would throttle", words);
}

/* Forms and other programs give orders too, and names stand in files of lines and words. */
static bool act_names_account(struct span account, struct error *error)
{
	return account_is_name(account) ||
	       error_set(error, account.len == 0 ? "no account is named" : "that is no account's name");
}

bool act_disable(struct act *act, struct deliver *deliver, usec_t now, const struct act_order *order,
		 struct error *error)
{
	const struct open_case *open = cases_find(act->cases, order->account);

	if (!act_names_account(order->account, error))
		return false;
	if (brakes_protects(act->brakes, order->account))
		return error_set(error, "%.*s is protected ([act] protect)", SPAN_ARGS(order->account));
	if (open != NULL && case_is_disabled(open))
		return error_set(error, "%.*s is disabled already", SPAN_ARGS(order->account));
	act_begin(act, deliver, now, order, SPAN("-"));
	return true;
}

bool act_release(struct act *act, struct deliver *deliver, usec_t now, const struct act_order *order,
		 struct error *error)
{
	struct open_case *open = cases_find(act->cases, order->account);
	struct act_note note = { .type = "act",
				 .action = "released",
				 .account = order->account,
				 .by = order->by,
				 .reason = order->reason,
				 .until = USEC_NEVER };
	char cause[sizeof(open->cause)];
	/* When its time is over, every server finds so itself; the one where it began tells the store. */
	bool elsewhere = order->by_time && open != NULL && open->elsewhere;

	if (!act_names_account(order->account, error))
		return false;
	act_orders_release(act, now, order, !order->by_time);
	if (open != NULL) {
		memcpy(cause, open->cause, sizeof(cause));
		note.cause = span_of(cause);
		act_lift(act, open);
	}
	note.quiet = elsewhere;
	act_save(act, now);
	act_write(deliver, now, &note);
	/* One that was only flagged, too, is judged anew from here. */
	if (act->released != NULL && !elsewhere)
		act->released(act->context, order->account, now,
			      order->until == USEC_NEVER ? now : order->until, false);
	act_find_due(act);
	return true;
}

bool act_exempt(struct act *act, struct deliver *deliver, usec_t now, const struct act_order *order,
		struct error *error)
{
	struct act_note note = { .type = "act",
				 .action = "exempted",
				 .account = order->account,
				 .by = order->by,
				 .reason = order->reason,
				 .until = order->until };
	const struct open_case *open = cases_find(act->cases, order->account);
	const struct act_order released = {
		.account = order->account, .by = order->by, .reason = SPAN("is exempt"), .until = order->until
	};

	if (!act_names_account(order->account, error))
		return false;
	if (order->until == USEC_NEVER || order->until <= now)
		note.action = "exemption ended";
	act_orders_exempt(act, now, order);
	brakes_exempt(act->brakes, order->account, order->until);
	act_save(act, now);
	act_write(deliver, now, &note);
	/* Nothing is done about it from now on: nor is what was done. */
	if (order->until != USEC_NEVER && order->until > now && open != NULL &&
	    open->restriction.kind != RESTRICTION_NONE)
		return act_release(act, deliver, now, &released, error);
	return true;
}

bool act_password(struct act *act, struct deliver *deliver, usec_t now, const struct act_order *order,
		  struct error *error)
{
	const struct open_case *open = cases_find(act->cases, order->account);
	uint32_t times = brakes_times(act->brakes, order->account);
	struct act_order release = *order;
	struct act_note note = { .type = "act",
				 .action = "password changed",
				 .account = order->account,
				 .by = order->by,
				 .reason = SPAN("it is not disabled"),
				 .until = USEC_NEVER,
				 .quiet = true };
	char words[80];

	if (!act_names_account(order->account, error))
		return false;
	/* Elsewhere it may be so where this server does nothing: in dry run, or because it is protected here. */
	if ((open == NULL || !case_is_disabled(open)) && !act_orders_disabled(act, order->account, now)) {
		act_write(deliver, now, &note);
		return true;
	}
	if (times > act->options->act.password_releases) {
		snprintf(words, sizeof(words), "it stays disabled: that was the case %u times by now", times);
		note.reason = span_of(words);
		note.quiet = false;
		act_write(deliver, now, &note);
		return true;
	}
	/* Whoever can change it is left alone no longer than anybody: that would be a way to be overlooked. */
	release.until = USEC_NEVER;
	if (release.reason.len == 0)
		release.reason = SPAN("its password was changed");
	return act_release(act, deliver, now, &release, error);
}

void act_step(struct act *act, struct deliver *deliver, usec_t now)
{
	struct act_order order = { .by = SPAN("sendwatch"),
				   .reason = SPAN("its time is over"),
				   .by_time = true };
	struct error error;
	char account[ACCOUNT_SIZE];

	while (act->due != USEC_NEVER && act->due <= now) {
		const struct open_case *open = cases_next(act->cases, NULL);

		while (open->until == USEC_NEVER || open->until > now)
			open = cases_next(act->cases, open);
		memcpy(account, open->account, sizeof(account));
		order.account = span_of(account);
		if (!act_release(act, deliver, now, &order, &error))
			break;
	}
	act_orders_step(act, deliver, now);
	act_jobs_step(act, deliver, now);
}

usec_t act_due(const struct act *act)
{
	return act->due;
}

int act_board_fd(const struct act *act)
{
	return act->board == NULL ? -1 : redis_board_fd(act->board);
}

usec_t act_board_due(const struct act *act)
{
	return act->board == NULL ? USEC_NEVER : redis_board_due(act->board);
}

int act_fd(const struct act *act)
{
	return act->deputy == NULL ? -1 : deputy_fd(act->deputy);
}
