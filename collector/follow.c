/*
 * Following any number of logs: one tail each, merged by time while several have lines, so that catching up
 * with days of several logs is in order too.
 */
#define _GNU_SOURCE
#include "collector/follow.h"

#include "collector/live.h"
#include "collector/names.h"

#include "base/memory.h"
#include "base/save.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FOLLOW_GRACE (2 * USEC_SECOND)
#define FOLLOW_TURN  256 /* lines between two looks at the other logs */

/* A file that was there, unseen, before the positions were saved is old; one born later is news. */
static bool follow_is_news(const struct follow *follow, const char *path)
{
	struct statx about;

	if (follow->started)
		return true;
	if (!follow->remembered || statx(AT_FDCWD, path, 0, STATX_BTIME, &about) != 0 ||
	    (about.stx_mask & STATX_BTIME) == 0)
		return false;
	return about.stx_btime.tv_sec * USEC_SECOND + about.stx_btime.tv_nsec / 1000 >
	       follow->positions.saved;
}

/* Is this file being read under another name? Linked twice, or renamed into another glob's reach. */
static bool follow_has(const struct follow *follow, const char *path)
{
	struct stat about;
	bool there = stat(path, &about) == 0;

	for (size_t i = 0; i < follow->count; i++) {
		const struct tail *tail = follow->tails[i];

		if (strcmp(tail->path, path) == 0)
			return true;
		if (there && tail->piece != NULL && tail->piece->ino == about.st_ino &&
		    tail->piece->dev == about.st_dev)
			return true;
	}
	return false;
}

/* Is this the file of POSITION under another name? */
static bool follow_is_at(struct piece *piece, const struct position *position)
{
	return position->offset > 0 && position->ino == piece->ino && position->dev == piece->dev &&
	       piece_holds(piece, position);
}

/*
 * How far PATH was read, whether it had this name or another: a log may be renamed into a glob's reach by a name that
 * no rotation gives. NULL: it was not.
 */
static const struct position *follow_known(const struct follow *follow, const char *path)
{
	const struct position *known = positions_find(&follow->positions, path);
	struct error error;
	struct piece *piece = known == NULL ? piece_open(path, true, &error) : NULL;

	if (piece == NULL)
		return known;
	for (size_t i = 0; i < follow->count && known == NULL; i++)
		if (follow_is_at(piece, &follow->tails[i]->left))
			known = &follow->tails[i]->left;
	for (size_t i = 0; i < follow->positions.count && known == NULL && !follow->started; i++)
		if (follow_is_at(piece, &follow->positions.items[i]))
			known = &follow->positions.items[i];
	piece_close(&piece);
	return known;
}

static void follow_add(struct follow *follow, const char *path)
{
	const struct position *position;
	const struct collector_live_options *options = &follow->options;
	struct tail *tail;

	if (follow_has(follow, path))
		return;
	position = follow_known(follow, path);
	tail = tail_new(&follow->collector, path, (uint32_t)follow->count, position);
	tail->grace = options->grace;
	tail->renamed = true; /* its watches are still to be made */
	tail->start = follow_is_news(follow, path) ? TAIL_NEW : (enum tail_start)options->start;
	if (tail->start == TAIL_SINCE && position == NULL)
		tail->since = options->since;
	if (options->known != NULL)
		tail->floor = options->known(options->known_context, tail->name);
	follow->tails = memory_grow(follow->tails, follow->count + 1, sizeof(struct tail *));
	follow->tails[follow->count++] = tail;
	follow->polling = follow->polling || names_is_remote(path);
	(void)tail_look(tail); /* opened now, it is known by its inode to those that follow */
}

/* What rotation made of a log is the log's tail's, not a log. */
static void follow_expand(struct follow *follow, size_t at)
{
	const char *name = follow->patterns[at];
	glob_t found;

	if (!names_is_pattern(name)) {
		follow_add(follow, name);
		return;
	}
	if (glob(name, GLOB_BRACE, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i], *slash = strrchr(path, '/');
		struct rotation rotation = rotation_of(span_of(slash == NULL ? path : slash + 1));
		struct stat about;

		if (rotation.style == ROTATION_CURRENT && !rotation.packed && stat(path, &about) == 0 &&
		    S_ISREG(about.st_mode))
			follow_add(follow, path);
	}
	globfree(&found);
}

static void follow_expand_all(struct follow *follow)
{
	follow_watch_patterns(follow); /* a folder that was removed and is there again is another one */
	for (size_t i = 0; i < follow->pattern_count; i++)
		follow_expand(follow, i);
	follow->names_dirty = false;
}

static usec_t follow_time(const struct follow *follow, const struct tail *tail, usec_t before)
{
	usec_t time = follow->count < 2 || follow->collector.calls.time == NULL
			      ? USEC_NEVER
			      : follow->collector.calls.time(tail->opened, tail->line);

	return time == USEC_NEVER ? before : time;
}

/* A tail is in the merge as long as it has a line. */
static void follow_enter(struct follow *follow, struct tail *tail)
{
	tail->merged = true;
	merge_add(&follow->merge,
		  (struct merge_entry){ follow_time(follow, tail, USEC_NEVER), tail->source, tail });
}

/* What is not watched yet is watched first, so that nothing can happen between looking and watching. */
static bool follow_look(struct follow *follow, struct tail *tail, bool watch)
{
	const struct piece *piece;
	bool found;

	do {
		piece = tail->piece;
		if (watch || tail->renamed)
			follow_watch(follow, tail);
		found = tail_look(tail);
		watch = tail->piece != piece;
	} while (watch && !found);
	tail->renamed = tail->renamed || watch;
	return found;
}

/* Look at every tail of which something was heard. */
static void follow_round(struct follow *follow)
{
	usec_t now = clock_monotonic();

	follow_hear(follow);
	if (now >= follow->poll_at) {
		follow->all_dirty = true;
		follow->poll_at = now + follow_poll_every(follow);
	}
	if (follow->all_dirty || follow->names_dirty)
		follow_expand_all(follow);
	for (size_t i = 0; i < follow->count; i++) {
		struct tail *tail = follow->tails[i];
		bool due = tail->dirty || follow->all_dirty ||
			   (tail->wake != USEC_NEVER && tail->wake <= now);

		if (!due || tail->merged)
			continue;
		tail->dirty = false;
		if (follow_look(follow, tail, follow->all_dirty))
			follow_enter(follow, tail);
	}
	follow->all_dirty = false;
}

/* The given tail's next line. */
static void follow_advance(struct follow *follow)
{
	struct merge_entry *top = merge_top(&follow->merge);
	struct tail *tail = top == NULL ? NULL : top->stream;

	if (tail == NULL || tail->has_line)
		return;
	if (!follow_look(follow, tail, false)) {
		merge_drop(&follow->merge);
		tail->merged = false;
		return;
	}
	top->time = follow_time(follow, tail, top->time);
	merge_settle(&follow->merge);
}

static enum collected follow_peek(struct collector *collector, struct line *line_r)
{
	struct follow *follow = (struct follow *)collector;
	struct merge_entry *top;

	follow_advance(follow);
	if (++follow->turn >= FOLLOW_TURN || follow->merge.count == 0) {
		follow->turn = 0;
		follow_round(follow);
	}
	top = merge_top(&follow->merge);
	if (top == NULL) {
		follow_wait(follow);
		follow->given = NULL;
		return COLLECTED_WAIT;
	}
	follow->given = top->stream;
	follow->busy = true;
	line_r->text = follow->given->line;
	line_r->source = follow->given->source;
	line_r->late = follow->given->late;
	return COLLECTED_LINE;
}

static uint64_t follow_give(struct collector *collector)
{
	return tail_give(((struct follow *)collector)->given);
}

static void *follow_opened(const struct collector *collector)
{
	const struct follow *follow = (const struct follow *)collector;

	return follow->given == NULL ? NULL : follow->given->opened;
}

static int follow_fd(const struct collector *collector)
{
	return watcher_fd(((const struct follow *)collector)->watcher);
}

static void follow_positions(const struct collector *collector, struct text *into)
{
	const struct follow *follow = (const struct follow *)collector;
	struct positions positions = { .saved = clock_now() };

	for (size_t i = 0; i < follow->positions.count; i++)
		positions_set(&positions, &follow->positions.items[i]);
	for (size_t i = 0; i < follow->count; i++) {
		struct position position;

		if (tail_position(follow->tails[i], &position))
			positions_set(&positions, &position);
	}
	positions_print(&positions, into);
	positions_free(&positions);
}

static bool follow_save(struct collector *collector, struct error *error)
{
	struct follow *follow = (struct follow *)collector;
	struct text text = { .ceiling = (size_t)64 * 1024 * 1024 };
	bool done;

	if (follow->positions_path == NULL)
		return true;
	follow_positions(collector, &text);
	done = save_whole(follow->positions_path, text_span(&text), 0640, error);
	text_free(&text);
	return done;
}

static const char *follow_source_name(const struct collector *collector, uint32_t source)
{
	const struct follow *follow = (const struct follow *)collector;

	return source < follow->count ? follow->tails[source]->name : NULL;
}

static bool follow_source(const struct collector *collector, uint32_t source,
			  struct collector_source *source_r)
{
	const struct follow *follow = (const struct follow *)collector;

	if (source >= follow->count)
		return false;
	tail_describe(follow->tails[source], source_r);
	source_r->number = source;
	return true;
}

static void follow_stats(const struct collector *collector, struct collector_stats *stats)
{
	const struct follow *follow = (const struct follow *)collector;

	for (size_t i = 0; i < follow->count; i++) {
		stats->skipped_long += follow->tails[i]->lines.skipped_long;
		stats->skipped_binary += follow->tails[i]->lines.skipped_binary;
	}
	stats->bytes_read = stats->bytes;
}

static void follow_close(struct collector *collector)
{
	struct follow *follow = (struct follow *)collector;

	for (size_t i = 0; i < follow->count; i++)
		tail_free(&follow->tails[i]);
	for (size_t i = 0; i < follow->pattern_count; i++)
		free(follow->patterns[i]);
	free(follow->tails);
	free(follow->patterns);
	free(follow->pattern_folders);
	free(follow->positions_path);
	positions_free(&follow->positions);
	watcher_free(&follow->watcher);
	merge_free(&follow->merge);
	free(follow);
}

static const struct collector_kind follow_kind = {
	.peek = follow_peek,
	.give = follow_give,
	.opened = follow_opened,
	.fd = follow_fd,
	.save = follow_save,
	.positions = follow_positions,
	.source_name = follow_source_name,
	.stats = follow_stats,
	.source = follow_source,
	.close = follow_close,
};

/* What cannot be read is kept for whoever wants to look, and every log is begun at its end. */
static void follow_damaged(struct follow *follow, const struct error *why)
{
	struct error error;
	size_t room = strlen(follow->positions_path) + sizeof(".damaged");
	char *aside = memory_new(room, 1);

	snprintf(aside, room, "%s.damaged", follow->positions_path);
	if (rename(follow->positions_path, aside) == 0)
		error_set(&error, "%s; kept as %s; every log is read from its end", why->text, aside);
	else
		error_set(&error, "%s; cannot be moved aside: %s; every log is read from its end", why->text,
			  strerror(errno));
	source_trouble(&follow->collector, error.text);
	follow->options.start = COLLECTOR_START_END;
	free(aside);
}

static bool follow_load(struct follow *follow, struct error *error)
{
	struct error why;

	if (follow->options.saved.at != NULL) {
		follow->remembered = positions_parse(&follow->positions, follow->options.saved, &why);
		return follow->remembered || error_set(error, "the saved positions: %s", why.text);
	}
	if (follow->positions_path == NULL)
		return true;
	switch (positions_load(&follow->positions, follow->positions_path, &why)) {
	case POSITIONS_READ:
		follow->remembered = true;
		break;
	case POSITIONS_DAMAGED:
		follow_damaged(follow, &why);
		break;
	case POSITIONS_NONE:
		break;
	}
	return true;
}

struct collector *collector_follow(const char *const *logs, size_t count,
				   const struct collector_live_options *options,
				   const struct collector_calls *calls, struct error *error)
{
	struct follow *follow = memory_new(1, sizeof(*follow));
	struct collector *collector = &follow->collector;

	follow->collector.kind = &follow_kind;
	follow->collector.calls = *calls;
	follow->options = *options;
	if (follow->options.grace == 0)
		follow->options.grace = FOLLOW_GRACE;
	follow->polling = options->poll;
	if (options->positions != NULL)
		follow->positions_path = memory_copy(span_of(options->positions));
	follow->patterns = memory_new(count, sizeof(char *));
	follow->pattern_folders = memory_new(count, sizeof(int));
	for (; follow->pattern_count < count; follow->pattern_count++) {
		follow->patterns[follow->pattern_count] = memory_copy(span_of(logs[follow->pattern_count]));
		follow->pattern_folders[follow->pattern_count] = -1;
	}
	if (count == 0)
		error_set(error, "no log is named");
	else
		follow->watcher = watcher_new(options->poll, error);
	if (follow->watcher == NULL || !follow_load(follow, error)) {
		collector_close(&collector);
		return NULL;
	}
	follow_expand_all(follow);
	follow->started = follow->all_dirty = true;
	follow->options.saved = (struct span){ NULL, 0 };
	return collector;
}
