/*
 * By c-ares, driven by its sockets: one epoll holds them and a timer for its timeouts, so that the loop of
 * watch waits for a single descriptor. The only file that knows c-ares.
 *
 * Limits: of a TXT answer the first record is taken, of addresses the first sixteen.
 */
#define _GNU_SOURCE
#define CARES_NO_DEPRECATED /* its newer releases have other calls beside these, and the older have only these */
#include "responders/resolver.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

#ifdef HAVE_LIBCARES

#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define RESOLVER_EVENTS 16
#define RESOLVER_TRIES  2
#define RESOLVER_SPLIT  3 /* c-ares doubles the pause with each try: 1 + 2 */

struct resolver {
	struct resolver_calls calls;
	ares_channel channel;
	int epoll, timer;
	bool closing;
};

/* What c-ares hands back with an answer. */
struct resolver_question {
	struct resolver *resolver;
	uint64_t number;
	enum resolver_type type;
};

bool resolver_there(void)
{
	return true;
}

/* c-ares opens and closes sockets as it likes. */
static void resolver_socket(void *context, ares_socket_t socket, int readable, int writable)
{
	const struct resolver *resolver = context;
	struct epoll_event event = { .data.fd = socket };

	event.events = (readable ? (unsigned)EPOLLIN : 0) | (writable ? (unsigned)EPOLLOUT : 0);
	if (event.events == 0)
		(void)epoll_ctl(resolver->epoll, EPOLL_CTL_DEL, socket, NULL);
	else if (epoll_ctl(resolver->epoll, EPOLL_CTL_MOD, socket, &event) != 0 && errno == ENOENT)
		(void)epoll_ctl(resolver->epoll, EPOLL_CTL_ADD, socket, &event);
}

/* Ring when c-ares has something to give up. */
static void resolver_wind(struct resolver *resolver)
{
	struct timeval room, *next = ares_timeout(resolver->channel, NULL, &room);
	struct itimerspec when = { 0 };

	if (next != NULL) {
		when.it_value.tv_sec = next->tv_sec;
		when.it_value.tv_nsec = next->tv_usec * 1000L + 1; /* zero would be no timer at all */
	}
	(void)timerfd_settime(resolver->timer, 0, &when, NULL);
}

static int resolver_order(const void *a, const void *b)
{
	return memcmp(a, b, 4);
}

/* In their order: servers turn it round. */
static bool resolver_read_addresses(const unsigned char *reply, int len, struct resolver_answer *answer)
{
	struct ares_addrttl addresses[RESOLVER_ADDRESSES];
	int count = RESOLVER_ADDRESSES;

	if (ares_parse_a_reply(reply, len, NULL, addresses, &count) != ARES_SUCCESS)
		return false;
	for (int i = 0; i < count; i++) {
		usec_t ttl = addresses[i].ttl * USEC_SECOND;

		memcpy(answer->addresses[answer->count++], &addresses[i].ipaddr, 4);
		if (i == 0 || ttl < answer->ttl)
			answer->ttl = ttl;
	}
	qsort(answer->addresses, answer->count, 4, resolver_order);
	return true;
}

/* The strings of the first record, joined. */
static bool resolver_read_text(const unsigned char *reply, int len, struct text *text)
{
	struct ares_txt_ext *strings = NULL;

	if (ares_parse_txt_reply_ext(reply, len, &strings) != ARES_SUCCESS)
		return false;
	for (const struct ares_txt_ext *at = strings; at != NULL; at = at->next) {
		if (at != strings && at->record_start)
			break;
		text_add(text, (struct span){ (const char *)at->txt, at->length });
	}
	ares_free_data(strings);
	return true;
}

static enum resolver_fate resolver_fate_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return RESOLVER_FOUND;
	case ARES_ENOTFOUND:
	case ARES_ENODATA:
		return RESOLVER_NOTHING;
	default:
		return RESOLVER_FAILED;
	}
}

static void resolver_answered(void *context, int status, int timeouts, unsigned char *reply, int len)
{
	struct resolver_question *question = context;
	struct resolver *resolver = question->resolver;
	struct resolver_answer answer = { .number = question->number, .fate = resolver_fate_of(status) };
	struct text text = { .ceiling = 4096 };

	(void)timeouts;
	answer.why = ares_strerror(status);
	if (answer.fate == RESOLVER_FOUND &&
	    !(question->type == RESOLVER_A ? resolver_read_addresses(reply, len, &answer)
					   : resolver_read_text(reply, len, &text))) {
		answer.fate = RESOLVER_FAILED;
		answer.why = "an answer that cannot be read";
	}
	answer.text = text_span(&text);
	free(question);
	if (!resolver->closing)
		resolver->calls.answered(resolver->calls.context, &answer);
	text_free(&text);
}

void resolver_ask(struct resolver *resolver, uint64_t number, const char *name, enum resolver_type type)
{
	struct resolver_question *question = memory_new(1, sizeof(*question));

	*question = (struct resolver_question){ resolver, number, type };
	ares_query(resolver->channel, name, ns_c_in, type == RESOLVER_A ? ns_t_a : ns_t_txt,
		   resolver_answered, question);
	resolver_wind(resolver);
}

int resolver_fd(const struct resolver *resolver)
{
	return resolver->epoll;
}

void resolver_run(struct resolver *resolver)
{
	struct epoll_event events[RESOLVER_EVENTS];
	int count = epoll_wait(resolver->epoll, events, RESOLVER_EVENTS, 0);
	uint64_t rung;

	if (count <= 0)
		return;
	for (int i = 0; i < count; i++) {
		bool reads = (events[i].events & ~(unsigned)EPOLLOUT) != 0;
		bool writes = (events[i].events & EPOLLOUT) != 0;

		if (events[i].data.fd == resolver->timer) {
			(void)!read(resolver->timer, &rung, sizeof(rung));
			continue;
		}
		ares_process_fd(resolver->channel, reads ? events[i].data.fd : ARES_SOCKET_BAD,
				writes ? events[i].data.fd : ARES_SOCKET_BAD);
	}
	ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* what timed out */
	resolver_wind(resolver);
}

static bool resolver_use(struct resolver *resolver, const struct setting_list *servers, struct error *error)
{
	struct text list = { 0 };
	int status = ARES_SUCCESS;

	for (size_t i = 0; i < servers->count; i++)
		text_add_format(&list, "%s%s", i == 0 ? "" : ",", servers->texts[i]);
	if (servers->count > 0)
		status = ares_set_servers_ports_csv(resolver->channel, list.at);
	if (status != ARES_SUCCESS)
		error_set(error, "servers: \"%s\": %s", list.at, ares_strerror(status));
	text_free(&list);
	return status == ARES_SUCCESS;
}

struct resolver *resolver_open(const struct setting_list *servers, usec_t timeout,
			       const struct resolver_calls *calls, struct error *error)
{
	struct resolver *resolver = memory_new(1, sizeof(*resolver));
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH,
		.timeout = (int)(timeout / 1000 / RESOLVER_SPLIT),
		.tries = RESOLVER_TRIES,
		.sock_state_cb = resolver_socket,
		.sock_state_cb_data = resolver,
	};
	struct epoll_event ring = { .events = EPOLLIN };
	int status;

	resolver->calls = *calls;
	resolver->epoll = epoll_create1(EPOLL_CLOEXEC);
	resolver->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	ring.data.fd = resolver->timer;
	if (resolver->epoll < 0 || resolver->timer < 0 ||
	    epoll_ctl(resolver->epoll, EPOLL_CTL_ADD, resolver->timer, &ring) != 0) {
		error_set(error, "questions to DNS: %s", strerror(errno));
		resolver_close(&resolver);
		return NULL;
	}
	status = ares_library_init(ARES_LIB_INIT_ALL);
	if (status == ARES_SUCCESS)
		status = ares_init_options(&resolver->channel, &options,
					   ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
						   ARES_OPT_SOCK_STATE_CB);
	if (status != ARES_SUCCESS) {
		resolver->channel = NULL;
		error_set(error, "questions to DNS: %s", ares_strerror(status));
		resolver_close(&resolver);
	} else if (!resolver_use(resolver, servers, error)) {
		resolver_close(&resolver);
	}
	return resolver;
}

void resolver_close(struct resolver **resolver)
{
	if (*resolver == NULL)
		return;
	(*resolver)->closing = true;
	if ((*resolver)->channel != NULL)
		ares_destroy((*resolver)->channel); /* answers every open question, which frees it */
	if ((*resolver)->epoll >= 0)
		close((*resolver)->epoll);
	if ((*resolver)->timer >= 0)
		close((*resolver)->timer);
	free(*resolver);
	*resolver = NULL;
}

#else

bool resolver_there(void)
{
	return false;
}

struct resolver *resolver_open(const struct setting_list *servers, usec_t timeout,
			       const struct resolver_calls *calls, struct error *error)
{
	(void)servers;
	(void)timeout;
	(void)calls;
	error_set(error, "built without c-ares, so that nothing can be asked of DNS");
	return NULL;
}

void resolver_close(struct resolver **resolver)
{
	*resolver = NULL;
}

void resolver_ask(struct resolver *resolver, uint64_t number, const char *name, enum resolver_type type)
{
	(void)resolver;
	(void)number;
	(void)name;
	(void)type;
}

int resolver_fd(const struct resolver *resolver)
{
	(void)resolver;
	return -1;
}

void resolver_run(struct resolver *resolver)
{
	(void)resolver;
}

#endif
