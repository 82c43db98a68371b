/*
 * Reading rules: the file is copied once and cut up in place, so that a few hundred rules cost one
 * allocation for text and one for the array, and start-up some hundred microseconds.
 */
#include "parsers/reply_rules.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"

#include <stdlib.h>

/* The assembler reads the file itself: no tool makes C out of it, and the text stands in the program once. */
__asm__(".pushsection .rodata\n"
	".balign 8\n"
	".globl sendwatch_replies_rules\n"
	".hidden sendwatch_replies_rules\n"
	"sendwatch_replies_rules:\n"
	".incbin \"parsers/replies.rules\"\n"
	".globl sendwatch_replies_rules_end\n"
	".hidden sendwatch_replies_rules_end\n"
	"sendwatch_replies_rules_end:\n"
	".byte 0\n"
	".popsection\n");

extern const char sendwatch_replies_rules[] __attribute__((visibility("hidden")));
extern const char sendwatch_replies_rules_end[] __attribute__((visibility("hidden")));

struct span reply_book_builtin(void)
{
	uintptr_t start = (uintptr_t)sendwatch_replies_rules, end = (uintptr_t)sendwatch_replies_rules_end;

	return (struct span){ sendwatch_replies_rules, (size_t)(end - start) };
}

struct reading {
	struct reply_book *book;
	struct reply_rule *block; /* the one being read; NULL before the first */
	struct map *names;        /* of the rules so far */
	bool in_class;
	size_t room;
	unsigned line;
	char *joined; /* end of the last field's text, where a continuation goes */
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* Cut the first word off LINE; what follows the blanks behind it stays. */
static char *reading_word(char **line)
{
	char *word = *line, *i = word;

	while (*i != '\0' && !is_blank(*i))
		i++;
	if (*i != '\0')
		*i++ = '\0';
	while (is_blank(*i))
		i++;
	*line = i;
	return word;
}

static bool reading_wrong(const struct reading *reading, const char *what, const char *word,
			  struct error *error)
{
	return error_set(error, "line %u: %s \"%s\"", reading->line, what, word);
}

/* A rule is whole when the next block begins. */
static bool reading_close(struct reading *reading, struct error *error)
{
	const struct reply_rule *rule = reading->block;

	if (rule == NULL || reading->in_class)
		return true;
	if (rule->pattern == NULL)
		return reading_wrong(reading, "no pattern in the rule before this,", rule->name, error);
	if (rule->class == REPLY_UNKNOWN)
		return reading_wrong(reading, "no class in the rule before this,", rule->name, error);
	return true;
}

static bool reading_same_name(const void *record, struct span name)
{
	const char *const *known = record;

	return span_equal(span_of(*known), name);
}

/* False where there is a rule of that name. */
static bool reading_name(struct reading *reading, const char *name)
{
	uint64_t hash = hash_text(span_of(name));
	const char **record;

	if (map_find(reading->names, hash, span_of(name)) != NULL)
		return false;
	record = map_add(reading->names, hash);
	*record = name;
	return true;
}

static bool reading_open(struct reading *reading, char *line, struct error *error)
{
	struct reply_book *book = reading->book;
	const char *kind = reading_word(&line), *name = reading_word(&line);
	enum reply_class class;

	if (!reading_close(reading, error))
		return false;
	reading->in_class = strcmp(kind, "class") == 0;
	reading->joined = NULL;
	if (*name == '\0' || (!reading->in_class && strcmp(kind, "rule") != 0))
		return reading_wrong(reading, "a block begins with \"rule NAME\" or \"class NAME\", not with",
				     kind, error);
	if (reading->in_class) {
		if (!reply_class_parse(span_of(name), &class))
			return reading_wrong(reading, "no reply class is called", name, error);
		reading->block = &book->classes[class];
		reading->block->class = class;
		reading->block->name = name;
		return true;
	}
	if (!reading_name(reading, name))
		return reading_wrong(reading, "there is already a rule", name, error);
	if (book->count == reading->room) {
		reading->room = reading->room == 0 ? 256 : reading->room * 2;
		book->rules = memory_grow(book->rules, reading->room, sizeof(*book->rules));
	}
	reading->block = &book->rules[book->count++];
	*reading->block = (struct reply_rule){ .name = name };
	return true;
}

struct reading_flag {
	const char *name;
	unsigned bit;
};

static const struct reading_flag reading_codes[] = {
	{ "none", 0 }, { "2", 2 }, { "4", 4 }, { "5", 5 }, { NULL, 0 }
};

static const struct reading_flag reading_phases[] = {
	{ "unknown", PHASE_UNKNOWN },
	{ "connect", PHASE_CONNECT },
	{ "helo", PHASE_HELO },
	{ "mail", PHASE_MAIL },
	{ "rcpt", PHASE_RCPT },
	{ "data", PHASE_DATA },
	{ "end_of_data", PHASE_END_OF_DATA },
	{ NULL, 0 },
};

/* A list of words, each a bit of FLAGS. */
static bool reading_list(const struct reading *reading, char *text, const struct reading_flag *known,
			 unsigned *flags, struct error *error)
{
	while (*text != '\0') {
		const char *word = reading_word(&text);
		const struct reading_flag *flag = known;

		while (flag->name != NULL && strcmp(flag->name, word) != 0)
			flag++;
		if (flag->name == NULL)
			return reading_wrong(reading, "no phase or code is called", word, error);
		*flags |= 1u << flag->bit;
	}
	return true;
}

static bool reading_field(struct reading *reading, char *line, struct error *error)
{
	const char *key = reading_word(&line);
	struct reply_rule *block = reading->block;
	const struct {
		const char *key;
		const char **place;
	} texts[] = { { "pattern", &block->pattern }, { "provider", &block->provider },
		      { "meaning", &block->meaning }, { "owner", &block->owner },
		      { "admin", &block->admin },     { "delist", &block->delist } };

	reading->joined = NULL;
	if (*line == '\0')
		return reading_wrong(reading, "nothing stands behind", key, error);
	if (strcmp(key, "class") == 0)
		return reply_class_parse(span_of(line), &block->class) ||
		       reading_wrong(reading, "no reply class is called", line, error);
	if (strcmp(key, "phase") == 0)
		return reading_list(reading, line, reading_phases, &block->phases, error);
	if (strcmp(key, "code") == 0)
		return reading_list(reading, line, reading_codes, &block->codes, error);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(key, texts[i].key) == 0) {
			*texts[i].place = line;
			reading->joined = line + strlen(line);
			return true;
		}
	return reading_wrong(reading, "no field is called", key, error);
}

/* "| more text": moved up behind the field's text; patterns are joined without a blank. */
static bool reading_more(struct reading *reading, const char *line, struct error *error)
{
	size_t len = strlen(line);

	if (reading->joined == NULL)
		return reading_wrong(reading, "nothing is continued by", line, error);
	if (reading->block->pattern == NULL || reading->joined < reading->block->pattern ||
	    reading->joined != reading->block->pattern + strlen(reading->block->pattern))
		*reading->joined++ = ' ';
	memmove(reading->joined, line, len + 1);
	reading->joined += len;
	return true;
}

static bool reading_line(struct reading *reading, char *line, struct error *error)
{
	bool indented = is_blank(*line);
	char *end;

	while (is_blank(*line))
		line++;
	end = line + strlen(line);
	while (end > line && (is_blank(end[-1]) || end[-1] == '\r'))
		*--end = '\0';
	if (*line == '\0' || *line == '#')
		return true;
	if (!indented)
		return reading_open(reading, line, error);
	if (reading->block == NULL)
		return reading_wrong(reading, "no block has begun at", line, error);
	if (line[0] == '|' && is_blank(line[1]))
		return reading_more(reading, line + 2, error);
	return reading_field(reading, line, error);
}

static void reading_inherit(struct reply_book *book)
{
	for (size_t i = 0; i < book->count; i++) {
		struct reply_rule *rule = &book->rules[i];
		const struct reply_rule *class = &book->classes[rule->class];

		if (rule->meaning == NULL)
			rule->meaning = class->meaning;
		if (rule->owner == NULL)
			rule->owner = class->owner;
		if (rule->admin == NULL)
			rule->admin = class->admin;
		if (rule->delist == NULL)
			rule->delist = class->delist;
	}
}

static bool reading_all(struct reading *reading, struct error *error)
{
	for (char *line = reading->book->text, *next; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		reading->line++;
		if (!reading_line(reading, line, error))
			return false;
	}
	return reading_close(reading, error);
}

bool reply_book_read(struct span text, struct reply_book *book_r, struct error *error)
{
	const struct map_options names = { .record_size = sizeof(const char *), .same = reading_same_name };
	struct reply_book book = { .text = memory_copy(text) };
	struct reading reading = { .book = &book, .names = map_new(&names) };
	bool good = reading_all(&reading, error);

	map_free(&reading.names);
	if (!good) {
		reply_book_free(&book);
		return false;
	}
	reading_inherit(&book);
	*book_r = book;
	return true;
}

void reply_book_free(struct reply_book *book)
{
	free(book->rules);
	free(book->text);
	*book = (struct reply_book){ .rules = NULL };
}
