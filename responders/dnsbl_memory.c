/*
 * The file is a first line, and then a line a list and a line an address at a list, fields parted by blanks,
 * words for people last. A line that cannot be read is passed over: what it knew is asked for again.
 */
#define _GNU_SOURCE
#include "responders/dnsbl_memory.h"

#include "base/memory.h"
#include "base/save.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MEMORY_HEAD "sendwatch blocklists 1\n"
#define MEMORY_MOST ((size_t)16 * 1024 * 1024)

static const char *const states[] = { "unknown", "clear", "listed" };
static const char *const faults[] = { "fine", "silent", "forbidden", "everything", "dead", "strange" };

void dnsbl_words(char *into, size_t size, struct span strange)
{
	size_t len = 0;

	while (strange.len > 0) {
		size_t step = text_utf8_len(strange);
		struct text one = { 0 };

		step = step == 0 ? 1 : step;
		text_add_printable(&one, span_head(strange, step));
		if (len + one.len >= size) {
			text_free(&one);
			break;
		}
		memcpy(into + len, one.at, one.len);
		len += one.len;
		text_free(&one);
		strange = span_from(strange, step);
	}
	into[len] = '\0';
}

struct dnsbl_row *dnsbl_memory_row(const struct dnsbl_memory *memory, const char *address, const char *zone)
{
	for (size_t i = 0; i < memory->row_count; i++)
		if (strcmp(memory->rows[i].address, address) == 0 && strcmp(memory->rows[i].zone, zone) == 0)
			return &memory->rows[i];
	return NULL;
}

struct dnsbl_side *dnsbl_memory_side(const struct dnsbl_memory *memory, const char *zone, bool six)
{
	for (size_t i = 0; i < memory->side_count; i++)
		if (memory->sides[i].six == six && strcmp(memory->sides[i].zone, zone) == 0)
			return &memory->sides[i];
	return NULL;
}

static void memory_put_time(struct text *text, usec_t time)
{
	char into[CLOCK_TEXT_SIZE];

	text_add_format(text, " %s", time == USEC_NEVER ? "-" : clock_text(time, into));
}

static bool memory_take_time(struct span *rest, usec_t *time_r)
{
	struct span word;

	*time_r = USEC_NEVER;
	return span_cut(rest, ' ', &word) && (span_equal(word, SPAN("-")) || clock_parse(word, time_r));
}

static bool memory_take_word(struct span *rest, const char *const *words, size_t count, unsigned *which_r)
{
	struct span word;

	if (!span_cut(rest, ' ', &word))
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (!span_equal(word, span_of(words[i])))
			continue;
		*which_r = i;
		return true;
	}
	return false;
}

static bool memory_take_told(struct span *rest, bool *told_r)
{
	struct span word;

	if (!span_cut(rest, ' ', &word))
		return false;
	*told_r = span_equal(word, SPAN("told"));
	return true;
}

static bool memory_parse_side(struct span rest, struct dnsbl_side *side)
{
	struct span zone, family;
	unsigned fault;

	if (!span_cut(&rest, ' ', &zone) || !dnsbl_zone(zone, side->zone) || !span_cut(&rest, ' ', &family) ||
	    !memory_take_word(&rest, faults, sizeof(faults) / sizeof(faults[0]), &fault) ||
	    !memory_take_told(&rest, &side->told) || !memory_take_time(&rest, &side->since) ||
	    !memory_take_time(&rest, &side->due))
		return false;
	side->six = span_equal(family, SPAN("6"));
	side->fault = (enum dnsbl_fault)fault;
	dnsbl_words(side->words, sizeof(side->words), rest);
	return true;
}

static bool memory_parse_row(struct span rest, struct dnsbl_row *row)
{
	struct span address, zone, code;
	unsigned state;
	bool six;

	if (!span_cut(&rest, ' ', &address) || !dnsbl_address(address, row->address, &six) ||
	    !span_cut(&rest, ' ', &zone) || !dnsbl_zone(zone, row->zone) ||
	    !memory_take_word(&rest, states, sizeof(states) / sizeof(states[0]), &state) ||
	    !memory_take_told(&rest, &row->told) || !memory_take_time(&rest, &row->since) ||
	    !memory_take_time(&rest, &row->due) || !span_cut(&rest, ' ', &code))
		return false;
	row->state = (enum dnsbl_state)state;
	dnsbl_words(row->code, sizeof(row->code), span_equal(code, SPAN("-")) ? SPAN("") : code);
	dnsbl_words(row->words, sizeof(row->words), rest);
	return true;
}

void dnsbl_memory_parse(struct span text, struct dnsbl_memory *memory_r)
{
	struct dnsbl_memory *memory = memory_r;
	struct span line;

	*memory = (struct dnsbl_memory){ 0 };
	if (!span_skip(&text, SPAN(MEMORY_HEAD)))
		return;
	while (span_cut(&text, '\n', &line)) {
		struct dnsbl_side side = { 0 };
		struct dnsbl_row row = { 0 };

		if (span_skip(&line, SPAN("zone ")) && memory_parse_side(line, &side)) {
			memory->sides = memory_grow(memory->sides, memory->side_count + 1, sizeof(side));
			memory->sides[memory->side_count++] = side;
		} else if (span_skip(&line, SPAN("address ")) && memory_parse_row(line, &row)) {
			memory->rows = memory_grow(memory->rows, memory->row_count + 1, sizeof(row));
			memory->rows[memory->row_count++] = row;
		}
	}
}

bool dnsbl_memory_read(const char *folder, struct dnsbl_memory *memory_r, struct error *error)
{
	struct text path = { 0 }, text = { .ceiling = MEMORY_MOST };
	bool good = true;

	*memory_r = (struct dnsbl_memory){ 0 };
	text_add_format(&path, "%s/blocklists", folder);
	if (access(path.at, F_OK) == 0 || errno != ENOENT)
		good = save_read(path.at, MEMORY_MOST, &text, error);
	if (good)
		dnsbl_memory_parse(text_span(&text), memory_r);
	text_free(&path);
	text_free(&text);
	return good;
}

static void memory_put_row(struct text *text, const struct dnsbl_row *row)
{
	text_add_format(text, "address %s %s %s %s", row->address, row->zone, states[row->state],
			row->told ? "told" : "untold");
	memory_put_time(text, row->since);
	memory_put_time(text, row->due);
	text_add_format(text, " %s %s\n", row->code[0] == '\0' ? "-" : row->code, row->words);
}

void dnsbl_memory_print(const struct dnsbl_memory *memory, struct text *text)
{
	text_add(text, SPAN(MEMORY_HEAD));
	for (size_t i = 0; i < memory->side_count; i++) {
		const struct dnsbl_side *side = &memory->sides[i];

		text_add_format(text, "zone %s %s %s %s", side->zone, side->six ? "6" : "4",
				faults[side->fault], side->told ? "told" : "untold");
		memory_put_time(text, side->since);
		memory_put_time(text, side->due);
		text_add_format(text, " %s\n", side->words);
	}
	for (size_t i = 0; i < memory->row_count; i++)
		memory_put_row(text, &memory->rows[i]);
}

bool dnsbl_memory_write(const char *folder, const struct dnsbl_memory *memory, struct error *error)
{
	struct text path = { 0 }, text = { .ceiling = MEMORY_MOST };
	bool good;

	dnsbl_memory_print(memory, &text);
	text_add_format(&path, "%s/blocklists", folder);
	good = save_whole(path.at, text_span(&text), 0640, error);
	text_free(&path);
	text_free(&text);
	return good;
}

void dnsbl_memory_free(struct dnsbl_memory *memory)
{
	free(memory->rows);
	free(memory->sides);
	*memory = (struct dnsbl_memory){ 0 };
}
