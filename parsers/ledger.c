/*
 * The ledger's front: its settings, and what each kind of event does to the messages.
 *
 * A queue id is opened by the line that brings a message in, and free again when the queue says so. A
 * result for a queue id that was never opened (the log begins in the middle, or the message was evicted)
 * makes an attempt of nobody's, and is counted as an orphan, once it has turned out that the line that opens it is
 * not just a little late (ledger_order.c).
 */
#include "parsers/ledger_parts.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

const struct setting ledger_settings[] = {
	SETTING(COUNT, struct ledger_options, messages, "200000", 100, 100000000,
		"most messages followed at once; the oldest are forgotten first"),
	SETTING(DURATION, struct ledger_options, forget_after, "2d", 600e6, 30 * 86400e6,
		"a message without news for so long is over"),
	SETTING(TEXT, struct ledger_options, default_domain, "", 0, 0, "domain of logins that have none"),
	SETTING(FLAG, struct ledger_options, fold_tags, "no", 0, 0, "bob+tag@example.com is bob@example.com"),
	SETTING(FLAG, struct ledger_options, fold_case, "yes", 0, 0, "Bob@Example.com is bob@example.com"),
	SETTING(FLAG, struct ledger_options, count_forwarded, "no", 0, 0,
		"hold mail that an account forwards against it"),
	SETTING(FLAG, struct ledger_options, count_internal, "no", 0, 0,
		"hold mail between local accounts against its sender"),
	SETTING(FLAG, struct ledger_options, count_bounces, "no", 0, 0,
		"hold bounces against the account they are for"),
	SETTING(LIST, struct ledger_options, local_domains, "", 0, 0,
		"domains whose mailboxes are ours, though on other machines"),
	SETTING(LIST, struct ledger_options, filters, "spamassassin, spamfilter, spamchk, dfilt, filter", 0,
		0,
		"content filters beyond this machine's ports: host, address, either with :port, or pipe service"),
	SETTING(LIST, struct ledger_options, trusted_hosts, "", 0, 0,
		"addresses and networks that may send without login"),
	SETTING(TEXT, struct ledger_options, passwd, "", 0, 0,
		"passwd file with the names of uids, for logs of another machine"),
	SETTING(TEXT, struct ledger_options, owners, "", 0, 0,
		"file of domains, users or addresses and their customers"),
	SETTING(LIST, struct ledger_options, shared_users,
		"www-data, apache, nobody, httpd, nginx, www, wwwrun, http, lighttpd", 0, 0,
		"users as whom many customers' scripts run: the script's directory is the account"),
	{ .name = NULL },
};

struct account_rules ledger_rules(const struct ledger_options *options)
{
	return (struct account_rules){ .default_domain = span_of(options->default_domain),
				       .fold_tags = options->fold_tags,
				       .fold_case = options->fold_case };
}

struct ledger *ledger_new(const struct ledger_options *options, struct replies *replies,
			  const struct ledger_sink *sink, struct error *error)
{
	struct ledger *ledger = memory_new(1, sizeof(*ledger));

	ledger->options = *options;
	ledger->replies = replies;
	ledger->sink = *sink;
	ledger->rules = ledger_rules(options);
	ledger->messages = map_new(&(struct map_options){ .record_size = sizeof(struct message) });
	ledger->hosts = memory_new(1, sizeof(*ledger->hosts));
	ledger->host_count = 1;
	ledger->now = USEC_NEVER;
	for (size_t i = 0; i < options->filters.count; i++)
		ledger_note_filter(ledger, options->filters.texts[i]);
	ledger->users = users_new(options->passwd, error);
	if (ledger->users == NULL || !ledger_read_trusted(ledger, error))
		ledger_free(&ledger);
	else if (options->owners != NULL && (ledger->owners = owners_read(options->owners, error)) == NULL)
		ledger_free(&ledger);
	return ledger;
}

void ledger_free(struct ledger **ledger_r)
{
	struct ledger *ledger = *ledger_r;

	if (ledger == NULL)
		return;
	ledger->sink = (struct ledger_sink){ .context = NULL };
	while (map_oldest(ledger->messages) != NULL)
		ledger_forget(ledger, map_oldest(ledger->messages));
	map_free(&ledger->messages);
	while (ledger->text_count > 0)
		free(ledger->texts[--ledger->text_count]);
	users_free(&ledger->users);
	owners_free(&ledger->owners);
	for (uint32_t i = 1; i < ledger->host_count; i++)
		free(ledger->hosts[i].name);
	free(ledger->hosts);
	free(ledger->trusted);
	free(ledger->known);
	free(ledger->by_message_id);
	free(ledger);
	*ledger_r = NULL;
}

static struct message *ledger_find_event(struct ledger *ledger, const struct step *step)
{
	return ledger_find(ledger, step, step->event->mta, step->event->queue_id);
}

/* The sender is told once: by Exim's first line, by Postfix's queue. */
static void message_set_sender(struct message *message, struct span sender)
{
	if (sender.at == NULL || (message->flags & MESSAGE_SENDER_KNOWN))
		return;
	message->flags |= MESSAGE_SENDER_KNOWN;
	if (sender.len == 0)
		message->flags |= MESSAGE_NULL_SENDER;
	if (span_starts(sender, SPAN("SRS0")) || span_starts(sender, SPAN("SRS1")))
		message->flags |= MESSAGE_SRS;
	message_put(message, TEXT_SENDER, sender);
}

static void message_set_size(struct message *message, int64_t size)
{
	if (size >= 0)
		message->size = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX - 1;
}

static int32_t count_words(struct span text)
{
	int32_t words = 0;
	bool inside = false;

	for (size_t i = 0; i < text.len; i++) {
		bool blank = text.at[i] == ' ';

		words += !blank && !inside;
		inside = !blank;
	}
	return words;
}

/* Exim's first line says all that Postfix says in three. */
static void ledger_take_exim(struct ledger *ledger, struct message *message, const struct step *step)
{
	const struct event *event = step->event;

	message_set_sender(message, event->sender);
	message_set_size(message, event->size);
	if (event->subject.len > 0)
		message_put(message, TEXT_SUBJECT, event->subject);
	ledger_note_message_id(ledger, message, event->message_id);
	if (event->recipients.len > 0)
		message->nrcpt = count_words(event->recipients);
	ledger_doubt(ledger, message);
	ledger_attribute_sender(ledger, message);
	if (message->nrcpt >= 0)
		ledger_submit(ledger, message);
}

/* The second leg of a message whose first leg the line names, or that an answer promised. */
static bool ledger_take_leg(struct ledger *ledger, struct message *message, const struct step *step)
{
	struct span first = step->event->parent_id;

	if (step->event->mta != MTA_POSTFIX || first.len == 0)
		return false;
	message->flags |= MESSAGE_REINJECTED;
	ledger_join(ledger, step, MTA_POSTFIX, first, message_get(message, TEXT_QUEUE_ID));
	return true;
}

static void ledger_client(struct ledger *ledger, const struct step *step)
{
	const struct event *event = step->event;
	struct message *message = ledger_find_event(ledger, step);
	bool leg = message != NULL && event->login.len == 0 && !event->local, begins;

	if (event->queue_id.len == 0)
		return;
	if (leg && (message->flags & MESSAGE_EXPECTED)) {
		ledger_arrived(ledger, message);
		return;
	}
	if (leg && message_arrives_late(message, step))
		return;
	begins = message != NULL && message_begins_late(message, step);
	if (message != NULL && !begins &&
	    (message->flags & (MESSAGE_EARLY | MESSAGE_ORPHAN)) != MESSAGE_EARLY) {
		ledger_forget(ledger, message); /* a queue id that is used again */
		message = NULL;
	}
	if (message == NULL)
		message = ledger_open(ledger, step, event->queue_id);
	if (!begins)
		message->flags &= (uint16_t)~MESSAGE_EARLY;
	if (event->client_ip.len > 0)
		message_put(message, TEXT_CLIENT, event->client_ip);
	if (event->helo.len > 0)
		message_put(message, TEXT_HELO, event->helo);
	if (!ledger_take_leg(ledger, message, step))
		ledger_attribute(ledger, message, step);
	if (event->mta == MTA_EXIM)
		ledger_take_exim(ledger, message, step);
	else
		message_set_sender(message, event->local ? event->sender : (struct span){ NULL, 0 });
	if (begins)
		ledger_begins(ledger, message);
	if (message->held > 0)
		ledger_release(ledger, message, false);
}

static void ledger_message_id(struct ledger *ledger, const struct step *step)
{
	struct message *message = ledger_find_event(ledger, step);

	/* Without a client: the server's own notification, or a log that begins here. */
	if (message == NULL)
		message = ledger_open_orphan(ledger, step);
	if (message_awaits_beginning(message))
		message_put(message, TEXT_MESSAGE_ID, step->event->message_id);
	else
		ledger_note_message_id(ledger, message, step->event->message_id);
}

static void ledger_active(struct ledger *ledger, const struct step *step)
{
	const struct event *event = step->event;
	struct message *message = ledger_find_event(ledger, step);

	if (message == NULL)
		message = ledger_open_orphan(ledger, step);
	if (message->flags & MESSAGE_SUBMITTED)
		return;
	message_set_sender(message, event->sender);
	message_set_size(message, event->size);
	message->nrcpt = event->nrcpt;
	if (message_awaits_beginning(message)) {
		ledger_put_off(ledger, message, step);
		return;
	}
	ledger_doubt(ledger, message);
	ledger_attribute_sender(ledger, message);
	ledger_submit(ledger, message);
}

static void ledger_result_event(struct ledger *ledger, const struct step *step)
{
	struct message *message;

	if (step->event->outcome == OUTCOME_PROBE || step->event->recipient.len == 0)
		return;
	message = ledger_find_event(ledger, step);
	if (message == NULL && step->event->early) {
		message = ledger_open(ledger, step, step->event->queue_id);
		message->flags |= MESSAGE_EARLY;
	} else if (message == NULL) {
		message = ledger_open_orphan(ledger, step);
		ledger->stats.orphans += !message_awaits_beginning(message);
	}
	ledger_awaited_result(ledger, message);
	ledger_result(ledger, message, step);
}

/* Held, frozen or thrown away: with a recipient that one's outcome, else that of all who wait for it. */
static void ledger_hold_event(struct ledger *ledger, const struct step *step)
{
	struct event event = *step->event;
	struct step with = *step;
	struct message *message = ledger_find_event(ledger, step);

	if (message == NULL)
		return;
	event.outcome = event.kind == EVENT_HOLD ? OUTCOME_HELD : OUTCOME_DISCARDED;
	with.event = &event;
	/* The queue tells it later, if at all. */
	message_set_sender(message, event.sender);
	if (event.recipient.len > 0)
		ledger_attempt(ledger, message, &with);
	else
		ledger_give_up(ledger, message, step, event.outcome);
}

static void ledger_expired(struct ledger *ledger, const struct step *step)
{
	struct message *message = ledger_find_event(ledger, step);

	if (message != NULL)
		ledger_give_up(ledger, message, step, OUTCOME_EXPIRED);
}

/* A refusal of the whole message after its data: nothing more comes of it. */
static void ledger_reject(struct ledger *ledger, const struct step *step)
{
	struct message *message = step->event->phase == PHASE_END_OF_DATA ? ledger_find_event(ledger, step)
									  : NULL;

	if (message != NULL && message->recipient_count == 0 && !(message->flags & MESSAGE_SUBMITTED))
		ledger_end(ledger, message);
}

/* A notification about queue_id goes out as child_id, which no client brought in. */
static void ledger_notice(struct ledger *ledger, const struct step *step)
{
	struct message *child = ledger_find(ledger, step, step->event->mta, step->event->child_id);

	if (child == NULL || child->account_kind != ACCOUNT_NONE)
		return;
	if (message_awaits_beginning(child))
		ledger_catch_up(ledger, child);
	ledger_set_notice(ledger, child, ledger_find_event(ledger, step));
	if (child->held > 0)
		ledger_release(ledger, child, false);
}

static void ledger_header(struct ledger *ledger, const struct step *step)
{
	struct message *message = ledger_find_event(ledger, step);

	/* A header says what its sender likes: only the uid under which it came in can be believed. */
	if (message != NULL && step->event->directory.len > 0 && step->event->uid >= 0 &&
	    message->uid == (uint32_t)step->event->uid && message_get(message, TEXT_SCRIPT).at == NULL)
		ledger_set_script(ledger, message, step->event->directory);
}

/*
 * Exim's "cwd="; with a queue id cPanel's word on the user behind it, and with a client's port on the user who connects,
 * which come before the message.
 */
static void ledger_script(struct ledger *ledger, const struct step *step)
{
	struct message *message = ledger_find_event(ledger, step);
	struct account_name name;
	struct span account;

	if (step->event->client_port.len > 0) {
		ledger_note_connection(ledger, step);
		return;
	}
	if (step->event->queue_id.len == 0) {
		ledger_note_script(ledger, step);
		return;
	}
	if (step->event->login.len == 0 || span_equal(step->event->login, SPAN("-")))
		return;
	account = account_local(step->event->login, &name);
	if (message != NULL)
		ledger_set_identified(ledger, message, account);
	else
		ledger_note_known(ledger, step, step->event->queue_id, account);
}

/*
 * A filter's own line. On a connection that it uses again it may name the message before: so the message-ids
 * must not contradict it.
 */
static void ledger_filtered(struct ledger *ledger, const struct step *step)
{
	static const enum event_mta servers[] = { MTA_POSTFIX, MTA_EXIM };
	struct span first = step->event->queue_id, second = step->event->child_id;
	struct span id = step->event->message_id;

	if (first.len == 0 && step->event->mta == MTA_POSTFIX) {
		ledger_proxied(ledger, step);
		return;
	}
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		struct message *one = ledger_find(ledger, step, servers[i], first);
		struct message *two = ledger_find(ledger, step, servers[i], second);

		if (one == NULL || two == NULL)
			continue;
		if (id.len > 0 && span_equal(message_get(one, TEXT_MESSAGE_ID), id) &&
		    span_equal(message_get(two, TEXT_MESSAGE_ID), id))
			ledger_join(ledger, step, servers[i], first, second);
		return;
	}
}

static void ledger_requeue(struct ledger *ledger, const struct step *step)
{
	struct message *message = ledger_find_event(ledger, step), *child;
	struct step as_child = *step;

	if (message == NULL || step->event->child_id.len == 0)
		return;
	child = ledger_find(ledger, &as_child, step->event->mta, step->event->child_id);
	if (child == NULL) {
		message->news = (uint32_t)(step->frame->time / USEC_SECOND);
		map_touch(ledger->messages, message);
		child = ledger_open(ledger, step, step->event->child_id);
	}
	ledger_link(ledger, ledger_root(ledger, message), child);
	if (message->root == MAP_NONE)
		ledger_end(ledger, message); /* goes on under the other id */
}

static void ledger_end_event(struct ledger *ledger, const struct step *step)
{
	struct message *message = ledger_find_event(ledger, step);

	if (message == NULL)
		return;
	if (ledger_lacks_results(ledger, message))
		ledger_await_results(ledger, message, step);
	ledger_end(ledger, message);
}

typedef void ledger_handler(struct ledger *ledger, const struct step *step);

static ledger_handler *const ledger_handlers[EVENT_KINDS] = {
	[EVENT_CLIENT] = ledger_client,   [EVENT_MESSAGE_ID] = ledger_message_id,
	[EVENT_ACTIVE] = ledger_active,   [EVENT_RESULT] = ledger_result_event,
	[EVENT_REJECT] = ledger_reject,   [EVENT_NOTICE] = ledger_notice,
	[EVENT_HOLD] = ledger_hold_event, [EVENT_REQUEUE] = ledger_requeue,
	[EVENT_EXPIRED] = ledger_expired, [EVENT_DISCARD] = ledger_hold_event,
	[EVENT_HEADER] = ledger_header,   [EVENT_END] = ledger_end_event,
	[EVENT_LOGIN] = ledger_login,     [EVENT_LOGIN_FAILED] = ledger_login,
	[EVENT_SCRIPT] = ledger_script,   [EVENT_FILTERED] = ledger_filtered,
};

void ledger_feed(struct ledger *ledger, const struct frame *frame, const struct event *event, uint32_t source,
		 uint64_t position)
{
	ledger_handler *handler = (size_t)event->kind < EVENT_KINDS ? ledger_handlers[event->kind] : NULL;
	struct step step = { frame, event, source, position, 0 };

	if (frame->time > ledger->now)
		ledger->now = frame->time;
	if (ledger->held_count > 0 && (ledger->held_due <= ledger->now || ledger->held_count > LEDGER_HELD))
		ledger_release_due(ledger);
	if (handler == NULL)
		return;
	ledger->submit_source = source;
	ledger->submit_position = position;
	if (event->queue_id.len > 0)
		step.key = ledger_event_key(ledger, &step);
	handler(ledger, &step);
}

void ledger_finish(struct ledger *ledger)
{
	void *oldest;

	while ((oldest = map_oldest(ledger->messages)) != NULL) {
		struct message *message = oldest;

		ledger_stands_alone(ledger, message);
		ledger_never_begins(ledger, message);
		ledger_forget(ledger, message);
	}
}

struct ledger_stats ledger_stats(const struct ledger *ledger)
{
	struct ledger_stats stats = ledger->stats;

	stats.open = map_stats(ledger->messages).count;
	return stats;
}
