/*
 * Keys of the journal's lines are looked for by their quotes, which no text of a stranger has in it unescaped. An
 * account whose name JSON escapes is not found, and may be told of twice.
 */
#include "responders/journal_told.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"

#include <stdlib.h>

#define TOLD_ACCOUNTS 10000 /* remembered: those that are not as usual, and lately were not */
#define TOLD_WITHIN   USEC_HOUR

enum { TOLD_WATCH, TOLD_FLAGGED, TOLD_DISABLED, TOLD_STATES };

static const char *const state_words[TOLD_STATES] = { "watch", "flagged", "disabled" };

struct told_state {
	usec_t time;
	bool late;
	char id[40]; /* empty: it was not told */
};

struct told_account {
	struct told_state states[TOLD_STATES];
};

struct told {
	struct map *accounts;
};

struct told *told_new(void)
{
	const struct map_options accounts = { .record_size = sizeof(struct told_account),
					      .most = TOLD_ACCOUNTS };
	struct told *told = memory_new(1, sizeof(*told));

	told->accounts = map_new(&accounts);
	return told;
}

void told_free(struct told **told)
{
	if (*told == NULL)
		return;
	map_free(&(*told)->accounts);
	free(*told);
	*told = NULL;
}

/* The text of KEY, which comes as ,"key":" */
static bool value_of(struct span line, struct span key, struct span *value_r)
{
	struct span before;

	return span_cut_text(&line, key, &before) && span_cut(&line, '"', value_r);
}

static int state_number(struct span state)
{
	for (int i = 0; i < TOLD_STATES; i++)
		if (span_equal(state, span_of(state_words[i])))
			return i;
	return -1;
}

static void told_verdict(struct told *told, struct span line, struct span account)
{
	uint64_t hash = hash_text(account);
	struct told_account *known = map_find(told->accounts, hash, account);
	struct span id, time, state;
	struct told_state *of;
	usec_t when;
	int number;

	if (!value_of(line, SPAN(",\"id\":\""), &id) || !value_of(line, SPAN(",\"time\":\""), &time) ||
	    !value_of(line, SPAN(",\"state\":\""), &state) || !clock_parse(time, &when) ||
	    id.len >= sizeof(of->id))
		return;
	number = state_number(state);
	if (number < 0) {
		if (known != NULL)
			map_remove(told->accounts, known);
		return;
	}
	if (known == NULL)
		known = map_add(told->accounts, hash);
	map_touch(told->accounts, known);
	of = &known->states[number];
	*of = (struct told_state){ .time = when };
	of->late = span_find(line, SPAN(",\"late\":true")) < line.len;
	memcpy(of->id, id.at, id.len);
	/* It is no more than that now: what it was before has ended. */
	for (int higher = number + 1; higher < TOLD_STATES; higher++)
		known->states[higher].id[0] = '\0';
}

void told_line(struct told *told, struct span line)
{
	struct span account;

	if (span_starts(line, SPAN("{\"type\":\"verdict\""))) {
		if (value_of(line, SPAN(",\"account\":\""), &account))
			told_verdict(told, line, account);
	} else if (span_starts(line, SPAN("{\"type\":\"act\"")) &&
		   span_find(line, SPAN(",\"action\":\"released\"")) < line.len &&
		   value_of(line, SPAN(",\"account\":\""), &account)) {
		struct told_account *known = map_find(told->accounts, hash_text(account), account);

		if (known != NULL)
			map_remove(told->accounts, known);
	}
}

bool told_before(const struct told *told, struct span account, struct span state, usec_t time, bool late,
		 char *id, size_t id_size)
{
	const struct told_account *known = map_find(told->accounts, hash_text(account), account);
	const struct told_state *of;
	int number = state_number(state);
	usec_t apart;

	if (known == NULL || number < 0)
		return false;
	of = &known->states[number];
	apart = time > of->time ? time - of->time : of->time - time;
	if (of->id[0] == '\0' || (of->late && !late) || apart > TOLD_WITHIN || strlen(of->id) >= id_size)
		return false;
	memcpy(id, of->id, strlen(of->id) + 1);
	return true;
}
