/*
 * Logins, which belong to no message: told as they come.
 */
#include "parsers/ledger_parts.h"

#include "base/hash.h"

/* Exim writes refusals to mainlog and to rejectlog: with both at hand, one of the two lines is left out. */
static bool ledger_is_twin(struct ledger *ledger, const struct step *step)
{
	struct refusal new = { step->frame->time, hash_text(step->frame->text) | 1, step->source };

	for (size_t i = 0; i < LEDGER_REFUSALS; i++) {
		struct refusal *old = &ledger->refusals[i];

		if (old->hash != new.hash || old->time != new.time || old->source == new.source)
			continue;
		old->hash = 0;
		return true;
	}
	ledger->refusals[ledger->refusal_next++ % LEDGER_REFUSALS] = new;
	return false;
}

void ledger_login(struct ledger *ledger, const struct step *step)
{
	const struct event *event = step->event;
	struct account_name name;
	struct login login = {
		.time = step->frame->time,
		.succeeded = event->kind == EVENT_LOGIN,
		.repeat = event->repeat == 0 ? 1 : event->repeat,
		.client_ip = event->client_ip,
		.helo = event->helo,
		.service = event->program,
		.host = step->frame->host,
		.source = step->source,
		.position = step->position,
	};

	if (!login.succeeded && event->mta == MTA_EXIM && ledger_is_twin(ledger, step))
		return;
	if (event->login.len > 0)
		login.account = ledger_login_account(ledger, event, &name);
	/* Postfix says so only where a filter is asked before the queue: the message follows from the filter. */
	if (login.succeeded && event->mta == MTA_POSTFIX)
		ledger_note_known(ledger, step, event->client_ip, login.account);
	if (ledger->sink.login == NULL)
		return;
	ledger->sink.login(ledger->sink.context, &login);
}
