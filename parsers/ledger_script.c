/*
 * Lines that stand before the message they belong to: Exim's "cwd=... args: sendmail", which names no queue
 * id, cPanel's "Sender identification" and "SMTP connection identification", and logins at a Postfix that asks a
 * filter before it queues mail.
 *
 * Both are kept in small rings for seconds or minutes. Where two of them fit a message and say different
 * things, neither is believed: better no directory than somebody else's.
 */
#include "parsers/ledger_parts.h"

#include "base/memory.h"

#define SCRIPT_WAITS (2 * USEC_SECOND)
#define KNOWN_WAITS  (10 * USEC_MINUTE)

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

/* ACCOUNT is answerable for the message that comes with KEY: an address of a client, or a queue id. */
void ledger_note_known(struct ledger *ledger, const struct step *step, struct span key, struct span account)
{
	struct known *known;

	if (account.len == 0 || key.len == 0 || key.len > sizeof(known->key))
		return;
	if (ledger->known == NULL)
		ledger->known = memory_new(LEDGER_KNOWN, sizeof(*ledger->known));
	known = &ledger->known[ledger->known_next++ % LEDGER_KNOWN];
	known->time = step->frame->time;
	known->host = ledger_host_id(ledger, step);
	known->key_len = (uint8_t)key.len;
	known->account_len = (uint8_t)account.len;
	memcpy(known->key, key.at, key.len);
	memcpy(known->account, account.at, account.len);
}

/* The account that came with KEY a little before STEP; absent where two did. */
struct span ledger_known_for(struct ledger *ledger, const struct step *step, struct span key)
{
	struct span found = { NULL, 0 };
	uint16_t host = ledger_host_id(ledger, step);

	if (ledger->known == NULL || key.len == 0)
		return found;
	for (uint32_t i = 0; i < LEDGER_KNOWN; i++) {
		const struct known *known = &ledger->known[i];
		usec_t after = step->frame->time - known->time;
		struct span account = { known->account, known->account_len };

		if (account.len == 0 || known->host != host || after < 0 || after > KNOWN_WAITS ||
		    !span_equal((struct span){ known->key, known->key_len }, key))
			continue;
		if (found.at != NULL && !span_equal(found, account))
			return (struct span){ NULL, 0 };
		found = account;
	}
	return found;
}

#define CONNECTION_KEY 54

/* "192.0.2.7 47376", or "M 1xUnyD-00067j-1b"; a queue id has no blank, nor has an address. */
static struct span connection_key(struct span first, struct span second, char key[CONNECTION_KEY])
{
	if (first.len == 0 || second.len == 0 || first.len + 1 + second.len > CONNECTION_KEY)
		return (struct span){ NULL, 0 };
	memcpy(key, first.at, first.len);
	key[first.len] = ' ';
	memcpy(key + first.len + 1, second.at, second.len);
	return (struct span){ key, first.len + 1 + second.len };
}

/* Is USER a customer, and not a program that sends for many, as Mailman, whose sender tells more? */
static bool user_is_customer(const struct ledger *ledger, const struct event *event)
{
	return event->uid >= 500 && !span_equal(event->login, SPAN("mailman")) &&
	       !ledger_is_server_user(event->login) &&
	       !setting_list_has(&ledger->options.shared_users, event->login);
}

/* A user of this machine, or a mailbox, which has a domain. */
void ledger_note_connection(struct ledger *ledger, const struct step *step)
{
	const struct event *event = step->event;
	struct account_name name;
	char text[CONNECTION_KEY];
	struct span key = event->queue_id.len > 0
				  ? connection_key(SPAN("M"), event->queue_id, text)
				  : connection_key(event->client_ip, event->client_port, text);

	if (user_is_customer(ledger, event))
		ledger_note_known(ledger, step, key,
				  memchr(event->login.at, '@', event->login.len) == NULL
					  ? account_local(event->login, &name)
					  : account_login(&ledger->rules, event->login, &name));
}

struct span ledger_connection_for(struct ledger *ledger, const struct step *step)
{
	const struct event *event = step->event;
	struct span key, account;
	char text[CONNECTION_KEY];

	/* Nearly nobody has cPanel. */
	if (ledger->known == NULL || event->mta != MTA_EXIM)
		return (struct span){ NULL, 0 };
	account = ledger_known_for(ledger, step, connection_key(SPAN("M"), event->queue_id, text));
	if (account.len > 0)
		return account;
	key = connection_key(event->client_ip, event->client_port, text);
	account = ledger_known_for(ledger, step, key);
	/* A newsletter's program may keep its connection for hours. */
	for (uint32_t i = 0; i < LEDGER_KNOWN && account.len > 0; i++) {
		struct known *known = &ledger->known[i];

		if (span_equal((struct span){ known->key, known->key_len }, key) &&
		    known->host == ledger_host_id(ledger, step))
			known->time = step->frame->time;
	}
	return account;
}
