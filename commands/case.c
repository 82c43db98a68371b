/*
 * The first reading: who was watched or flagged, and why. What is kept of a verdict is what was said when the
 * account first was at its worst, as replay's summary says it too, and all changes of its state.
 */
#define _GNU_SOURCE
#include "commands/case.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "commands/case_files.h"
#include "commands/case_still.h"
#include "commands/options.h"
#include "responders/payload.h"

#include <stdlib.h>
#include <sys/stat.h>

struct case_place {
	struct casebook *book;
	uint32_t at;
};

static bool case_same(const void *record, struct span key)
{
	const struct case_place *place = record;

	return span_equal(span_of(place->book->accounts[place->at].name), key);
}

bool case_can_read(const struct arguments *arguments, struct error *error)
{
	for (size_t i = 0; i < arguments->count; i++) {
		const char *name = arguments->names[i];
		struct stat about;

		if (strcmp(name, "-") == 0)
			return error_set(error,
					 "a report reads the logs twice, and standard input cannot be: "
					 "save it to a file first");
		if (stat(name, &about) == 0 && !S_ISREG(about.st_mode))
			return error_set(
				error, "%s: a report reads the logs twice, and this is no plain file", name);
	}
	return true;
}

struct casebook *casebook_new(const struct case_options *with)
{
	const struct map_options names = { .record_size = sizeof(struct case_place), .same = case_same };
	struct casebook *book = memory_new(1, sizeof(*book));

	book->with = *with;
	book->names = map_new(&names);
	book->still = case_still_new();
	return book;
}

static void account_free(struct case_account *account)
{
	free(account->name);
	free(account->customer);
	free(account->evidence);
	free(account->clients);
	case_series_free(&account->whole);
	case_series_free(&account->incident);
	case_tally_free(&account->providers);
	case_tally_free(&account->senders);
	case_tally_free(&account->subjects);
	for (size_t i = 0; i < account->sample_count; i++)
		free(account->samples[i].line);
}

static void troubles_free(struct case_trouble *troubles, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(troubles[i].words);
		free(troubles[i].sample);
	}
}

void casebook_free(struct casebook **book)
{
	if (*book == NULL)
		return;
	for (size_t i = 0; i < (*book)->count; i++)
		account_free(&(*book)->accounts[i]);
	free((*book)->accounts);
	map_free(&(*book)->names);
	troubles_free((*book)->server, (*book)->server_count);
	troubles_free((*book)->reading, (*book)->reading_count);
	case_files_free(*book);
	case_still_free(&(*book)->still);
	case_shared_free(&(*book)->shared);
	geo_close(&(*book)->geo);
	health_free(&(*book)->health);
	case_tally_free(&(*book)->delist);
	free(*book);
	*book = NULL;
}

struct case_account *casebook_find(const struct casebook *book, struct span name)
{
	const struct case_place *place = map_find(book->names, hash_text(name), name);

	return place == NULL ? NULL : &book->accounts[place->at];
}

static struct case_account *casebook_add(struct casebook *book, struct span name, enum account_kind kind)
{
	struct case_account *account;
	struct case_place *place;

	if (book->count == CASE_ACCOUNTS) {
		book->lost++;
		return NULL;
	}
	if (book->accounts == NULL || book->count == book->room) {
		book->room = book->room == 0 ? 16 : book->room * 2;
		book->accounts = memory_grow(book->accounts, book->room, sizeof(*book->accounts));
	}
	account = &book->accounts[book->count];
	*account = (struct case_account){ .name = memory_copy(name),
					  .kind = kind,
					  .since = USEC_NEVER,
					  .began = USEC_NEVER,
					  .watched = USEC_NEVER,
					  .flagged = USEC_NEVER,
					  .sure = USEC_NEVER,
					  .over = USEC_NEVER,
					  .sent = USEC_NEVER };
	place = map_add(book->names, hash_text(name));
	*place = (struct case_place){ book, (uint32_t)book->count++ };
	return account;
}

static void account_step(struct case_account *account, const struct verdict *verdict)
{
	usec_t *first = verdict->state == STATE_WATCH      ? &account->watched
			: verdict->state == STATE_FLAGGED  ? &account->flagged
			: verdict->state == STATE_DISABLED ? &account->sure
							   : NULL;

	if (first != NULL && *first == USEC_NEVER)
		*first = verdict->time;
	account->state = verdict->state;
	account->over = verdict->state == STATE_NORMAL ? verdict->time : USEC_NEVER;
	account->sent = verdict->state != STATE_NORMAL ? verdict->time : account->sent;
	if (account->step_count == CASE_STEPS) {
		account->steps_lost++;
		return;
	}
	account->steps[account->step_count++] = (struct case_step){ verdict->time, verdict->state,
								    verdict->previous, verdict->score };
}

/* Of the worst state, what was said when it was first reached; it began when the first of them says so. */
static void account_worst(struct case_account *account, const struct verdict *verdict)
{
	if (verdict->state != STATE_WATCH && verdict->state != STATE_FLAGGED)
		return;
	if (verdict->first_bad != USEC_NEVER && account->worst < STATE_FLAGGED &&
	    (account->since == USEC_NEVER || verdict->state == STATE_FLAGGED ||
	     verdict->first_bad < account->since))
		account->since = account->began = verdict->first_bad;
	if (verdict->state <= account->worst)
		return;
	account->worst = verdict->state;
	account->score = verdict->score;
	memcpy(account->id, verdict->id, sizeof(account->id));
	free(account->evidence);
	account->evidence = memory_new(verdict->evidence_count + 1, sizeof(*account->evidence));
	account->evidence_count = verdict->evidence_count;
	if (verdict->evidence_count > 0)
		memcpy(account->evidence, verdict->evidence,
		       verdict->evidence_count * sizeof(*account->evidence));
	if (account->customer == NULL && verdict->customer.len > 0)
		account->customer = memory_copy(verdict->customer);
}

static void trouble_add(struct case_trouble *troubles, size_t *count, usec_t time, struct span words,
			struct span sample)
{
	if (*count == CASE_TROUBLES)
		return;
	troubles[*count].time = time;
	troubles[*count].words = memory_copy(words);
	troubles[*count].sample = memory_copy(span_head(sample, CASE_LINE));
	(*count)++;
}

void casebook_trouble(struct casebook *book, const char *words)
{
	trouble_add(book->reading, &book->reading_count, USEC_NEVER, span_of(words), SPAN(""));
}

void casebook_earlier(struct casebook *book, const struct verdict *verdict)
{
	case_still_earlier(book->still, verdict);
}

void casebook_verdict(struct casebook *book, const struct verdict *verdict)
{
	struct case_account *account;

	if (book->with.verdicts != NULL) {
		char *json = payload_verdict(verdict);

		fprintf(book->with.verdicts, "%s\n", json);
		free(json);
	}
	if (strcmp(verdict->type, "verdict") != 0) {
		if (verdict->state == STATE_FLAGGED && verdict->evidence_count > 0)
			trouble_add(book->server, &book->server_count, verdict->time,
				    span_of(verdict->evidence[0].text),
				    verdict->sample_count > 0 ? verdict->samples[0].reply : SPAN(""));
		return;
	}
	case_still_later(book->still, verdict);
	account = casebook_find(book, verdict->account);
	if (account == NULL)
		account = casebook_add(book, verdict->account, verdict->account_kind);
	if (account == NULL)
		return;
	account_worst(account, verdict);
	account_step(account, verdict);
}

/* How long it went on sending: known only for accounts that stand out already. */
void casebook_attempt(struct casebook *book, const struct attempt *attempt)
{
	struct case_account *account = NULL;

	if (book->count > 0 && attempt->direction == DIRECTION_OUTBOUND)
		account = casebook_find(book, attempt->envelope->account);
	/* Who was asked for by name is told of, whatever he is. */
	else if (book->count == 0 && book->with.arguments->account != NULL)
		account = casebook_add(book, attempt->envelope->account, attempt->envelope->account_kind);
	if (account != NULL && account->state != STATE_NORMAL && attempt->time > account->sent)
		account->sent = attempt->time;
}
