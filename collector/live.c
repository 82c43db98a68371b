/*
 * Everything that is stayed with, as one: files and globs together are one part, each journal and each listener
 * another. While several parts have lines, the earliest comes first, so that catching up is in the order of time; a
 * part that had none is looked at again every LIVE_TURN lines, and when no part has any.
 *
 * Positions as text: "live 1 PARTS", then for each part "part BYTES NAME" and its own text.
 */
#define _GNU_SOURCE
#include "collector/live.h"

#include "base/memory.h"
#include "collector/journald_name.h"
#include "collector/listen_name.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LIVE_TURN  256
#define LIVE_FILES "files" /* the name of the part that follows files */

struct live_part {
	struct collector *collector;
	char *name;
	struct line line;
	bool has_line;
	bool ended;        /* standard input is; nothing else ends */
	usec_t time;       /* of the line */
	uint32_t *numbers; /* the sources of this part, as they are numbered here; UINT32_MAX: not yet */
	size_t number_count;
};

struct live_source {
	uint32_t part, number;
};

struct live {
	struct collector collector;
	struct live_part *parts;
	size_t count;
	struct live_source *sources;
	uint32_t source_count;
	struct live_part *given;
	unsigned turn;
	int all; /* epoll, over the parts' own */
};

/* The number that SOURCE of PART has here: given when it is first met. */
static uint32_t live_number(struct live *live, struct live_part *part, uint32_t source)
{
	while (part->number_count <= source) {
		part->numbers = memory_grow(part->numbers, part->number_count + 1, sizeof(*part->numbers));
		part->numbers[part->number_count++] = UINT32_MAX;
	}
	if (part->numbers[source] == UINT32_MAX) {
		live->sources = memory_grow(live->sources, live->source_count + 1, sizeof(*live->sources));
		live->sources[live->source_count] = (struct live_source){ (uint32_t)(part - live->parts),
									  source };
		part->numbers[source] = live->source_count++;
	}
	return part->numbers[source];
}

static void live_look(struct live *live, struct live_part *part)
{
	const struct collector_calls *calls = &live->collector.calls;
	usec_t time = USEC_NEVER;

	enum collected got;

	if (part->has_line || part->ended)
		return;
	got = part->collector->kind->peek(part->collector, &part->line);
	part->ended = got == COLLECTED_END;
	part->has_line = got == COLLECTED_LINE;
	if (!part->has_line)
		return;
	if (live->count > 1 && calls->time != NULL)
		time = calls->time(collector_opened(part->collector), part->line.text);
	if (time != USEC_NEVER)
		part->time = time;
}

static bool live_is_over(const struct live *live)
{
	for (size_t i = 0; i < live->count; i++)
		if (!live->parts[i].ended)
			return false;
	return true;
}

static enum collected live_next(struct collector *collector, struct line *line_r)
{
	struct live *live = (struct live *)collector;
	struct live_part *first = NULL;
	bool all = live->given == NULL || ++live->turn >= LIVE_TURN;

	if (live->given != NULL)
		live_look(live, live->given);
	all = all || (live->given != NULL && !live->given->has_line);
	for (size_t i = 0; i < live->count; i++) {
		struct live_part *part = &live->parts[i];

		if (all)
			live_look(live, part);
		if (part->has_line && (first == NULL || part->time < first->time))
			first = part;
	}
	if (all)
		live->turn = 0;
	live->given = first;
	if (first == NULL)
		return live_is_over(live) ? COLLECTED_END : COLLECTED_WAIT;
	*line_r = first->line;
	line_r->source = live_number(live, first, first->line.source);
	line_r->position = first->collector->kind->give(first->collector);
	first->has_line = false;
	return COLLECTED_LINE;
}

static void *live_opened(const struct collector *collector)
{
	const struct live *live = (const struct live *)collector;

	return live->given == NULL ? NULL : collector_opened(live->given->collector);
}

static int live_fd(const struct collector *collector)
{
	return ((const struct live *)collector)->all;
}

static bool live_save(struct collector *collector, struct error *error)
{
	const struct live *live = (const struct live *)collector;
	bool fine = true;

	for (size_t i = 0; i < live->count; i++)
		fine = collector_save(live->parts[i].collector, error) && fine;
	return fine;
}

static void live_positions(const struct collector *collector, struct text *into)
{
	const struct live *live = (const struct live *)collector;

	text_add_format(into, "live 1 %zu\n", live->count);
	for (size_t i = 0; i < live->count; i++) {
		struct text own = { .ceiling = (size_t)64 * 1024 * 1024 };

		collector_positions(live->parts[i].collector, &own);
		text_add_format(into, "part %zu %s\n", own.len, live->parts[i].name);
		text_add(into, text_span(&own));
		text_free(&own);
	}
}

/* What PART wrote, in the text of all; empty where it is not there. */
static struct span live_saved(struct span text, const char *part)
{
	struct span line, bytes;
	uint64_t len;

	if (!span_cut(&text, '\n', &line) || !span_starts(line, SPAN("live 1 ")))
		return (struct span){ NULL, 0 };
	while (span_cut(&text, '\n', &line)) {
		if (!span_skip(&line, SPAN("part ")) || !span_cut(&line, ' ', &bytes) ||
		    !span_to_u64(bytes, &len) || len > text.len)
			break;
		if (span_equal(line, span_of(part)))
			return span_head(text, (size_t)len);
		text = span_from(text, (size_t)len);
	}
	return (struct span){ NULL, 0 };
}

static const char *live_source_name(const struct collector *collector, uint32_t source)
{
	const struct live *live = (const struct live *)collector;
	const struct live_source *of = source < live->source_count ? &live->sources[source] : NULL;

	return of == NULL ? NULL : collector_source_name(live->parts[of->part].collector, of->number);
}

/* In the order of the parts: one that had no line yet has no number, and is told of all the same. */
static bool live_source(const struct collector *collector, uint32_t at, struct collector_source *source_r)
{
	const struct live *live = (const struct live *)collector;

	for (size_t i = 0; i < live->count; i++) {
		const struct live_part *part = &live->parts[i];

		for (uint32_t own = 0; collector_source(part->collector, own, source_r); own++)
			if (at-- == 0) {
				source_r->number = own < part->number_count ? part->numbers[own] : UINT32_MAX;
				return true;
			}
	}
	return false;
}

static void live_stats(const struct collector *collector, struct collector_stats *stats)
{
	const struct live *live = (const struct live *)collector;

	for (size_t i = 0; i < live->count; i++) {
		struct collector_stats own = collector_stats(live->parts[i].collector);

		stats->files += own.files;
		stats->files_failed += own.files_failed;
		stats->bytes += own.bytes;
		stats->lines += own.lines;
		stats->skipped_long += own.skipped_long;
		stats->skipped_binary += own.skipped_binary;
		stats->bytes_read += own.bytes_read;
	}
}

static void live_close(struct collector *collector)
{
	struct live *live = (struct live *)collector;

	for (size_t i = 0; i < live->count; i++) {
		collector_close(&live->parts[i].collector);
		free(live->parts[i].name);
		free(live->parts[i].numbers);
	}
	if (live->all >= 0)
		close(live->all);
	free(live->parts);
	free(live->sources);
	free(live);
}

static const struct collector_kind live_kind = {
	.next = live_next,
	.opened = live_opened,
	.fd = live_fd,
	.save = live_save,
	.positions = live_positions,
	.source_name = live_source_name,
	.stats = live_stats,
	.source = live_source,
	.close = live_close,
};

/* Takes COLLECTOR over, which may be NULL: it could not be made, as ERROR says. */
static bool live_add(struct live *live, const char *name, struct collector *collector, struct error *error)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (collector == NULL)
		return false;
	live->parts = memory_grow(live->parts, live->count + 1, sizeof(*live->parts));
	live->parts[live->count++] = (struct live_part){ .collector = collector,
							 .name = memory_copy(span_of(name)),
							 .time = USEC_NEVER };
	for (uint32_t source = 0; collector_source_name(collector, source) != NULL; source++)
		(void)live_number(live, &live->parts[live->count - 1], source);
	return epoll_ctl(live->all, EPOLL_CTL_ADD, collector_fd(collector), &event) == 0 ||
	       error_set(error, "%s: cannot be waited for: %s", name, strerror(errno));
}

static bool live_add_one(struct live *live, const char *log, const struct collector_live_options *options,
			 struct error *error)
{
	struct collector_live_options own = *options;
	const struct collector_calls *calls = &live->collector.calls;

	own.positions = NULL;
	own.saved = live_saved(options->saved, log);
	for (size_t i = 0; i < live->count; i++)
		if (strcmp(live->parts[i].name, log) == 0)
			return true; /* named twice */
	return live_add(live, log,
			journald_name_is(log) ? collector_journald(log, &own, calls, error)
					      : collector_listen(log, &own, calls, error),
			error);
}

/* A log that was never followed is not known from a text that does not have its part. */
static bool live_add_files(struct live *live, const char *const *files, size_t count,
			   const struct collector_live_options *options, struct error *error)
{
	struct collector_live_options own = *options;

	own.saved = live_saved(options->saved, LIVE_FILES);
	return live_add(live, LIVE_FILES, collector_follow(files, count, &own, &live->collector.calls, error),
			error);
}

static bool live_add_all(struct live *live, const char *const *logs, size_t count,
			 const struct collector_live_options *options, struct error *error)
{
	const char **files = memory_new(count, sizeof(*files));
	size_t file_count = 0;
	bool fine = true;

	for (size_t i = 0; i < count && fine; i++) {
		if (journald_name_is(logs[i]) || listen_name_is(logs[i]))
			fine = listen_name_is_alone(logs, i, error) &&
			       live_add_one(live, logs[i], options, error);
		else
			files[file_count++] = logs[i];
	}
	if (fine && file_count > 0)
		fine = live_add_files(live, files, file_count, options, error);
	free(files);
	return fine;
}

struct collector *collector_live(const char *const *logs, size_t count,
				 const struct collector_live_options *options,
				 const struct collector_calls *calls, struct error *error)
{
	struct live *live = memory_new(1, sizeof(*live));
	struct collector *collector = &live->collector;
	bool fine = count > 0 || error_set(error, "no log is named");

	live->collector.kind = &live_kind;
	live->collector.calls = *calls;
	live->all = epoll_create1(EPOLL_CLOEXEC);
	if (live->all < 0)
		fine = fine && error_set(error, "cannot wait for logs: %s", strerror(errno));
	if (!fine || !live_add_all(live, logs, count, options, error)) {
		collector_close(&collector);
		return NULL;
	}
	return collector;
}
