/*
 * Webhooks against a real HTTP receiver (tests/receiver/receiver.py, on loopback): what arrives, what each
 * answer means, and that no secret gets into the words of an error.
 */
#define _GNU_SOURCE
#include "hidden.h"

#include "base/memory.h"
#include "base/save.h"
#include "base/text.h"
#include "responders/webhook.h"

#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

/* Lists of settings hold texts that are not constant. */
static char word1[] = "flagged";
static char word2[] = "disabled";
static char word3[] = "*";
static char word4[] = "X-Team: mail";
static char word5[] = "no colon geheim";
static char word6[] = "flaged";
static char word7[] = "*@example.com";
static char word8[] = "local:*";
static char word9[] = "verdict";

static char folder[64];
static pid_t receiver;
static char url[64];
static struct answer last;
static int answers;

static char *words_of(const char *text)
{
	return memory_copy(span_of(text));
}

static struct webhook_options *options_new(const char *to)
{
	struct webhook_options *options = memory_new(1, sizeof(*options));
	static char *states[] = { word1, word2 };
	static char *all[] = { word3 };

	options->telling.name = words_of("ops");
	options->url = to == NULL ? NULL : words_of(to);
	options->timeout = USEC_MINUTE;
	options->telling.states = (struct setting_list){ states, 2 };
	options->telling.accounts = options->telling.types = (struct setting_list){ all, 1 };
	return options;
}

static void options_free(struct webhook_options **options)
{
	free((*options)->telling.name);
	free((*options)->url);
	free(*options);
	*options = NULL;
}

static void done(void *context, const struct answer *answer)
{
	(void)context;
	last = *answer;
	answers++;
}

static const struct responder_calls calls = { .done = done };

/* Poll until WANTED answers are there; the test's own time limit ends a hang. */
static void run_until(struct target *target, int wanted)
{
	while (answers < wanted) {
		struct pollfd wait = { .fd = responder_webhook.fd(target), .events = POLLIN };

		assert_true(poll(&wait, 1, 120000) > 0);
		responder_webhook.run(target);
	}
}

/* PLAN: its answers in turn, blank-separated. */
static void start_receiver(const char *plan)
{
	static char program[] = "python3", script[] = "tests/receiver/receiver.py";
	char *arguments[] = { program, script, folder, NULL };
	struct text path = { 0 }, port = { 0 };
	struct error error;

	answers = 0;
	text_add_format(&path, "%s/answers", folder);
	assert_true(save_whole(path.at, span_of(plan), 0600, &error));
	if (posix_spawnp(&receiver, program, NULL, NULL, arguments, environ) != 0)
		skip();
	text_clear(&path);
	text_add_format(&path, "%s/port", folder);
	while (!save_read(path.at, 16, &port, &error)) {
		assert_int_equal(waitpid(receiver, NULL, WNOHANG), 0);
		usleep(10000);
	}
	snprintf(url, sizeof(url), "http://127.0.0.1:%s/hook?token=geheim", port.at);
	text_free(&path);
	text_free(&port);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/webhook-XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "port", "requests", "secret", "answers" };

	(void)state;
	if (receiver > 0) {
		kill(receiver, SIGKILL);
		waitpid(receiver, NULL, 0);
	}
	receiver = 0;
	for (size_t i = 0; i < 4; i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static void write_secret(const char *text, char path[128])
{
	struct error error;

	snprintf(path, 128, "%s/secret", folder);
	assert_true(save_whole(path, span_of(text), 0600, &error));
}

static void expect_requests(const char *const *wanted)
{
	struct text path = { 0 }, text = { 0 };
	struct error error;

	text_add_format(&path, "%s/requests", folder);
	assert_true(save_read(path.at, 100000, &text, &error));
	for (; *wanted != NULL; wanted++)
		if (strstr(text.at, *wanted) == NULL)
			fail_msg("%s is not in %s", *wanted, text.at);
	text_free(&path);
	text_free(&text);
}

static void test_delivers(void **state)
{
	static char *more[] = { word4 };
	struct webhook_options *options;
	struct parcel parcel = { .number = 7, .id = "abc123", .body = "{\"type\":\"verdict\"}" };
	struct error error = { "" };
	struct target *target;
	char secret[128];

	(void)state;
	start_receiver("200");
	options = options_new(url);
	write_secret("Authorization: Bearer geheim\n\n", secret);
	options->headers = (struct setting_list){ more, 1 };
	options->headers_file = secret;
	target = responder_webhook.open(options, &calls, &error);
	assert_non_null(target);
	responder_webhook.send(target, &parcel);
	assert_int_equal(answers, 0);
	run_until(target, 1);
	assert_int_equal(last.fate, FATE_DELIVERED);
	assert_int_equal(last.number, 7);
	expect_requests((const char *const[]){
		"\"path\": \"/hook?token=geheim\"", "\"idempotency-key\": \"abc123\"",
		"\"content-type\": \"application/json\"", "\"x-team\": \"mail\"",
		"\"authorization\": \"Bearer geheim\"", "{\\\"type\\\":\\\"verdict\\\"}", NULL });
	responder_webhook.close(&target);
	options_free(&options);
}

static void test_answers(void **state)
{
	static const struct {
		enum fate fate;
		usec_t pause;
	} rows[] = {
		{ FATE_DELIVERED, 0 }, { FATE_LATER, 0 },
		{ FATE_LATER, 0 },     { FATE_LATER, 0 },
		{ FATE_REFUSED, 0 },   { FATE_REFUSED, 0 },
		{ FATE_LATER, 0 },     { FATE_LATER, 7 * USEC_SECOND },
	};
	struct webhook_options *options;
	struct error error;
	struct target *target;

	(void)state;
	start_receiver("204 302 404 401 400 422 500 503:7");
	options = options_new(url);
	target = responder_webhook.open(options, &calls, &error);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parcel parcel = { .number = i, .id = "x", .body = "{}" };

		responder_webhook.send(target, &parcel);
		run_until(target, (int)i + 1);
		if (last.number != i || last.fate != rows[i].fate || last.pause != rows[i].pause)
			fail_msg("row %zu: %s, pause %lld", i, last.words, (long long)last.pause);
		if (last.fate != FATE_DELIVERED)
			assert_non_null(strstr(last.words, "the receiver answered "));
		assert_null(strstr(last.words, "geheim"));
	}
	responder_webhook.close(&target);
	options_free(&options);
}

static void test_away_or_slow(void **state)
{
	struct parcel parcel = { .number = 1, .id = "x", .body = "{}" };
	struct webhook_options *options = options_new("http://127.0.0.1:1/geheim");
	struct error error;
	struct target *target = responder_webhook.open(options, &calls, &error);

	(void)state;
	answers = 0;
	responder_webhook.send(target, &parcel);
	run_until(target, 1);
	assert_int_equal(last.fate, FATE_LATER);
	assert_null(strstr(last.words, "geheim"));
	responder_webhook.close(&target);
	options_free(&options);
	start_receiver("hang");
	options = options_new(url);
	options->timeout = USEC_SECOND / 5;
	target = responder_webhook.open(options, &calls, &error);
	responder_webhook.send(target, &parcel);
	responder_webhook.send(target, &parcel); /* still on its way when the target is closed */
	run_until(target, 1);
	assert_int_equal(last.fate, FATE_LATER);
	responder_webhook.close(&target);
	options_free(&options);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *url, *words;
	} rows[] = {
		{ NULL, "[webhook ops] needs either url or url_file" },
		{ "ftp://geheim/", "[webhook ops] the URL is not one of the form https://host" },
		{ "geheim", "not one of the form" },
		{ "https://", "not one of the form" },
		{ "https://host/geheim\nX: y", "the URL is not one line" },
	};
	static char *bad[] = { word5 }, *state_name_[] = { word6 };
	struct webhook_options *options;
	struct error error = { "" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		options = options_new(rows[i].url);
		assert_null(responder_webhook.open(options, &calls, &error));
		if (strstr(error.text, rows[i].words) == NULL || strstr(error.text, "geheim") != NULL)
			fail_msg("row %zu: %s", i, error.text);
		options_free(&options);
	}
	options = options_new("https://host/");
	options->headers = (struct setting_list){ bad, 1 };
	assert_null(responder_webhook.open(options, &calls, &error));
	assert_null(strstr(error.text, "geheim"));
	options->headers.count = 0;
	options->telling.states = (struct setting_list){ state_name_, 1 };
	assert_null(responder_webhook.open(options, &calls, &error));
	assert_non_null(strstr(error.text, "no state is called flaged"));
	options_free(&options);
	options = options_new(NULL);
	options->url_file = (char[]){ "credential:hook" };
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_null(responder_webhook.open(options, &calls, &error));
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	char path[128];

	write_secret("https://host/geheim\n", path);
	options->url_file = (char[]){ "credential:secret" };
	struct target *target = responder_webhook.open(options, &calls, &error);

	assert_non_null(target);
	responder_webhook.close(&target);
	options_free(&options);
}

/* Rather than send what the receiver cannot believe. Where libcurl needs libcrypto too, it is there all the same. */
static void a_secret_needs_what_signs(void **state)
{
	struct webhook_options *options = options_new("https://host/");
	char path[128];
	struct error error;

	(void)state;
	write_secret("geheim\n", path);
	options->secret_file = path;
	hidden = "libcrypto";
	assert_null(responder_webhook.open(options, &calls, &error));
	assert_non_null(strstr(error.text, "[webhook ops] secret_file: nothing can be signed: "));
	assert_non_null(strstr(error.text, "libcrypto"));
	assert_null(strstr(error.text, "geheim"));
	hidden = NULL;
	options_free(&options);
}

static void test_filters(void **state)
{
	static char *patterns[] = { word7, word8 };
	static char *types[] = { word9 };
	struct webhook_options *options = options_new("https://host/");
	static const struct {
		const char *type, *account;
		enum account_state state;
		bool wanted;
	} rows[] = {
		{ "verdict", "bob@example.com", STATE_FLAGGED, true },
		{ "verdict", "bob@example.com", STATE_WATCH, false },
		{ "verdict", "bob@example.org", STATE_FLAGGED, false },
		{ "verdict", "local:www-data", STATE_DISABLED, true },
		{ "server", "local:www-data", STATE_FLAGGED, false },
	};

	(void)state;
	options->telling.accounts = (struct setting_list){ patterns, 2 };
	options->telling.types = (struct setting_list){ types, 1 };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct verdict verdict = { .type = rows[i].type,
						 .account = span_of(rows[i].account),
						 .previous = STATE_FLAGGED,
						 .state = rows[i].state };

		assert_int_equal(telling_wants_verdict(&options->telling, &verdict), rows[i].wanted);
	}
	options_free(&options);
}

/* Who is told that an address has a bad name is told when that is over, though not of accounts. */
static void test_all_clear(void **state)
{
	struct webhook_options *options = options_new("https://host/");
	struct verdict verdict = { .type = "address",
				   .account = SPAN("192.0.2.25 at google"),
				   .state = STATE_NORMAL,
				   .previous = STATE_FLAGGED };

	(void)state;
	assert_true(telling_wants_verdict(&options->telling, &verdict));
	verdict.type = "verdict";
	assert_false(telling_wants_verdict(&options->telling, &verdict));
	options_free(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_secret_needs_what_signs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_delivers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_away_or_slow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mistakes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_filters, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_all_clear, set_up, tear_down),
	};

	/* A proxy of whoever runs the tests has no business on loopback. */
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
