/*
 * The text that was asked for, and the growing list of ids that belong to it.
 *
 * A remote server's reply may name any id of ours; it links two messages only where the relay is on this
 * machine or its private network, as content filters are. Message ids link the legs of a filter that hides
 * the queue id, and the logs of several servers; one that is used by more than a few messages links none
 * further. Ids longer than an MTA's own limits are not followed.
 */
#include "commands/trace_wanted.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"

#include <stdlib.h>

#define WANTED_MOST 1000000

struct wanted_entry {
	char text[104];
	uint8_t len;
	uint8_t used; /* of a message id: how many queue ids it has led to */
};

#define WANTED_BY_MESSAGE_ID 16

struct wanted {
	char *what;
	struct span text;
	bool by_account;
	struct map *ids;
	uint32_t *slots; /* in the order of learning */
	size_t count, room;
};

static bool wanted_same(const void *record, struct span key)
{
	const struct wanted_entry *entry = record;

	return entry->len == key.len && memcmp(entry->text, key.at, key.len) == 0;
}

struct wanted *wanted_new(struct span what, bool by_account)
{
	const struct map_options options = {
		.record_size = sizeof(struct wanted_entry),
		.most = WANTED_MOST,
		.same = wanted_same,
	};
	struct wanted *wanted = memory_new(1, sizeof(*wanted));

	if (what.len > 2 && what.at[0] == '<' && what.at[what.len - 1] == '>')
		what = (struct span){ what.at + 1, what.len - 2 };
	wanted->what = memory_copy(what);
	wanted->text = span_of(wanted->what);
	wanted->by_account = by_account;
	wanted->ids = map_new(&options);
	return wanted;
}

void wanted_free(struct wanted **wanted)
{
	if (*wanted == NULL)
		return;
	map_free(&(*wanted)->ids);
	free((*wanted)->slots);
	free((*wanted)->what);
	free(*wanted);
	*wanted = NULL;
}

struct span wanted_what(const struct wanted *wanted)
{
	return wanted->text;
}

bool wanted_by_account(const struct wanted *wanted)
{
	return wanted->by_account;
}

static struct wanted_entry *wanted_find(const struct wanted *wanted, struct span id)
{
	return id.len == 0 ? NULL : map_find(wanted->ids, hash_text(id), id);
}

bool wanted_has(const struct wanted *wanted, struct span id)
{
	return wanted_find(wanted, id) != NULL;
}

bool wanted_add(struct wanted *wanted, struct span id)
{
	struct wanted_entry *entry;

	if (id.len < 5 || id.len > sizeof(entry->text) || wanted->count >= WANTED_MOST ||
	    wanted_has(wanted, id))
		return false;
	entry = map_add(wanted->ids, hash_text(id));
	memcpy(entry->text, id.at, id.len);
	entry->len = (uint8_t)id.len;
	if (wanted->count == wanted->room) {
		wanted->room = wanted->room == 0 ? 64 : 2 * wanted->room;
		wanted->slots = memory_grow(wanted->slots, wanted->room, sizeof(*wanted->slots));
	}
	wanted->slots[wanted->count++] = map_slot(wanted->ids, entry);
	return true;
}

size_t wanted_count(const struct wanted *wanted)
{
	return wanted->count;
}

struct span wanted_id(const struct wanted *wanted, size_t at)
{
	const struct wanted_entry *entry = map_at(wanted->ids, wanted->slots[at]);

	return (struct span){ entry->text, entry->len };
}

/* Does the blank-separated LIST hold WHAT? */
static bool wanted_listed(struct span list, struct span what)
{
	struct span address;

	if (list.len < what.len)
		return false;
	while (span_cut(&list, ' ', &address))
		if (span_equal_nocase(address, what))
			return true;
	return span_equal_nocase(list, what);
}

static bool wanted_seed(const struct wanted *wanted, const struct event *event)
{
	const struct span fields[] = {
		event->queue_id,  event->child_id,    event->parent_id, event->message_id,
		event->login,     event->sender,      event->recipient, event->original_recipient,
		event->client_ip, event->client_name,
	};

	if (wanted->by_account)
		return false;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].len == wanted->text.len && span_equal_nocase(fields[i], wanted->text))
			return true;
	return wanted_listed(event->recipients, wanted->text);
}

static bool wanted_private(struct span address)
{
	uint8_t ip[16];

	if (address.len == 0 || !span_to_address(address, ip))
		return false;
	if (ip[10] == 0xff && ip[11] == 0xff)
		return ip[12] == 127 || ip[12] == 10 || (ip[12] == 172 && ip[13] >> 4 == 1) ||
		       (ip[12] == 192 && ip[13] == 168);
	return (ip[0] & 0xfe) == 0xfc || (ip[0] == 0 && ip[15] == 1 && ip[14] == 0);
}

struct span wanted_child(const struct event *event)
{
	static const struct span words[] = { SPAN_INIT("queued as "), SPAN_INIT("OK id=") };
	struct span none = { NULL, 0 };

	if (event->kind != EVENT_RESULT)
		return event->child_id;
	/* Postfix's local(8) says it of an alias; nobody else's words begin so there. */
	if (event->local && span_starts(event->reply, SPAN("forwarded as ")))
		return event->child_id;
	if (!wanted_private(event->relay_ip))
		return none;
	if (event->child_id.at != NULL)
		return event->child_id;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t at = span_find_last(event->reply, words[i]), len = 0;
		struct span id = span_from(event->reply, at + words[i].len);

		while (len < id.len && (id.at[len] == '-' || (unsigned)(id.at[len] - '0') < 10 ||
					(unsigned)((id.at[len] | 0x20) - 'a') < 26))
			len++;
		if (at < event->reply.len && len >= 5)
			return span_head(id, len);
	}
	return none;
}

enum wanted_why wanted_match(const struct wanted *wanted, const struct event *event)
{
	if (wanted_seed(wanted, event))
		return WANTED_SEED;
	if (wanted->count == 0)
		return WANTED_NOT;
	return wanted_has(wanted, event->queue_id) || wanted_has(wanted, event->parent_id) ||
			       wanted_has(wanted, wanted_child(event)) ||
			       wanted_has(wanted, event->message_id)
		       ? WANTED_PART
		       : WANTED_NOT;
}

bool wanted_learn(struct wanted *wanted, const struct event *event)
{
	struct wanted_entry *by = wanted_find(wanted, event->message_id);
	bool known = wanted_has(wanted, event->queue_id), learned = false;

	if (by != NULL && !known && event->queue_id.len > 0) {
		if (by->used >= WANTED_BY_MESSAGE_ID)
			return false;
		by->used++;
	}
	learned = wanted_add(wanted, event->queue_id);
	learned = wanted_add(wanted, wanted_child(event)) || learned;
	learned = wanted_add(wanted, event->parent_id) || learned;
	/* A reply to a message may quote its id; only the line that gives a message its own id is followed. */
	if (event->queue_id.len > 0 && event->message_id.len > 6 &&
	    (event->kind == EVENT_MESSAGE_ID || event->kind == EVENT_CLIENT))
		learned = wanted_add(wanted, event->message_id) || learned;
	return learned;
}

bool wanted_has_script(const struct event *event)
{
	if (event->kind != EVENT_CLIENT || event->mta != MTA_EXIM || event->parent_id.at != NULL)
		return false;
	return event->local || (event->login.at == NULL && event->client_port.at != NULL);
}
