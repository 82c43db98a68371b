/*
 * Clients send at once or are dropped with the next eight: nobody can keep the daemon waiting. A packet is whole
 * or not there, so nothing is gathered. While no descriptor is free, a client waits: it is tried again at each step.
 */
#define _GNU_SOURCE
#include "commands/control.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONTROL_CLIENTS 8
#define CONTROL_PACKET  2048
#define CONTROL_ANSWER  60000 /* milliseconds that a person waits: a slow disk syncs a dozen files first */
#define CONTROL_PATIENT \
	280000 /* a million accounts are saved and read back; systemd ends who takes 5 minutes */

struct control {
	int listener, poller;
	int clients[CONTROL_CLIENTS];
	size_t next;
	bool deaf; /* who knocks is not waited for */
	char *path;
	control_obey *obey;
	void *context;
};

static bool control_address(const char *state, struct sockaddr_un *address, struct error *error)
{
	int len;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	len = snprintf(address->sun_path, sizeof(address->sun_path), "%s/control.sock", state);
	if (len >= (int)sizeof(address->sun_path))
		return error_set(error, "%s/control.sock: too long for a socket's path", state);
	return true;
}

static bool control_watch(const struct control *control, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(control->poller, EPOLL_CTL_ADD, fd, &event) == 0;
}

struct control *control_open(const char *state, control_obey *obey, void *context, struct error *error)
{
	struct control *control = memory_new(1, sizeof(*control));
	struct sockaddr_un address;

	control->obey = obey;
	control->context = context;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		control->clients[i] = -1;
	control->poller = epoll_create1(EPOLL_CLOEXEC);
	control->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (!control_address(state, &address, error)) {
		control_close(&control);
		return NULL;
	}
	control->path = memory_copy(span_of(address.sun_path));
	unlink(address.sun_path); /* what a crash left */
	if (control->listener < 0 || control->poller < 0 ||
	    bind(control->listener, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(address.sun_path, 0600) < 0 || listen(control->listener, CONTROL_CLIENTS) < 0 ||
	    !control_watch(control, control->listener)) {
		error_set(error, "%s: %s", address.sun_path, strerror(errno));
		control_close(&control);
	}
	return control;
}

static void control_drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void control_close(struct control **control)
{
	if (*control == NULL)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		control_drop(&(*control)->clients[i]);
	control_drop(&(*control)->listener);
	control_drop(&(*control)->poller);
	if ((*control)->path != NULL)
		unlink((*control)->path);
	free((*control)->path);
	free(*control);
	*control = NULL;
}

int control_fd(const struct control *control)
{
	return control == NULL ? -1 : control->poller;
}

static bool control_read(struct span packet, struct control_order *order)
{
	struct span until;
	uint64_t number;

	if (!span_cut(&packet, ' ', &order->verb) || !span_cut(&packet, ' ', &order->account) ||
	    !span_cut(&packet, ' ', &until))
		return false;
	order->reason = packet;
	order->until = USEC_NEVER;
	if (span_equal(until, SPAN("-")))
		return true;
	if (!span_to_u64(until, &number) || number > INT64_MAX)
		return false;
	order->until = (usec_t)number;
	return true;
}

/* May the one at the other end give orders? */
static bool control_knows(int fd, struct control_order *order)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return false;
	snprintf(order->by, sizeof(order->by), "uid %u", (unsigned)peer.uid);
	return peer.uid == 0 || peer.uid == geteuid();
}

static void control_answer(struct control *control, int fd, struct span packet)
{
	struct control_order order;
	struct error error = { "" };
	struct text answer = { 0 };

	if (!control_knows(fd, &order))
		error_set(&error, "only root and the user of watch may give orders");
	else if (!control_read(packet, &order))
		error_set(&error, "not understood: another version of sendwatch?");
	else if (control->obey(control->context, &order, &error))
		text_add(&answer, error.text[0] == '\0' ? SPAN("ok") : SPAN("ok "));
	text_add(&answer, span_of(error.text));
	(void)send(fd, answer.at, answer.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	text_free(&answer);
}

/* Who knocks and cannot be let in would keep the daemon awake without end. */
static void control_listen(struct control *control, bool listens)
{
	struct epoll_event event = { .events = listens ? EPOLLIN : 0, .data.fd = control->listener };

	if (control->deaf == listens &&
	    epoll_ctl(control->poller, EPOLL_CTL_MOD, control->listener, &event) == 0)
		control->deaf = !listens;
}

static void control_accept(struct control *control)
{
	int fd;

	while ((fd = accept4(control->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		int *place = &control->clients[control->next++ % CONTROL_CLIENTS];

		control_drop(place);
		*place = fd;
		if (!control_watch(control, fd))
			control_drop(place);
	}
	control_listen(control, errno != EMFILE && errno != ENFILE);
}

bool control_is_deaf(const struct control *control)
{
	return control != NULL && control->deaf;
}

void control_step(struct control *control)
{
	char packet[CONTROL_PACKET];

	if (control == NULL)
		return;
	control_accept(control);
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		ssize_t got;

		if (control->clients[i] < 0)
			continue;
		got = recv(control->clients[i], packet, sizeof(packet), 0);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got > 0)
			control_answer(control, control->clients[i], (struct span){ packet, (size_t)got });
		control_drop(&control->clients[i]);
	}
}

bool control_ask(const char *state, const struct control_order *order, struct error *error)
{
	struct sockaddr_un address;
	struct text packet = { .ceiling = CONTROL_PACKET - 1 };
	char answer[sizeof("ok ") + sizeof(error->text)] = "";
	struct pollfd fd = { .fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), .events = POLLIN };
	struct span words;
	ssize_t got = -1;
	bool good;

	text_add_format(&packet, "%.*s %.*s ", SPAN_ARGS(order->verb), SPAN_ARGS(order->account));
	if (order->until == USEC_NEVER)
		text_add(&packet, SPAN("- "));
	else
		text_add_format(&packet, "%" PRId64 " ", order->until);
	text_add(&packet, order->reason);
	if (!control_address(state, &address, error)) {
		got = -2;
	} else if (connect(fd.fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		error_set(error, "%s: %s: does watch run here?", address.sun_path, strerror(errno));
		got = -2;
	} else if (send(fd.fd, packet.at, packet.len, MSG_NOSIGNAL) == (ssize_t)packet.len &&
		   poll(&fd, 1, order->patient ? CONTROL_PATIENT : CONTROL_ANSWER) == 1) {
		got = recv(fd.fd, answer, sizeof(answer) - 1, 0);
	}
	close(fd.fd);
	text_free(&packet);
	if (got == -2)
		return false;
	if (got <= 0)
		return error_set(error, "watch does not answer");
	words = span_of(answer);
	good = strcmp(answer, "ok") == 0 || span_skip(&words, SPAN("ok "));
	error_set(error, "%.*s", SPAN_ARGS(strcmp(answer, "ok") == 0 ? SPAN("") : words));
	return good;
}
