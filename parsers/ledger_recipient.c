/*
 * The recipients of a message, told apart by 32 bits of their address's hash: eight bytes each, two of
 * them inside the record. Up to sixteen are searched one after the other, more through an index of
 * their own, so that a message to 100,000 costs no more for each of them than one to 10.
 *
 * The same address may be reached through several originals (aliases); then it counts for each. Behind a
 * content filter the original is no longer logged, and "none" matches any.
 */
#include "parsers/ledger_parts.h"

#include "base/hash.h"
#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

#define RECIPIENTS_SEARCHED 16

/* Whoever read the line has it, as a rule. */
uint64_t event_recipient_hash(const struct event *event)
{
	return event->recipient_hash != 0 ? event->recipient_hash : hash_stable(event->recipient);
}

/*
 * The same in every run: two recipients of one message that are taken for one must be so in every replay. The
 * choice of colliding recipients gains nothing: they are those whom the sender wants to reach.
 */
uint32_t recipient_key(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

uint8_t recipient_hash_original(struct span original)
{
	uint8_t hash = original.len == 0 ? 0 : (uint8_t)(hash_stable(original) >> 40);

	return hash == 0 && original.len > 0 ? 1 : hash;
}

struct recipient *message_recipients(struct message *message)
{
	return message->more == NULL ? message->inside : message->more;
}

static bool recipient_is(const struct recipient *recipient, uint32_t hash, uint8_t original)
{
	return recipient->hash == hash &&
	       (recipient->original == original || recipient->original == 0 || original == 0);
}

/* The index has room for twice the recipients' room, rounded up to a power of two: it is never full. */
static uint32_t message_index_mask(const struct message *message)
{
	return message->recipient_room * 2 - 1;
}

static void message_index_put(struct message *message, uint32_t number)
{
	uint32_t mask = message_index_mask(message), at;

	assert(message->more != NULL && message->index != NULL);
	at = message->more[number].hash & mask;

	while (message->index[at] != UINT32_MAX)
		at = (at + 1) & mask;
	message->index[at] = number;
}

struct recipient *message_recipient(struct message *message, uint32_t hash, uint8_t original)
{
	struct recipient *recipients = message_recipients(message);

	if (message->index == NULL) {
		for (uint32_t i = 0; i < message->recipient_count; i++)
			if (recipient_is(&recipients[i], hash, original))
				return &recipients[i];
		return NULL;
	}
	for (uint32_t at = hash & message_index_mask(message); message->index[at] != UINT32_MAX;
	     at = (at + 1) & message_index_mask(message))
		if (recipient_is(&recipients[message->index[at]], hash, original))
			return &recipients[message->index[at]];
	return NULL;
}

static void message_recipients_grow(struct message *message)
{
	bool inside = message->more == NULL;
	uint32_t room = inside ? 2 * RECIPIENTS_INSIDE : 2 * message->recipient_room;
	size_t cells = (size_t)room * 2;

	message->more = memory_grow(message->more, room, sizeof(*message->more));
	if (inside)
		memcpy(message->more, message->inside, sizeof(message->inside));
	message->recipient_room = room;
	if (room <= RECIPIENTS_SEARCHED)
		return;
	message->index = memory_grow(message->index, cells, sizeof(*message->index));
	memset(message->index, 0xff, cells * sizeof(*message->index));
	for (uint32_t i = 0; i < message->recipient_count; i++)
		message_index_put(message, i);
}

struct recipient *message_recipient_add(struct message *message, uint32_t hash, uint8_t original)
{
	uint32_t number = message->recipient_count;
	struct recipient *recipient;

	if (number == (message->more == NULL ? RECIPIENTS_INSIDE : message->recipient_room))
		message_recipients_grow(message);
	recipient = &message_recipients(message)[number];
	*recipient = (struct recipient){ .hash = hash, .original = original };
	if (message->index != NULL)
		message_index_put(message, number);
	message->recipient_count++;
	return recipient;
}

/* Remember what RECIPIENT was before an alias led to it, for results that no longer say so. */
void message_original_put(struct message *message, uint32_t hash, struct span original)
{
	char packed[4 + 320];

	if (original.len > sizeof(packed) - 4)
		return;
	memcpy(packed, &hash, 4);
	if (original.len > 0)
		memcpy(packed + 4, original.at, original.len);
	message_put(message, TEXT_ORIGINAL, (struct span){ packed, 4 + original.len });
}

/* Absent where nothing is known; empty where it is known that there was none. */
struct span message_original(const struct message *message, uint32_t hash)
{
	enum text_field field;
	struct span text;
	size_t at = 0;

	while (message_next(message, &at, &field, &text))
		if (field == TEXT_ORIGINAL && text.len >= 4 && memcmp(text.at, &hash, 4) == 0)
			return span_from(text, 4);
	return (struct span){ NULL, 0 };
}
