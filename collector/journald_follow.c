/*
 * Following a systemd journal. How far it was read is the cursor of the entry given last, and a count of bytes
 * given, which is what a position is here. Where the cursor's entry is gone, journald has removed it (vacuum) or the
 * journal is another one: what lies between is lost, and said to be.
 *
 * journald wakes every reader for each entry of whatever program; JOURNALD_PACE bounds how often that is looked at.
 */
#define _GNU_SOURCE
#include "collector/journald.h"
#include "collector/live.h"

#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define JOURNALD_PACE  (100 * USEC_SECOND / 1000) /* between two wake-ups */
#define JOURNALD_RETRY (5 * USEC_SECOND)          /* after it could not be read on */

struct journald_follow {
	struct collector collector;
	struct journald_name name;
	char *source;
	struct journald *journal; /* NULL after it broke, until it is opened again */
	struct text line, cursor; /* the cursor as last asked for */
	uint64_t total;
	bool has_line, given, late, was_opened;
	void *opened;
	usec_t retry; /* monotonic */
	int all, timer;
	struct error said; /* the last trouble, not to be repeated */
};

static void journald_trouble(struct journald_follow *follow, const struct error *error)
{
	if (strcmp(follow->said.text, error->text) == 0)
		return;
	follow->said = *error;
	source_trouble(&follow->collector, error->text);
}

static bool journald_watch(struct journald_follow *follow, int fd, bool deaf)
{
	struct epoll_event event = { .events = deaf ? 0 : EPOLLIN };

	return epoll_ctl(follow->all, EPOLL_CTL_MOD, fd, &event) == 0 ||
	       epoll_ctl(follow->all, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void journald_go_on(struct journald_follow *follow, const char *cursor)
{
	struct error error;

	switch (journald_seek(follow->journal, cursor, &error)) {
	case JOURNALD_SOUGHT:
		return;
	case JOURNALD_GONE:
		error_set(
			&error,
			"%s: the entry read last is no longer there: what came after it was removed before it was "
			"read; reading goes on with the oldest entry that is left",
			follow->name.log);
		break;
	case JOURNALD_FAILED:
		break;
	}
	journald_trouble(follow, &error);
}

/* Open it again after it broke, where reading stopped. */
static bool journald_open_again(struct journald_follow *follow, usec_t now)
{
	struct error error;

	if (now < follow->retry)
		return false;
	follow->journal = journald_open(&follow->name, &error);
	if (follow->journal == NULL) {
		follow->retry = now + JOURNALD_RETRY;
		journald_trouble(follow, &error);
		return false;
	}
	if (follow->cursor.len > 0)
		journald_go_on(follow, follow->cursor.at);
	return true;
}

static void journald_broke(struct journald_follow *follow, const struct error *error)
{
	struct text cursor = { 0 };

	journald_trouble(follow, error);
	if (journald_cursor(follow->journal, &cursor)) {
		text_free(&follow->cursor);
		follow->cursor = cursor;
	}
	journald_close(&follow->journal);
	follow->retry = clock_monotonic() + JOURNALD_RETRY;
}

static void journald_wait(struct journald_follow *follow)
{
	usec_t now = clock_monotonic(), due;
	struct itimerspec timer = { 0 };

	if (follow->journal == NULL)
		due = follow->retry;
	else
		due = journald_due(follow->journal);
	if (follow->given && (due == USEC_NEVER || due > now + JOURNALD_PACE))
		due = now + JOURNALD_PACE;
	if (due != USEC_NEVER) {
		usec_t delay = due > now ? due - now : 1;

		timer.it_value.tv_sec = delay / USEC_SECOND;
		timer.it_value.tv_nsec = delay % USEC_SECOND * 1000;
	}
	(void)timerfd_settime(follow->timer, 0, &timer, NULL);
	if (follow->journal != NULL)
		(void)journald_watch(follow, journald_fd(follow->journal), follow->given);
	follow->given = false;
}

/* Look, hear what happened, and look again: so that nothing falls between. */
static enum journald_got journald_look(struct journald_follow *follow, struct error *error)
{
	enum journald_got got;

	text_clear(&follow->line);
	got = journald_next(follow->journal, &follow->line, error);
	if (got == JOURNALD_NOTHING) {
		journald_happened(follow->journal);
		got = journald_next(follow->journal, &follow->line, error);
	}
	return got;
}

static enum collected journald_follow_peek(struct collector *collector, struct line *line_r)
{
	struct journald_follow *follow = (struct journald_follow *)collector;
	enum journald_got got = JOURNALD_NOTHING;
	struct error error;

	if (!follow->has_line &&
	    (follow->journal != NULL || journald_open_again(follow, clock_monotonic()))) {
		got = journald_look(follow, &error);
		follow->has_line = got == JOURNALD_ENTRY;
		if (got == JOURNALD_BROKEN)
			journald_broke(follow, &error);
		else if (journald_lost(follow->journal, &error))
			source_trouble(collector, error.text);
	}
	if (!follow->has_line) {
		follow->late = false;
		journald_wait(follow);
		return COLLECTED_WAIT;
	}
	if (!follow->was_opened && collector->calls.opened != NULL)
		follow->opened = collector->calls.opened(collector->calls.context, follow->name.log,
							 clock_now());
	follow->was_opened = true;
	*line_r = (struct line){ .text = text_span(&follow->line), .late = follow->late };
	return COLLECTED_LINE;
}

static uint64_t journald_follow_give(struct collector *collector)
{
	struct journald_follow *follow = (struct journald_follow *)collector;

	follow->has_line = false;
	follow->given = true;
	follow->total += follow->line.len + 1;
	collector->stats.lines++;
	collector->stats.bytes += follow->line.len + 1;
	return follow->total;
}

static void *journald_follow_opened(const struct collector *collector)
{
	return ((const struct journald_follow *)collector)->opened;
}

static int journald_follow_fd(const struct collector *collector)
{
	return ((const struct journald_follow *)collector)->all;
}

static void journald_follow_positions(const struct collector *collector, struct text *into)
{
	const struct journald_follow *follow = (const struct journald_follow *)collector;
	struct text cursor = { 0 };
	bool got = false;

	if (follow->journal != NULL)
		got = follow->has_line ? journald_cursor_before(follow->journal, &cursor)
				       : journald_cursor(follow->journal, &cursor);
	text_add_format(into, "journal 1 %llu %s\n", (unsigned long long)follow->total,
			got                      ? cursor.at
			: follow->cursor.len > 0 ? follow->cursor.at
						 : "-");
	text_free(&cursor);
}

static const char *journald_follow_source_name(const struct collector *collector, uint32_t source)
{
	return source == 0 ? ((const struct journald_follow *)collector)->source : NULL;
}

static void journald_follow_stats(const struct collector *collector, struct collector_stats *stats)
{
	stats->bytes_read = collector->stats.bytes;
}

static void journald_follow_close(struct collector *collector)
{
	struct journald_follow *follow = (struct journald_follow *)collector;

	if (follow->was_opened && collector->calls.closed != NULL)
		collector->calls.closed(collector->calls.context, follow->opened);
	journald_close(&follow->journal);
	journald_name_free(&follow->name);
	text_free(&follow->line);
	text_free(&follow->cursor);
	if (follow->timer >= 0)
		close(follow->timer);
	if (follow->all >= 0)
		close(follow->all);
	free(follow->source);
	free(follow);
}

static const struct collector_kind journald_follow_kind = {
	.peek = journald_follow_peek,
	.give = journald_follow_give,
	.opened = journald_follow_opened,
	.fd = journald_follow_fd,
	.positions = journald_follow_positions,
	.source_name = journald_follow_source_name,
	.stats = journald_follow_stats,
	.close = journald_follow_close,
};

/* "journal 1 TOTAL CURSOR"; a cursor has no blanks. */
static bool journald_load(struct journald_follow *follow, struct span saved)
{
	struct span total, cursor = span_trim(saved);

	if (!span_skip(&cursor, SPAN("journal 1 ")) || !span_cut(&cursor, ' ', &total) ||
	    !span_to_u64(total, &follow->total) || cursor.len == 0 || cursor.len > 1024 ||
	    memchr(cursor.at, '\n', cursor.len) != NULL)
		return false;
	if (!span_equal(cursor, SPAN("-")))
		text_add(&follow->cursor, cursor);
	return true;
}

/* Where to begin: after what was read before, else as the options say. */
static bool journald_begin(struct journald_follow *follow, const struct collector_live_options *options,
			   struct error *error)
{
	bool known = options->saved.len > 0 && journald_load(follow, options->saved);
	uint64_t floor;

	if (options->saved.len > 0 && !known)
		source_trouble(&follow->collector,
			       "the place where a journal was read is damaged; it begins anew");
	if (!known && options->start == COLLECTOR_START_SINCE)
		follow->name.since = options->since;
	follow->late = known || options->start != COLLECTOR_START_END;
	follow->journal = journald_open(&follow->name, error);
	if (follow->journal == NULL)
		return false;
	floor = options->known == NULL ? 0 : options->known(options->known_context, follow->source);
	if (floor > follow->total)
		follow->total = floor;
	if (follow->cursor.len > 0)
		journald_go_on(follow, follow->cursor.at);
	else if (options->start == COLLECTOR_START_END && !known)
		return journald_seek_end(follow->journal, error);
	return true;
}

struct collector *collector_journald(const char *log, const struct collector_live_options *options,
				     const struct collector_calls *calls, struct error *error)
{
	struct journald_follow *follow = memory_new(1, sizeof(*follow));
	struct collector *collector = &follow->collector;

	follow->collector.kind = &journald_follow_kind;
	follow->collector.calls = *calls;
	follow->all = epoll_create1(EPOLL_CLOEXEC);
	follow->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (follow->all < 0 || follow->timer < 0 || !journald_watch(follow, follow->timer, false)) {
		error_set(error, "%s: cannot be waited for: %s", log, strerror(errno));
		collector_close(&collector);
		return NULL;
	}
	if (journald_name_parse(log, &follow->name, error)) {
		follow->source = source_name_of(follow->name.log);
		if (journald_begin(follow, options, error))
			return collector;
	}
	collector_close(&collector);
	return NULL;
}
