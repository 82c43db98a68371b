/*
 * Webhooks by libcurl's multi interface, driven by sockets: one epoll holds curl's sockets and its timer, so
 * that the loop of watch waits for a single descriptor and nothing here ever blocks it.
 */
#define _GNU_SOURCE
#include "responders/webhook.h"

#include "base/memory.h"
#include "base/save.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define WEBHOOK_EVENTS      16
#define WEBHOOK_SECRET_MAX  ((size_t)16 * 1024)
#define WEBHOOK_LONGEST_ASK USEC_DAY /* a Retry-After beyond it is not believed */

const struct setting webhook_settings[] = {
	SETTING(TEXT, struct webhook_options, url, "", 0, 0, "where verdicts are sent: https://..."),
	SETTING(TEXT, struct webhook_options, url_file, "", 0, 0,
		"file that holds the URL, where it is a secret; credential:NAME is one of systemd's"),
	SETTING(DURATION, struct webhook_options, timeout, "10s", 100000, 10 * USEC_MINUTE,
		"how long one try may take"),
	SETTING(LIST, struct webhook_options, headers, "", 0, 0,
		"further headers: X-Team: mail, X-Site: fra"),
	SETTING(TEXT, struct webhook_options, headers_file, "", 0, 0,
		"file of secret headers, one a line (Authorization: Bearer ...); credential:NAME is one of systemd's"),
	SETTING(TEXT, struct webhook_options, ca, "", 0, 0,
		"certificate authorities that the receiver's certificate must come from; empty: the system's"),
	SETTING(TEXT, struct webhook_options, certificate, "", 0, 0,
		"our own certificate, where the receiver asks for one"),
	SETTING(TEXT, struct webhook_options, key, "", 0, 0, "its private key"),
	SETTING(LIST, struct webhook_options, states, "flagged, disabled, released", 0, 0,
		"states that are told: normal, watch, flagged, disabled, released; of an address also that it is normal again"),
	SETTING(LIST, struct webhook_options, accounts, "*", 0, 0,
		"accounts that are told of, as patterns: *@example.com"),
	SETTING(LIST, struct webhook_options, types, "*", 0, 0,
		"types that are told: verdict, server, address, act, brake"),
	{ .name = NULL },
};

/* One request on its way. */
struct webhook_post {
	struct webhook_post *next;
	CURL *easy;
	uint64_t number;
	struct curl_slist *headers;
	char words[CURL_ERROR_SIZE];
};

struct target {
	const struct webhook_options *options;
	struct responder_calls calls;
	CURLM *multi;
	struct curl_slist *headers; /* of every request */
	char *url;
	int epoll, timer;
	struct webhook_post *posts;
};

static bool webhook_matches(const struct setting_list *patterns, struct span text)
{
	char *copy = memory_copy(text);
	bool matches = false;

	for (size_t i = 0; i < patterns->count && !matches; i++)
		matches = fnmatch(patterns->texts[i], copy, 0) == 0;
	free(copy);
	return matches;
}

bool webhook_wants(const struct webhook_options *options, const struct verdict *verdict)
{
	enum account_state state = verdict->state;

	/* Who heard that an address has a bad name, or that the server suffers, is told when that is over. */
	if (strcmp(verdict->type, "verdict") != 0 && state == STATE_NORMAL &&
	    !webhook_matches(&options->states, SPAN("normal")))
		state = verdict->previous;
	return webhook_matches(&options->states, span_of(state_name(state))) &&
	       webhook_matches(&options->types, span_of(verdict->type)) &&
	       webhook_matches(&options->accounts, verdict->account);
}

static bool webhook_target_wants(const struct target *target, const struct verdict *verdict)
{
	return webhook_wants(target->options, verdict);
}

/* A secret's file; "credential:NAME" is the file of that name where systemd puts a unit's credentials. */
static bool webhook_read_secret(const char *path, struct text *text, struct error *error)
{
	struct span name = span_of(path);
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	struct text full = { 0 };
	bool good;

	if (!span_skip(&name, SPAN("credential:")))
		return save_read(path, WEBHOOK_SECRET_MAX, text, error);
	if (folder == NULL)
		return error_set(error, "%s: systemd gave no credentials (CREDENTIALS_DIRECTORY)", path);
	text_add_format(&full, "%s/", folder);
	text_add(&full, name);
	good = save_read(full.at, WEBHOOK_SECRET_MAX, text, error);
	text_free(&full);
	return good;
}

/* A header or URL is one line: what has a control byte in it could say more than it should. */
static bool webhook_one_line(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
			return false;
	return text.len > 0;
}

static bool webhook_add_header(struct target *target, struct span header, struct error *error)
{
	struct curl_slist *longer;
	char *copy;

	if (!webhook_one_line(header) || memchr(header.at, ':', header.len) == NULL)
		return error_set(error, "[webhook %s] a header is not of the form \"Name: value\"",
				 target->options->name);
	copy = memory_copy(header);
	longer = curl_slist_append(target->headers, copy);
	free(copy);
	if (longer != NULL)
		target->headers = longer;
	return longer != NULL ||
	       error_set(error, "[webhook %s] no memory for headers", target->options->name);
}

static bool webhook_add_headers(struct target *target, struct error *error)
{
	const struct webhook_options *options = target->options;
	struct text secret = { 0 };
	struct span rest, line;
	bool good = webhook_add_header(target, SPAN("Content-Type: application/json"), error) &&
		    /* No "100 Continue" first: some receivers never answer it. */
		    webhook_add_header(target, SPAN("Expect: "), error);

	for (size_t i = 0; i < options->headers.count && good; i++)
		good = webhook_add_header(target, span_of(options->headers.texts[i]), error);
	if (!good || options->headers_file == NULL)
		return good;
	good = webhook_read_secret(options->headers_file, &secret, error);
	rest = text_span(&secret);
	while (good && rest.len > 0) {
		if (!span_cut(&rest, '\n', &line)) {
			line = rest;
			rest = span_from(rest, rest.len);
		}
		line = span_trim(line);
		if (line.len > 0)
			good = webhook_add_header(target, line, error);
	}
	text_free(&secret);
	return good;
}

/* http or https, with a host. The words never repeat the URL, since it may be a secret. */
static bool webhook_check_url(const char *name, const char *url, struct error *error)
{
	CURLU *parsed = curl_url();
	char *scheme = NULL, *host = NULL;
	CURLUcode bad = parsed == NULL ? CURLUE_OUT_OF_MEMORY : curl_url_set(parsed, CURLUPART_URL, url, 0);
	bool good = bad == CURLUE_OK && curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		    (strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0) &&
		    curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK && *host != '\0';

	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(parsed);
	return good ||
	       error_set(error, "[webhook %s] the URL is not one of the form https://host/path", name);
}

static bool webhook_set_url(struct target *target, struct error *error)
{
	const struct webhook_options *options = target->options;
	struct text secret = { 0 };

	if ((options->url == NULL) == (options->url_file == NULL))
		return error_set(error, "[webhook %s] needs either url or url_file", options->name);
	if (options->url != NULL) {
		target->url = memory_copy(span_of(options->url));
	} else {
		if (!webhook_read_secret(options->url_file, &secret, error))
			return false;
		target->url = memory_copy(span_trim(text_span(&secret)));
		text_free(&secret);
	}
	return webhook_one_line(span_of(target->url))
		       ? webhook_check_url(options->name, target->url, error)
		       : error_set(error, "[webhook %s] the URL is not one line", options->name);
}

static bool webhook_check_lists(const struct webhook_options *options, struct error *error)
{
	const char *const files[] = { options->ca, options->certificate, options->key };
	enum account_state state;

	for (size_t i = 0; i < options->states.count; i++)
		if (strcmp(options->states.texts[i], "*") != 0 &&
		    !state_parse(span_of(options->states.texts[i]), &state))
			return error_set(error, "[webhook %s] states: no state is called %s", options->name,
					 options->states.texts[i]);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i] != NULL && access(files[i], R_OK) != 0)
			return error_set(error, "[webhook %s] %s: %s", options->name, files[i],
					 strerror(errno));
	return true;
}

/* curl wants a socket watched, differently or no more. */
static int webhook_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
	struct target *target = context;
	struct epoll_event event = { .data.fd = fd };

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		(void)epoll_ctl(target->epoll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	event.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
		       (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
	if (epoll_ctl(target->epoll, known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0 &&
	    errno == EEXIST)
		(void)epoll_ctl(target->epoll, EPOLL_CTL_MOD, fd, &event);
	curl_multi_assign(target->multi, fd, target);
	return 0;
}

static int webhook_timer(CURLM *multi, long milliseconds, void *context)
{
	struct target *target = context;
	struct itimerspec when = { { 0, 0 }, { 0, 0 } };

	(void)multi;
	if (milliseconds >= 0) {
		when.it_value.tv_sec = milliseconds / 1000;
		when.it_value.tv_nsec = milliseconds % 1000 * 1000000;
		if (milliseconds == 0)
			when.it_value.tv_nsec = 1; /* 0 would disarm it */
	}
	timerfd_settime(target->timer, 0, &when, NULL);
	return 0;
}

static size_t webhook_ignore(char *data, size_t size, size_t count, void *context)
{
	(void)data;
	(void)context;
	return size * count;
}

static void webhook_prepare(const struct target *target, const struct parcel *parcel,
			    struct webhook_post *post)
{
	CURL *easy = post->easy;
	const struct webhook_options *options = target->options;
	char key[80];

	snprintf(key, sizeof(key), "Idempotency-Key: %s", parcel->id);
	for (const struct curl_slist *header = target->headers; header != NULL; header = header->next)
		post->headers = curl_slist_append(post->headers, header->data);
	post->headers = curl_slist_append(post->headers, key);
	curl_easy_setopt(easy, CURLOPT_URL, target->url);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, post->headers);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "sendwatch");
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(parcel->body));
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, parcel->body);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, webhook_ignore);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(options->timeout / 1000));
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE, 1024L * 1024);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, post->words);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, post);
	if (options->ca != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca);
	if (options->certificate != NULL)
		curl_easy_setopt(easy, CURLOPT_SSLCERT, options->certificate);
	if (options->key != NULL)
		curl_easy_setopt(easy, CURLOPT_SSLKEY, options->key);
}

static void webhook_send(struct target *target, const struct parcel *parcel)
{
	struct webhook_post *post = memory_new(1, sizeof(*post));
	CURLMcode added = CURLM_OUT_OF_MEMORY;

	post->number = parcel->number;
	post->easy = curl_easy_init();
	if (post->easy != NULL) {
		webhook_prepare(target, parcel, post);
		/* It starts when the timer that this arms fires: never from within this call. */
		added = curl_multi_add_handle(target->multi, post->easy);
	}
	assert(added == CURLM_OK); /* a fresh handle is refused only for want of memory */
	(void)added;
	post->next = target->posts;
	target->posts = post;
}

/* Off the list and out of curl's hands. */
static void webhook_drop(struct target *target, struct webhook_post *post)
{
	struct webhook_post **place = &target->posts;

	while (*place != post)
		place = &(*place)->next;
	*place = post->next;
	curl_multi_remove_handle(target->multi, post->easy);
	curl_easy_cleanup(post->easy);
	curl_slist_free_all(post->headers);
	free(post);
}

static bool webhook_never(long code)
{
	return code == 400 || code == 410 || code == 413 || code == 415 || code == 422;
}

/* curl's own words may hold the URL's host or path, so the short names of its errors are told instead. */
static void webhook_judge(CURL *easy, CURLcode result, struct answer *answer)
{
	curl_off_t pause = 0;
	long code = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &pause);
	if (pause > 0 && pause < WEBHOOK_LONGEST_ASK / USEC_SECOND)
		answer->pause = (usec_t)pause * USEC_SECOND;
	if (result != CURLE_OK && code == 0)
		snprintf(answer->words, sizeof(answer->words), "%s", curl_easy_strerror(result));
	else
		snprintf(answer->words, sizeof(answer->words), "the receiver answered %ld", code);
	answer->fate = code >= 200 && code < 300 ? FATE_DELIVERED
		       : webhook_never(code)     ? FATE_REFUSED
						 : FATE_LATER;
}

static void webhook_collect(struct target *target)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(target->multi, &left)) != NULL) {
		CURL *easy = message->easy_handle;
		struct webhook_post *post;
		struct answer answer = { 0 };
		char *private = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
		post = (struct webhook_post *)(void *)private;
		webhook_judge(easy, message->data.result, &answer);
		answer.number = post->number;
		webhook_drop(target, post);
		target->calls.done(target->calls.context, &answer);
	}
}

static void webhook_run(struct target *target)
{
	struct epoll_event events[WEBHOOK_EVENTS];
	int count = epoll_wait(target->epoll, events, WEBHOOK_EVENTS, 0), running;
	uint64_t fired;

	for (int i = 0; i < count; i++) {
		int fd = events[i].data.fd;
		int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
			   (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
			   (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

		if (fd == target->timer) {
			(void)!read(target->timer, &fired, sizeof(fired));
			curl_multi_socket_action(target->multi, CURL_SOCKET_TIMEOUT, 0, &running);
		} else {
			curl_multi_socket_action(target->multi, fd, what, &running);
		}
	}
	webhook_collect(target);
}

static void webhook_close(struct target **target)
{
	if (*target == NULL)
		return;
	while ((*target)->posts != NULL)
		webhook_drop(*target, (*target)->posts);
	if ((*target)->multi != NULL)
		curl_multi_cleanup((*target)->multi);
	curl_slist_free_all((*target)->headers);
	if ((*target)->epoll >= 0)
		close((*target)->epoll);
	if ((*target)->timer >= 0)
		close((*target)->timer);
	free((*target)->url);
	free(*target);
	*target = NULL;
}

static struct target *webhook_open(const void *options, const struct responder_calls *calls,
				   struct error *error)
{
	struct target *target = memory_new(1, sizeof(*target));
	struct epoll_event timer = { .events = EPOLLIN };
	bool good;

	target->options = options;
	target->calls = *calls;
	target->epoll = epoll_create1(EPOLL_CLOEXEC);
	target->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	timer.data.fd = target->timer;
	good = webhook_check_lists(target->options, error) && webhook_set_url(target, error) &&
	       webhook_add_headers(target, error);
	if (good && (target->epoll < 0 || target->timer < 0 ||
		     epoll_ctl(target->epoll, EPOLL_CTL_ADD, target->timer, &timer) != 0))
		good = error_set(error, "[webhook %s] %s", target->options->name, strerror(errno));
	if (good && (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
		     (target->multi = curl_multi_init()) == NULL))
		good = error_set(error, "[webhook %s] libcurl does not start", target->options->name);
	if (!good) {
		webhook_close(&target);
		return NULL;
	}
	curl_multi_setopt(target->multi, CURLMOPT_SOCKETFUNCTION, webhook_socket);
	curl_multi_setopt(target->multi, CURLMOPT_SOCKETDATA, target);
	curl_multi_setopt(target->multi, CURLMOPT_TIMERFUNCTION, webhook_timer);
	curl_multi_setopt(target->multi, CURLMOPT_TIMERDATA, target);
	return target;
}

static int webhook_fd(const struct target *target)
{
	return target->epoll;
}

const struct responder responder_webhook = {
	.kind = "webhook",
	.open = webhook_open,
	.wants = webhook_target_wants,
	.send = webhook_send,
	.fd = webhook_fd,
	.run = webhook_run,
	.close = webhook_close,
};
