/* Inlets that are open, shared by place, and whose turn it is among the senders of one. */
#define _GNU_SOURCE
#include "collector/inlet.h"

#include "base/memory.h"
#include "collector/collector.h"
#include "collector/listen_socket.h"
#include "collector/listen_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define INLET_STREAMS 512 /* senders at once */
#define INLET_TURN    64  /* lines of one sender before the next has its turn */
#define INLET_REFUSED 256 /* messages of strangers before others have theirs */

struct inlet {
	struct listen_name name;
	unsigned users;
	struct inlet *other; /* the next that is open */
	int all, socket;     /* epoll over everything; -1 of standard input */
	struct listen_stream *streams[INLET_STREAMS];
	size_t stream_count, next; /* whose turn it is */
	unsigned turn;
	char *datagram;
	struct span line;
	bool has_line, full;
	uint64_t skipped; /* of those who are gone */
	struct inlet_counts counts, told;
	usec_t told_at;
};

/* A handful, and one thread that opens and closes them. */
static struct inlet *inlets;

static void inlet_add(struct inlet *inlet, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	/* A file on standard input cannot be waited for, and need not be. */
	if (epoll_ctl(inlet->all, EPOLL_CTL_ADD, fd, &event) != 0 && errno != EPERM) {
		close(fd);
		return;
	}
	inlet->streams[inlet->stream_count++] = listen_stream_new(fd, inlet->name.kind == LISTEN_TCP);
}

/* While no more senders can be taken, those that knock are not waited for: they would keep us awake without end. */
static void inlet_wait_for_senders(struct inlet *inlet, bool wait)
{
	struct epoll_event event = { .events = wait ? EPOLLIN : 0 };

	if (inlet->full != wait || inlet->socket < 0)
		return;
	inlet->full = !wait;
	(void)epoll_ctl(inlet->all, EPOLL_CTL_MOD, inlet->socket, &event);
}

static void inlet_drop(struct inlet *inlet, size_t at)
{
	inlet->skipped += inlet->streams[at]->skipped;
	listen_stream_free(&inlet->streams[at]);
	inlet->streams[at] = inlet->streams[--inlet->stream_count];
	inlet->turn = 0;
	inlet_wait_for_senders(inlet, true);
}

static void inlet_accept(struct inlet *inlet)
{
	int on = 1;

	while (inlet->stream_count < INLET_STREAMS) {
		struct sockaddr_storage peer = { 0 };
		socklen_t len = sizeof(peer);
		int fd = accept4(inlet->socket, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		/* No descriptor is free: it is tried again each time that lines are asked for. */
		if (fd < 0 && (errno == EMFILE || errno == ENFILE))
			break;
		if (fd < 0) {
			inlet_wait_for_senders(inlet, true);
			return;
		}
		if (listen_name_allows(&inlet->name, &peer)) {
			/* A machine that died does not keep its place. */
			(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
			inlet_add(inlet, fd);
		} else {
			inlet->counts.refused++;
			close(fd);
		}
	}
	inlet_wait_for_senders(inlet, false);
}

/* One datagram, one line. */
static bool inlet_receive(struct inlet *inlet)
{
	struct sockaddr_storage peer = { 0 };
	unsigned strangers = 0;
	size_t len;

	while (strangers < INLET_REFUSED &&
	       listen_socket_receive(inlet->socket, inlet->datagram, COLLECTOR_LINE_MAX, &len, &peer,
				     &inlet->counts.lost)) {
		if (!listen_name_allows(&inlet->name, &peer)) {
			inlet->counts.refused++;
			strangers++;
			continue;
		}
		while (len > 0 && (inlet->datagram[len - 1] == '\n' || inlet->datagram[len - 1] == '\0'))
			len--;
		for (size_t i = 0; i < len; i++)
			if (inlet->datagram[i] == '\n' || inlet->datagram[i] == '\0')
				inlet->datagram[i] = ' ';
		inlet->line = (struct span){ inlet->datagram, len };
		if (len > 0)
			return true;
	}
	return false;
}

/* A line of the stream whose turn it is, else of the next one that has some. */
static bool inlet_stream(struct inlet *inlet)
{
	for (size_t tried = 0; inlet->stream_count > 0 && tried <= inlet->stream_count;) {
		size_t at = inlet->next % inlet->stream_count;
		struct listen_stream *stream = inlet->streams[at];

		if (inlet->turn++ < INLET_TURN &&
		    (listen_stream_line(stream, &inlet->line) ||
		     (listen_stream_fill(stream) && listen_stream_line(stream, &inlet->line)) ||
		     (stream->ended && listen_stream_line(stream, &inlet->line))))
			return true;
		inlet->turn = 0;
		if (stream->ended && stream->len == 0) {
			inlet_drop(inlet, at);
			continue;
		}
		inlet->next = at + 1;
		tried++;
	}
	return false;
}

bool inlet_peek(struct inlet *inlet, struct span *line_r)
{
	if (!inlet->has_line) {
		if (inlet->name.kind == LISTEN_TCP)
			inlet_accept(inlet);
		inlet->has_line = inlet->datagram != NULL ? inlet_receive(inlet) : inlet_stream(inlet);
	}
	if (inlet->has_line)
		*line_r = inlet->line;
	return inlet->has_line;
}

void inlet_give(struct inlet *inlet)
{
	inlet->has_line = false;
}

void inlet_admit(struct inlet *inlet, const struct listen_name *name)
{
	inlet->name = *name;
	for (size_t i = 0; i < inlet->stream_count && name->kind == LISTEN_TCP; i++) {
		struct sockaddr_storage peer = { 0 };
		socklen_t len = sizeof(peer);

		if (getpeername(inlet->streams[i]->fd, (struct sockaddr *)&peer, &len) != 0 ||
		    listen_name_allows(name, &peer))
			continue;
		/* Dropped when its turn comes: the line that is next may be in its buffer. */
		inlet->streams[i]->ended = true;
		inlet->streams[i]->len = 0;
		inlet->counts.refused++;
	}
}

bool inlet_is_over(const struct inlet *inlet)
{
	return inlet->name.kind == LISTEN_INPUT && inlet->stream_count == 0;
}

int inlet_fd(const struct inlet *inlet)
{
	return inlet->all;
}

uint64_t inlet_skipped(const struct inlet *inlet)
{
	uint64_t skipped = inlet->skipped;

	for (size_t i = 0; i < inlet->stream_count; i++)
		skipped += inlet->streams[i]->skipped;
	return skipped;
}

/* Who is refused must not be able to fill our log. */
bool inlet_news(struct inlet *inlet, usec_t now, struct inlet_counts *news_r)
{
	const struct inlet_counts news = { inlet->counts.refused - inlet->told.refused,
					   inlet->counts.lost - inlet->told.lost };

	if ((news.refused == 0 && news.lost == 0) ||
	    (inlet->told_at != USEC_NEVER && now - inlet->told_at < USEC_MINUTE))
		return false;
	inlet->told = inlet->counts;
	inlet->told_at = now;
	*news_r = news;
	return true;
}

static void inlet_free(struct inlet *inlet)
{
	while (inlet->stream_count > 0)
		inlet_drop(inlet, inlet->stream_count - 1);
	if (inlet->socket >= 0)
		close(inlet->socket);
	if (inlet->all >= 0)
		close(inlet->all);
	free(inlet->datagram);
	free(inlet);
}

static bool inlet_begin(struct inlet *inlet, struct error *error)
{
	struct epoll_event event = { .events = EPOLLIN };
	int input;

	if (inlet->all < 0)
		return error_set(error, "cannot be waited for: %s", strerror(errno));
	if (inlet->name.kind == LISTEN_INPUT) {
		input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		if (input < 0 || fcntl(input, F_SETFL, fcntl(input, F_GETFL) | O_NONBLOCK) < 0) {
			error_set(error, "standard input: %s", strerror(errno));
			if (input >= 0)
				close(input);
			return false;
		}
		inlet_add(inlet, input);
		return true;
	}
	inlet->socket = listen_socket_open(&inlet->name, error);
	if (inlet->socket < 0)
		return false;
	if (inlet->name.kind != LISTEN_TCP)
		inlet->datagram = memory_new(COLLECTOR_LINE_MAX, 1);
	return epoll_ctl(inlet->all, EPOLL_CTL_ADD, inlet->socket, &event) == 0 ||
	       error_set(error, "cannot be waited for: %s", strerror(errno));
}

struct inlet *inlet_open(const struct listen_name *name, struct error *error)
{
	struct inlet *inlet = inlets;

	while (inlet != NULL && !listen_name_is_at(&inlet->name, name))
		inlet = inlet->other;
	if (inlet != NULL) {
		inlet->users++;
		return inlet;
	}
	inlet = memory_new(1, sizeof(*inlet));
	inlet->name = *name;
	inlet->users = 1;
	inlet->socket = -1;
	inlet->told_at = USEC_NEVER;
	inlet->all = epoll_create1(EPOLL_CLOEXEC);
	if (!inlet_begin(inlet, error)) {
		inlet_free(inlet);
		return NULL;
	}
	inlet->other = inlets;
	inlets = inlet;
	return inlet;
}

void inlet_close(struct inlet **inlet)
{
	struct inlet *gone = *inlet, **link = &inlets;

	*inlet = NULL;
	if (gone == NULL || --gone->users > 0)
		return;
	while (*link != gone)
		link = &(*link)->other;
	*link = gone->other;
	inlet_free(gone);
}
