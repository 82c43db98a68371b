/*
 * A case tells what is done here, and the last order about its account who wanted it, and why. watch replaces the files
 * of both whole at every change: they are never older than what was done.
 */
#include "commands/in_force.h"

#include "base/text.h"
#include "responders/cases.h"
#include "responders/orders.h"

static void in_force_of_order(const struct order *order, struct in_force *into)
{
	into->by = span_of(order->by);
	into->reason = span_of(order->reason);
}

static void in_force_cases(const struct cases *cases, const struct orders *orders,
			   void (*tell)(void *context, const struct in_force *order), void *context)
{
	for (const struct open_case *open = cases_next(cases, NULL); open != NULL;
	     open = cases_next(cases, open)) {
		const struct order *order = orders_find(orders, span_of(open->account), false);
		struct in_force told = { .action = "throttled",
					 .account = span_of(open->account),
					 .since = open->since,
					 .until = USEC_NEVER,
					 .ends = "it is normal again",
					 .by = SPAN(""),
					 .reason = SPAN("") };

		if (open->restriction.kind == RESTRICTION_NONE)
			continue;
		if (case_is_disabled(open)) {
			told.action = "stopped";
			told.until = open->until;
			told.ends = "it is released";
		}
		if (order != NULL && order->restriction.kind != RESTRICTION_NONE)
			in_force_of_order(order, &told);
		tell(context, &told);
	}
}

static void in_force_exemptions(const struct orders *orders,
				void (*tell)(void *context, const struct in_force *order), void *context)
{
	usec_t now = clock_now();

	for (const struct order *order = orders_next(orders, NULL); order != NULL;
	     order = orders_next(orders, order)) {
		struct in_force told = { .action = "exempt",
					 .account = span_of(order->account),
					 .since = order->time,
					 .until = order->until };

		if (!order->exemption || order->until == USEC_NEVER || order->until <= now)
			continue;
		in_force_of_order(order, &told);
		tell(context, &told);
	}
}

void in_force_each(const struct cases *cases, const struct orders *orders,
		   void (*tell)(void *context, const struct in_force *order), void *context)
{
	in_force_cases(cases, orders, tell, context);
	in_force_exemptions(orders, tell, context);
}

bool in_force_read(const struct options *options, void (*tell)(void *context, const struct in_force *order),
		   void *context, struct error *error)
{
	struct brakes *brakes = brakes_new(&options->act);
	struct text path = { 0 };
	struct cases *cases;
	struct orders *orders;
	bool good;

	text_add_format(&path, "%s/cases", options->watch.state);
	cases = cases_open(path.at, brakes, error);
	text_clear(&path);
	text_add_format(&path, "%s/orders", options->watch.state);
	orders = cases == NULL ? NULL : orders_open(path.at, error);
	good = orders != NULL;
	if (good)
		in_force_each(cases, orders, tell, context);
	orders_close(&orders);
	cases_close(&cases);
	brakes_free(&brakes);
	text_free(&path);
	return good;
}
