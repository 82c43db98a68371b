/*
 * One pass over the files, as Exim makes it. A macro's value has the macros before it put in, so that none can lead to
 * itself.
 *
 * Limits: of names that Exim itself defines (_HAVE_TLS) none is known; a macro's name counts as a whole word; 256
 * macros and 64 files.
 */
#define _GNU_SOURCE
#include "commands/setup_exim_main.h"

#include "commands/setup_found.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

#define EXIM_FILES  64
#define EXIM_MACROS 256
#define EXIM_LINE   ((size_t)16 * 1024)

struct exim_macro {
	struct text name, value;
};

struct exim_main {
	const struct setup_root *root;
	struct text *settings;
	unsigned files;
	struct exim_macro macros[EXIM_MACROS];
	size_t macro_count;
	size_t deep, off; /* conditions around this line, and from which one on they do not hold: 0, all do */
	bool done[64];    /* of each: one of its branches was taken */
	bool ended;       /* the first section has begun */
};

static bool exim_is_name(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static struct span exim_word(struct span text)
{
	size_t len = 0;

	while (len < text.len && exim_is_name(text.at[len]))
		len++;
	return span_head(text, len);
}

/* Its place; macro_count where there is none. */
static size_t exim_macro(const struct exim_main *exim, struct span name)
{
	size_t i = 0;

	while (i < exim->macro_count && !span_equal(text_span(&exim->macros[i].name), name))
		i++;
	return i;
}

/* VALUE with its macros put in. True where there was one. */
static bool exim_expand(const struct exim_main *exim, struct span value, struct text *into)
{
	bool any = false;

	while (value.len > 0) {
		struct span word = exim_word(value);
		size_t macro = exim_macro(exim, word);

		if (word.len == 0)
			word = span_head(value, 1);
		text_add(into, macro == exim->macro_count ? word : text_span(&exim->macros[macro].value));
		any = any || macro < exim->macro_count;
		value = span_from(value, word.len);
	}
	return any;
}

/* NAME = value, NAME == value */
static void exim_define(struct exim_main *exim, struct span name, struct span value)
{
	struct exim_macro fresh = { .value.ceiling = EXIM_LINE };
	size_t macro = exim_macro(exim, name);

	if (name.len == 0 || macro == EXIM_MACROS)
		return;
	span_skip(&value, SPAN("="));
	(void)exim_expand(exim, span_trim(value), &fresh.value);
	text_add(&fresh.name, name);
	if (macro == exim->macro_count)
		exim->macro_count++;
	text_free(&exim->macros[macro].name);
	text_free(&exim->macros[macro].value);
	exim->macros[macro] = fresh;
}

/* A branch that may be taken: it is where HOLDS and none was before it. */
static void exim_branch(struct exim_main *exim, bool holds)
{
	bool *done = &exim->done[exim->deep - 1];

	if (exim->off != 0 && exim->off < exim->deep)
		return;
	exim->off = holds && !*done ? 0 : exim->deep;
	*done = *done || holds;
}

static bool exim_defined(const struct exim_main *exim, struct span names)
{
	struct text unused = { .ceiling = EXIM_LINE };
	bool any = exim_expand(exim, names, &unused);

	text_free(&unused);
	return any;
}

/* .ifdef and its like. False where LINE is none of them. */
static bool exim_condition(struct exim_main *exim, struct span line)
{
	struct span word, rest = line;

	if (!span_skip(&rest, SPAN(".")))
		return false;
	word = exim_word(rest);
	rest = span_from(rest, word.len);
	if (span_equal(word, SPAN("ifdef")) || span_equal(word, SPAN("ifndef"))) {
		if (exim->deep < sizeof(exim->done) / sizeof(exim->done[0]))
			exim->done[exim->deep++] = false;
		exim_branch(exim, exim_defined(exim, rest) == (word.len == 5));
	} else if (exim->deep == 0) {
		return false;
	} else if (span_equal(word, SPAN("elifdef")) || span_equal(word, SPAN("elifndef"))) {
		exim_branch(exim, exim_defined(exim, rest) == (word.len == 7));
	} else if (span_equal(word, SPAN("else"))) {
		exim_branch(exim, true);
	} else if (span_equal(word, SPAN("endif"))) {
		if (exim->off == exim->deep)
			exim->off = 0;
		exim->deep--;
	} else {
		return false;
	}
	return true;
}

static bool exim_file(struct exim_main *exim, const char *path);

static void exim_include(struct exim_main *exim, struct span name)
{
	struct text path = { .ceiling = SETUP_TEXT };

	(void)exim_expand(exim, span_trim(name), &path);
	if (exim->files < EXIM_FILES && setup_is_path(text_span(&path)))
		(void)exim_file(exim, path.at);
	text_free(&path);
}

/* One logical line, without blanks around it. */
static void exim_line(struct exim_main *exim, struct span line)
{
	struct span name;

	if (exim_condition(exim, line) || exim->off != 0)
		return;
	if (span_skip(&line, SPAN(".include_if_exists ")) || span_skip(&line, SPAN(".include "))) {
		exim_include(exim, line);
	} else if (span_starts(line, SPAN("begin "))) {
		exim->ended = true;
	} else if (span_cut(&line, '=', &name)) {
		name = span_trim(name);
		if (name.len > 0 && name.at[0] >= 'A' && name.at[0] <= 'Z') {
			exim_define(exim, name, line);
			return;
		}
		text_add(exim->settings, name);
		text_add(exim->settings, SPAN(" = "));
		(void)exim_expand(exim, span_trim(line), exim->settings);
		text_add(exim->settings, SPAN("\n"));
	}
}

/* Lines that end in a backslash go on in the next; comments between them are left out. */
static bool exim_file(struct exim_main *exim, const char *path)
{
	struct text file = { 0 }, logical = { .ceiling = EXIM_LINE };
	bool there = setup_read(exim->root, path, &file);
	struct span rest = text_span(&file), line;

	exim->files++;
	while (!exim->ended && setup_line(&rest, &line)) {
		bool more;

		line = span_trim(line);
		if (line.len == 0 || line.at[0] == '#')
			continue;
		more = span_ends(line, SPAN("\\"));
		text_add(&logical, span_head(line, line.len - more));
		if (more)
			continue;
		exim_line(exim, text_span(&logical));
		text_clear(&logical);
	}
	text_free(&logical);
	text_free(&file);
	return there;
}

bool exim_main_read(const struct setup_root *root, const char *path, struct text *settings)
{
	struct exim_main *exim = memory_new(1, sizeof(*exim));
	bool there;

	exim->root = root;
	exim->settings = settings;
	text_clear(settings);
	settings->ceiling = SETUP_READ_MOST;
	there = exim_file(exim, path);
	for (size_t i = 0; i < exim->macro_count; i++) {
		text_free(&exim->macros[i].name);
		text_free(&exim->macros[i].value);
	}
	free(exim);
	return there;
}

bool exim_main_get(struct span settings, struct span key, struct span *value_r)
{
	struct span line, name;

	while (setup_line(&settings, &line))
		if (span_cut(&line, '=', &name) && span_equal(span_trim(name), key)) {
			*value_r = span_trim(line);
			return true;
		}
	return false;
}
