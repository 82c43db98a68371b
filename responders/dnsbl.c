/*
 * The rounds. Every `every`, a list's two test entries are asked for, one after the other; while both are as
 * they must be, the addresses that are due are asked for, some at once. An A record that is no listing ends the
 * round: the list has a fault, rests, and what is known of addresses stays as it was.
 *
 * A question's number says what it was: the index of a side or row, and in its last two bits which question.
 */
#define _GNU_SOURCE
#include "responders/dnsbl.h"

#include "base/memory.h"
#include "responders/dnsbl_plan.h"
#include "responders/dnsbl_tell.h"
#include "responders/resolver.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define DNSBL_AT_ONCE  32                /* questions on their way */
#define DNSBL_LONGEST  USEC_DAY          /* that an answer is believed */
#define DNSBL_REST     USEC_DAY          /* of a list that does not let us ask */
#define DNSBL_AGAIN    (5 * USEC_MINUTE) /* after no answer */
#define DNSBL_PATIENCE 3                 /* rounds without answer until that is told */

enum dnsbl_question { ASK_CLEAR, ASK_LISTED, ASK_ADDRESS, ASK_WORDS };

struct dnsbl {
	const struct dnsbl_options *options;
	const struct health *health;
	struct dnsbl_calls calls;
	struct resolver *resolver;
	char *folder;
	struct dnsbl_memory memory;
	struct dnsbl_stats stats;
	usec_t now; /* of the step that is going on */
	usec_t due; /* nothing is to be asked before */
	bool changed, began;
};

/* --- what is known --- */

static void dnsbl_save(struct dnsbl *dnsbl)
{
	struct error error;

	dnsbl->changed = false;
	if (dnsbl->folder != NULL && !dnsbl_memory_write(dnsbl->folder, &dnsbl->memory, &error) &&
	    dnsbl->calls.trouble != NULL)
		dnsbl->calls.trouble(dnsbl->calls.context, error.text);
}

static void dnsbl_tell_row(struct dnsbl *dnsbl, struct dnsbl_row *row)
{
	dnsbl_save(dnsbl);
	dnsbl_tell(row, dnsbl->now, dnsbl->health, &dnsbl->calls);
	row->told = true;
	dnsbl_save(dnsbl);
}

static void dnsbl_tell_side(struct dnsbl *dnsbl, struct dnsbl_side *side)
{
	dnsbl_save(dnsbl);
	dnsbl_tell_fault(side, &dnsbl->calls);
	side->told = true;
	dnsbl_save(dnsbl);
}

/* --- asking --- */

static void dnsbl_ask(struct dnsbl *dnsbl, size_t index, enum dnsbl_question question, const char *address,
		      const char *zone)
{
	char name[DNSBL_NAME];

	if (!dnsbl_name(address, zone, name))
		return; /* lengths were looked at when it was opened */
	dnsbl->stats.asked++;
	dnsbl->stats.waiting++;
	resolver_ask(dnsbl->resolver, (uint64_t)index << 2 | question, name,
		     question == ASK_WORDS ? RESOLVER_TXT : RESOLVER_A);
}

static usec_t dnsbl_soon(const struct dnsbl *dnsbl)
{
	usec_t every = dnsbl->options->every;

	return dnsbl->now + (every < DNSBL_AGAIN ? every : DNSBL_AGAIN);
}

/* A moment that no answer can have set is a clock's mistake. */
static bool dnsbl_is_due(const struct dnsbl *dnsbl, usec_t due)
{
	usec_t every = dnsbl->options->every;

	return due <= dnsbl->now || due > dnsbl->now + (every > DNSBL_LONGEST ? every : DNSBL_LONGEST);
}

/* Ask what is due, as far as there is room, and find out when the next will be. */
static void dnsbl_begin(struct dnsbl *dnsbl)
{
	const struct dnsbl_memory *memory = &dnsbl->memory;

	dnsbl->due = INT64_MAX;
	for (size_t i = 0; i < memory->side_count; i++) {
		struct dnsbl_side *side = &memory->sides[i];

		if (!side->testing && dnsbl_is_due(dnsbl, side->due)) {
			side->testing = true;
			dnsbl_ask(dnsbl, i, ASK_CLEAR, dnsbl_test_clear(side->six), side->zone);
		} else if (!side->testing && side->due < dnsbl->due) {
			dnsbl->due = side->due;
		}
	}
	for (size_t i = 0; i < memory->row_count; i++) {
		struct dnsbl_row *row = &memory->rows[i];
		const struct dnsbl_side *side = &memory->sides[row->side];

		if (row->asking || side->testing || side->fault != DNSBL_FINE || side->failures > 0)
			continue;
		if (!dnsbl_is_due(dnsbl, row->due)) {
			dnsbl->due = row->due < dnsbl->due ? row->due : dnsbl->due;
		} else if (dnsbl->stats.waiting < DNSBL_AT_ONCE) {
			row->asking = true;
			dnsbl_ask(dnsbl, i, ASK_ADDRESS, row->address, row->zone);
		}
	}
}

/* --- answers --- */

enum dnsbl_finding { FOUND_CLEAR, FOUND_LISTED, FOUND_FORBIDDEN, FOUND_STRANGE, FOUND_NO_ANSWER };

/* What an answer says; WORDS is its code, or what is wrong with it. */
static enum dnsbl_finding dnsbl_find(const struct resolver_answer *answer, struct text *words)
{
	enum dnsbl_finding finding = FOUND_LISTED;

	if (answer->fate == RESOLVER_NOTHING)
		return FOUND_CLEAR;
	if (answer->fate != RESOLVER_FOUND || answer->count == 0) {
		text_add(words, span_of(answer->why));
		return FOUND_NO_ANSWER;
	}
	for (size_t i = 0; i < answer->count; i++) {
		const uint8_t *at = answer->addresses[i];

		/* Some lists say with 127.0.0.1 that one may not ask; the others never say it. */
		if (at[0] != 127)
			finding = FOUND_STRANGE;
		else if (finding != FOUND_STRANGE &&
			 ((at[1] == 255 && at[2] == 255) || (at[1] == 0 && at[2] == 0 && at[3] == 1)))
			finding = FOUND_FORBIDDEN;
		if (words->len + sizeof(",127.255.255.255") < DNSBL_CODE)
			text_add_format(words, "%s%u.%u.%u.%u", i == 0 ? "" : ",", at[0], at[1], at[2],
					at[3]);
	}
	return finding;
}

static const char *dnsbl_forbidden_words(const char *code)
{
	if (strstr(code, "127.255.255.252") != NULL)
		return ": the zone's name has a typing error";
	if (strstr(code, "127.255.255.254") != NULL)
		return ": asked through a public resolver";
	if (strstr(code, "127.255.255.255") != NULL)
		return ": too many questions";
	return "";
}

/* SIDE has a fault, or FINE: its round is over. Told where it is news. */
static void dnsbl_judge(struct dnsbl *dnsbl, struct dnsbl_side *side, enum dnsbl_fault fault,
			const char *words)
{
	bool news = fault != side->fault;

	side->testing = side->proving = false;
	side->due = dnsbl->now + dnsbl->options->every;
	dnsbl->changed = true;
	if (fault == DNSBL_SILENT) {
		side->failures++;
		side->due = dnsbl_soon(dnsbl);
		news = news && side->failures >= DNSBL_PATIENCE;
		if (side->fault == DNSBL_FINE)
			dnsbl_words(side->words, sizeof(side->words), span_of(words));
	} else {
		side->failures = 0;
	}
	if (fault == DNSBL_FORBIDDEN && dnsbl->options->every < DNSBL_REST)
		side->due = dnsbl->now + DNSBL_REST;
	if (!news)
		return;
	/* A list that begins well is no news; one that is well again is, to those who heard of its fault. */
	side->told = fault == DNSBL_FINE && !side->told;
	side->fault = fault;
	side->since = dnsbl->now;
	snprintf(side->words, sizeof(side->words), "%s%s", words,
		 fault == DNSBL_FORBIDDEN ? dnsbl_forbidden_words(words) : "");
	if (!side->told)
		dnsbl_tell_side(dnsbl, side);
}

/*
 * Its test entries are as they must be. Some lists answer for these, and not for anything else: one that had a
 * fault must also have answered for an address.
 */
static void dnsbl_prove(struct dnsbl *dnsbl, struct dnsbl_side *side)
{
	for (size_t i = 0; i < dnsbl->memory.row_count && side->fault != DNSBL_FINE; i++) {
		struct dnsbl_row *row = &dnsbl->memory.rows[i];

		if (&dnsbl->memory.sides[row->side] != side || row->asking)
			continue;
		side->proving = row->asking = true;
		dnsbl_ask(dnsbl, i, ASK_ADDRESS, row->address, row->zone);
		return;
	}
	dnsbl_judge(dnsbl, side, DNSBL_FINE, "");
}

static void dnsbl_tested(struct dnsbl *dnsbl, size_t index, bool must_be_listed,
			 const struct resolver_answer *answer)
{
	struct dnsbl_side *side = &dnsbl->memory.sides[index];
	struct text words = { 0 };

	switch (dnsbl_find(answer, &words)) {
	case FOUND_CLEAR:
		if (must_be_listed)
			dnsbl_judge(dnsbl, side, DNSBL_DEAD, "");
		else
			dnsbl_ask(dnsbl, index, ASK_LISTED, dnsbl_test_listed(side->six), side->zone);
		break;
	case FOUND_LISTED:
		if (must_be_listed)
			dnsbl_prove(dnsbl, side);
		else
			dnsbl_judge(dnsbl, side, DNSBL_EVERYTHING, "");
		break;
	case FOUND_FORBIDDEN:
		dnsbl_judge(dnsbl, side, DNSBL_FORBIDDEN, words.at);
		break;
	case FOUND_STRANGE:
		dnsbl_judge(dnsbl, side, DNSBL_STRANGE, words.at);
		break;
	case FOUND_NO_ANSWER:
		dnsbl_judge(dnsbl, side, DNSBL_SILENT, words.at);
		break;
	}
	text_free(&words);
}

/* The answer holds for a while; where the address was listed before, or was not, that is no news. */
static void dnsbl_clear(struct dnsbl *dnsbl, struct dnsbl_row *row)
{
	bool news = row->state == DNSBL_LISTED;

	row->due = dnsbl->now + dnsbl->options->every;
	row->state = DNSBL_CLEAR;
	dnsbl->changed = true;
	if (!news)
		return;
	row->told = false;
	row->since = dnsbl->now;
	dnsbl_tell_row(dnsbl, row);
}

static void dnsbl_listed(struct dnsbl *dnsbl, size_t index, const struct resolver_answer *answer,
			 const char *code)
{
	struct dnsbl_row *row = &dnsbl->memory.rows[index];
	usec_t holds = answer->ttl < DNSBL_LONGEST ? answer->ttl : DNSBL_LONGEST;
	bool same = row->state == DNSBL_LISTED && strcmp(row->code, code) == 0;

	row->due = dnsbl->now + (holds > dnsbl->options->every ? holds : dnsbl->options->every);
	dnsbl->changed = true;
	if (same)
		return;
	row->asking = true;
	dnsbl_words(row->code, sizeof(row->code), span_of(code));
	dnsbl_ask(dnsbl, index, ASK_WORDS, row->address, row->zone);
}

static void dnsbl_reason(struct dnsbl *dnsbl, struct dnsbl_row *row, const struct resolver_answer *answer)
{
	bool news = row->state != DNSBL_LISTED;

	row->asking = false;
	row->state = DNSBL_LISTED;
	dnsbl_words(row->words, sizeof(row->words), answer->fate == RESOLVER_FOUND ? answer->text : SPAN(""));
	dnsbl->changed = true;
	if (!news)
		return;
	row->told = false;
	row->since = dnsbl->now;
	dnsbl_tell_row(dnsbl, row);
}

static void dnsbl_asked(struct dnsbl *dnsbl, size_t index, const struct resolver_answer *answer)
{
	struct dnsbl_row *row = &dnsbl->memory.rows[index];
	struct dnsbl_side *side = &dnsbl->memory.sides[row->side];
	struct text words = { 0 };
	enum dnsbl_finding finding = dnsbl_find(answer, &words);

	row->asking = false;
	row->due = dnsbl_soon(dnsbl);
	if (side->proving || side->fault == DNSBL_FINE) {
		if (finding == FOUND_FORBIDDEN)
			dnsbl_judge(dnsbl, side, DNSBL_FORBIDDEN, words.at);
		else if (finding == FOUND_STRANGE)
			dnsbl_judge(dnsbl, side, DNSBL_STRANGE, words.at);
		else if (side->proving)
			dnsbl_judge(dnsbl, side, finding == FOUND_NO_ANSWER ? DNSBL_SILENT : DNSBL_FINE,
				    words.len == 0 ? "" : words.at);
	}
	/* What was asked while the list was still believed says nothing any more. */
	if (side->fault == DNSBL_FINE && finding == FOUND_CLEAR)
		dnsbl_clear(dnsbl, row);
	else if (side->fault == DNSBL_FINE && finding == FOUND_LISTED)
		dnsbl_listed(dnsbl, index, answer, words.at);
	text_free(&words);
}

static void dnsbl_answered(void *context, const struct resolver_answer *answer)
{
	struct dnsbl *dnsbl = context;
	size_t index = (size_t)(answer->number >> 2);
	enum dnsbl_question question = (enum dnsbl_question)(answer->number & 3);

	assert(dnsbl->stats.waiting > 0);
	dnsbl->stats.waiting--;
	dnsbl->stats.failed += answer->fate == RESOLVER_FAILED ? 1 : 0;
	dnsbl->due = dnsbl->now; /* look once more what is due */
	if (question == ASK_ADDRESS)
		dnsbl_asked(dnsbl, index, answer);
	else if (question == ASK_WORDS)
		dnsbl_reason(dnsbl, &dnsbl->memory.rows[index], answer);
	else
		dnsbl_tested(dnsbl, index, question == ASK_LISTED, answer);
}

/* What was written down, and perhaps not told before the end came. */
static void dnsbl_tell_again(struct dnsbl *dnsbl)
{
	dnsbl->began = true;
	for (size_t i = 0; i < dnsbl->memory.side_count; i++)
		if (!dnsbl->memory.sides[i].told)
			dnsbl_tell_side(dnsbl, &dnsbl->memory.sides[i]);
	for (size_t i = 0; i < dnsbl->memory.row_count; i++)
		if (!dnsbl->memory.rows[i].told)
			dnsbl_tell_row(dnsbl, &dnsbl->memory.rows[i]);
}

void dnsbl_step(struct dnsbl *dnsbl, usec_t now)
{
	dnsbl->now = now;
	if (!dnsbl->began)
		dnsbl_tell_again(dnsbl);
	resolver_run(dnsbl->resolver);
	if (now >= dnsbl->due)
		dnsbl_begin(dnsbl);
	if (dnsbl->changed && dnsbl->stats.waiting == 0)
		dnsbl_save(dnsbl);
}

struct dnsbl *dnsbl_open(const struct dnsbl_options *options, const char *folder, const struct health *health,
			 const struct dnsbl_calls *calls, struct error *error)
{
	struct dnsbl *dnsbl = memory_new(1, sizeof(*dnsbl));
	const struct resolver_calls answers = { .context = dnsbl, .answered = dnsbl_answered };

	dnsbl->options = options;
	dnsbl->health = health;
	dnsbl->calls = *calls;
	dnsbl->folder = folder == NULL ? NULL : memory_copy(span_of(folder));
	dnsbl->due = USEC_NEVER;
	if (dnsbl_plan(options, folder, &dnsbl->memory, error))
		dnsbl->resolver = resolver_open(&options->servers, options->timeout, &answers, error);
	if (dnsbl->resolver == NULL)
		dnsbl_close(&dnsbl);
	return dnsbl;
}

void dnsbl_close(struct dnsbl **dnsbl)
{
	if (*dnsbl == NULL)
		return;
	resolver_close(&(*dnsbl)->resolver);
	if ((*dnsbl)->changed)
		dnsbl_save(*dnsbl);
	dnsbl_memory_free(&(*dnsbl)->memory);
	free((*dnsbl)->folder);
	free(*dnsbl);
	*dnsbl = NULL;
}

int dnsbl_fd(const struct dnsbl *dnsbl)
{
	return resolver_fd(dnsbl->resolver);
}

usec_t dnsbl_due(const struct dnsbl *dnsbl)
{
	return dnsbl->due == INT64_MAX ? USEC_NEVER : dnsbl->due;
}

const struct dnsbl_memory *dnsbl_known(const struct dnsbl *dnsbl)
{
	return &dnsbl->memory;
}

struct dnsbl_stats dnsbl_stats(const struct dnsbl *dnsbl)
{
	return dnsbl->stats;
}
