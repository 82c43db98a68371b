/* A few names: a list does. */
#include "commands/late.h"

#include "base/memory.h"

#include <stdlib.h>

#define LATE_MOST 1000 /* more are not looked at by a person either */

static size_t late_find(const struct late *late, struct span account)
{
	size_t at = 0;

	while (at < late->count && !span_equal(span_of(late->names[at]), account))
		at++;
	return at;
}

void late_note(struct late *late, struct span account)
{
	if (late->count == LATE_MOST || late_find(late, account) < late->count)
		return;
	late->names = memory_grow(late->names, late->count + 1, sizeof(*late->names));
	late->names[late->count++] = memory_copy(account);
}

bool late_has(const struct late *late, struct span account)
{
	return late->count > 0 && late_find(late, account) < late->count;
}

bool late_take(struct late *late, struct span account)
{
	size_t at = late_find(late, account);

	if (at == late->count)
		return false;
	free(late->names[at]);
	late->names[at] = late->names[--late->count];
	return true;
}

void late_free(struct late *late)
{
	for (size_t i = 0; i < late->count; i++)
		free(late->names[i]);
	free(late->names);
	*late = (struct late){ .names = NULL };
}
