/* What a person, the time or another server orders a running watch, but for taking new settings in (watch.c). */
#include "commands/watch_orders.h"

#include "commands/unheard.h"

#include "base/hash.h"
#include "detectors/store.h"

/* Who was told that it is trouble is told that it is over, as of what the judge finds by itself. */
static void orders_tell_released(struct watch_work *work, struct span account, usec_t when)
{
	struct store *store = pipeline_store(work->pipeline);
	const struct record *record = store->calls->record(store, account, false);
	struct span stamp = { (const char *)&when, sizeof(when) };
	struct verdict verdict = { .type = "verdict",
				   .time = when,
				   .account = account,
				   .state = STATE_RELEASED,
				   .host = deliver_host(work->deliver),
				   .first_bad = USEC_NEVER };

	if (record == NULL || record->standing.state == STATE_NORMAL ||
	    record->standing.state == STATE_RELEASED)
		return;
	verdict.account_kind = record->kind;
	verdict.previous = record->standing.state;
	verdict_identify(&verdict, hash_stable_more(hash_stable_more(0, account), stamp));
	deliver_verdict(work->deliver, clock_now(), &verdict);
}

void watch_orders_released(struct watch_work *work, struct span account, usec_t when, usec_t until,
			   bool repeated)
{
	struct addresses *addresses = address_lists_of(work->lists);

	if (!repeated)
		orders_tell_released(work, account, when);
	pipeline_release(work->pipeline, account, when, until, repeated);
	if (addresses != NULL && !repeated)
		addresses_release(addresses, account, when);
}

static bool orders_do(struct watch_work *work, struct act *act, const struct control_order *typed,
		      struct error *error)
{
	struct deliver *deliver = work->deliver;
	usec_t now = clock_now();
	struct act_order order = { .account = typed->account,
				   .by = span_of(typed->by),
				   .reason = typed->reason,
				   .until = typed->until };

	if (span_equal(typed->verb, SPAN("disable")))
		return act_disable(act, deliver, now, &order, error);
	if (span_equal(typed->verb, SPAN("exempt")))
		return act_exempt(act, deliver, now, &order, error);
	if (span_equal(typed->verb, SPAN("addresses"))) /* what is known at this moment */
		return address_lists_save(work->lists, now, error);
	if (span_equal(typed->verb, SPAN("password")))
		return act_password(act, deliver, now, &order, error);
	if (span_equal(typed->verb, SPAN("release"))) {
		/* A person says that it is well; a release by time says nothing of what is to come. */
		if (order.until == USEC_NEVER)
			order.until = now + work->options->watch.release;
		return act_release(act, deliver, now, &order, error);
	}
	return error_set(error, "no order is called so: another version of sendwatch?");
}

/* Whether all servers have heard of it, only Redis knows: there, whoever gives the order asks. */
static bool orders_heard_of(const struct watch_work *work, const struct act *act, struct span account)
{
	struct store *store = pipeline_store(work->pipeline);

	return work->options->redis.topology != REDIS_OFF ||
	       store->calls->record(store, account, false) != NULL || act_heard_of(act, account);
}

/* Why nothing comes of an order to stop somebody; NULL where something does, as far as can be seen from here. */
static const char *orders_are_idle(const struct watch_work *work, const struct act *act)
{
	const struct options *options = work->options;
	struct act_stats stats = act_stats(act);

	if (!options_stop_accounts(options))
		return "nothing stops it on this server: there is neither a [policy] nor an [adapter]";
	if (options->adapters.count == 0 && stats.policy.requests == 0 && stats.socketmap.requests == 0)
		return "the mail server has asked nothing so far: is [policy] in its settings?";
	return NULL;
}

bool watch_orders_obey(struct watch_work *work, struct act *act, const struct control_order *typed,
		       struct error *error)
{
	bool names = span_equal(typed->verb, SPAN("disable")) || span_equal(typed->verb, SPAN("release")) ||
		     span_equal(typed->verb, SPAN("exempt"));
	bool unheard = names && !orders_heard_of(work, act, typed->account);
	const char *idle;

	if (!orders_do(work, act, typed, error))
		return false;
	error->text[0] = '\0';
	idle = span_equal(typed->verb, SPAN("disable")) ? orders_are_idle(work, act) : NULL;
	if (idle != NULL)
		error_set(error, "%.*s: taken, but %s", SPAN_ARGS(span_head(typed->account, 200)), idle);
	else if (unheard)
		unheard_say(pipeline_store(work->pipeline), typed->account, error);
	return true;
}
