/*
 * Which rules could match a text: those one of whose literals stands in it. One pass over the text, however
 * many rules there are.
 */
#ifndef SENDWATCH_PARSERS_REPLY_INDEX_H
#define SENDWATCH_PARSERS_REPLY_INDEX_H

#include "base/span.h"

#define REPLY_RULES_MAX 2048

/* A bit for each rule. */
struct reply_candidates {
	uint64_t bits[REPLY_RULES_MAX / 64];
};

struct reply_index;

struct reply_index *reply_index_new(void);
void reply_index_free(struct reply_index **index);

/* Rule RULE (below REPLY_RULES_MAX) has PATTERN. */
void reply_index_add(struct reply_index *index, size_t rule, struct span pattern);

/* All are added; before the first look-up. */
void reply_index_seal(struct reply_index *index);

/* TEXT is in small letters. */
void reply_index_find(const struct reply_index *index, struct span text, struct reply_candidates *found_r);

/* Rules without a sure literal, which are candidates for every text. */
size_t reply_index_unsure(const struct reply_index *index);

#endif
