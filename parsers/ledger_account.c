/*
 * Who is answerable for a message, from the line that brings it in, strongest first: the login; the local
 * user, or the directory of the script where that user is shared by many customers (www-data); the host
 * that is trusted by its address; and for mail from this machine without a login, the envelope sender's
 * domain. Mail of strangers is nobody's, until a local address forwards it.
 *
 * Only fields that the server itself vouches for count: never the sender, a header or HELO of a stranger.
 */
#include "parsers/ledger_parts.h"

#include "base/memory.h"

struct span ledger_login_account(const struct ledger *ledger, const struct event *event,
				 struct account_name *name)
{
	return event->login_is_account ? event->login : account_login(&ledger->rules, event->login, name);
}

/* Is this the loopback address itself? The rest of 127/8 may well be somebody else's container. */
bool ledger_is_here(struct span address)
{
	return span_equal(address, SPAN("127.0.0.1")) || span_equal(address, SPAN("::1"));
}

bool setting_list_has(const struct setting_list *list, struct span text)
{
	if (text.len == 0)
		return false;
	/* The first letter tells most apart, before anything is called. */
	for (size_t i = 0; i < list->count; i++)
		if (((list->texts[i][0] ^ text.at[0]) & ~0x20) == 0 &&
		    span_equal_nocase(span_of(list->texts[i]), text))
			return true;
	return false;
}

/* "192.0.2.7", "192.0.2.0/24", "2001:db8::/32" */
static bool network_read(struct span text, struct network *network_r)
{
	struct span address;
	uint64_t bits = 128;

	if (span_cut(&text, '/', &address)) {
		if (!span_to_u64(text, &bits) || bits > 128 || !span_to_address(address, network_r->address))
			return false;
		if (memchr(address.at, ':', address.len) == NULL) {
			if (bits > 32)
				return false;
			bits += 96;
		}
	} else if (!span_to_address(text, network_r->address)) {
		return false;
	}
	network_r->bits = (unsigned)bits;
	return true;
}

bool ledger_read_trusted(struct ledger *ledger, struct error *error)
{
	const struct setting_list *hosts = &ledger->options.trusted_hosts;

	ledger->trusted = memory_new(hosts->count, sizeof(*ledger->trusted));
	for (size_t i = 0; i < hosts->count; i++)
		if (!network_read(span_of(hosts->texts[i]), &ledger->trusted[i]))
			return error_set(error, "trusted_hosts: \"%s\" is no address and no network",
					 hosts->texts[i]);
	ledger->trusted_count = hosts->count;
	return true;
}

static bool network_has(const struct network *network, const uint8_t address[16])
{
	unsigned bytes = network->bits / 8, rest = network->bits % 8;

	return memcmp(network->address, address, bytes) == 0 &&
	       (rest == 0 || (network->address[bytes] ^ address[bytes]) >> (8 - rest) == 0);
}

static bool ledger_trusts(const struct ledger *ledger, struct span client)
{
	uint8_t address[16];

	if (ledger->trusted_count == 0 || !span_to_address(client, address))
		return false;
	for (size_t i = 0; i < ledger->trusted_count; i++)
		if (network_has(&ledger->trusted[i], address))
			return true;
	return false;
}

/* Users as whom a mail server runs, and we: what they submit under <> is a notification or a vacation message. */
bool ledger_is_server_user(struct span user)
{
	static const char *const users[] = { "Debian-exim", "exim",    "exim4",    "mailnull", "mail",
					     "_exim",       "vmail",   "dovecot",  "virtual",  "popuser",
					     "cyrus",       "postfix", "sendwatch" };

	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
		if (span_equal(user, span_of(users[i])))
			return true;
	return false;
}

/* The customer follows from the account. */
void ledger_set_account(struct ledger *ledger, struct message *message, enum account_kind kind,
			struct span account)
{
	struct span customer;

	if (account.len == 0)
		return;
	message->account_kind = (uint8_t)kind;
	message_put(message, TEXT_ACCOUNT, account);
	customer = owners_of(ledger->owners, account);
	if (customer.len > 0)
		message_put(message, TEXT_CUSTOMER, customer);
}

/* Directories from which servers, not customers, submit. */
static bool directory_is_plain(struct span directory)
{
	return directory.len < 2 || directory.at[0] != '/' || span_starts(directory, SPAN("/var/spool")) ||
	       span_equal(directory, SPAN("/root"));
}

static bool message_is_shared(const struct ledger *ledger, const struct message *message)
{
	struct span user = message_get(message, TEXT_ACCOUNT);

	return message->account_kind == ACCOUNT_LOCAL && span_skip(&user, SPAN("local:")) &&
	       setting_list_has(&ledger->options.shared_users, user);
}

/* cPanel's own finding of who is behind a shared user. */
void ledger_set_identified(struct ledger *ledger, struct message *message, struct span account)
{
	if (account.len > 0 && message_is_shared(ledger, message))
		ledger_set_account(ledger, message, ACCOUNT_LOCAL, account);
}

/* A script is the account only where the user says nothing: its directory is chosen by whoever runs it. */
void ledger_set_script(struct ledger *ledger, struct message *message, struct span directory)
{
	struct account_name name;

	if (message->account_kind != ACCOUNT_LOCAL || directory_is_plain(directory))
		return;
	message_put(message, TEXT_SCRIPT, directory);
	if (message_is_shared(ledger, message))
		ledger_set_account(ledger, message, ACCOUNT_SCRIPT, account_script(directory, &name));
}

/* MESSAGE is a bounce of PARENT or an answer to it. Where bounces count, it is held against whom PARENT is. */
void ledger_set_notice(struct ledger *ledger, struct message *message, struct message *parent)
{
	message->flags = (uint16_t)((message->flags & ~MESSAGE_ORPHAN) | MESSAGE_NOTICE);
	if (!ledger->options.count_bounces || parent == NULL)
		return;
	parent = ledger_root(ledger, parent);
	ledger_set_account(ledger, message, (enum account_kind)parent->account_kind,
			   message_get(parent, TEXT_ACCOUNT));
}

/*
 * Is this the server's own bounce, or an answer that a user's filter or vacation message gives? Exim writes R=
 * for whoever says -E on the command line: so a user's counts only once for each message that is here, and
 * where the recipients are told, only back to its sender.
 */
static bool ledger_answers(struct ledger *ledger, const struct step *step, struct span user)
{
	const struct event *event = step->event;
	struct message *parent;

	if (event->sender.at == NULL || event->sender.len > 0)
		return false;
	if (event->mta == MTA_POSTFIX)
		return event->parent_id.len == 0 && ledger_is_server_user(user);
	if (event->parent_id.len == 0)
		return false;
	if (ledger_is_server_user(user))
		return true;
	parent = ledger_find(ledger, step, MTA_EXIM, event->parent_id);
	if (parent == NULL || (parent->flags & (MESSAGE_ANSWERED | MESSAGE_ORPHAN | MESSAGE_NULL_SENDER)) ||
	    (event->recipients.len > 0 &&
	     !span_equal_nocase(event->recipients, message_get(parent, TEXT_SENDER))))
		return false;
	parent->flags |= MESSAGE_ANSWERED;
	return true;
}

static void ledger_attribute_local(struct ledger *ledger, struct message *message, const struct step *step)
{
	const struct event *event = step->event;
	struct account_name name;
	struct span user = event->login;

	if (event->uid >= 0) {
		message->uid = (uint32_t)event->uid;
		if (user.len == 0)
			user = users_name(ledger->users, message->uid);
	}
	/* Only those whom Exim trusts name their own protocol: a filter that was run as a command gives back. */
	if (event->mta == MTA_EXIM && event->protocol.len > 0 &&
	    span_find(event->protocol, SPAN("local")) == event->protocol.len) {
		message->flags |= MESSAGE_LOOPBACK;
		return;
	}
	if (ledger_answers(ledger, step, user)) {
		ledger_set_notice(ledger, message, ledger_find(ledger, step, event->mta, event->parent_id));
		return;
	}
	ledger_set_account(ledger, message, ACCOUNT_LOCAL, account_local(user, &name));
	if (event->mta != MTA_EXIM)
		return;
	ledger_set_script(ledger, message, ledger_script_for(ledger, step, user));
	ledger_set_identified(ledger, message, ledger_known_for(ledger, step, event->queue_id));
}

void ledger_attribute(struct ledger *ledger, struct message *message, const struct step *step)
{
	const struct event *event = step->event;
	struct account_name name;
	struct span known = { NULL, 0 };

	/* Given back by a filter that was asked before the queue: the login was at the first server process. */
	if (event->internal_client && !event->local && event->parent_id.len == 0) {
		known = ledger_known_for(ledger, step, event->client_ip);
		ledger_make_unsure(ledger, message);
	}
	if (event->local) {
		ledger_attribute_local(ledger, message, step);
	} else if (event->login.len > 0) {
		ledger_set_account(ledger, message, ACCOUNT_LOGIN,
				   ledger_login_account(ledger, event, &name));
	} else if (known.len > 0) {
		ledger_set_account(ledger, message, ACCOUNT_LOGIN, known);
	} else if (event->sender.len > 0 && (known = ledger_connection_for(ledger, step)).len > 0) {
		/* In a login a colon is escaped. */
		ledger_set_account(ledger, message,
				   span_starts(known, SPAN("local:")) ? ACCOUNT_LOCAL : ACCOUNT_LOGIN, known);
		/* A filter of that user's may have given it back. */
		if (ledger_is_here(event->client_ip))
			message->flags |= MESSAGE_LOOPBACK;
	} else if (ledger_trusts(ledger, event->client_ip)) {
		ledger_set_account(ledger, message, ACCOUNT_HOST, account_host(event->client_ip, &name));
	} else if (ledger_is_here(event->client_ip)) {
		message->flags |= MESSAGE_LOOPBACK;
	}
}

/*
 * "proxy-accept: ... queued as X; ... sasl_username=<bob>": whose X is, which until now was guessed from who
 * logged in from its client's address, and waits for this line. Older versions do not name the login there.
 */
void ledger_proxied(struct ledger *ledger, const struct step *step)
{
	const struct event *event = step->event;
	struct message *message = ledger_find(ledger, step, MTA_POSTFIX, event->child_id);
	struct account_name name;

	if (event->login.len > 0)
		ledger->proxy_tells = true;
	if (message == NULL || !(message->flags & MESSAGE_UNSURE) || message->root != MAP_NONE)
		return;
	if (event->login.len > 0) {
		ledger_set_account(ledger, message, ACCOUNT_LOGIN,
				   ledger_login_account(ledger, event, &name));
	} else if (ledger->proxy_tells && message->account_kind == ACCOUNT_LOGIN) {
		message->account_kind = ACCOUNT_NONE;
		message_put(message, TEXT_ACCOUNT, SPAN(""));
		message_put(message, TEXT_CUSTOMER, SPAN(""));
	}
	/* The queue may not have told its sender and recipients yet. */
	if (message->flags & MESSAGE_SENDER_KNOWN)
		ledger_stands_alone(ledger, message);
	message->flags &= (uint16_t)~MESSAGE_UNSURE;
	ledger_release(ledger, message, false);
}

/* Mail from this machine without a login, which is no second leg. */
void ledger_attribute_sender(struct ledger *ledger, struct message *message)
{
	struct account_name name;

	if (message->account_kind == ACCOUNT_NONE && (message->flags & MESSAGE_LOOPBACK) &&
	    !(message->flags & (MESSAGE_REINJECTED | MESSAGE_UNSURE | MESSAGE_NULL_SENDER)))
		ledger_set_account(ledger, message, ACCOUNT_SENDER,
				   account_sender(message_get(message, TEXT_SENDER), &name));
}
