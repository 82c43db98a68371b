/*
 * Asking what a reply means: shape, memory of shapes, then the rules in their order, then the codes.
 *
 * The memory is a table of fixed size, four places to a bucket; a new shape takes the place that was
 * longest without use. Built-in rules see the joined shape, so that the memory and a fresh answer cannot differ. The
 * admin's rules see the joined text as it came; those of them that speak of digits or addresses, which a
 * shape lacks, are asked at every reply, before the memory.
 */
#include "parsers/reply.h"

#include "base/hash.h"
#include "base/memory.h"
#include "parsers/pattern.h"
#include "parsers/reply_codes.h"
#include "parsers/reply_index.h"
#include "parsers/reply_rules.h"
#include "parsers/reply_text.h"

#include <assert.h>
#include <stdlib.h>

#define MEMORY_BUCKETS 16384
#define MEMORY_PLACES  4
#define NO_RULE        UINT16_MAX

struct replies_rule {
	struct reply_rule rule;
	struct pattern *pattern; /* compiled when first needed */
	bool bad;                /* did not compile */
	bool exact;              /* looks at what a shape lacks */
};

struct memory_place {
	uint64_t key; /* 0: empty */
	uint16_t rule, code;
	uint8_t class, basis;
	uint8_t enhanced[3];
	uint8_t age;
};

struct replies {
	struct replies_rule *rules;
	size_t count, extra_count;
	bool any_exact;
	struct reply_book book;
	struct reply_index *index;
	struct memory_place *memory;
	struct replies_stats stats;
};

/* A pattern that speaks of digits or addresses sees more than a shape holds. */
static bool rule_exact(const char *pattern)
{
	return strpbrk(pattern, "0123456789@") != NULL || strstr(pattern, "\\d") != NULL ||
	       strstr(pattern, "\\w") != NULL || strchr(pattern, '.') != NULL;
}

static bool rule_compile(struct replies *replies, size_t i, struct error *error)
{
	struct replies_rule *rule = &replies->rules[i];

	if (rule->pattern != NULL)
		return true;
	rule->pattern = pattern_new(span_of(rule->rule.pattern), i < replies->extra_count, error);
	rule->bad = rule->pattern == NULL;
	return !rule->bad;
}

static bool replies_extra(struct replies *replies, const struct reply_rule *extra, size_t count,
			  struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		struct reply_rule rule = extra[i];
		const struct reply_rule *class = &replies->book.classes[rule.class];
		struct error inner;

		if (rule.pattern == NULL || *rule.pattern == '\0')
			return error_set(error, "[reply %s]: no pattern", rule.name);
		rule.meaning = rule.meaning != NULL ? rule.meaning : class->meaning;
		rule.owner = rule.owner != NULL ? rule.owner : class->owner;
		rule.admin = rule.admin != NULL ? rule.admin : class->admin;
		replies->rules[i] = (struct replies_rule){ .rule = rule, .exact = rule_exact(rule.pattern) };
		replies->any_exact = replies->any_exact || replies->rules[i].exact;
		if (!rule_compile(replies, i, &inner))
			return error_set(error, "[reply %s]: %s", rule.name, inner.text);
	}
	return true;
}

struct replies *replies_new(const struct reply_rule *extra, size_t extra_count, struct error *error)
{
	struct replies *replies = memory_new(1, sizeof(*replies));
	struct error inner;

	if (!reply_book_read(reply_book_builtin(), &replies->book, &inner)) {
		error_set(error, "the built-in reply rules: %s", inner.text);
		replies_free(&replies);
		return NULL;
	}
	replies->count = extra_count + replies->book.count;
	replies->extra_count = extra_count;
	replies->rules = memory_new(replies->count, sizeof(*replies->rules));
	replies->index = reply_index_new();
	replies->memory = memory_new((size_t)MEMORY_BUCKETS * MEMORY_PLACES, sizeof(*replies->memory));
	if (replies->count > REPLY_RULES_MAX) {
		error_set(error, "more than %d reply rules", REPLY_RULES_MAX);
		replies_free(&replies);
		return NULL;
	}
	if (!replies_extra(replies, extra, extra_count, error)) {
		replies_free(&replies);
		return NULL;
	}
	for (size_t i = 0; i < replies->book.count; i++) {
		replies->rules[extra_count + i].rule = replies->book.rules[i];
		reply_index_add(replies->index, extra_count + i, span_of(replies->book.rules[i].pattern));
	}
	reply_index_seal(replies->index);
	return replies;
}

void replies_free(struct replies **replies)
{
	if (*replies == NULL)
		return;
	for (size_t i = 0; (*replies)->rules != NULL && i < (*replies)->count; i++)
		pattern_free(&(*replies)->rules[i].pattern);
	free((*replies)->rules);
	reply_index_free(&(*replies)->index);
	reply_book_free(&(*replies)->book);
	free((*replies)->memory);
	free(*replies);
	*replies = NULL;
}

/* --- fresh answers --- */

static bool rule_tries(struct replies *replies, size_t i, const struct reply_text *asked, struct span text)
{
	struct replies_rule *rule = &replies->rules[i];
	struct error ignored;
	enum pattern_result result;

	if (rule->rule.phases != 0 && (rule->rule.phases & 1u << asked->phase) == 0)
		return false;
	if (rule->rule.codes != 0 && (rule->rule.codes & 1u << asked->code / 100) == 0)
		return false;
	if (rule->bad || !rule_compile(replies, i, &ignored))
		return false;
	result = pattern_try(rule->pattern, text);
	if (result == PATTERN_LIMIT)
		replies->stats.limit_hits++;
	return result == PATTERN_MATCHED;
}

static uint16_t replies_match_extra(struct replies *replies, const struct reply_text *text, bool exact)
{
	char joined[REPLY_TEXT_SIZE];
	size_t len = 0;

	for (size_t i = 0; i < replies->extra_count; i++) {
		if (replies->rules[i].exact != exact)
			continue;
		if (len == 0)
			len = reply_text_join(text, joined, reply_text_shape(text->words, true, joined));
		if (rule_tries(replies, i, text, (struct span){ joined, len }))
			return (uint16_t)i;
	}
	return NO_RULE;
}

static uint16_t replies_match(struct replies *replies, const struct reply_text *text, struct span shape)
{
	uint16_t extra = replies_match_extra(replies, text, false);
	struct reply_candidates candidates;

	if (extra != NO_RULE)
		return extra;
	reply_index_find(replies->index, shape, &candidates);
	for (size_t word = 0; word <= replies->count / 64 && word < REPLY_RULES_MAX / 64; word++)
		for (uint64_t bits = candidates.bits[word]; bits != 0; bits &= bits - 1) {
			size_t i = word * 64 + (size_t)__builtin_ctzll(bits);

			if (rule_tries(replies, i, text, shape))
				return (uint16_t)i;
		}
	return NO_RULE;
}

static struct reply_meaning replies_by_rule(const struct replies *replies, const struct reply_text *text,
					    uint16_t rule)
{
	struct reply_meaning meaning = { .class = replies->rules[rule].rule.class,
					 .basis = REPLY_BASIS_RULE,
					 .rule = &replies->rules[rule].rule,
					 .code = text->code };

	memcpy(meaning.enhanced, text->enhanced, sizeof(meaning.enhanced));
	/*
	 * In the greeting neither the message nor a recipient is known: whatever the words, it is our address; but who
	 * wrote a rule of his own knows why.
	 */
	if (rule >= replies->extra_count && (text->phase == PHASE_CONNECT || text->phase == PHASE_HELO) &&
	    (meaning.class == REPLY_CONTENT_SPAM || meaning.class == REPLY_CONTENT_MALWARE)) {
		meaning.class = REPLY_IP_BLOCKED;
		meaning.rule = NULL;
		meaning.basis = REPLY_BASIS_CODE;
	}
	return meaning;
}

static struct reply_meaning replies_by_codes(const struct reply_text *text)
{
	struct reply_meaning meaning = { .code = text->code };

	memcpy(meaning.enhanced, text->enhanced, sizeof(meaning.enhanced));
	meaning.class = reply_class_of_enhanced(text->enhanced, text->code, text->phase);
	meaning.basis = REPLY_BASIS_ENHANCED;
	if (meaning.class == REPLY_UNKNOWN) {
		meaning.class = reply_class_of_code(text->code, text->phase);
		meaning.basis = REPLY_BASIS_CODE;
		/* A code of the system, the network or the protocol is not about the mailbox. */
		if (meaning.class == REPLY_INVALID_RECIPIENT && text->enhanced[1] >= 3)
			meaning.class = REPLY_POLICY;
	}
	if (meaning.class == REPLY_UNKNOWN)
		meaning.basis = REPLY_BASIS_NONE;
	return meaning;
}

/* --- the memory of shapes --- */

static struct memory_place *memory_find(struct replies *replies, uint64_t key, bool *known_r)
{
	struct memory_place *bucket = &replies->memory[(key % MEMORY_BUCKETS) * MEMORY_PLACES];
	struct memory_place *oldest = bucket;

	*known_r = true;
	for (size_t i = 0; i < MEMORY_PLACES; i++) {
		if (bucket[i].key == key) {
			bucket[i].age = 0;
			return &bucket[i];
		}
		if (bucket[i].age < UINT8_MAX)
			bucket[i].age++;
		if (bucket[i].key == 0 || bucket[i].age > oldest->age)
			oldest = &bucket[i];
	}
	*known_r = false;
	return oldest;
}

static void memory_keep(const struct replies *replies, struct memory_place *place, uint64_t key,
			const struct reply_meaning *meaning)
{
	*place = (struct memory_place){ .key = key,
					.rule = NO_RULE,
					.code = meaning->code,
					.class = (uint8_t)meaning->class,
					.basis = (uint8_t)meaning->basis };
	memcpy(place->enhanced, meaning->enhanced, sizeof(place->enhanced));
	for (size_t i = 0; meaning->rule != NULL && i < replies->count; i++)
		if (&replies->rules[i].rule == meaning->rule)
			place->rule = (uint16_t)i;
}

static struct reply_meaning memory_meaning(const struct replies *replies, const struct memory_place *place)
{
	struct reply_meaning meaning = { .class = (enum reply_class)place->class,
					 .basis = (enum reply_basis)place->basis,
					 .code = place->code };

	memcpy(meaning.enhanced, place->enhanced, sizeof(meaning.enhanced));
	if (place->rule != NO_RULE)
		meaning.rule = &replies->rules[place->rule].rule;
	return meaning;
}

struct reply_meaning replies_classify(struct replies *replies, const struct reply_question *question)
{
	char shape[REPLY_TEXT_SIZE];
	struct reply_text text;
	struct reply_meaning meaning;
	struct memory_place *place;
	uint16_t rule;
	uint64_t key;
	size_t len;
	bool known;

	replies->stats.asked++;
	if (question->outcome == OUTCOME_DELIVERED)
		return (struct reply_meaning){ .class = REPLY_DELIVERED,
					       .basis = REPLY_BASIS_CODE,
					       .code = 250 };
	reply_text_cut(question->reply, &text);
	if (question->phase != PHASE_UNKNOWN)
		text.phase = question->phase;
	if (text.code >= 200 && text.code < 300)
		return replies_by_codes(&text);
	if (text.enhanced[0] == 0)
		reply_text_enhanced(question->dsn, text.enhanced);
	if (replies->any_exact && (rule = replies_match_extra(replies, &text, true)) != NO_RULE)
		return replies_by_rule(replies, &text, rule);

	len = reply_text_shape(text.words, false, shape);
	key = hash_stable_more((uint64_t)text.phase | (uint64_t)text.enhanced[0] << 8 |
				       (uint64_t)text.enhanced[1] << 16 | (uint64_t)text.enhanced[2] << 24,
			       (struct span){ shape, len });
	key += key == 0;
	place = memory_find(replies, key, &known);
	if (known)
		return memory_meaning(replies, place);

	len = reply_text_join(&text, shape, len);
	rule = replies_match(replies, &text, (struct span){ shape, len });
	meaning = rule != NO_RULE ? replies_by_rule(replies, &text, rule) : replies_by_codes(&text);
	replies->stats.matched_anew++;
	replies->stats.shapes += place->key == 0;
	memory_keep(replies, place, key, &meaning);
	return meaning;
}

struct replies_stats replies_stats(const struct replies *replies)
{
	return replies->stats;
}

const struct reply_rule *replies_rule(const struct replies *replies, size_t i)
{
	return i < replies->count ? &replies->rules[i].rule : NULL;
}

const struct reply_rule *replies_class(const struct replies *replies, enum reply_class class)
{
	assert((unsigned)class < REPLY_CLASSES);
	return &replies->book.classes[class];
}

bool replies_compile(struct replies *replies, struct error *error)
{
	for (size_t i = 0; i < replies->count; i++) {
		struct error inner;

		if (!rule_compile(replies, i, &inner))
			return error_set(error, "reply rule %s: %s", replies->rules[i].rule.name, inner.text);
	}
	return true;
}
