/*
 * One thread, one epoll, one buffer a connection. A request has at most 32 KiB (Postfix's own are below 4;
 * addresses can be long); who sends more, or sends no request= line, is hung up on, which Postfix and Exim
 * take as "no answer" and meet with the default action that the documented lines give: DUNNO.
 *
 * Limits: a client that reads no answers is dropped once its socket's buffer is full, since it waits for an
 * answer before it asks again and so never has more than a few outstanding.
 */
#define _GNU_SOURCE
#include "responders/policy.h"

#include "base/memory.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define POLICY_REQUEST_MAX ((size_t)32 * 1024)
#define POLICY_CLIENTS     2000

struct policy_client {
	int fd;
	size_t len, room;
	char *buffer;
	struct policy_client *next, *previous;
};

struct policy {
	int listener, poller, stopper;
	int spare;  /* a descriptor to give up where there are no others (policy_turn_away) */
	char *path; /* of a Unix socket, removed at stop */
	unsigned clients_max, clients;
	const struct policy_tongue *tongue;
	struct policy_client *first;
	policy_decide *decide;
	void *context;
	pthread_t thread;
	bool served;
	pthread_mutex_t lock; /* guards stats */
	struct policy_stats stats;
};

static void policy_count(struct policy *policy, const struct policy_answer *answer, usec_t took)
{
	pthread_mutex_lock(&policy->lock);
	policy->stats.requests++;
	spread_add(&policy->stats.took, took);
	if (answer->action != POLICY_DUNNO)
		policy->stats.refused++;
	if (took > policy->stats.slowest)
		policy->stats.slowest = took;
	pthread_mutex_unlock(&policy->lock);
}

static struct span *policy_field(struct policy_request *request, struct span name)
{
	const struct {
		struct span name;
		struct span *field;
	} fields[] = {
		{ SPAN("protocol_state"), &request->protocol_state },
		{ SPAN("sasl_username"), &request->sasl_username },
		{ SPAN("local_user"), &request->local_user },
		{ SPAN("sender"), &request->sender },
		{ SPAN("recipient"), &request->recipient },
		{ SPAN("client_address"), &request->client_address },
		{ SPAN("queue_id"), &request->queue_id },
		{ SPAN("instance"), &request->instance },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (span_equal(name, fields[i].name))
			return fields[i].field;
	return NULL;
}

bool policy_parse(struct span text, struct policy_request *request_r)
{
	struct policy_request request = { 0 };
	bool asked = false;

	while (text.len > 0) {
		struct span line, name;
		struct span *field;

		if (!span_cut(&text, '\n', &line)) {
			line = text;
			text.len = 0;
		}
		if (!span_cut(&line, '=', &name))
			return false;
		if (span_equal(name, SPAN("request")))
			asked = span_equal(line, SPAN("smtpd_access_policy"));
		else if (span_equal(name, SPAN("recipient_count")))
			(void)span_to_u64(line, &request.recipient_count);
		/* The first of a name counts: Exim's admins build requests from what clients chose. */
		else if ((field = policy_field(&request, name)) != NULL && field->at == NULL)
			*field = line;
	}
	if (asked)
		*request_r = request;
	return asked;
}

static void policy_drop(struct policy *policy, struct policy_client **client)
{
	struct policy_client *gone = *client;

	if (gone == policy->first)
		policy->first = gone->next;
	else
		gone->previous->next = gone->next;
	if (gone->next != NULL)
		gone->next->previous = gone->previous;
	close(gone->fd);
	free(gone->buffer);
	free(gone);
	policy->clients--;
	*client = NULL;
}

static enum policy_heard policy_cut(struct span *rest, struct policy_request *request_r)
{
	struct span text;

	if (!span_cut_text(rest, SPAN("\n\n"), &text))
		return POLICY_PART;
	return policy_parse(text, request_r) ? POLICY_WHOLE : POLICY_NONSENSE;
}

void policy_words(const struct policy_answer *answer, const char *dunno, char into[POLICY_WORDS_SIZE])
{
	static const char *const verbs[] = {
		[POLICY_REJECT] = "554 5.7.1",
		[POLICY_DEFER] = "450 4.7.1",
		[POLICY_HOLD] = "HOLD",
	};

	if (answer->action == POLICY_DUNNO)
		snprintf(into, POLICY_WORDS_SIZE, "%s", dunno);
	else
		snprintf(into, POLICY_WORDS_SIZE, "%s%s%s", verbs[answer->action],
			 answer->text[0] == '\0' ? "" : " ", answer->text);
}

static size_t policy_put(const struct policy_answer *answer, char *into, size_t size)
{
	char words[POLICY_WORDS_SIZE];

	policy_words(answer, "DUNNO", words);
	return (size_t)snprintf(into, size, "action=%s\n\n", words);
}

static const struct policy_tongue policy_delegation = { policy_cut, policy_put };

static bool policy_answer_one(struct policy *policy, const struct policy_client *client,
			      const struct policy_request *request, usec_t from)
{
	struct policy_answer answer = { .action = POLICY_DUNNO };
	char line[sizeof(answer.text) + 56];
	size_t len;

	policy->decide(policy->context, clock_now(), request, &answer);
	for (char *c = answer.text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	len = policy->tongue->put(&answer, line, sizeof(line));
	policy_count(policy, &answer, clock_monotonic() - from);
	return send(client->fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

/* Answer every whole request that stands in the buffer. */
static bool policy_answer_all(struct policy *policy, struct policy_client *client)
{
	struct span rest = { client->buffer, client->len };

	for (;;) {
		usec_t from = clock_monotonic();
		struct policy_request request;
		enum policy_heard heard = policy->tongue->cut(&rest, &request);

		if (heard == POLICY_PART)
			break;
		if (heard == POLICY_NONSENSE || !policy_answer_one(policy, client, &request, from)) {
			pthread_mutex_lock(&policy->lock);
			policy->stats.bad_requests++;
			pthread_mutex_unlock(&policy->lock);
			return false;
		}
	}
	memmove(client->buffer, rest.at, rest.len);
	client->len = rest.len;
	return true;
}

static void policy_read(struct policy *policy, struct policy_client *client)
{
	ssize_t got;

	if (client->len == client->room) {
		size_t room = client->room == 0 ? 2048 : client->room * 2;

		if (room > POLICY_REQUEST_MAX) {
			policy_drop(policy, &client);
			return;
		}
		client->buffer = memory_grow(client->buffer, room, 1);
		client->room = room;
	}
	got = read(client->fd, client->buffer + client->len, client->room - client->len);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		policy_drop(policy, &client);
		return;
	}
	client->len += (size_t)got;
	if (!policy_answer_all(policy, client))
		policy_drop(policy, &client);
}

/*
 * All descriptors are in use: whoever calls would stay in the queue, and the listener readable without end. With the
 * spare one they are hung up on instead, which mail servers take as no answer.
 */
static void policy_turn_away(struct policy *policy)
{
	int fd;

	if (policy->spare >= 0)
		close(policy->spare);
	fd = accept4(policy->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	policy->spare = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static void policy_accept(struct policy *policy)
{
	int fd = accept4(policy->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct policy_client *client;
	struct epoll_event event = { .events = EPOLLIN };
	int one = 1;

	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		policy_turn_away(policy);
	if (fd < 0)
		return;
	if (policy->clients >= policy->clients_max) {
		close(fd);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	client = memory_new(1, sizeof(*client));
	client->fd = fd;
	event.data.ptr = client;
	client->next = policy->first;
	if (policy->first != NULL)
		policy->first->previous = client;
	policy->first = client;
	policy->clients++;
	if (epoll_ctl(policy->poller, EPOLL_CTL_ADD, fd, &event) < 0) {
		policy_drop(policy, &client);
		return;
	}
	pthread_mutex_lock(&policy->lock);
	policy->stats.connections++;
	pthread_mutex_unlock(&policy->lock);
}

static void *policy_live(void *argument)
{
	struct policy *policy = argument;
	struct epoll_event events[64];

	for (;;) {
		int count = epoll_wait(policy->poller, events, 64, -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr == &policy->stopper)
				return NULL;
			if (events[i].data.ptr == &policy->listener)
				policy_accept(policy);
			else
				policy_read(policy, events[i].data.ptr);
		}
	}
}

static void policy_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Does somebody listen there? Perhaps a watch that was started before, whose socket must not be taken away. */
static bool policy_in_use(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool used = fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
				errno == EAGAIN || errno == EINPROGRESS);

	policy_close(fd);
	return used;
}

static int policy_bind_unix(struct policy *policy, const char *path, unsigned mode, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat there;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		error_set(error, "%s: too long for a socket's path", path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (policy_in_use(&address)) {
		error_set(error, "%s: another program listens there, perhaps another watch", path);
		return -1;
	}
	/* What a crash left is in the way; anything but a socket is somebody else's. */
	if (lstat(path, &there) == 0 && S_ISSOCK(there.st_mode))
		unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(path, mode == 0 ? 0660 : mode) < 0) {
		error_set(error, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	policy->path = memory_copy(span_of(path));
	return fd;
}

static int policy_bind_inet(const char *text, struct error *error)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct span host = span_of(text), port_text;
	uint64_t port = 0;
	uint8_t bytes[16];
	bool is_v6;
	int fd, one = 1;

	if (!span_cut_last(&host, SPAN(":"), &port_text) || !span_to_u64(port_text, &port) || port > 65535 ||
	    (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']'
		     ? !span_to_address((struct span){ host.at + 1, host.len - 2 }, bytes)
		     : !span_to_address(host, bytes))) {
		error_set(error, "inet:%s: not an address and a port, as in inet:127.0.0.1:10031", text);
		return -1;
	}
	is_v6 = host.at[0] == '[';
	v4.sin_port = v6.sin6_port = htons((uint16_t)port);
	memcpy(&v4.sin_addr, bytes + 12, 4);
	memcpy(&v6.sin6_addr, bytes, 16);
	fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, is_v6 ? (const struct sockaddr *)&v6 : (const struct sockaddr *)&v4,
			   is_v6 ? (socklen_t)sizeof(v6) : (socklen_t)sizeof(v4)) < 0) {
		error_set(error, "inet:%s: %s", text, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static bool policy_watch_fd(struct policy *policy, int fd, void *what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(policy->poller, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void policy_release(struct policy *policy)
{
	while (policy->first != NULL) {
		struct policy_client *client = policy->first;

		policy_drop(policy, &client);
	}
	policy_close(policy->listener);
	policy_close(policy->poller);
	policy_close(policy->stopper);
	policy_close(policy->spare);
	if (policy->path != NULL)
		unlink(policy->path);
	free(policy->path);
	pthread_mutex_destroy(&policy->lock);
	free(policy);
}

struct span policy_place(const char *address)
{
	struct span place = span_of(address);

	(void)span_skip(&place, SPAN("unix:"));
	return place;
}

struct policy *policy_open(const struct policy_options *options, struct error *error)
{
	struct policy *policy = memory_new(1, sizeof(*policy));
	struct span place = policy_place(options->address);

	policy->clients_max = options->clients == 0 ? POLICY_CLIENTS : options->clients;
	policy->tongue = options->tongue == NULL ? &policy_delegation : options->tongue;
	policy->listener = policy->poller = policy->stopper = policy->spare = -1;
	pthread_mutex_init(&policy->lock, NULL);
	if (span_skip(&place, SPAN("inet:")))
		policy->listener = policy_bind_inet(place.at, error);
	else if (span_starts(place, SPAN("/")))
		policy->listener = policy_bind_unix(policy, place.at, options->mode, error);
	else
		error_set(error,
			  "%s: neither inet: with an address and a port, as in inet:127.0.0.1:10031, nor the "
			  "whole path of a socket",
			  options->address);
	if (policy->listener < 0) {
		policy_release(policy);
		return NULL;
	}
	policy->poller = epoll_create1(EPOLL_CLOEXEC);
	policy->stopper = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	policy->spare = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (policy->poller < 0 || policy->stopper < 0 || listen(policy->listener, SOMAXCONN) < 0 ||
	    !policy_watch_fd(policy, policy->listener, &policy->listener) ||
	    !policy_watch_fd(policy, policy->stopper, &policy->stopper)) {
		error_set(error, "%s: %s", options->address, strerror(errno));
		policy_release(policy);
		return NULL;
	}
	return policy;
}

bool policy_serve(struct policy *policy, policy_decide *decide, void *context, struct error *error)
{
	int failed;

	assert(decide != NULL);
	policy->decide = decide;
	policy->context = context;
	failed = pthread_create(&policy->thread, NULL, policy_live, policy);
	policy->served = failed == 0;
	return policy->served || error_set(error, "the policy service: %s", strerror(failed));
}

struct policy *policy_start(const struct policy_options *options, policy_decide *decide, void *context,
			    struct error *error)
{
	struct policy *policy = policy_open(options, error);

	if (policy != NULL && !policy_serve(policy, decide, context, error))
		policy_stop(&policy);
	return policy;
}

void policy_stop(struct policy **policy)
{
	uint64_t one = 1;

	if (*policy == NULL)
		return;
	if ((*policy)->served && write((*policy)->stopper, &one, sizeof(one)) == (ssize_t)sizeof(one))
		pthread_join((*policy)->thread, NULL);
	policy_release(*policy);
	*policy = NULL;
}

struct policy_stats policy_stats(struct policy *policy)
{
	struct policy_stats stats;

	pthread_mutex_lock(&policy->lock);
	stats = policy->stats;
	pthread_mutex_unlock(&policy->lock);
	return stats;
}
