/*
 * Listening for syslog (RFC 5424, RFC 3164) on UDP, TCP and Unix sockets, and reading standard input live. What a
 * sender calls a host, a time and a program is cut out of the line by whoever parses it; here a message is
 * a line.
 *
 * Nothing is queued here: what is not read yet waits in the kernel, TCP's senders wait too, and what UDP lost is
 * counted by the kernel and said. A message that was read and not yet saved when the program is killed is
 * gone: syslog has no way to ask for it again. Who cannot have that writes a file and lets that be followed.
 */
#define _GNU_SOURCE
#include "collector/listen_name.h"
#include "collector/listen_socket.h"
#include "collector/listen_stream.h"
#include "collector/live.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LISTEN_STREAMS 512 /* senders at once */
#define LISTEN_TURN    64  /* lines of one sender before the next has its turn */
#define LISTEN_REFUSED 256 /* messages of strangers before others have theirs */
#define LISTEN_SAY     USEC_MINUTE

struct listen {
	struct collector collector;
	struct listen_name name;
	char *log, *source;
	int all, socket;
	struct listen_stream *streams[LISTEN_STREAMS];
	size_t stream_count, next; /* whose turn it is */
	unsigned turn;
	char *datagram;
	struct line line;
	bool has_line, was_opened, full;
	void *opened;
	uint64_t total;
	uint64_t refused, lost, lost_before; /* peers not allowed; datagrams, as the kernel counts them */
	usec_t said;
};

/* At most once a minute: who is refused must not be able to fill our log. */
static void listen_say(struct listen *listen)
{
	struct error words;
	usec_t now = clock_monotonic();

	if ((listen->refused == 0 && listen->lost == listen->lost_before) || now - listen->said < LISTEN_SAY)
		return;
	listen->said = now;
	if (listen->refused > 0) {
		error_set(&words,
			  "%s: %llu messages or connections of senders that are not allowed were refused",
			  listen->log, (unsigned long long)listen->refused);
		source_trouble(&listen->collector, words.text);
	}
	if (listen->lost != listen->lost_before) {
		error_set(&words, "%s: the kernel dropped %llu messages that came faster than they were read",
			  listen->log, (unsigned long long)(listen->lost - listen->lost_before));
		source_trouble(&listen->collector, words.text);
	}
	listen->refused = 0;
	listen->lost_before = listen->lost;
}

static void listen_add(struct listen *listen, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	/* A file on standard input cannot be waited for, and need not be. */
	if (epoll_ctl(listen->all, EPOLL_CTL_ADD, fd, &event) != 0 && errno != EPERM) {
		close(fd);
		return;
	}
	listen->streams[listen->stream_count++] = listen_stream_new(fd, listen->name.kind == LISTEN_TCP);
}

/* While no more senders are taken, those that knock are not waited for: they would keep us awake without end. */
static void listen_wait_for_senders(struct listen *listen, bool wait)
{
	struct epoll_event event = { .events = wait ? EPOLLIN : 0 };

	if (listen->full != wait || listen->socket < 0)
		return;
	listen->full = !wait;
	(void)epoll_ctl(listen->all, EPOLL_CTL_MOD, listen->socket, &event);
}

static void listen_drop(struct listen *listen, size_t at)
{
	listen->collector.stats.skipped_long += listen->streams[at]->skipped;
	listen_stream_free(&listen->streams[at]);
	listen->streams[at] = listen->streams[--listen->stream_count];
	listen->turn = 0;
	listen_wait_for_senders(listen, true);
}

static void listen_accept(struct listen *listen)
{
	int on = 1;

	while (listen->stream_count < LISTEN_STREAMS) {
		struct sockaddr_storage peer = { 0 };
		socklen_t len = sizeof(peer);
		int fd = accept4(listen->socket, (struct sockaddr *)&peer, &len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE) && listen->stream_count > 0)
			break;
		if (fd < 0)
			return;
		if (listen_name_allows(&listen->name, &peer)) {
			/* A machine that died does not keep its place. */
			(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
			listen_add(listen, fd);
		} else {
			listen->refused++;
			close(fd);
		}
	}
	listen_wait_for_senders(listen, false);
}

/* One datagram, one line. */
static bool listen_receive(struct listen *listen, struct span *line_r)
{
	struct sockaddr_storage peer = { 0 };
	unsigned strangers = 0;
	size_t len;

	while (strangers < LISTEN_REFUSED &&
	       listen_socket_receive(listen->socket, listen->datagram, COLLECTOR_LINE_MAX, &len, &peer,
				     &listen->lost)) {
		if (!listen_name_allows(&listen->name, &peer)) {
			listen->refused++;
			strangers++;
			continue;
		}
		while (len > 0 && (listen->datagram[len - 1] == '\n' || listen->datagram[len - 1] == '\0'))
			len--;
		for (size_t i = 0; i < len; i++)
			if (listen->datagram[i] == '\n' || listen->datagram[i] == '\0')
				listen->datagram[i] = ' ';
		*line_r = (struct span){ listen->datagram, len };
		if (len > 0)
			return true;
	}
	return false;
}

/* A line of the stream whose turn it is, else of the next one that has some. */
static bool listen_stream_next(struct listen *listen, struct span *line_r)
{
	for (size_t tried = 0; listen->stream_count > 0 && tried <= listen->stream_count;) {
		size_t at = listen->next % listen->stream_count;
		struct listen_stream *stream = listen->streams[at];

		if (listen->turn++ < LISTEN_TURN &&
		    (listen_stream_line(stream, line_r) ||
		     (listen_stream_fill(stream) && listen_stream_line(stream, line_r)) ||
		     (stream->ended && listen_stream_line(stream, line_r))))
			return true;
		listen->turn = 0;
		if (stream->ended && stream->len == 0) {
			listen_drop(listen, at);
			continue;
		}
		listen->next = at + 1;
		tried++;
	}
	return false;
}

static enum collected listen_peek(struct collector *collector, struct line *line_r)
{
	struct listen *listen = (struct listen *)collector;

	if (!listen->has_line) {
		if (listen->name.kind == LISTEN_TCP)
			listen_accept(listen);
		listen->has_line = listen->datagram != NULL ? listen_receive(listen, &listen->line.text)
							    : listen_stream_next(listen, &listen->line.text);
		listen_say(listen);
	}
	if (!listen->has_line)
		return listen->name.kind == LISTEN_INPUT && listen->stream_count == 0 ? COLLECTED_END
										      : COLLECTED_WAIT;
	if (!listen->was_opened && collector->calls.opened != NULL)
		listen->opened = collector->calls.opened(collector->calls.context, listen->log, clock_now());
	listen->was_opened = true;
	*line_r = listen->line;
	return COLLECTED_LINE;
}

static uint64_t listen_give(struct collector *collector)
{
	struct listen *listen = (struct listen *)collector;

	listen->has_line = false;
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
	return ((const struct listen *)collector)->all;
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

	for (size_t i = 0; i < listen->stream_count; i++)
		stats->skipped_long += listen->streams[i]->skipped;
	stats->bytes_read = collector->stats.bytes;
}

static void listen_close(struct collector *collector)
{
	struct listen *listen = (struct listen *)collector;

	if (listen->was_opened && collector->calls.closed != NULL)
		collector->calls.closed(collector->calls.context, listen->opened);
	while (listen->stream_count > 0)
		listen_drop(listen, listen->stream_count - 1);
	if (listen->socket >= 0)
		listen_socket_close(listen->socket);
	if (listen->all >= 0)
		close(listen->all);
	free(listen->datagram);
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

static bool listen_begin(struct listen *listen, struct error *error)
{
	struct epoll_event event = { .events = EPOLLIN };
	int input;

	if (listen->name.kind == LISTEN_INPUT) {
		input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		if (input < 0 || fcntl(input, F_SETFL, fcntl(input, F_GETFL) | O_NONBLOCK) < 0)
			return error_set(error, "standard input: %s", strerror(errno));
		listen_add(listen, input);
		return true;
	}
	listen->socket = listen_socket_open(&listen->name, listen->log, error);
	if (listen->socket < 0)
		return false;
	if (listen->name.kind != LISTEN_TCP)
		listen->datagram = memory_new(COLLECTOR_LINE_MAX, 1);
	return epoll_ctl(listen->all, EPOLL_CTL_ADD, listen->socket, &event) == 0 ||
	       error_set(error, "%s: %s", listen->log, strerror(errno));
}

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

	listen->collector.kind = &listen_kind_of;
	listen->collector.calls = *calls;
	listen->socket = -1;
	listen->log = memory_copy(span_of(log));
	listen->source = source_name_of(log);
	listen->said = clock_monotonic() - LISTEN_SAY;
	listen->all = epoll_create1(EPOLL_CLOEXEC);
	listen_load(listen, options);
	if (listen->all < 0)
		error_set(error, "%s: cannot be waited for: %s", log, strerror(errno));
	else if (listen_name_parse(log, &listen->name, error) && listen_begin(listen, error))
		return collector;
	collector_close(&collector);
	return NULL;
}
