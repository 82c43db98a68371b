/*
 * Lines that stand before the message they belong to and name no queue id: Exim's "cwd=... args: sendmail",
 * and logins at a Postfix that hands mail to a filter before it queues it.
 *
 * Both are kept in small rings for seconds or minutes. Where two of them fit a message and say different
 * things, neither is believed: better no directory than somebody else's.
 */
#include "parsers/ledger_parts.h"

#include "base/memory.h"

#define SCRIPT_WAITS  (2 * USEC_SECOND)
#define PROXIED_WAITS (10 * USEC_MINUTE)

void ledger_note_script(struct ledger *ledger, const struct step *step)
{
	struct span directory = step->event->directory;
	struct script *script = &ledger->scripts[ledger->script_next++ % LEDGER_SCRIPTS];

	if (directory.len == 0 || directory.len > sizeof(script->directory)) {
		script->len = 0;
		return;
	}
	script->time = step->frame->time;
	script->source = step->source;
	script->pid = step->frame->pid;
	script->host = ledger_host_id(ledger, step);
	script->len = (uint16_t)directory.len;
	memcpy(script->directory, directory.at, directory.len);
}

/* Is USER one of the directory's parts, as in /home/bob/public_html? */
static bool script_is_of(struct span directory, struct span user)
{
	struct span part;

	while (directory.len > 0) {
		if (!span_cut(&directory, '/', &part)) {
			part = directory;
			directory.len = 0;
		}
		if (part.len > 0 && span_equal(part, user))
			return true;
	}
	return false;
}

static struct span script_directory(const struct script *script)
{
	return (struct span){ script->directory, script->len };
}

/* Could this line belong to the message that comes in with STEP? */
static bool script_fits(const struct script *script, const struct step *step, uint16_t host)
{
	usec_t after = step->frame->time - script->time;

	if (script->len == 0 || script->source != step->source || script->host != host)
		return false;
	if (script->pid != 0 || step->frame->pid != 0)
		return script->pid == step->frame->pid && after >= 0 && after <= USEC_HOUR;
	return after >= 0 && after <= SCRIPT_WAITS;
}

/* The directory that the local submission of STEP by USER came from; absent where it is not certain. */
struct span ledger_script_for(struct ledger *ledger, const struct step *step, struct span user)
{
	uint16_t host = ledger_host_id(ledger, step);
	struct script *best = NULL;
	bool best_is_users = false, doubt = false;

	/* From the oldest on: messages come in the order of their scripts. */
	for (uint32_t i = 0; i < LEDGER_SCRIPTS; i++) {
		struct script *script = &ledger->scripts[(ledger->script_next + i) % LEDGER_SCRIPTS];
		bool users;

		if (!script_fits(script, step, host))
			continue;
		users = script_is_of(script_directory(script), user);
		if (best == NULL || (users && !best_is_users)) {
			best = script;
			best_is_users = users;
			doubt = false;
		} else if (users == best_is_users &&
			   !span_equal(script_directory(best), script_directory(script))) {
			doubt = step->frame->pid == 0;
		}
	}
	if (best == NULL)
		return (struct span){ NULL, 0 };
	struct span directory = script_directory(best);

	best->len = 0; /* each line is of one message */
	return doubt ? (struct span){ NULL, 0 } : directory;
}

/* "NOQUEUE: client=..., sasl_username=...": the message goes through a filter before it has a queue id. */
void ledger_note_proxied(struct ledger *ledger, const struct step *step)
{
	const struct event *event = step->event;
	struct account_name name;
	struct span account = account_login(&ledger->rules, event->login, &name);
	struct proxied *proxied;

	if (account.len == 0 || event->client_ip.len == 0 || event->client_ip.len > sizeof(proxied->client))
		return;
	if (ledger->proxied == NULL)
		ledger->proxied = memory_new(LEDGER_PROXIED, sizeof(*ledger->proxied));
	proxied = &ledger->proxied[ledger->proxied_next++ % LEDGER_PROXIED];
	proxied->time = step->frame->time;
	proxied->host = ledger_host_id(ledger, step);
	proxied->client_len = (uint8_t)event->client_ip.len;
	proxied->account_len = (uint8_t)account.len;
	memcpy(proxied->client, event->client_ip.at, event->client_ip.len);
	memcpy(proxied->account, account.at, account.len);
}

/* The account that logged in from CLIENT for the message of STEP; absent where two did. */
struct span ledger_proxied_for(struct ledger *ledger, const struct step *step, struct span client)
{
	struct span found = { NULL, 0 };
	uint16_t host = ledger_host_id(ledger, step);

	if (ledger->proxied == NULL || client.len == 0)
		return found;
	for (uint32_t i = 0; i < LEDGER_PROXIED; i++) {
		const struct proxied *proxied = &ledger->proxied[i];
		usec_t after = step->frame->time - proxied->time;
		struct span account = { proxied->account, proxied->account_len };

		if (account.len == 0 || proxied->host != host || after < 0 || after > PROXIED_WAITS ||
		    !span_equal((struct span){ proxied->client, proxied->client_len }, client))
			continue;
		if (found.at != NULL && !span_equal(found, account))
			return (struct span){ NULL, 0 };
		found = account;
	}
	return found;
}
