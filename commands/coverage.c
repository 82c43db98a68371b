/*
 * Coverage. A shape is a line's words with everything that looks like a name, a number or an address folded
 * to a star, so that a thousand lines of one unknown kind are one row with one sample. Programs beyond 64 and
 * shapes beyond 500 are counted in the whole, and said to be more than are shown.
 */
#define _GNU_SOURCE
#include "commands/coverage.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/text.h"
#include "responders/payload.h"

#include <stdlib.h>

#define COVERAGE_PROGRAMS 64
#define COVERAGE_SHAPES   500
#define COVERAGE_SHAPE    ((size_t)200)
#define COVERAGE_SAMPLE   ((size_t)400)

struct coverage_program {
	char name[48];
	uint64_t understood, unknown;
};

struct coverage_shape {
	char program[48];
	char reason[64];
	char sample[COVERAGE_SAMPLE];
	uint64_t count;
};

struct coverage {
	struct map *programs, *shapes;
	struct text shape; /* reused for every line that is not understood */
	uint64_t understood, unknown, foreign;
};

struct coverage *coverage_new(void)
{
	const struct map_options programs = { .record_size = sizeof(struct coverage_program),
					      .most = COVERAGE_PROGRAMS };
	const struct map_options shapes = { .record_size = sizeof(struct coverage_shape),
					    .most = COVERAGE_SHAPES };
	struct coverage *coverage = memory_new(1, sizeof(*coverage));

	coverage->programs = map_new(&programs);
	coverage->shapes = map_new(&shapes);
	coverage->shape.ceiling = COVERAGE_SHAPE;
	return coverage;
}

void coverage_free(struct coverage **coverage)
{
	if (*coverage == NULL)
		return;
	map_free(&(*coverage)->programs);
	map_free(&(*coverage)->shapes);
	text_free(&(*coverage)->shape);
	free(*coverage);
	*coverage = NULL;
}

static void coverage_copy(char *into, size_t room, struct span text)
{
	text = span_head(text, room - 1);
	if (text.len > 0)
		memcpy(into, text.at, text.len);
	into[text.len] = '\0';
}

/* The table's record for HASH, made where there is room; NULL where there is none. */
static void *coverage_row(struct map *map, uint64_t hash, uint32_t most)
{
	void *row = map_find(map, hash, (struct span){ NULL, 0 });

	if (row == NULL && map_stats(map).count < most)
		row = map_add(map, hash);
	return row;
}

static bool coverage_in_word(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
	       (byte != '\0' && strchr("@._-+/:=", byte) != NULL) || (unsigned char)byte >= 0x80;
}

static void coverage_fold(struct span words, struct text *shape)
{
	text_clear(shape);
	while (words.len > 0 && !shape->cut) {
		size_t len = 0;
		bool named = false;

		while (len < words.len && coverage_in_word(words.at[len])) {
			named = named || strchr("@0123456789", words.at[len]) != NULL;
			len++;
		}
		text_add(shape, named ? SPAN("*") : span_head(words, len));
		words = span_from(words, len);
		if (words.len > 0 && words.at[0] == '<') {
			size_t end = span_find(words, SPAN(">"));

			text_add(shape, SPAN("<"));
			words = span_from(words, end);
		} else if (words.len > 0) {
			text_add(shape, span_head(words, 1));
			words = span_from(words, 1);
		}
	}
}

static void coverage_unknown(struct coverage *coverage, struct span line, struct span program,
			     const struct frame *frame, const struct event *event)
{
	struct coverage_shape *shape;

	coverage_fold(frame->text, &coverage->shape);
	shape = coverage_row(coverage->shapes,
			     hash_stable_more(hash_stable(program), text_span(&coverage->shape)),
			     COVERAGE_SHAPES);
	if (shape == NULL)
		return;
	if (shape->count++ == 0) {
		coverage_copy(shape->program, sizeof(shape->program), program);
		coverage_copy(shape->reason, sizeof(shape->reason), event->reason);
		coverage_copy(shape->sample, sizeof(shape->sample), line);
	}
}

void coverage_count(struct coverage *coverage, struct span line, const struct frame *frame,
		    const struct event *event)
{
	struct span program = event->program.at != NULL ? event->program : frame->tag;
	struct coverage_program *row;

	if (event->kind == EVENT_FOREIGN) {
		coverage->foreign++;
		return;
	}
	if (program.len == 0)
		program = span_of(event_mta_name(event->mta));
	row = coverage_row(coverage->programs, hash_stable(program), COVERAGE_PROGRAMS);
	if (row != NULL && row->name[0] == '\0')
		coverage_copy(row->name, sizeof(row->name), program);
	if (event->kind != EVENT_UNKNOWN) {
		coverage->understood++;
		if (row != NULL)
			row->understood++;
		return;
	}
	coverage->unknown++;
	if (row != NULL)
		row->unknown++;
	coverage_unknown(coverage, line, program, frame, event);
}

static int coverage_more_lines(const void *left, const void *right)
{
	const struct coverage_program *a = *(const struct coverage_program *const *)left;
	const struct coverage_program *b = *(const struct coverage_program *const *)right;
	uint64_t lines_a = a->understood + a->unknown, lines_b = b->understood + b->unknown;

	return lines_a == lines_b ? strcmp(a->name, b->name) : lines_a < lines_b ? 1 : -1;
}

static int coverage_more_often(const void *left, const void *right)
{
	const struct coverage_shape *a = *(const struct coverage_shape *const *)left;
	const struct coverage_shape *b = *(const struct coverage_shape *const *)right;

	return a->count == b->count ? strcmp(a->sample, b->sample) : a->count < b->count ? 1 : -1;
}

/* The table's records in the order of COMPARE; owned by the caller. */
static const void **coverage_sorted(const struct map *map, int (*compare)(const void *, const void *),
				    size_t *count_r)
{
	const void **rows = memory_new(map_stats(map).count, sizeof(*rows));
	size_t count = 0;

	for (const void *row = map_oldest(map); row != NULL; row = map_newer(map, row))
		rows[count++] = row;
	qsort(rows, count, sizeof(*rows), compare);
	*count_r = count;
	return rows;
}

static double coverage_share(uint64_t understood, uint64_t unknown)
{
	return understood + unknown == 0 ? 1 : (double)understood / (double)(understood + unknown);
}

static void coverage_print_program(const char *name, uint64_t understood, uint64_t unknown, bool ndjson,
				   FILE *out)
{
	double share = coverage_share(understood, unknown);
	struct text safe = { 0 };

	if (ndjson) {
		struct payload *payload = payload_begin("coverage");
		char *line;

		payload_add_text(payload, "program", span_of(name));
		payload_add_count(payload, "lines", understood + unknown);
		payload_add_count(payload, "unknown", unknown);
		payload_add_share(payload, "share", share);
		line = payload_end(&payload);
		fprintf(out, "%s\n", line);
		free(line);
		return;
	}
	text_add_printable(&safe, span_of(name == NULL ? "all" : name));
	/* Rounded down: 100 % means all. */
	fprintf(out, "%7.2f %%  %10llu  %9llu  %s\n", (double)(int64_t)(share * 10000) / 100,
		(unsigned long long)(understood + unknown), (unsigned long long)unknown, safe.at);
	text_free(&safe);
}

static void coverage_print_shape(const struct coverage_shape *shape, bool ndjson, FILE *out)
{
	struct text safe = { 0 };

	if (ndjson) {
		struct payload *payload = payload_begin("unknown");
		char *line;

		payload_add_text(payload, "program", span_of(shape->program));
		payload_add_text(payload, "reason",
				 shape->reason[0] == '\0' ? (struct span){ NULL, 0 }
							  : span_of(shape->reason));
		payload_add_count(payload, "lines", shape->count);
		payload_add_text(payload, "sample", span_of(shape->sample));
		line = payload_end(&payload);
		fprintf(out, "%s\n", line);
		free(line);
		return;
	}
	text_add_format(&safe, "%10llu  ", (unsigned long long)shape->count);
	text_add_printable(&safe, span_of(shape->program));
	text_add(&safe, SPAN(": "));
	text_add_printable(&safe, shape->reason[0] == '\0' ? SPAN("unknown words") : span_of(shape->reason));
	text_add(&safe, SPAN("\n            "));
	text_add_printable(&safe, span_of(shape->sample));
	fprintf(out, "%s\n", safe.at);
	text_free(&safe);
}

void coverage_print(const struct coverage *coverage, bool ndjson, FILE *out)
{
	size_t count;
	const void **rows = coverage_sorted(coverage->programs, coverage_more_lines, &count);

	if (!ndjson)
		fprintf(out, "understood       lines    unknown  program\n");
	coverage_print_program(NULL, coverage->understood, coverage->unknown, ndjson, out);
	for (size_t i = 0; i < count; i++) {
		const struct coverage_program *program = rows[i];

		coverage_print_program(program->name, program->understood, program->unknown, ndjson, out);
	}
	free(rows);
	rows = coverage_sorted(coverage->shapes, coverage_more_often, &count);
	if (!ndjson && count > 0)
		fprintf(out, "\nNot understood, by shape%s:\n",
			count < COVERAGE_SHAPES ? "" : " (the first 500 kinds)");
	for (size_t i = 0; i < count; i++)
		coverage_print_shape(rows[i], ndjson, out);
	free(rows);
	if (!ndjson && coverage->foreign > 0)
		fprintf(out, "\nLines of other programs, passed over: %llu\n",
			(unsigned long long)coverage->foreign);
}
