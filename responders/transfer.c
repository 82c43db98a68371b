/*
 * Transfers by libcurl's multi interface, driven by sockets: one epoll holds curl's sockets and its timer, so
 * that the loop of watch waits for a single descriptor and nothing here ever blocks it.
 *
 * Limits: of an answer's body the first kilobyte is kept; redirects are not followed.
 */
#define _GNU_SOURCE
#include "responders/transfer.h"

#include "base/library.h"
#include "base/memory.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TRANSFER_EVENTS      16
#define TRANSFER_BODY_KEPT   ((size_t)1024)
#define TRANSFER_LONGEST_ASK USEC_DAY /* a Retry-After beyond it is not believed */

/* What is used of libcurl, which is loaded when the first of these is to be called. */
/* clang-format off */
#define TRANSFER_CALLS(CALL) \
	CALL(easy_cleanup) CALL(easy_getinfo) CALL(easy_init) CALL(easy_setopt) CALL(easy_strerror) \
	CALL(free) CALL(global_init) CALL(multi_add_handle) CALL(multi_assign) CALL(multi_cleanup) \
	CALL(multi_info_read) CALL(multi_init) CALL(multi_remove_handle) CALL(multi_setopt) \
	CALL(multi_socket_action) CALL(slist_append) CALL(slist_free_all) CALL(url) CALL(url_cleanup) \
	CALL(url_get) CALL(url_set)
/* clang-format on */

#define TRANSFER_POINTER(name) __typeof__(curl_##name) *name;
static struct transfer_calls {
	TRANSFER_CALLS(TRANSFER_POINTER)
} curl;

#define TRANSFER_FUNCTION(name) { "curl_" #name, offsetof(struct transfer_calls, name) },
static const struct library_function transfer_functions[] = { TRANSFER_CALLS(TRANSFER_FUNCTION) };

static bool transfer_load(struct error *error)
{
	static struct library library = LIBRARY("libcurl.so.4", "libcurl-gnutls.so.4", transfer_functions);

	return library_load(&library, &curl, error);
}

/* One that is on its way. */
struct transfer {
	struct transfer *next;
	struct transfer_pool *pool;
	CURL *easy;
	uint64_t number;
	struct curl_slist *headers, *to;
	struct text back;
	char *url, *message;
	size_t message_len, message_sent;
};

struct transfer_pool {
	const struct transfer_options *options;
	transfer_done *done;
	void *context;
	CURLM *multi;
	struct curl_slist *headers; /* of every request */
	int epoll, timer;
	struct transfer *transfers;
};

static void transfer_append(struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl.slist_append(*list, text);

	assert(longer != NULL); /* refused only for want of memory */
	*list = longer;
}

/* A header or URL is one line: what has a control byte in it could say more than it should. */
static bool transfer_one_line(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
			return false;
	return text.len > 0;
}

bool transfer_add_header(struct transfer_pool *pool, struct span header)
{
	char *copy;

	if (!transfer_one_line(header) || memchr(header.at, ':', header.len) == NULL)
		return false;
	copy = memory_copy(header);
	transfer_append(&pool->headers, copy);
	free(copy);
	return true;
}

bool transfer_url_good(const char *url, const char *scheme, const char *other, struct error *error)
{
	char *found = NULL, *host = NULL;
	struct error why;
	CURLU *parsed;
	bool good;

	if (!transfer_load(&why))
		return error_set(error, "cannot be used: %s", why.text);
	parsed = curl.url();
	good = parsed != NULL && transfer_one_line(span_of(url)) &&
	       curl.url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
	       curl.url_get(parsed, CURLUPART_SCHEME, &found, 0) == CURLUE_OK &&
	       (strcmp(found, scheme) == 0 || strcmp(found, other) == 0) &&
	       curl.url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK && *host != '\0';

	curl.free(found);
	curl.free(host);
	curl.url_cleanup(parsed);
	return good || error_set(error, "is not one of the form %s://host", scheme);
}

/* curl wants a socket watched, differently or no more. */
static int transfer_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
	struct transfer_pool *pool = context;
	struct epoll_event event = { .data.fd = fd };

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		(void)epoll_ctl(pool->epoll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	event.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
		       (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
	if (epoll_ctl(pool->epoll, known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0 &&
	    errno == EEXIST)
		(void)epoll_ctl(pool->epoll, EPOLL_CTL_MOD, fd, &event);
	curl.multi_assign(pool->multi, fd, pool);
	return 0;
}

static int transfer_timer(CURLM *multi, long milliseconds, void *context)
{
	struct transfer_pool *pool = context;
	struct itimerspec when = { { 0, 0 }, { 0, 0 } };

	(void)multi;
	if (milliseconds >= 0) {
		when.it_value.tv_sec = milliseconds / 1000;
		when.it_value.tv_nsec = milliseconds % 1000 * 1000000;
		if (milliseconds == 0)
			when.it_value.tv_nsec = 1; /* 0 would disarm it */
	}
	timerfd_settime(pool->timer, 0, &when, NULL);
	return 0;
}

static size_t transfer_back(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;

	text_add(&transfer->back, (struct span){ data, size * count });
	return size * count;
}

static size_t transfer_read(char *into, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t left = transfer->message_len - transfer->message_sent;
	size_t taken = size * count < left ? size * count : left;

	memcpy(into, transfer->message + transfer->message_sent, taken);
	transfer->message_sent += taken;
	return taken;
}

static struct transfer *transfer_new(struct transfer_pool *pool, uint64_t number, const char *tail)
{
	const struct transfer_options *options = pool->options;
	struct transfer *transfer = memory_new(1, sizeof(*transfer));
	struct text url = { 0 };

	transfer->pool = pool;
	transfer->number = number;
	transfer->back.ceiling = TRANSFER_BODY_KEPT;
	transfer->easy = curl.easy_init();
	assert(transfer->easy != NULL); /* refused only for want of memory */
	text_add(&url, span_of(options->url));
	text_add(&url, span_of(tail == NULL ? "" : tail));
	transfer->url = memory_copy(text_span(&url));
	text_free(&url);
	curl.easy_setopt(transfer->easy, CURLOPT_URL, transfer->url);
	curl.easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, transfer_back);
	curl.easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
	curl.easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, (long)(options->timeout / 1000));
	curl.easy_setopt(transfer->easy, CURLOPT_NOSIGNAL, 1L);
	curl.easy_setopt(transfer->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl.easy_setopt(transfer->easy, CURLOPT_MAXFILESIZE, 1024L * 1024);
	curl.easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
	if (options->ca != NULL)
		curl.easy_setopt(transfer->easy, CURLOPT_CAINFO, options->ca);
	if (options->certificate != NULL)
		curl.easy_setopt(transfer->easy, CURLOPT_SSLCERT, options->certificate);
	if (options->key != NULL)
		curl.easy_setopt(transfer->easy, CURLOPT_SSLKEY, options->key);
	return transfer;
}

static void transfer_begin(struct transfer *transfer)
{
	struct transfer_pool *pool = transfer->pool;
	/* It starts when the timer that this arms fires: never from within this call. */
	CURLMcode added = curl.multi_add_handle(pool->multi, transfer->easy);

	assert(added == CURLM_OK); /* a fresh handle is refused only for want of memory */
	(void)added;
	transfer->next = pool->transfers;
	pool->transfers = transfer;
}

void transfer_post(struct transfer_pool *pool, uint64_t number, const char *tail, const char *const *headers,
		   struct span body)
{
	struct transfer *transfer = transfer_new(pool, number, tail);

	for (const struct curl_slist *header = pool->headers; header != NULL; header = header->next)
		transfer_append(&transfer->headers, header->data);
	for (; *headers != NULL; headers++)
		transfer_append(&transfer->headers, *headers);
	transfer->message = memory_copy(body);
	curl.easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
	curl.easy_setopt(transfer->easy, CURLOPT_USERAGENT, "sendwatch");
	curl.easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE, (long)body.len);
	curl.easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, transfer->message);
	transfer_begin(transfer);
}

void transfer_mail(struct transfer_pool *pool, uint64_t number, const char *from, const char *const *to,
		   size_t to_count, struct span message)
{
	struct transfer *transfer = transfer_new(pool, number, NULL);
	const struct transfer_options *options = pool->options;

	for (size_t i = 0; i < to_count; i++)
		transfer_append(&transfer->to, to[i]);
	transfer->message = memory_copy(message);
	transfer->message_len = message.len;
	if (from != NULL) /* without one, curl says MAIL FROM:<> */
		curl.easy_setopt(transfer->easy, CURLOPT_MAIL_FROM, from);
	curl.easy_setopt(transfer->easy, CURLOPT_MAIL_RCPT, transfer->to);
	curl.easy_setopt(transfer->easy, CURLOPT_UPLOAD, 1L);
	curl.easy_setopt(transfer->easy, CURLOPT_READFUNCTION, transfer_read);
	curl.easy_setopt(transfer->easy, CURLOPT_READDATA, transfer);
	curl.easy_setopt(transfer->easy, CURLOPT_USE_SSL, options->tls ? CURLUSESSL_ALL : CURLUSESSL_NONE);
	if (options->user != NULL)
		curl.easy_setopt(transfer->easy, CURLOPT_USERNAME, options->user);
	if (options->password != NULL)
		curl.easy_setopt(transfer->easy, CURLOPT_PASSWORD, options->password);
	transfer_begin(transfer);
}

/* Off the list and out of curl's hands. */
static void transfer_free(struct transfer *transfer)
{
	curl.multi_remove_handle(transfer->pool->multi, transfer->easy);
	curl.easy_cleanup(transfer->easy);
	curl.slist_free_all(transfer->headers);
	curl.slist_free_all(transfer->to);
	text_free(&transfer->back);
	free(transfer->url);
	free(transfer->message);
	free(transfer);
}

static void transfer_drop(struct transfer *transfer)
{
	struct transfer **place = &transfer->pool->transfers;

	while (*place != transfer)
		place = &(*place)->next;
	*place = transfer->next;
	transfer_free(transfer);
}

/* curl's own words may hold the URL's host or path, so the short names of its errors are told instead. */
static void transfer_collect(struct transfer_pool *pool)
{
	CURLMsg *message;
	int left;

	while ((message = curl.multi_info_read(pool->multi, &left)) != NULL) {
		struct transfer_result result = { 0 };
		struct transfer *transfer;
		curl_off_t pause = 0;
		char *private = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		transfer = (struct transfer *)(void *)private;
		curl.easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &result.code);
		curl.easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &pause);
		if (pause > 0 && pause < TRANSFER_LONGEST_ASK / USEC_SECOND)
			result.pause = (usec_t)pause * USEC_SECOND;
		result.number = transfer->number;
		result.whole = message->data.result == CURLE_OK;
		result.error = curl.easy_strerror(message->data.result);
		result.body = text_span(&transfer->back);
		pool->done(pool->context, &result);
		transfer_drop(transfer);
	}
}

int transfer_fd(const struct transfer_pool *pool)
{
	return pool->epoll;
}

void transfer_run(struct transfer_pool *pool)
{
	struct epoll_event events[TRANSFER_EVENTS];
	int count = epoll_wait(pool->epoll, events, TRANSFER_EVENTS, 0), running;
	uint64_t fired;

	for (int i = 0; i < count; i++) {
		int fd = events[i].data.fd;
		int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
			   (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
			   (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

		if (fd == pool->timer) {
			(void)!read(pool->timer, &fired, sizeof(fired));
			curl.multi_socket_action(pool->multi, CURL_SOCKET_TIMEOUT, 0, &running);
		} else {
			curl.multi_socket_action(pool->multi, fd, what, &running);
		}
	}
	transfer_collect(pool);
}

void transfer_close(struct transfer_pool **pool)
{
	if (*pool == NULL)
		return;
	for (struct transfer *transfer = (*pool)->transfers, *next; transfer != NULL; transfer = next) {
		next = transfer->next;
		transfer_free(transfer);
	}
	if ((*pool)->multi != NULL)
		curl.multi_cleanup((*pool)->multi);
	if ((*pool)->headers != NULL)
		curl.slist_free_all((*pool)->headers);
	if ((*pool)->epoll >= 0)
		close((*pool)->epoll);
	if ((*pool)->timer >= 0)
		close((*pool)->timer);
	free(*pool);
	*pool = NULL;
}

struct transfer_pool *transfer_open(const struct transfer_options *options, transfer_done *done,
				    void *context, struct error *error)
{
	struct transfer_pool *pool = memory_new(1, sizeof(*pool));
	struct epoll_event timer = { .events = EPOLLIN };
	bool good = true;

	pool->options = options;
	pool->done = done;
	pool->context = context;
	pool->epoll = epoll_create1(EPOLL_CLOEXEC);
	pool->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	timer.data.fd = pool->timer;
	if (pool->epoll < 0 || pool->timer < 0 ||
	    epoll_ctl(pool->epoll, EPOLL_CTL_ADD, pool->timer, &timer) != 0)
		good = error_set(error, "%s", strerror(errno));
	else if (!transfer_load(error))
		good = false;
	else if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
		 (pool->multi = curl.multi_init()) == NULL)
		good = error_set(error, "libcurl does not start");
	if (!good) {
		transfer_close(&pool);
		return NULL;
	}
	curl.multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, transfer_socket);
	curl.multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
	curl.multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, transfer_timer);
	curl.multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
	return pool;
}
