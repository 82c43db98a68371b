/* A few names: lists do. */
#include "commands/unstopped.h"

#include "base/memory.h"

#include <stdlib.h>

#define UNSTOPPED_MOST 1000 /* more are not looked at by a person either */

static size_t names_find(const struct unstopped_names *list, struct span account)
{
	size_t at = 0;

	while (at < list->count && !span_equal(span_of(list->names[at]), account))
		at++;
	return at;
}

static void names_add(struct unstopped_names *list, struct span account)
{
	if (list->count == UNSTOPPED_MOST || names_find(list, account) < list->count)
		return;
	list->names = memory_grow(list->names, list->count + 1, sizeof(*list->names));
	list->names[list->count++] = memory_copy(account);
}

/* Is ACCOUNT one of them? From then on it is not. */
static bool names_take(struct unstopped_names *list, struct span account)
{
	size_t at = names_find(list, account);

	if (at == list->count)
		return false;
	free(list->names[at]);
	list->names[at] = list->names[--list->count];
	return true;
}

static void names_free(struct unstopped_names *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
	*list = (struct unstopped_names){ .names = NULL };
}

void unstopped_note(struct unstopped *unstopped, struct span account)
{
	names_add(&unstopped->idle, account);
}

bool unstopped_resumes(struct unstopped *unstopped, struct span account)
{
	if (!names_take(&unstopped->idle, account))
		return false;
	names_add(&unstopped->active, account);
	return true;
}

bool unstopped_is_active(const struct unstopped *unstopped, struct span account)
{
	return unstopped->active.count > 0 &&
	       names_find(&unstopped->active, account) < unstopped->active.count;
}

void unstopped_settle(struct unstopped *unstopped, struct span account)
{
	(void)names_take(&unstopped->active, account);
}

void unstopped_free(struct unstopped *unstopped)
{
	names_free(&unstopped->idle);
	names_free(&unstopped->active);
}
