/*
 * Replay: every log is a chain of files, read one after another; the chains are merged by time. A file is
 * opened when its first stamp is reached, and archives that come soon are started a little before, for the
 * threads to inflate. As long as only one chain has lines, no line's time is asked for.
 *
 * Within a file the order of lines is never changed, whatever their stamps; a line without a stamp stays
 * with the one before it.
 */
#define _GNU_SOURCE
#include "collector/ahead.h"
#include "collector/lines.h"
#include "collector/merge.h"
#include "collector/plan.h"
#include "collector/source.h"

#include "base/memory.h"

#include <stdlib.h>
#include <unistd.h>

#define REPLAY_THREADS 4

/* One log: its files in order, and the line that is next. */
struct chain {
	struct plan_file *file; /* being read; NULL: none is open */
	struct input *input;
	struct lines lines;
	size_t next;      /* where in the plan to look for the next file */
	bool ended;       /* the input is; a line without newline may be left */
	bool broken;      /* ... and it was not the true end */
	struct span line; /* looked at, not given */
	uint64_t position;
	uint64_t base; /* uncompressed bytes of the files before */
	usec_t time;   /* of the line, or of the one before where it has none */
};

struct replay {
	struct collector collector;
	struct plan plan;
	struct ahead *ahead;
	unsigned threads;
	atomic_uint_fast64_t read;
	struct merge merge;
	struct chain *chains;
	struct chain *given;    /* whose line was given last */
	struct chain *alone;    /* the same where no other log is left and its file is open; else NULL */
	struct input **started; /* for each file of the plan: inflated ahead, not yet read */
	size_t ahead_at;        /* files of the plan before this one are started */
	unsigned waiting;       /* started and not yet read */
};

/* Where the next file of SOURCE stands in the plan, from AT on. */
static size_t replay_find(const struct replay *replay, uint32_t source, size_t at)
{
	while (at < replay->plan.count &&
	       (replay->plan.files[at].source != source || replay->plan.files[at].empty))
		at++;
	return at;
}

/* Files that come soon, in the order of the plan: one more than there are threads. */
static void replay_start_ahead(struct replay *replay)
{
	for (; replay->threads > 0 && replay->ahead_at < replay->plan.count &&
	       replay->waiting <= replay->threads;
	     replay->ahead_at++) {
		struct plan_file *file = &replay->plan.files[replay->ahead_at];
		struct error error;

		if (!file->about.packed || file->empty || !file->about.regular ||
		    replay->started[replay->ahead_at] != NULL)
			continue;
		replay->started[replay->ahead_at] = plan_input(file, replay->ahead, &replay->read, &error);
		if (replay->started[replay->ahead_at] != NULL)
			replay->waiting++;
	}
}

static struct input *replay_take_input(struct replay *replay, size_t at, struct error *error)
{
	struct plan_file *file = &replay->plan.files[at];
	struct input *input = file->kept;

	file->kept = NULL;
	if (input == NULL && replay->started[at] != NULL) {
		input = replay->started[at];
		replay->started[at] = NULL;
		replay->waiting--;
	}
	if (replay->ahead_at <= at)
		replay->ahead_at = at + 1;
	if (input == NULL)
		input = plan_input(file, replay->ahead, &replay->read, error);
	replay_start_ahead(replay);
	return input;
}

static void replay_trouble(struct replay *replay, const struct error *error)
{
	replay->collector.stats.files_failed++;
	source_trouble(&replay->collector, error->text);
}

/* The chain's next file that can be opened; false where there is none. */
static bool chain_open(struct replay *replay, struct chain *chain)
{
	uint32_t source = (uint32_t)(chain - replay->chains);

	while (chain->next < replay->plan.count) {
		size_t at = chain->next;
		struct error error;

		chain->next = replay_find(replay, source, at + 1);
		chain->input = replay_take_input(replay, at, &error);
		if (chain->input == NULL) {
			replay_trouble(replay, &error);
			continue;
		}
		chain->file = &replay->plan.files[at];
		plan_opened(chain->file, &replay->collector.calls);
		lines_start(&chain->lines, 0, SPAN(""));
		chain->ended = chain->broken = false;
		replay->collector.stats.files++;
		return true;
	}
	return false;
}

static void chain_close(struct replay *replay, struct chain *chain)
{
	chain->base += chain->lines.position;
	replay->collector.stats.bytes += chain->lines.position;
	input_close(&chain->input);
	plan_closed(chain->file, &replay->collector.calls);
	chain->file = NULL;
}

static bool chain_fill(struct replay *replay, struct chain *chain)
{
	struct error error;
	char *data;
	size_t len;
	bool broken;

	if (input_next(chain->input, &data, &len, &broken, &error)) {
		lines_feed(&chain->lines, data, len);
		return true;
	}
	chain->ended = true;
	chain->broken = broken;
	if (broken)
		replay_trouble(replay, &error);
	return false;
}

/* The open file's next line. What the cut end of a damaged archive holds is not a line. */
static bool chain_line(struct replay *replay, struct chain *chain)
{
	while (!lines_next(&chain->lines, &chain->line))
		if (chain->ended || !chain_fill(replay, chain))
			return lines_last(&chain->lines, &chain->line) && !chain->broken;
	return true;
}

static void chain_date(struct replay *replay, struct chain *chain)
{
	const struct collector_calls *calls = &replay->collector.calls;
	usec_t time = calls->time == NULL ? USEC_NEVER : calls->time(chain->file->opened, chain->line);

	if (time != USEC_NEVER)
		chain->time = time;
}

enum chain_state { CHAIN_HAS_LINE, CHAIN_TO_OPEN, CHAIN_ENDED };

static enum chain_state chain_advance(struct replay *replay, struct chain *chain)
{
	if (chain->file == NULL && !chain_open(replay, chain))
		return CHAIN_ENDED;
	if (chain_line(replay, chain)) {
		chain->position = chain->base + chain->lines.position;
		return CHAIN_HAS_LINE;
	}
	chain_close(replay, chain);
	if (chain->next == replay->plan.count)
		return CHAIN_ENDED;
	chain->time = replay->plan.files[chain->next].first;
	return CHAIN_TO_OPEN;
}

/* The line of the chain at the top is dealt with: the chain whose line is next; NULL at the end of all. */
static __attribute__((noinline)) struct chain *replay_advance(struct replay *replay)
{
	struct merge_entry *top = merge_top(&replay->merge);

	while (top != NULL) {
		struct chain *chain = top->stream;
		enum chain_state state = chain_advance(replay, chain);

		if (state == CHAIN_ENDED)
			merge_drop(&replay->merge);
		else if (replay->merge.count > 1) {
			if (state == CHAIN_HAS_LINE)
				chain_date(replay, chain);
			top->time = chain->time;
			merge_settle(&replay->merge);
		}
		top = merge_top(&replay->merge);
		if (top != NULL && ((struct chain *)top->stream)->file != NULL)
			return top->stream;
	}
	return NULL;
}

static enum collected replay_next(struct collector *collector, struct line *line_r)
{
	struct replay *replay = (struct replay *)collector;
	struct chain *chain = replay->alone;

	/* Nearly always one log is left, and the line before was in the middle of a file. */
	if (chain != NULL && lines_next(&chain->lines, &line_r->text)) {
		line_r->position = chain->base + chain->lines.position;
	} else {
		chain = replay->given = replay_advance(replay);
		replay->alone = replay->merge.count == 1 ? chain : NULL;
		if (chain == NULL)
			return COLLECTED_END;
		line_r->text = chain->line;
		line_r->position = chain->position;
	}
	line_r->source = chain->file->source;
	line_r->late = false;
	collector->stats.lines++;
	return COLLECTED_LINE;
}

static void *replay_opened(const struct collector *collector)
{
	const struct replay *replay = (const struct replay *)collector;

	return replay->given == NULL || replay->given->file == NULL ? NULL : replay->given->file->opened;
}

static bool replay_may_wait(const struct collector *collector)
{
	const struct replay *replay = (const struct replay *)collector;

	for (size_t i = 0; i < replay->plan.count; i++)
		if (!replay->plan.files[i].about.regular)
			return true;
	return false;
}

static const char *replay_source_name(const struct collector *collector, uint32_t source)
{
	const struct replay *replay = (const struct replay *)collector;

	return source < replay->plan.source_count ? replay->plan.sources[source] : NULL;
}

static void replay_stats(const struct collector *collector, struct collector_stats *stats)
{
	const struct replay *replay = (const struct replay *)collector;

	stats->files_failed += replay->plan.failed;
	stats->bytes_total = replay->plan.bytes;
	stats->bytes_read = atomic_load(&replay->read);
	for (uint32_t i = 0; i < replay->plan.source_count; i++) {
		const struct chain *chain = &replay->chains[i];

		stats->skipped_long += chain->lines.skipped_long;
		stats->skipped_binary += chain->lines.skipped_binary;
		if (chain->file != NULL)
			stats->bytes += chain->lines.position;
	}
}

static void replay_close(struct collector *collector)
{
	struct replay *replay = (struct replay *)collector;

	for (uint32_t i = 0; i < replay->plan.source_count; i++)
		input_close(&replay->chains[i].input);
	for (size_t i = 0; i < replay->plan.count; i++)
		input_close(&replay->started[i]);
	plan_free(&replay->plan, &collector->calls);
	ahead_free(&replay->ahead);
	merge_free(&replay->merge);
	free(replay->chains);
	free(replay->started);
	free(replay);
}

static const struct collector_kind replay_kind = {
	.next = replay_next,
	.opened = replay_opened,
	.may_wait = replay_may_wait,
	.source_name = replay_source_name,
	.stats = replay_stats,
	.close = replay_close,
};

/* Every chain waits with the first stamp of its first file; the top one is opened by the first call. */
static void replay_begin(struct replay *replay)
{
	replay->chains = memory_new(replay->plan.source_count, sizeof(*replay->chains));
	replay->started = memory_new(replay->plan.count, sizeof(struct input *));
	for (uint32_t source = 0; source < replay->plan.source_count; source++) {
		struct chain *chain = &replay->chains[source];

		chain->next = replay_find(replay, source, 0);
		if (chain->next == replay->plan.count)
			continue;
		chain->time = replay->plan.files[chain->next].first;
		merge_add(&replay->merge, (struct merge_entry){ chain->time, source, chain });
	}
}

struct collector *collector_replay_threads(const char *const *logs, size_t count, unsigned threads,
					   const struct collector_calls *calls, struct error *error)
{
	struct replay *replay = memory_new(1, sizeof(*replay));

	replay->collector.kind = &replay_kind;
	replay->collector.calls = *calls;
	replay->threads = threads;
	if (!plan_make(&replay->plan, logs, count, calls, &replay->read, error)) {
		free(replay);
		return NULL;
	}
	if (threads > 0)
		replay->ahead = ahead_new(threads);
	replay_begin(replay);
	return &replay->collector;
}

struct collector *collector_replay(const char *const *logs, size_t count, const struct collector_calls *calls,
				   struct error *error)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (processors > REPLAY_THREADS)
		processors = REPLAY_THREADS;
	return collector_replay_threads(logs, count, processors > 1 ? (unsigned)processors : 1, calls, error);
}
