/* A list; the first of it is tried, and while that fails the others need not be. */
#define _GNU_SOURCE
#include "commands/unkept.h"

#include "base/memory.h"

#include <stdlib.h>

#define UNKEPT_MOST  1000
#define UNKEPT_AGAIN (10 * USEC_SECOND)

void unkept_begin(struct unkept *unkept)
{
	*unkept = (struct unkept){ .again = USEC_NEVER };
	unkept->end = &unkept->first;
}

static void unkept_drop(struct unkept *unkept)
{
	struct unkept_message *gone = unkept->first;

	unkept->first = gone->next;
	if (unkept->first == NULL)
		unkept->end = &unkept->first;
	unkept->count--;
	free(gone->target);
	free(gone->id);
	free(gone->account);
	free(gone->json);
	free(gone);
}

void unkept_free(struct unkept *unkept)
{
	while (unkept->first != NULL)
		unkept_drop(unkept);
}

bool unkept_add(struct unkept *unkept, usec_t now, const char *target, const char *id, struct span account,
		const char *json)
{
	struct unkept_message *message;

	if (unkept->count == UNKEPT_MOST)
		return false;
	message = memory_new(1, sizeof(*message));
	message->target = memory_copy(span_of(target));
	message->id = memory_copy(span_of(id));
	message->account = memory_copy(account);
	message->json = memory_copy(span_of(json));
	if (unkept->first == NULL)
		unkept->again = now + UNKEPT_AGAIN;
	*unkept->end = message;
	unkept->end = &message->next;
	unkept->count++;
	return true;
}

usec_t unkept_due(const struct unkept *unkept)
{
	return unkept->first == NULL ? USEC_NEVER : unkept->again;
}

static bool unkept_has(const struct unkept *unkept, const char *id)
{
	for (const struct unkept_message *at = unkept->first; at != NULL; at = at->next)
		if (strcmp(at->id, id) == 0)
			return true;
	return false;
}

bool unkept_put(struct unkept *unkept, struct outbox *outbox, usec_t now, char **id_r, bool *whole_r)
{
	const struct unkept_message *message = unkept->first;
	struct error error;

	/* A moment that no failure can have set is a clock's mistake. */
	if (message == NULL || (now < unkept->again && unkept->again <= now + UNKEPT_AGAIN))
		return false;
	if (!outbox_put(outbox, now, message->target, message->id, span_of(message->account), message->json,
			&error)) {
		unkept->again = now + UNKEPT_AGAIN;
		return false;
	}
	*id_r = memory_copy(span_of(message->id));
	unkept_drop(unkept);
	*whole_r = !unkept_has(unkept, *id_r);
	return true;
}
