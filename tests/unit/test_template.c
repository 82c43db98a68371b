/*
 * Bodies against golden files: tests/golden/templates/MESSAGE.json filled into each template must be what stands
 * in TEMPLATE-MESSAGE.ref. What they are to be is printed by
 *
 *	build/tests/unit/test_template write
 *
 * Then: what a template refuses, that bodies are JSON, and that hostile text stays text.
 */
#define _GNU_SOURCE
#include "base/save.h"
#include "responders/payload.h"
#include "responders/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const messages[] = { "flagged", "released", "hostile", "server", "gathered", "act" };

#define MESSAGES (sizeof(messages) / sizeof(messages[0]))

static const struct template_given given = { "-100123", "R0UT\"ING" };

static void read_file(const char *name, struct text *into)
{
	char path[128];
	struct error error;

	snprintf(path, sizeof(path), "tests/golden/templates/%s", name);
	if (!save_read(path, (size_t)1024 * 1024, into, &error))
		fail_msg("%s", error.text);
}

/* The body, and on a second line what is appended to the URL. */
static void fill(const struct template *template, const char *name, struct text *out)
{
	struct text json = { 0 };
	struct message message;
	char file[64];

	snprintf(file, sizeof(file), "%s.json", name);
	read_file(file, &json);
	assert_true(message_read(text_span(&json), &message));
	template_fill(template, &message, &given, out);
	text_add(out, SPAN("\n"));
	if (template_tail(template, &message, out))
		text_add(out, SPAN("\n"));
	message_free(&message);
	text_free(&json);
}

static void each(void (*look)(const struct template *template, const char *name, const struct text *body))
{
	for (int i = 0; i < TEMPLATE_OWN; i++)
		for (size_t j = 0; j < MESSAGES; j++) {
			struct text body = { 0 };

			if (template_of[i].body == NULL || (template_of[i].alone && j == 4))
				continue;
			fill(&template_of[i], messages[j], &body);
			look(&template_of[i], messages[j], &body);
			text_free(&body);
		}
}

static void look_golden(const struct template *template, const char *name, const struct text *body)
{
	struct text wanted = { 0 };
	char file[64];

	snprintf(file, sizeof(file), "%s-%s.ref", template->name, name);
	read_file(file, &wanted);
	if (!span_equal(text_span(&wanted), text_span(body)))
		fail_msg("%s is otherwise now: %s", file, body->at);
	text_free(&wanted);
}

static void write_golden(const struct template *template, const char *name, const struct text *body)
{
	char path[128];
	struct error error;

	snprintf(path, sizeof(path), "tests/golden/templates/%s-%s.ref", template->name, name);
	if (!save_whole(path, text_span(body), 0644, &error))
		fputs(error.text, stderr);
}

static void look_json(const struct template *template, const char *name, const struct text *body)
{
	struct span rest = text_span(body), line;

	assert_true(span_cut(&rest, '\n', &line));
	if (!payload_is_json(line))
		fail_msg("%s of %s is no JSON: %s", template->name, name, body->at);
	/* Nothing that breaks a line, and nothing that turns the direction of writing, in any body. */
	assert_int_equal(span_find(line, SPAN("\\r")), line.len);
	assert_int_equal(span_find(line, SPAN("\xe2\x80\xae")), line.len);
}

static void look_neutral(const struct template *template, const char *name, const struct text *body)
{
	if (strcmp(name, "hostile") != 0)
		return;
	if (strcmp(template->name, "slack") == 0) {
		assert_null(strstr(body->at, "<!"));
		assert_null(strstr(body->at, "<@"));
		assert_non_null(strstr(body->at, "&lt;!channel&gt;"));
	}
	if (template->markdown) {
		assert_null(strstr(body->at, "[click]("));
		assert_non_null(strstr(body->at, "\\\\[click\\\\]"));
	}
	if (template->mentions) {
		assert_null(strstr(body->at, "@everyone"));
		assert_null(strstr(body->at, "https://evil"));
	}
}

static void test_golden(void **state)
{
	(void)state;
	each(look_golden);
}

static void test_is_json(void **state)
{
	(void)state;
	each(look_json);
}

static void test_hostile(void **state)
{
	(void)state;
	each(look_neutral);
}

static void test_checks(void **state)
{
	static const struct {
		const char *body, *words;
	} rows[] = {
		{ "{\"text\":\"{account} is {state}\"}", NULL },
		{ "{}", NULL },
		{ "{\"a\":{\"b\":[{}]}, \"c\": \"{ account }{Account}{\"}", NULL },
		{ "{\"n\":{count}}", NULL },
		{ "{\"text\":\"{acount}\"}", "[x] the template knows no {acount}" },
		{ "{\"text\":{account}}", "[x] the template does not give JSON" },
		{ "{\"text\":\"{account}\"", "[x] the template does not give JSON" },
	};
	struct error error = { "" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct template template = { .name = "own", .body = rows[i].body };
		bool good = template_check(&template, "[x]", &error);

		if (good != (rows[i].words == NULL) || (!good && strstr(error.text, rows[i].words) == NULL))
			fail_msg("row %zu: %s", i, error.text);
	}
	for (int i = 0; i < TEMPLATE_OWN; i++)
		if (!template_check(&template_of[i], "[x]", &error))
			fail_msg("%s: %s", template_of[i].name, error.text);
	assert_string_equal(template_choices[TEMPLATE_OWN], "own");
	for (int i = 0; i <= TEMPLATE_OWN; i++)
		assert_string_equal(template_choices[i], template_of[i].name);
}

/* A field that is too long ends at a whole character, and says so. */
static void test_longest(void **state)
{
	const struct template template = { .name = "own", .body = "{account}", .plain = true, .longest = 10 };
	struct message message;
	struct text out = { 0 };

	(void)state;
	assert_true(message_read(SPAN("{\"account\":\"12345678\xc3\xa4\xc3\xb6\"}"), &message));
	template_fill(&template, &message, &given, &out);
	assert_string_equal(out.at, "12345678\xc3\xa4\xe2\x80\xa6");
	message_free(&message);
	text_free(&out);
	assert_false(message_read(SPAN("[]"), &message));
	assert_false(message_read(SPAN("{"), &message));
}

/* No text makes a field longer than what its service takes: it would refuse the whole, and nobody were told. */
static void test_bounds(void **state)
{
	static const struct {
		const char *name, *before;
		size_t most;
	} rows[] = {
		{ "slack", "\"emoji\":false,\"text\":\"", 3000 },
		{ "discord", "\"description\":\"", 4096 },
		{ "telegram", "\"text\":\"", 4096 },
		{ "mattermost", "\"text\":\"", 16383 },
		{ "pagerduty", "\"summary\":\"", 1024 },
		{ "opsgenie", "\"message\":\"", 130 },
		{ "opsgenie", "\"description\":\"", 15000 },
	};
	struct text account = { 0 }, json = { 0 };
	struct message message;

	(void)state;
	for (int i = 0; i < 5000; i++)
		text_add(&account, SPAN("<@&*\xc3\xa4://"));
	text_add_format(&json, "{\"type\":\"verdict\",\"state\":\"flagged\",\"account\":\"%s\"}", account.at);
	assert_true(message_read(text_span(&json), &message));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text out = { 0 };
		size_t which = 0;
		const char *from;

		while (strcmp(template_of[which].name, rows[i].name) != 0)
			which++;
		template_fill(&template_of[which], &message, &given, &out);
		assert_true(payload_is_json(text_span(&out)));
		from = strstr(out.at, rows[i].before);
		assert_non_null(from);
		from += strlen(rows[i].before);
		if (strcspn(from, "\"") > rows[i].most)
			fail_msg("%s: %zu", rows[i].name, strcspn(from, "\""));
		text_free(&out);
	}
	message_free(&message);
	text_free(&account);
	text_free(&json);
}

/* What closes an alert has the key of what opened it; of two machines' local users each has its own. */
static void test_keys(void **state)
{
	static const struct {
		const char *type, *account, *server, *key;
	} rows[] = {
		{ "verdict", "bob@example.com", "mx1", "bob@example.com" },
		{ "verdict", "local:web1", "mx1", "local:web1 on mx1" },
		{ "verdict", "local:web1", "mx2", "local:web1 on mx2" },
		{ "verdict", "local:web1", NULL, "local:web1" },
		{ "server", "server:rejects", "mx2", "server:rejects on mx2" },
		{ "address", "2001:db8::1 at google", "mx2", "2001:db8::1 at google" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct verdict verdict = { .type = rows[i].type,
					   .account = span_of(rows[i].account),
					   .state = STATE_FLAGGED,
					   .host = SPAN("log"),
					   .server = span_of(rows[i].server),
					   .first_bad = USEC_NEVER };
		char *json = payload_verdict(&verdict);
		struct message message;

		assert_true(message_read(span_of(json), &message));
		assert_string_equal(message.field[MESSAGE_KEY].at, rows[i].key);
		message_free(&message);
		free(json);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden), cmocka_unit_test(test_is_json), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_checks), cmocka_unit_test(test_longest), cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_keys),
	};

	if (argc > 1 && strcmp(argv[1], "write") == 0) {
		each(write_golden);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
