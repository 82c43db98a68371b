/*
 * The records of messages: found by host (or source, where lines name no host), server and queue id.
 *
 * A record's texts stand in one block, each as a byte for the field, two for the length, and the bytes;
 * what is longer than 512 bytes is cut, and no block passes 16 KiB. A short queue id is used again once
 * its message is gone, so opening one that is still there ends what was there first.
 */
#include "parsers/ledger_parts.h"

#include "base/hash.h"
#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

static_assert(sizeof(struct message) == 3 * 64 - 16, "a message and what the map has of it are whole lines");

#define TEXT_HEAD    3
#define TEXT_LONGEST ((size_t)512)
#define TEXT_BLOCK   ((size_t)16 * 1024)
#define TEXT_ROOM    160 /* at first: what most messages need */

static bool host_is(const struct host *host, struct span name)
{
	return span_equal((struct span){ host->name, host->len }, name);
}

/* The number of a host that has none yet. So many as 65,535 share the last number, not their queue ids. */
static uint32_t ledger_host_add(struct ledger *ledger, struct span name)
{
	uint32_t at = ledger->host_count;

	if (at == UINT16_MAX)
		return at - 1;
	ledger->hosts = memory_grow(ledger->hosts, at + 1, sizeof(*ledger->hosts));
	ledger->hosts[at] = (struct host){ memory_copy(name), name.len };
	ledger->host_count++;
	return at;
}

static inline bool ledger_same_host(const struct ledger *ledger, const struct step *step)
{
	struct span host = step->frame->host;

	return host.len > 0 ? span_equal(ledger->host_name, host)
			    : ledger->host_name.len == 0 && ledger->host_source == step->source + 1;
}

static void ledger_other_host(struct ledger *ledger, const struct step *step)
{
	struct span host = step->frame->host;
	uint32_t at;

	if (host.len == 0) {
		ledger->host_last = 0;
		ledger->host_name.len = 0;
		ledger->host_source = step->source + 1;
		ledger->host_hash = ledger->host_source * UINT64_C(0x9e3779b97f4a7c15);
		return;
	}
	for (at = 1; at < ledger->host_count && !host_is(&ledger->hosts[at], host); at++)
		;
	if (at == ledger->host_count)
		at = ledger_host_add(ledger, host);
	ledger->host_last = (uint16_t)at;
	ledger->host_name = (struct span){ ledger->hosts[at].name, ledger->hosts[at].len };
	ledger->host_hash = hash_text(host);
}

/* Lines of one host follow each other: the last host is remembered with its hash. */
uint16_t ledger_host_id(struct ledger *ledger, const struct step *step)
{
	if (!ledger_same_host(ledger, step))
		ledger_other_host(ledger, step);
	return ledger->host_last;
}

/* The key of an id by its hash_text. */
static uint64_t ledger_key_of(struct ledger *ledger, const struct step *step, enum event_mta mta,
			      uint64_t hash)
{
	if (!ledger_same_host(ledger, step))
		ledger_other_host(ledger, step);
	return hash ^ (ledger->host_hash + (uint64_t)mta);
}

static inline uint64_t ledger_key(struct ledger *ledger, const struct step *step, enum event_mta mta,
				  struct span queue_id)
{
	if (step->key != 0 && queue_id.at == step->event->queue_id.at && mta == step->event->mta)
		return step->key;
	return ledger_key_of(ledger, step, mta, hash_text(queue_id));
}

uint64_t ledger_event_key(struct ledger *ledger, const struct step *step)
{
	const struct event *event = step->event;

	return ledger_key_of(ledger, step, event->mta,
			     event->id_hash != 0 ? event->id_hash : hash_text(event->queue_id));
}

struct message *ledger_find(struct ledger *ledger, const struct step *step, enum event_mta mta,
			    struct span queue_id)
{
	struct message *message;
	uint32_t now = (uint32_t)(step->frame->time / USEC_SECOND);

	if (queue_id.len == 0)
		return NULL;
	message = map_find(ledger->messages, ledger_key(ledger, step, mta, queue_id), queue_id);
	if (message != NULL && message->news + 60 < now) {
		message->news = now;
		map_touch(ledger->messages, message);
		if (message->root != MAP_NONE) {
			struct message *root = ledger_root(ledger, message);

			root->news = now;
			map_touch(ledger->messages, root);
		}
	}
	return message;
}

static bool ledger_is_old(const struct ledger *ledger, const struct message *message)
{
	return ledger->now / USEC_SECOND - (usec_t)message->news > ledger->options.forget_after / USEC_SECOND;
}

static void ledger_make_room(struct ledger *ledger)
{
	struct message *oldest = map_oldest(ledger->messages);

	while (oldest != NULL && ledger_is_old(ledger, oldest)) {
		ledger_forget(ledger, oldest);
		oldest = map_oldest(ledger->messages);
	}
	while (oldest != NULL && map_stats(ledger->messages).count >= (uint64_t)ledger->options.messages) {
		ledger->stats.evicted++;
		ledger_forget(ledger, oldest);
		oldest = map_oldest(ledger->messages);
	}
}

/*
 * A message's first block of text, and back: they come and go as fast as messages do, and from the C library they are a
 * fiftieth of following messages.
 */
static char *ledger_text_new(struct ledger *ledger)
{
	return ledger->text_count > 0 ? ledger->texts[--ledger->text_count] : memory_grow(NULL, TEXT_ROOM, 1);
}

static void ledger_text_free(struct ledger *ledger, struct message *message)
{
	if (message->text_room == TEXT_ROOM && ledger->text_count < LEDGER_TEXTS)
		ledger->texts[ledger->text_count++] = message->text;
	else
		free(message->text);
}

struct message *ledger_open(struct ledger *ledger, const struct step *step, struct span queue_id)
{
	uint64_t key = ledger_key(ledger, step, step->event->mta, queue_id);
	struct message *message;

	ledger_make_room(ledger);
	message = map_add(ledger->messages, key);
	message->time = step->frame->time;
	message->news = (uint32_t)(step->frame->time / USEC_SECOND);
	message->host = ledger_host_id(ledger, step);
	message->mta = (uint8_t)step->event->mta;
	message->root = message->next_leg = MAP_NONE;
	message->uid = message->size = UINT32_MAX;
	message->nrcpt = -1;
	message->text = ledger_text_new(ledger);
	message->text_room = TEXT_ROOM;
	message_put(message, TEXT_QUEUE_ID, queue_id);
	return message;
}

struct message *ledger_root(struct ledger *ledger, struct message *message)
{
	return message->root == MAP_NONE ? message : map_at(ledger->messages, message->root);
}

/* LEG is a later life of ROOT's message. It stops being a message of its own. */
void ledger_link(struct ledger *ledger, struct message *root, struct message *leg)
{
	assert(root->root == MAP_NONE);
	if (root == leg || leg->root != MAP_NONE || leg->next_leg != MAP_NONE)
		return;
	leg->root = map_slot(ledger->messages, root);
	leg->next_leg = root->next_leg;
	leg->flags = (uint16_t)((leg->flags & ~(MESSAGE_UNSURE | MESSAGE_EARLY)) | MESSAGE_REINJECTED);
	root->next_leg = map_slot(ledger->messages, leg);
	message_put(root, TEXT_QUEUE_ID, message_get(leg, TEXT_QUEUE_ID));
}

static void ledger_unlink(struct ledger *ledger, struct message *leg)
{
	struct message *root = ledger_root(ledger, leg);
	uint32_t slot = map_slot(ledger->messages, leg), *at = &root->next_leg;

	while (*at != slot)
		at = &((struct message *)map_at(ledger->messages, *at))->next_leg;
	*at = leg->next_leg;
}

static void ledger_remove(struct ledger *ledger, struct message *message)
{
	if (message->held > 0)
		ledger_drop_held(ledger, message, HELD_ALL);
	ledger_note_no_more(ledger, message);
	ledger_text_free(ledger, message);
	if (message->more != NULL) {
		free(message->more);
		free(message->index);
	}
	for (uint32_t i = 0; i < message->kept_room; i++)
		free(message->kept[i]);
	free(message->kept);
	map_remove(ledger->messages, message);
}

static void ledger_finish_root(struct ledger *ledger, struct message *root)
{
	root->flags &= (uint16_t)~MESSAGE_ENDED;
	for (uint32_t at = root->next_leg; at != MAP_NONE;) {
		struct message *leg = map_at(ledger->messages, at);

		at = leg->next_leg;
		leg->flags &= (uint16_t)~MESSAGE_ENDED;
		ledger_release(ledger, leg, true);
	}
	ledger_done(ledger, root);
	while (root->next_leg != MAP_NONE) {
		struct message *leg = map_at(ledger->messages, root->next_leg);

		root->next_leg = leg->next_leg;
		ledger_remove(ledger, leg);
	}
	ledger_remove(ledger, root);
}

/* The root is over when its own queue id and those of its legs are free, and nothing of it waits. */
void ledger_settle(struct ledger *ledger, struct message *root)
{
	if ((root->flags & MESSAGE_ENDED) && root->next_leg == MAP_NONE && root->held == 0)
		ledger_finish_root(ledger, root);
}

void ledger_end(struct ledger *ledger, struct message *message)
{
	struct message *root = ledger_root(ledger, message);

	message->flags |= MESSAGE_ENDED;
	if (message != root && message->held == 0) {
		ledger_unlink(ledger, message);
		ledger_remove(ledger, message);
	}
	ledger_settle(ledger, root);
}

/* No more will be heard of it: what waits is given, then it goes. */
void ledger_forget(struct ledger *ledger, struct message *message)
{
	struct message *root = ledger_root(ledger, message);

	message->flags &= (uint16_t)~MESSAGE_ENDED;
	ledger_release(ledger, message, true);
	if (message == root) {
		ledger_finish_root(ledger, root);
		return;
	}
	ledger_unlink(ledger, message);
	ledger_remove(ledger, message);
	ledger_settle(ledger, root);
}

struct span ledger_host(const struct ledger *ledger, const struct message *message)
{
	return (struct span){ ledger->hosts[message->host].name, ledger->hosts[message->host].len };
}

/*
 * Most texts have 8 to 32 bytes: two moves that overlap, where the compiler would put an instruction that takes longer
 * to begin than these to end.
 */
static inline void text_copy(char *to, struct span text)
{
	char ends[2][16];

	if (text.len >= 16 && text.len <= 32) {
		memcpy(ends[0], text.at, 16);
		memcpy(ends[1], text.at + text.len - 16, 16);
		memcpy(to, ends[0], 16);
		memcpy(to + text.len - 16, ends[1], 16);
	} else if (text.len >= 8 && text.len < 16) {
		memcpy(ends[0], text.at, 8);
		memcpy(ends[1], text.at + text.len - 8, 8);
		memcpy(to, ends[0], 8);
		memcpy(to + text.len - 8, ends[1], 8);
	} else if (text.len > 32) {
		for (size_t at = 0; at + 16 < text.len; at += 16)
			memcpy(to + at, text.at + at, 16);
		memcpy(to + text.len - 16, text.at + text.len - 16, 16);
	} else if (text.len > 0) {
		memcpy(to, text.at, text.len);
	}
}

/* What does not fit: in more room. */
static SELDOM void message_put_more(struct message *message, enum text_field field, struct span text,
				    size_t need)
{
	size_t room = (need + 63) / 64 * 64;

	message->text = memory_grow(message->text, room, 1);
	message->text_room = (uint16_t)room;
	message_put(message, field, text);
}

void message_put(struct message *message, enum text_field field, struct span text)
{
	size_t len = text.len < TEXT_LONGEST ? text.len : TEXT_LONGEST;
	size_t need = (size_t)message->text_len + TEXT_HEAD + len;
	char *at;

	memset(message->note, 0, sizeof(message->note));
	if (text.at == NULL || need > TEXT_BLOCK)
		return;
	if (need > message->text_room) {
		message_put_more(message, field, text, need);
		return;
	}
	at = message->text + message->text_len;
	if (field != TEXT_QUEUE_ID || message->texts[field] == 0)
		message->texts[field] = (uint16_t)(message->text_len + TEXT_HEAD);
	else
		message->flags |= MESSAGE_RENAMED;
	at[0] = (char)field;
	at[1] = (char)(len & 0xff);
	at[2] = (char)(len >> 8);
	message->text_len = (uint16_t)need;
	/* The last that is done, so that nothing need be kept beyond it. */
	text_copy(at + TEXT_HEAD, (struct span){ text.at, len });
}

bool message_next(const struct message *message, size_t *at, enum text_field *field_r, struct span *text_r)
{
	const char *head = message->text + *at;

	if (*at >= message->text_len)
		return false;
	*field_r = (enum text_field)head[0];
	text_r->at = head + TEXT_HEAD;
	text_r->len = (size_t)(unsigned char)head[1] | (size_t)(unsigned char)head[2] << 8;
	*at += TEXT_HEAD + text_r->len;
	return true;
}

/* The last of the kind, so that what is put anew replaces what was there. */
struct span message_get(const struct message *message, enum text_field field)
{
	const char *text = message->text + message->texts[field];

	if (message->texts[field] == 0)
		return (struct span){ NULL, 0 };
	return (struct span){ text, (size_t)(unsigned char)text[-2] | (size_t)(unsigned char)text[-1] << 8 };
}
