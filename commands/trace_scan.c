/*
 * Blocks of logs searched for a dozen texts at most; see the header for what is found and what
 * is not. The ring holds the last plain text read, so that an id which is learned late (a content filter's
 * second leg begins before the first one names it) is looked up in what has just passed.
 */
#define _GNU_SOURCE
#include "commands/trace_scan.h"

#include "base/memory.h"
#include "base/seek.h"
#include "collector/lines.h"
#include "collector/plan.h"
#include "commands/framers.h"
#include "commands/options.h"
#include "parsers/parser.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Some 25,000 lines: the seconds in which a content filter hands a message back. Filling a larger one for the first
 * time costs more than searching does: with 32 MiB half the time of a trace went to the kernel's clearing of pages.
 */
#define RING         ((size_t)4 * 1024 * 1024)
#define PIECES       1024
#define SCRIPTS_BACK 8192 /* bytes */
#define STARTED      3    /* archives inflated ahead */

/* A piece of the ring: LEN bytes of whole lines, from OFFSET of FILE on. */
struct piece {
	size_t at, len;
	uint32_t file;
	uint64_t offset;
};

struct search {
	struct trace_scan *scan;
	struct framer *framer; /* for cutting only: lines come in no order */
	struct plan plan;
	struct ahead *ahead;
	struct input **started;
	atomic_uint_fast64_t read;
	char *needles[TRACE_NEEDLES + 2];
	size_t needle_count;
	size_t known; /* how many of the wanted ids are needles or were refused to be */
	char *ring;
	size_t ring_used;            /* where the next block goes */
	struct piece pieces[PIECES]; /* a ring too: the oldest first */
	size_t piece_first, piece_count;
};

static void search_add_needle(struct search *search, struct span text)
{
	if (search->needle_count == TRACE_NEEDLES) {
		search->scan->too_many = true;
		return;
	}
	search->needles[search->needle_count++] = memory_copy(text);
}

static bool search_is_script(struct search *search, struct span line)
{
	struct frame frame;
	struct event event;

	if (!framer_cut(search->framer, line, &frame))
		return false;
	parser_read(&frame, &event);
	return event.kind == EVENT_SCRIPT && event.queue_id.at == NULL;
}

/*
 * Exim's "cwd=" lines and cPanel's on who connects name no message, but the script or the user that one came from:
 * those right before it are kept too, for the ledger to choose from.
 */
static void search_scripts(struct search *search, const struct piece *piece, const char *before,
			   const char *words)
{
	const char *begin = search->ring + piece->at, *at = begin;
	struct span line;

	if (before - begin > SCRIPTS_BACK)
		at = before - SCRIPTS_BACK;
	while (at < before) {
		const char *hit = memmem(at, (size_t)(before - at), words, strlen(words)), *first, *last;

		if (hit == NULL)
			return;
		first = memrchr(begin, '\n', (size_t)(hit - begin));
		first = first == NULL ? begin : first + 1;
		last = memchr(hit, '\n', (size_t)(before - hit));
		if (last == NULL)
			return;
		line = (struct span){ first, (size_t)(last - first) };
		if (search_is_script(search, line))
			trace_lines_add(search->scan->lines, line, piece->file,
					piece->offset + (uint64_t)(first - begin), USEC_NEVER);
		at = last + 1;
	}
}

/* A line that holds a needle: does it belong, and what ids does it bring? */
static void search_line(struct search *search, struct span line, const struct piece *piece)
{
	uint64_t offset = piece->offset + (uint64_t)(line.at - search->ring) - piece->at;
	struct wanted *wanted = search->scan->wanted;
	struct frame frame;
	struct event event;

	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0 || line.len > COLLECTOR_LINE_MAX || !framer_cut(search->framer, line, &frame))
		return;
	parser_read(&frame, &event);
	if (wanted_match(wanted, &event) == WANTED_NOT)
		return;
	trace_lines_add(search->scan->lines, line, piece->file, offset, USEC_NEVER);
	if (wanted_has_script(&event))
		search_scripts(search, piece, line.at, event.local ? "cwd=" : "identification H=");
	wanted_learn(wanted, &event);
}

/*
 * Where NEEDLE stands in the text. Addresses are found in any case: by their '@', which memchr finds as fast as
 * seek does a word. Ids and IP addresses are what they are.
 */
static const char *find(const char *at, size_t len, const char *needle, size_t needle_len)
{
	const char *sign = strchr(needle, '@'), *end = at + len, *hit;
	size_t before = sign == NULL ? 0 : (size_t)(sign - needle);
	struct span wanted = { needle, needle_len };

	if (sign == NULL)
		return seek(at, len, wanted);
	for (const char *from = at + before; from < end; from = hit + 1) {
		hit = memchr(from, '@', (size_t)(end - from));
		if (hit == NULL || (size_t)(end - hit) < needle_len - before)
			return NULL;
		if (span_equal_nocase((struct span){ hit - before, needle_len }, wanted))
			return hit - before;
	}
	return NULL;
}

/* Every line of the piece that holds NEEDLE. */
static void search_piece(struct search *search, const struct piece *piece, const char *needle)
{
	const char *begin = search->ring + piece->at, *end = begin + piece->len, *at = begin;
	size_t len = strlen(needle);

	while (at < end) {
		const char *hit = find(at, (size_t)(end - at), needle, len), *first, *last;

		if (hit == NULL)
			return;
		first = memrchr(begin, '\n', (size_t)(hit - begin));
		first = first == NULL ? begin : first + 1;
		last = memchr(hit, '\n', (size_t)(end - hit));
		last = last == NULL ? end : last;
		search_line(search, (struct span){ first, (size_t)(last - first) }, piece);
		at = last + 1;
	}
}

static struct piece *search_piece_at(struct search *search, size_t i)
{
	return &search->pieces[(search->piece_first + i) % PIECES];
}

/* Ids learned since the last call become needles, and are looked up in all that the ring still holds. */
static void search_back(struct search *search)
{
	struct wanted *wanted = search->scan->wanted;

	while (search->known < wanted_count(wanted) && !search->scan->too_many) {
		size_t first = search->needle_count;

		search_add_needle(search, wanted_id(wanted, search->known++));
		for (size_t i = 0; first < search->needle_count && i < search->piece_count; i++)
			search_piece(search, search_piece_at(search, i), search->needles[first]);
	}
}

static void search_drop_oldest(struct search *search)
{
	search->piece_first = (search->piece_first + 1) % PIECES;
	search->piece_count--;
}

/* Make room for LEN bytes where the ring is to be filled on: what stood there goes, which is the oldest. */
static void search_room(struct search *search, size_t begun, size_t len)
{
	size_t from = search->ring_used - begun;

	if (search->ring_used + len > RING) {
		while (search->piece_count > 0 && search_piece_at(search, 0)->at >= search->ring_used)
			search_drop_oldest(search);
		memmove(search->ring, search->ring + from, begun);
		from = 0;
		search->ring_used = begun;
	}
	while (search->piece_count == PIECES ||
	       (search->piece_count > 0 && search_piece_at(search, 0)->at >= from &&
		search_piece_at(search, 0)->at < search->ring_used + len))
		search_drop_oldest(search);
}

/* TEXT is put into the ring's room; its whole lines are searched, and what is left is how long it is. */
static size_t search_text(struct search *search, size_t begun, struct span text, bool last, uint32_t file,
			  uint64_t offset)
{
	size_t from = search->ring_used - begun, len = begun + text.len, whole = len;
	const char *newline;
	struct piece *piece;

	memcpy(search->ring + search->ring_used, text.at, text.len);
	search->ring_used += text.len;
	newline = memrchr(search->ring + from, '\n', len);
	if (!last)
		whole = newline == NULL ? 0 : (size_t)(newline + 1 - (search->ring + from));
	if (whole == 0)
		return len;
	assert(search->piece_count < PIECES);
	piece = search_piece_at(search, search->piece_count++);
	*piece = (struct piece){ from, whole, file, offset };
	for (size_t i = 0, count = search->needle_count; i < count; i++)
		search_piece(search, piece, search->needles[i]);
	search_back(search);
	return len - whole;
}

static struct input *search_input(struct search *search, size_t at, struct error *error)
{
	struct plan_file *file = &search->plan.files[at];
	struct input *input = file->kept != NULL ? file->kept : search->started[at];

	file->kept = NULL;
	search->started[at] = NULL;
	if (input == NULL)
		input = plan_input(file, search->ahead, &search->read, error);
	for (size_t next = at + 1; next < search->plan.count && next <= at + STARTED; next++) {
		struct plan_file *coming = &search->plan.files[next];
		struct error ignored;

		if (search->ahead != NULL && coming->about.packed && coming->about.regular &&
		    !coming->empty && search->started[next] == NULL)
			search->started[next] = plan_input(coming, search->ahead, &search->read, &ignored);
	}
	return input;
}

/* Drop the rest of a line that is too long, up to its newline if it is there; how many bytes that were. */
static size_t skip_line(char **data, size_t *len, bool *skipping)
{
	const char *newline = memchr(*data, '\n', *len);
	size_t skipped = newline == NULL ? *len : (size_t)(newline + 1 - *data);

	*skipping = newline == NULL;
	*data += skipped;
	*len -= skipped;
	return skipped;
}

static void search_file(struct search *search, size_t at)
{
	uint32_t file = (uint32_t)at;
	uint64_t offset = 0; /* of what is begun and not yet searched */
	size_t begun = 0;
	struct input *input;
	struct error error;
	char *data;
	size_t len;
	bool broken = false, skipping = false;

	if (search->plan.files[at].empty)
		return;
	search->scan->piped = search->scan->piped || !search->plan.files[at].about.regular;
	input = search_input(search, at, &error);
	if (input == NULL) {
		search->scan->trouble(search->scan->context, error.text);
		return;
	}
	while (input_next(input, &data, &len, &broken, &error)) {
		size_t skipped = skipping ? skip_line(&data, &len, &skipping) : 0, given = len;

		offset += skipped;
		search_room(search, begun, len);
		len = search_text(search, begun, (struct span){ data, len }, false, file, offset);
		offset += begun + given - len;
		begun = len;
		if (begun > COLLECTOR_LINE_MAX) {
			search->ring_used -= begun;
			offset += begun;
			begun = 0;
			skipping = true;
		}
	}
	if (broken) {
		search->scan->trouble(search->scan->context, error.text);
	} else if (begun > 0) {
		search_room(search, begun, 0);
		search_text(search, begun, SPAN(""), true, file, offset);
	}
	search->ring_used -= broken ? begun : 0;
	input_close(&input);
}

static void *search_opened(void *context, const char *path, usec_t written)
{
	const struct search *search = context;

	(void)path;
	return framers_open(&search->scan->options->logs, written);
}

static void search_trouble(void *context, const char *words)
{
	const struct search *search = context;

	search->scan->trouble(search->scan->context, words);
}

/* The time of each line, by its own file's framer, which must see them in their order. */
static void search_date(struct search *search, const struct collector_calls *calls)
{
	struct trace_lines *lines = search->scan->lines;

	trace_lines_by_place(lines);
	for (size_t i = 0; i < lines->count; i++) {
		struct trace_line *line = &lines->all[i];
		void *framer = plan_opened(&search->plan.files[line->file], calls);

		line->time = framer_time(framer, (struct span){ line->at, line->len });
	}
	trace_lines_by_time(lines);
}

static void search_all(struct search *search)
{
	struct wanted *wanted = search->scan->wanted;
	struct span what = wanted_what(wanted);
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	search->ahead = ahead_new(processors > 4 ? 4 : processors < 1 ? 1 : (unsigned)processors);
	search->started = memory_new(search->plan.count, sizeof(struct input *));
	search->ring = memory_large(RING + LINES_HEADROOM);
	search_add_needle(search, what);
	search_back(search);
	for (size_t at = 0; at < search->plan.count && !search->scan->too_many; at++)
		search_file(search, at);
	for (size_t at = 0; at < search->plan.count; at++)
		input_close(&search->started[at]);
	ahead_free(&search->ahead);
	for (size_t i = 0; i < search->needle_count; i++)
		free(search->needles[i]);
	free(search->started);
	free(search->ring);
}

bool trace_scan_run(struct trace_scan *scan, struct error *error)
{
	struct search *search = memory_new(1, sizeof(*search));
	const struct collector_calls calls = {
		.context = search,
		.opened = search_opened,
		.time = framers_time,
		.closed = framers_close,
		.trouble = search_trouble,
	};
	bool readable;

	search->scan = scan;
	search->framer = framers_cutting(&scan->options->logs, error);
	if (search->framer == NULL) {
		free(search);
		return false;
	}
	readable = plan_make(&search->plan, scan->logs, scan->count, &calls, &search->read, error);
	if (readable) {
		search_all(search);
		search_date(search, &calls);
	}
	plan_free(&search->plan, &calls);
	framer_free(&search->framer);
	free(search);
	return readable;
}
