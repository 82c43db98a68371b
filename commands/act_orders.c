/*
 * The servers of a cluster tell each other whom they restricted, released or exempted (redis_board.h), and each does
 * with its own policy service and its own adapters what its own settings say. So an account that is disabled on
 * one server is refused on all within [redis] follow, and a release given to any of them undoes on each what that
 * one did, as soon as it hears of it: after a restart, too, since all that was said lately is read at each start.
 *
 * Orders are about logins: a local user or a script of one machine is another one on the next. What the orders of
 * another server call for is held up by this one's protected and exempt accounts, and by its dry run, unless a
 * person gave them; its caps count what it began itself. Only the server where it began tells people, and the
 * store.
 *
 * An order is saved before it is carried out, so that one that was given here is finished after a kill.
 */
#define _GNU_SOURCE
#include "commands/act_parts.h"
#include "commands/in_force.h"
#include "commands/server_id.h"

#include <stdio.h>
#include <unistd.h>

/* The cause of a release that only lifts a throttle. */
#define ORDER_LIFTED "lifted"

/* Who was away for longer may not know of a release that is forgotten. Some days less than it is remembered. */
#define ORDERS_TRUSTED (ORDERS_KEPT - 5 * USEC_DAY)

void act_order_begin(struct order *order, struct span account, uint64_t server, struct span by,
		     struct span reason)
{
	char host[40] = "";

	(void)gethostname(host, sizeof(host) - 1);
	*order = (struct order){ .server = server, .until = USEC_NEVER, .cause = "-" };
	snprintf(order->account, sizeof(order->account), "%.*s", SPAN_ARGS(account));
	snprintf(order->by, sizeof(order->by), "%.*s on %s", SPAN_ARGS(span_head(by, 20)), host);
	snprintf(order->reason, sizeof(order->reason), "%.*s",
		 SPAN_ARGS(text_utf8_head(reason, sizeof(order->reason) - 1)));
}

static void orders_keep(struct act *act, usec_t now)
{
	struct error error;

	if (!orders_save(act->orders, &error))
		log_say(now, LOG_LEVEL_ERROR, "%s", error.text);
}

static void orders_tell(struct act *act, const struct order *order)
{
	struct text field = { 0 }, value = { 0 };

	if (act->board == NULL || !order_is_shared(span_of(order->account)))
		return;
	order_write(order, &field, &value);
	redis_board_put(act->board, text_span(&field), text_span(&value));
	text_free(&field);
	text_free(&value);
}

/* Given here: the last word from now on, also where another server's clock is ahead. */
static void orders_give(struct act *act, usec_t now, struct order *order, bool tell)
{
	const struct order *known = orders_find(act->orders, span_of(order->account), order->exemption);

	order->time = known != NULL && known->time >= now ? known->time + 1 : now;
	order->shared = !tell;
	(void)orders_take(act->orders, order);
	orders_keep(act, now);
	if (tell)
		orders_tell(act, order);
}

void act_orders_restrict(struct act *act, usec_t now, const struct open_case *open, struct span by,
			 struct span reason)
{
	struct order order;

	act_order_begin(&order, span_of(open->account), act->server, by, reason);
	order.restriction = open->restriction;
	order.until = open->until;
	order.times = brakes_times(act->brakes, span_of(open->account));
	memcpy(order.cause, open->cause, sizeof(order.cause));
	orders_give(act, now, &order, true);
}

void act_orders_release(struct act *act, usec_t now, const struct act_order *given, bool tell)
{
	struct order order;

	act_order_begin(&order, given->account, act->server, given->by, given->reason);
	order.until = given->until;
	if (given->lifts)
		snprintf(order.cause, sizeof(order.cause), ORDER_LIFTED);
	orders_give(act, now, &order, tell);
}

void act_orders_exempt(struct act *act, usec_t now, const struct act_order *given)
{
	struct order order;

	act_order_begin(&order, given->account, act->server, given->by, given->reason);
	order.exemption = true;
	order.until = given->until;
	orders_give(act, now, &order, true);
}

bool act_orders_disabled(const struct act *act, struct span account, usec_t now)
{
	const struct order *order = orders_find(act->orders, account, false);

	return order != NULL && order_disables(order, now);
}

bool act_orders_throttled(const struct act *act, struct span account)
{
	const struct order *order = orders_find(act->orders, account, false);

	return order != NULL && order->restriction.kind == RESTRICTION_THROTTLE;
}

bool act_heard_of(const struct act *act, struct span account)
{
	return orders_find(act->orders, account, false) != NULL ||
	       orders_find(act->orders, account, true) != NULL;
}

void act_in_force(const struct act *act, void (*tell)(void *context, const struct in_force *order),
		  void *context)
{
	in_force_each(act->cases, act->orders, tell, context);
}

/* --- what was ordered elsewhere --- */

/* In the journal alone: people were told by the server where it began. */
static void obeyed(struct act *act, usec_t now, const struct order *order, const char *action,
		   struct span reason)
{
	const struct act_note note = { .type = "act",
				       .action = action,
				       .account = span_of(order->account),
				       .by = span_of(order->by),
				       .reason = reason,
				       .cause = span_of(order->cause),
				       .until = order->until,
				       .quiet = true };

	act_write(act->deliver, now, &note);
}

/* May it be restricted here? A person's order does not wait for the end of the dry run. */
static bool orders_may(struct act *act, usec_t now, const struct order *order, char words[200])
{
	const struct brakes_question question = { .account = span_of(order->account),
						  .now = now,
						  .time = now };
	enum brake brake = brakes_ask(act->brakes, &question, words);

	return brake == BRAKE_NONE || (brake == BRAKE_DRY_RUN && strcmp(order->cause, "-") == 0);
}

static void obey_restriction(struct act *act, usec_t now, const struct order *order)
{
	struct open_case *open = cases_find(act->cases, span_of(order->account));
	char words[200];

	if (order->until != USEC_NEVER && order->until <= now)
		return;
	brakes_hear(act->brakes, span_of(order->account), order->times, order->time);
	/* What is disabled is not throttled: whoever said so had not heard of it. */
	if (open != NULL && case_is_disabled(open)) {
		if (!order_disables(order, now) && !open->elsewhere)
			act_orders_restrict(act, now, open, SPAN("sendwatch"), SPAN("is disabled already"));
		return;
	}
	if (!orders_may(act, now, order, words)) {
		obeyed(act, now, order, "not restricted here", span_of(words));
		return;
	}
	open = cases_make(act->cases, span_of(order->account));
	open->elsewhere = order->server != act->server;
	open->since = order->time;
	open->until = order->until;
	memcpy(open->cause, order->cause, sizeof(open->cause));
	act_restrict(act, open, order->restriction);
	if (order_disables(order, now))
		act_jobs_disable(act, open, false);
	act_save(act, now);
	obeyed(act, now, order, order_disables(order, now) ? "disabled" : "throttled",
	       span_of(order->reason));
}

static void obey_release(struct act *act, usec_t now, const struct order *order)
{
	struct open_case *open = cases_find(act->cases, span_of(order->account));

	if (open == NULL || open->restriction.kind == RESTRICTION_NONE)
		return;
	act_lift(act, open);
	act_save(act, now);
	obeyed(act, now, order, "released", span_of(order->reason));
}

static void obey(struct act *act, usec_t now, const struct order *order)
{
	if (order->exemption) {
		brakes_exempt(act->brakes, span_of(order->account), order->until);
		act_save(act, now);
		obeyed(act, now, order, order->until > now ? "exempted" : "exemption ended",
		       span_of(order->reason));
	} else if (order->restriction.kind == RESTRICTION_NONE) {
		obey_release(act, now, order);
	} else {
		obey_restriction(act, now, order);
	}
	act_find_due(act);
}

/* It is carried out before it is saved: what a kill interrupts is heard anew. */
static void orders_heard_of(void *context, struct span field, struct span value)
{
	struct act *act = context;
	const struct order *known;
	struct order order;

	if (!order_read(field, value, &order) || !order_is_shared(span_of(order.account)))
		return;
	order.shared = true;
	order.heard = act->hearing;
	known = orders_find(act->orders, span_of(order.account), order.exemption);
	if (known == NULL || known->time < order.time ||
	    (known->time == order.time && known->server < order.server)) {
		(void)orders_take(act->orders, &order);
		obey(act, act->now, &order);
	} else if (known->time == order.time && known->server == order.server) {
		orders_mark(act->orders, known, act->hearing);
	} else {
		orders_tell(act, known); /* Redis went back */
	}
	act->orders_changed = true;
}

/* What was heard before says nothing of what is on the board now: it may be another one, or empty by now. */
static void orders_all_begins(void *context)
{
	struct act *act = context;

	act->hearing++;
}

/* Redis has forgotten it, or, where this server was away for long, it was released, and that is forgotten. */
static void orders_missing(struct act *act, const struct order *order)
{
	bool away = act->trusted != USEC_NEVER && act->now - act->trusted > ORDERS_TRUSTED;

	if (order->shared && away && order->restriction.kind != RESTRICTION_NONE)
		obey_release(act, act->now, order);
	else if (!order->shared || !away)
		orders_tell(act, order);
}

static void orders_all_heard(void *context)
{
	struct act *act = context;

	for (const struct order *order = orders_next(act->orders, NULL); order != NULL;
	     order = orders_next(act->orders, order)) {
		struct text field = { 0 }, value = { 0 };

		if (order->heard != act->hearing) {
			orders_missing(act, order);
		} else if (order_is_over(order, act->now - ORDERS_KEPT)) {
			order_write(order, &field, &value);
			redis_board_drop(act->board, text_span(&field), text_span(&value));
			text_free(&field);
			text_free(&value);
		}
	}
	orders_forget(act->orders, act->now - ORDERS_KEPT);
	orders_hear(act->orders, act->now);
	act->trusted = act->now;
	act->orders_changed = true;
}

/* --- with watch --- */

bool act_orders_follow(struct act *act, struct error *error)
{
	const struct redis_board_calls calls = { act, orders_heard_of, orders_all_begins, orders_all_heard };

	if (act->boarded != NULL && settings_same(redis_settings, &act->boarded->redis, &act->options->redis))
		return true;
	/* What it was not told yet is told anew, since it is not there. */
	redis_board_stop(&act->board);
	act->boarded = act->options;
	if (act->options->redis.topology == REDIS_OFF)
		return true;
	act->board = redis_board_start(&act->boarded->redis, &calls, error);
	return act->board != NULL;
}

bool act_orders_open(struct act *act, struct error *error)
{
	struct text path = { 0 };

	act->server = server_id(act->options->watch.state);
	text_add_format(&path, "%s/orders", act->options->watch.state);
	act->orders = orders_open(path.at, error);
	text_free(&path);
	if (act->orders == NULL)
		return false;
	act->trusted = orders_heard(act->orders);
	return act_orders_follow(act, error);
}

/* What was ordered here before a kill, and not carried out. */
void act_orders_finish(struct act *act, struct deliver *deliver, usec_t now)
{
	act->deliver = deliver;
	act->now = now;
	for (const struct order *order = orders_next(act->orders, NULL); order != NULL;
	     order = orders_next(act->orders, order)) {
		struct open_case *open = cases_find(act->cases, span_of(order->account));

		if (order->exemption || order->server != act->server)
			continue;
		if (order->restriction.kind != RESTRICTION_NONE) {
			if (open == NULL)
				obey_restriction(act, now, order);
			continue;
		}
		obey_release(act, now, order);
		/* That a throttle was lifted is the judge's own doing. */
		if (act->released != NULL && strcmp(order->cause, ORDER_LIFTED) != 0)
			act->released(act->context, span_of(order->account), order->time,
				      order->until == USEC_NEVER ? order->time : order->until, true);
	}
	act_find_due(act);
}

void act_orders_step(struct act *act, struct deliver *deliver, usec_t now)
{
	struct error why;
	bool away;

	if (act->board == NULL)
		return;
	act->deliver = deliver;
	act->now = now;
	redis_board_step(act->board, clock_monotonic());
	if (act->orders_changed)
		orders_keep(act, now);
	act->orders_changed = false;
	away = redis_board_away(act->board, &why) != USEC_NEVER;
	if (away && !act->board_away)
		log_say(now, LOG_LEVEL_ERROR, "other servers' orders cannot be heard: %s", why.text);
	else if (!away && act->board_away)
		log_say(now, LOG_LEVEL_INFO, "other servers' orders are heard again");
	act->board_away = away;
}
