/*
 * Orders to a running watch: `sendwatch disable`, `release`, `exempt`, `addresses`, and what ends by time or by a
 * changed password.
 */
#ifndef SENDWATCH_COMMANDS_WATCH_ORDERS_H
#define SENDWATCH_COMMANDS_WATCH_ORDERS_H

#include "commands/act.h"
#include "commands/control.h"
#include "commands/watch_work.h"

/* False and ERROR where it is refused; else ERROR is empty, or says what whoever gave the order should know. */
bool watch_orders_obey(struct watch_work *work, struct act *act, const struct control_order *typed,
		       struct error *error);

/* ACCOUNT was released as of WHEN; REPEATED: as of an order that was obeyed before this start. */
void watch_orders_released(struct watch_work *work, struct span account, usec_t when, usec_t until,
			   bool repeated);

#endif
