/*
 * A follower for tests: a collector over logs in the scratch folder, and the text of all lines it gave.
 * Waiting is for what can be seen: lines, up to FOLLOWER_PATIENCE.
 */
#ifndef SENDWATCH_TESTS_FOLLOWER_H
#define SENDWATCH_TESTS_FOLLOWER_H

#include "scratch.h"

#include "base/memory.h"
#include "base/text.h"
#include "collector/collector.h"

#include <poll.h>

#define FOLLOWER_PATIENCE (2 * USEC_MINUTE)

struct follower {
	struct collector *collector;
	struct collector_live_options options;
	struct text given; /* lines, each with its newline */
	struct text said;  /* troubles, likewise */
	size_t late;       /* lines given as late */
	uint64_t position; /* of the last line */
	uint32_t source;
	long opened; /* files opened and not closed */
};

static inline void *follower_opened(void *context, const char *path, usec_t written)
{
	(void)written;
	((struct follower *)context)->opened++;
	return memory_copy(span_of(path));
}

static inline usec_t follower_time(void *opened, struct span line)
{
	usec_t time;

	assert_non_null(opened);
	return clock_parse(span_head(line, 20), &time) ? time : USEC_NEVER;
}

static inline void follower_closed(void *context, void *opened)
{
	((struct follower *)context)->opened--;
	free(opened);
}

static inline void follower_trouble(void *context, const char *words)
{
	struct follower *follower = context;

	text_add(&follower->said, span_of(words));
	text_add(&follower->said, SPAN("\n"));
}

/* Names are within the scratch folder, but for those of journals and listeners. */
static inline void follower_start_names(struct follower *follower, const char *const *names)
{
	struct collector_calls calls = {
		.context = follower,
		.opened = follower_opened,
		.time = follower_time,
		.closed = follower_closed,
		.trouble = follower_trouble,
	};
	const char *logs[8];
	char *copies[8];
	struct error error = { "" };
	size_t count = 0;

	for (; names[count] != NULL; count++)
		logs[count] = copies[count] = memory_copy(span_of(
			strchr(names[count], ':') != NULL ? names[count] : scratch_path(names[count])));
	follower->options.positions = scratch_path("positions");
	if (follower->options.grace == 0)
		follower->options.grace = 20 * USEC_SECOND / 1000;
	follower->collector = collector_live(logs, count, &follower->options, &calls, &error);
	for (size_t i = 0; i < count; i++)
		free(copies[i]);
	if (follower->collector == NULL)
		fail_msg("%s", error.text);
}

#define follower_start(follower, ...) \
	follower_start_names(follower, (const char *const[]){ __VA_ARGS__, NULL })

/* Take what is there now. */
static inline void follower_drain(struct follower *follower)
{
	struct line line;

	while (collector_next(follower->collector, &line) == COLLECTED_LINE) {
		assert_non_null(collector_opened(follower->collector));
		text_add(&follower->given, line.text);
		text_add(&follower->given, SPAN("\n"));
		follower->late += line.late;
		assert_true(line.position > follower->position || line.source != follower->source);
		follower->position = line.position;
		follower->source = line.source;
	}
}

/* Until the lines given are at least as many bytes as these, or time is up. */
static inline void follower_await(struct follower *follower, size_t len)
{
	usec_t until = clock_monotonic() + FOLLOWER_PATIENCE;

	follower_drain(follower);
	while (follower->given.len < len && clock_monotonic() < until) {
		struct pollfd wait = { .fd = collector_fd(follower->collector), .events = POLLIN };

		(void)poll(&wait, 1, 1000);
		follower_drain(follower);
	}
}

static inline void follower_expect(struct follower *follower, const char *lines)
{
	follower_await(follower, strlen(lines));
	assert_string_equal(follower->given.at == NULL ? "" : follower->given.at, lines);
}

static inline void follower_save(struct follower *follower)
{
	struct error error;

	if (!collector_save(follower->collector, &error))
		fail_msg("%s", error.text);
}

/* Without saving: a crash. */
static inline void follower_kill(struct follower *follower)
{
	collector_close(&follower->collector);
	assert_int_equal(follower->opened, 0);
}

static inline void follower_stop(struct follower *follower)
{
	follower_save(follower);
	follower_kill(follower);
}

static inline void follower_free(struct follower *follower)
{
	if (follower->collector != NULL)
		follower_kill(follower);
	text_free(&follower->given);
	text_free(&follower->said);
	*follower = (struct follower){ .collector = NULL };
}

#endif
