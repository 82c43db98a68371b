/*
 * Reads detect.conf and its drop-ins over the defaults. inih cuts lines to keys and values; what it does
 * not tell (line numbers, section headers without keys, lines beyond its buffer, continued values) is seen
 * by the reader that feeds it. Reading stops at the first mistake, which is told with file and line.
 *
 * Within one file a section and a key stand once (keys of lists as often as wanted). A drop-in may name
 * them again: its value replaces what the files before it said.
 */
#define _GNU_SOURCE
#include "base/settings.h"

#include "base/memory.h"
#include "base/settings_nearest.h"
#include "base/settings_value.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>

#define SETTINGS_FILE_MAX ((size_t)1024 * 1024)
#define SETTINGS_NAME_MAX ((size_t)49) /* inih cuts longer names of keys and sections without a word */

struct settings_reader {
	const struct settings_section *sections;
	void *whole;
	struct error *error;
	bool failed;
	/* the file */
	const char *name;
	struct span rest;
	struct span line; /* what is left of the physical line, where it is longer than inih's buffer */
	int number;       /* of that line, from 1 */
	bool glued, indented;
	/* where we are in it */
	const struct settings_section *section;
	void *options;
	const struct setting *row; /* the key whose value is being gathered */
	int row_number;
	struct text value;
	size_t item; /* of a repeated section, from 0 */
	/* keys and sections that this file has named */
	struct settings_seen {
		const struct setting *row;
		const struct settings_section *section;
		size_t item;
	} * seen;
	size_t seen_count;
};

static bool settings_refuse(struct settings_reader *reader, int number, const char *words)
{
	if (!reader->failed)
		error_set(reader->error, "%s:%d: %s", reader->name, number, words);
	reader->failed = true;
	return false;
}

static void *settings_place(const struct settings_section *section, void *whole)
{
	return (char *)whole + section->place;
}

static void settings_default_section(const struct settings_section *section, void *options)
{
	for (const struct setting *row = section->settings; row->name != NULL; row++)
		setting_default(row, options);
}

static void settings_clear_section(const struct settings_section *section, void *options)
{
	for (const struct setting *row = section->settings; row->name != NULL; row++)
		setting_clear(row, options);
}

static void *settings_item(const struct settings_section *section, const struct settings_many *many, size_t i)
{
	return (char *)many->items + i * section->size;
}

void settings_free(const struct settings_section *sections, void *whole)
{
	for (; sections->name != NULL; sections++) {
		struct settings_many *many = settings_place(sections, whole);

		if (!sections->repeated) {
			settings_clear_section(sections, many);
			continue;
		}
		for (size_t i = 0; i < many->count; i++) {
			void *item = settings_item(sections, many, i);

			settings_clear_section(sections, item);
			free(*(char **)item);
		}
		free(many->items);
		*many = (struct settings_many){ 0 };
	}
}

void settings_defaults(const struct settings_section *sections, void *whole)
{
	settings_free(sections, whole);
	for (; sections->name != NULL; sections++)
		if (!sections->repeated)
			settings_default_section(sections, settings_place(sections, whole));
}

/* Has this row of this item (or, with ROW NULL, the section itself) been seen in this file? */
static bool settings_seen(const struct settings_reader *reader, const struct setting *row)
{
	for (size_t i = 0; i < reader->seen_count; i++)
		if (reader->seen[i].row == row && reader->seen[i].section == reader->section &&
		    reader->seen[i].item == reader->item)
			return true;
	return false;
}

static void settings_see(struct settings_reader *reader, const struct setting *row)
{
	reader->seen = memory_grow(reader->seen, reader->seen_count + 1, sizeof(*reader->seen));
	reader->seen[reader->seen_count++] = (struct settings_seen){ row, reader->section, reader->item };
}

/* The value is complete: put it where it belongs. */
static bool settings_flush(struct settings_reader *reader)
{
	const struct setting *row = reader->row;
	struct error why;
	struct text words = { 0 };
	bool good = true;

	reader->row = NULL;
	if (row == NULL || reader->failed)
		return !reader->failed;
	/* A file's first mention of a list replaces what earlier files said; its further mentions add. */
	if (row->kind == SETTING_LIST && !settings_seen(reader, row))
		setting_clear(row, reader->options);
	if (row->kind != SETTING_LIST && settings_seen(reader, row)) {
		text_add_format(&words, "[%s] %s: stands twice", reader->section->name, row->name);
		good = settings_refuse(reader, reader->row_number, words.at);
	} else if (!setting_put(row, reader->options, text_span(&reader->value), &why)) {
		text_add_format(&words, "[%s] %s: %s", reader->section->name, row->name, why.text);
		good = settings_refuse(reader, reader->row_number, words.at);
	}
	settings_see(reader, row);
	text_free(&words);
	return good;
}

/* The options of the section's item NAME, made where it is new. */
static void *settings_open_item(struct settings_reader *reader, struct span name)
{
	struct settings_many *many = settings_place(reader->section, reader->whole);
	size_t size = reader->section->size;
	char *item;

	for (size_t i = 0; i < many->count; i++) {
		item = settings_item(reader->section, many, i);
		if (span_equal(name, span_of(*(char **)item))) {
			reader->item = i;
			return item;
		}
	}
	many->items = memory_grow(many->items, many->count + 1, size);
	reader->item = many->count++;
	item = settings_item(reader->section, many, reader->item);
	memset(item, 0, size);
	settings_default_section(reader->section, item);
	*(char **)item = memory_copy(name);
	return item;
}

static bool settings_unknown_section(struct settings_reader *reader, struct span name)
{
	const struct settings_section *nearest = reader->sections;
	size_t least = SIZE_MAX;
	struct text words = { 0 };

	for (const struct settings_section *known = reader->sections; known->name != NULL; known++) {
		size_t distance = settings_distance(name, span_of(known->name));

		if (distance < least) {
			least = distance;
			nearest = known;
		}
	}
	text_add(&words, SPAN("no section is called ["));
	text_add_printable(&words, name);
	text_add_format(&words, "]; the nearest is [%s%s]", nearest->name, nearest->repeated ? " NAME" : "");
	settings_refuse(reader, reader->number, words.at);
	text_free(&words);
	return false;
}

/* Names become parts of files and messages, so they hold nothing that would have to be quoted there. */
static bool settings_in_name(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
	       byte == '_' || byte == '-' || byte == '.';
}

static bool settings_open_section(struct settings_reader *reader, struct span header)
{
	struct span name = span_trim(header), item = { NULL, 0 };
	const struct settings_section *section = reader->sections;

	if (!settings_flush(reader))
		return false;
	if (header.len > SETTINGS_NAME_MAX)
		return settings_refuse(reader, reader->number, "a section's name is longer than 49 bytes");
	if (span_cut(&name, ' ', &item)) {
		struct span kind = item;

		item = span_trim(name);
		name = kind;
	}
	while (section->name != NULL && !span_equal(name, span_of(section->name)))
		section++;
	if (section->name == NULL)
		return settings_unknown_section(reader, name);
	if (section->repeated != (item.len > 0))
		return settings_refuse(reader, reader->number,
				       section->repeated
					       ? "this section needs a name of your choice: [webhook NAME]"
					       : "this section takes no name after its own");
	for (size_t i = 0; i < item.len; i++)
		if (!settings_in_name(item.at[i]))
			return settings_refuse(
				reader, reader->number,
				"a name of your choice has only letters, digits, _, - and . in it");
	reader->section = section;
	reader->item = 0;
	reader->options = section->repeated ? settings_open_item(reader, item)
					    : settings_place(section, reader->whole);
	if (settings_seen(reader, NULL))
		return settings_refuse(reader, reader->number, "this section stands twice");
	settings_see(reader, NULL);
	return true;
}

static bool settings_unknown_key(struct settings_reader *reader, struct span key)
{
	const struct settings_section *home = NULL;
	const struct setting *nearest = NULL;
	size_t least = SIZE_MAX;
	struct text words = { 0 };

	for (const struct setting *row = reader->section->settings; row->name != NULL; row++) {
		size_t distance = settings_distance(key, span_of(row->name));

		if (distance < least) {
			least = distance;
			nearest = row;
		}
	}
	for (const struct settings_section *other = reader->sections; other->name != NULL; other++)
		for (const struct setting *row = other->settings; row->name != NULL && home == NULL; row++)
			if (span_equal(key, span_of(row->name)))
				home = other;
	text_add_format(&words, "[%s] has no key ", reader->section->name);
	text_add_printable(&words, key);
	if (home != NULL)
		text_add_format(&words, "; [%s] has", home->name);
	else if (nearest != NULL)
		text_add_format(&words, "; the nearest is %s", nearest->name);
	settings_refuse(reader, reader->number, words.at);
	text_free(&words);
	return false;
}

/* inih's handler: a key with its value, or with a further piece of it. 0 tells it of a mistake. */
static int settings_key(void *context, const char *section, const char *key, const char *value)
{
	struct settings_reader *reader = context;

	(void)section; /* inih keeps a cut copy; the reader saw the header itself */
	if (reader->failed)
		return 0;
	if (reader->row != NULL && reader->glued) {
		text_add(&reader->value, span_of(value));
		return 1;
	}
	if (reader->row != NULL && reader->indented) {
		if (reader->row->kind != SETTING_LIST)
			return settings_refuse(reader, reader->number,
					       "only the value of a list goes on in a second line");
		text_add(&reader->value, SPAN(", "));
		text_add(&reader->value, span_of(value));
		return 1;
	}
	if (!settings_flush(reader))
		return 0;
	if (reader->section == NULL)
		return settings_refuse(reader, reader->number, "a key stands before the first [section]");
	for (reader->row = reader->section->settings; reader->row->name != NULL; reader->row++)
		if (span_equal(span_of(key), span_of(reader->row->name)))
			break;
	if (reader->row->name == NULL) {
		reader->row = NULL;
		return settings_unknown_key(reader, span_of(key));
	}
	reader->row_number = reader->number;
	text_clear(&reader->value);
	text_add(&reader->value, span_of(value));
	return 1;
}

/* The line without its comment: '#' or ';' at its start, ';' after a blank. */
static struct span settings_strip(struct span line)
{
	struct span bare = span_trim(line);

	if (bare.len == 0 || bare.at[0] == '#' || bare.at[0] == ';')
		return (struct span){ line.at, 0 };
	for (size_t i = 1; i < line.len; i++)
		if (line.at[i] == ';' && (line.at[i - 1] == ' ' || line.at[i - 1] == '\t'))
			line.len = i;
	return line;
}

/* "key = " at the front: a key that stands indented, which inih would take for more of the last value. */
static bool settings_looks_like_key(struct span text)
{
	size_t len = 0;

	while (len < text.len && (text.at[len] == '_' || (text.at[len] >= 'a' && text.at[len] <= 'z') ||
				  (text.at[len] >= '0' && text.at[len] <= '9')))
		len++;
	text = span_trim(span_from(text, len));
	return len > 0 && text.len > 0 && text.at[0] == '=';
}

/* The next line that says anything, header lines dealt with; false at the end or after a mistake. */
static bool settings_next_line(struct settings_reader *reader)
{
	while (reader->rest.len > 0 && !reader->failed) {
		struct span line, bare;

		if (!span_cut(&reader->rest, '\n', &line)) {
			line = reader->rest;
			reader->rest = span_from(line, line.len);
		}
		if (reader->number++ == 0)
			(void)span_skip(&line, SPAN("\xef\xbb\xbf"));
		line = settings_strip(line);
		bare = span_trim(line);
		if (bare.len == 0)
			continue;
		if (bare.at[0] == '[') {
			struct span name;

			bare = span_from(bare, 1);
			if (!span_cut(&bare, ']', &name))
				settings_refuse(reader, reader->number,
						"this section's name has no closing ]");
			else
				settings_open_section(reader, name);
			continue;
		}
		reader->indented = bare.at != line.at && reader->row != NULL &&
				   !settings_looks_like_key(bare);
		if (!reader->indented && memchr(bare.at, '=', bare.len) == NULL)
			return settings_refuse(reader, reader->number,
					       "neither \"key = value\" nor a [section]");
		reader->line = bare;
		return true;
	}
	return false;
}

/* inih's reader, as fgets: one line; a longer one in pieces that inih takes for a continued value. */
static char *settings_feed(char *into, int room, void *context)
{
	struct settings_reader *reader = context;
	size_t len, lead;

	if (reader->failed)
		return NULL;
	reader->glued = reader->line.len > 0;
	if (!reader->glued && !settings_next_line(reader))
		return NULL;
	lead = reader->glued || reader->indented ? 1 : 0;
	len = (size_t)room - 3 - lead;
	if (len > reader->line.len)
		len = reader->line.len;
	/* Blanks at a cut would be trimmed, and a comment's sign behind it would hide the rest. */
	while (len > 1 && len < reader->line.len &&
	       (strchr(" \t;#", reader->line.at[len]) != NULL ||
		strchr(" \t", reader->line.at[len - 1]) != NULL))
		len--;
	into[0] = ' ';
	memcpy(into + lead, reader->line.at, len);
	memcpy(into + lead + len, "\n", 2);
	reader->line = span_from(reader->line, len);
	return into;
}

static bool settings_read_one(struct settings_reader *reader, const char *name, struct span text)
{
	reader->name = name;
	reader->rest = text;
	reader->line = (struct span){ NULL, 0 };
	reader->number = 0;
	reader->section = NULL;
	reader->row = NULL;
	reader->seen_count = 0;
	reader->value.ceiling = SETTINGS_FILE_MAX;
	if (memchr(text.at, '\0', text.len) != NULL)
		return settings_refuse(reader, 1, "this is not a text file");
	if (ini_parse_stream(settings_feed, reader, settings_key, reader) != 0)
		settings_refuse(reader, reader->number, "this line cannot be read");
	return settings_flush(reader);
}

static bool settings_end(struct settings_reader *reader)
{
	text_free(&reader->value);
	free(reader->seen);
	if (reader->failed)
		settings_defaults(reader->sections, reader->whole);
	return !reader->failed;
}

bool settings_read_text(const struct settings_section *sections, const char *name, struct span text,
			void *whole, struct error *error)
{
	struct settings_reader reader = { .sections = sections, .whole = whole, .error = error };

	settings_defaults(sections, whole);
	settings_read_one(&reader, name, text);
	return settings_end(&reader);
}

static bool settings_read_file(struct settings_reader *reader, const char *path)
{
	FILE *file = fopen(path, "re");
	char *text;
	size_t len;

	if (file == NULL) {
		reader->failed = true;
		return error_set(reader->error, "%s: %s", path, strerror(errno));
	}
	text = memory_new(SETTINGS_FILE_MAX + 1, 1);
	len = fread(text, 1, SETTINGS_FILE_MAX + 1, file);
	if (ferror(file) || len > SETTINGS_FILE_MAX) {
		reader->failed = true;
		error_set(reader->error, "%s: %s", path,
			  ferror(file) ? strerror(errno) : "larger than 1 MiB");
	} else {
		settings_read_one(reader, path, (struct span){ text, len });
	}
	free(text);
	fclose(file);
	return !reader->failed;
}

static int settings_is_drop_in(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && span_ends(span_of(entry->d_name), SPAN(".conf"));
}

bool settings_read(const struct settings_section *sections, const char *path, void *whole,
		   struct error *error)
{
	struct settings_reader reader = { .sections = sections, .whole = whole, .error = error };
	struct text folder = { 0 }, file = { 0 };
	struct dirent **entries = NULL;
	int count;

	settings_defaults(sections, whole);
	settings_read_file(&reader, path);
	text_add_format(&folder, "%s.d", path);
	count = scandir(folder.at, &entries, settings_is_drop_in, alphasort);
	for (int i = 0; i < count; i++) {
		text_clear(&file);
		text_add_format(&file, "%s/%s", folder.at, entries[i]->d_name);
		if (!reader.failed)
			settings_read_file(&reader, file.at);
		free(entries[i]);
	}
	if (count < 0 && errno != ENOENT && errno != ENOTDIR && !reader.failed) {
		reader.failed = true;
		error_set(error, "%s: %s", folder.at, strerror(errno));
	}
	free(entries);
	text_free(&folder);
	text_free(&file);
	return settings_end(&reader);
}
