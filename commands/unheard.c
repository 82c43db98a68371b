/*
 * Only one slip is looked for, since that takes no table and a million accounts take some milliseconds; of several
 * accounts that are so near, the one that wrote last is the one that is meant.
 */
#define _GNU_SOURCE
#include "commands/unheard.h"

bool unheard_is_slip(struct span a, struct span b)
{
	while (a.len > 0 && b.len > 0 && a.at[0] == b.at[0]) {
		a = span_from(a, 1);
		b = span_from(b, 1);
	}
	while (a.len > 0 && b.len > 0 && a.at[a.len - 1] == b.at[b.len - 1]) {
		a = span_head(a, a.len - 1);
		b = span_head(b, b.len - 1);
	}
	if (a.len == 2 && b.len == 2)
		return a.at[0] == b.at[1] && a.at[1] == b.at[0];
	return a.len <= 1 && b.len <= 1;
}

void unheard_say(struct store *store, struct span account, struct error *words_r)
{
	const struct record *near = NULL;

	for (struct record *record = store == NULL ? NULL : store->calls->next(store, NULL); record != NULL;
	     record = store->calls->next(store, record))
		if (unheard_is_slip(account, span_of(record->name)))
			near = record;
	error_set(words_r, "%.*s: taken, but no mail of such an account was seen%s%.200s%s",
		  SPAN_ARGS(span_head(account, 200)), near == NULL ? "" : ": is ",
		  near == NULL ? "" : near->name, near == NULL ? "" : " meant?");
}
