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

struct told_state {
	usec_t time;
	bool late;
	char id[VERDICT_ID_SIZE]; /* empty: it was not told */
};

struct told_account {
	struct told_state states[STATE_DISABLED + 1]; /* those that are remembered begin with STATE_WATCH */
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

/* Normal and released end what was told before; they are not remembered themselves. */
static bool told_remembers(enum account_state state)
{
	return state >= STATE_WATCH && state <= STATE_DISABLED;
}

static void told_verdict(struct told *told, struct span line, struct span account)
{
	uint64_t hash = hash_text(account);
	struct told_account *known = map_find(told->accounts, hash, account);
	struct span id, time, word;
	enum account_state state = STATE_NORMAL;
	struct told_state *of;
	usec_t when;

	if (!value_of(line, SPAN(",\"id\":\""), &id) || !value_of(line, SPAN(",\"time\":\""), &time) ||
	    !value_of(line, SPAN(",\"state\":\""), &word) || !clock_parse(time, &when) ||
	    id.len >= sizeof(of->id))
		return;
	if (!state_parse(word, &state) || !told_remembers(state)) {
		if (known != NULL)
			map_remove(told->accounts, known);
		return;
	}
	if (known == NULL)
		known = map_add(told->accounts, hash);
	map_touch(told->accounts, known);
	of = &known->states[state];
	*of = (struct told_state){ .time = when };
	of->late = span_find(line, SPAN(",\"late\":true")) < line.len;
	memcpy(of->id, id.at, id.len);
	/* It is no more than that now: what it was before has ended. */
	for (int higher = (int)state + 1; higher <= STATE_DISABLED; higher++)
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

bool told_before(const struct told *told, struct span account, enum account_state state, usec_t time,
		 bool late, char id[VERDICT_ID_SIZE])
{
	const struct told_account *known = map_find(told->accounts, hash_text(account), account);
	const struct told_state *of;
	usec_t apart;

	if (known == NULL || !told_remembers(state))
		return false;
	of = &known->states[state];
	apart = time > of->time ? time - of->time : of->time - time;
	if (of->id[0] == '\0' || (of->late && !late) || apart > TOLD_WITHIN)
		return false;
	memcpy(id, of->id, sizeof(of->id));
	return true;
}
