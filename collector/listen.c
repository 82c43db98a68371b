/*
 * Listening for syslog (RFC 5424, RFC 3164) on UDP, TCP and Unix sockets, and reading standard input live. What a
 * sender calls a host, a time and a program is cut out of the line by whoever parses it; here a message is
 * a line.
 *
 * TCP's senders wait while nothing is read, and what UDP lost is counted by the kernel and said. A message that was
 * read and not yet saved when the program is killed is gone: syslog has no way to ask for it again. Who cannot have
 * that writes a file and lets that be followed.
 */
#define _GNU_SOURCE
#include "collector/inlet.h"
#include "collector/live.h"

#include "base/memory.h"

#include <stdlib.h>

struct listen {
	struct collector collector;
	struct listen_name name;
	char *log, *source;
	struct inlet *inlet;
	struct line line;
	bool reads, was_opened;
	void *opened;
	uint64_t total;
};

static void listen_say(struct listen *listen)
{
	struct inlet_counts news;
	struct error words;

	if (!inlet_news(listen->inlet, clock_monotonic(), &news))
		return;
	if (news.refused > 0) {
		error_set(&words,
			  "%s: %llu messages or connections of senders that are not allowed were refused",
			  listen->log, (unsigned long long)news.refused);
		source_trouble(&listen->collector, words.text);
	}
	if (news.lost > 0) {
		error_set(&words, "%s: the kernel dropped %llu messages that came faster than they were read",
			  listen->log, (unsigned long long)news.lost);
		source_trouble(&listen->collector, words.text);
	}
}

static enum collected listen_peek(struct collector *collector, struct line *line_r)
{
	struct listen *listen = (struct listen *)collector;
	bool has_line;

	/* Not before: until the new settings are in force, the old ones say who may send. */
	if (!listen->reads)
		inlet_admit(listen->inlet, &listen->name);
	listen->reads = true;
	has_line = inlet_peek(listen->inlet, &listen->line.text);
	listen_say(listen);
	if (!has_line)
		return inlet_is_over(listen->inlet) ? COLLECTED_END : COLLECTED_WAIT;
	if (!listen->was_opened && collector->calls.opened != NULL)
		listen->opened = collector->calls.opened(collector->calls.context, listen->log, clock_now());
	listen->was_opened = true;
	*line_r = listen->line;
	return COLLECTED_LINE;
}

static uint64_t listen_give(struct collector *collector)
{
	struct listen *listen = (struct listen *)collector;

	inlet_give(listen->inlet);
	collector->stats.lines++;
	collector->stats.bytes += listen->line.text.len + 1;
	listen->total += listen->line.text.len + 1;
	return listen->total;
}

static void *listen_opened(const struct collector *collector)
{
	return ((const struct listen *)collector)->opened;
}

static int listen_fd(const struct collector *collector)
{
	return inlet_fd(((const struct listen *)collector)->inlet);
}

static void listen_positions(const struct collector *collector, struct text *into)
{
	text_add_format(into, "listen 1 %llu\n",
			(unsigned long long)((const struct listen *)collector)->total);
}

static const char *listen_source_name(const struct collector *collector, uint32_t source)
{
	return source == 0 ? ((const struct listen *)collector)->source : NULL;
}

static void listen_stats(const struct collector *collector, struct collector_stats *stats)
{
	const struct listen *listen = (const struct listen *)collector;

	stats->skipped_long += inlet_skipped(listen->inlet);
	stats->bytes_read = collector->stats.bytes;
}

static void listen_close(struct collector *collector)
{
	struct listen *listen = (struct listen *)collector;

	if (listen->was_opened && collector->calls.closed != NULL)
		collector->calls.closed(collector->calls.context, listen->opened);
	inlet_close(&listen->inlet);
	free(listen->source);
	free(listen->log);
	free(listen);
}

static const struct collector_kind listen_kind_of = {
	.peek = listen_peek,
	.give = listen_give,
	.opened = listen_opened,
	.fd = listen_fd,
	.positions = listen_positions,
	.source_name = listen_source_name,
	.stats = listen_stats,
	.close = listen_close,
};

/* What a listener remembers is how far its positions went, so that they only grow. */
static void listen_load(struct listen *listen, const struct collector_live_options *options)
{
	struct span saved = span_trim(options->saved);
	uint64_t known = options->known == NULL ? 0 : options->known(options->known_context, listen->source);

	if (!span_skip(&saved, SPAN("listen 1 ")) || !span_to_u64(saved, &listen->total))
		listen->total = 0;
	if (known > listen->total)
		listen->total = known;
}

struct collector *collector_listen(const char *log, const struct collector_live_options *options,
				   const struct collector_calls *calls, struct error *error)
{
	struct listen *listen = memory_new(1, sizeof(*listen));
	struct collector *collector = &listen->collector;
	struct error why;

	listen->collector.kind = &listen_kind_of;
	listen->collector.calls = *calls;
	listen->log = memory_copy(span_of(log));
	listen->source = source_name_of(log);
	listen_load(listen, options);
	if (listen_name_parse(log, &listen->name, error)) {
		listen->inlet = inlet_open(&listen->name, &why);
		if (listen->inlet != NULL)
			return collector;
		error_set(error, "%s: %s", log, why.text);
	}
	collector_close(&collector);
	return NULL;
}
