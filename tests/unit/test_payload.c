/* JSON out: keys, their order, what is null and what is left out, and text that is no UTF-8. */
#include "responders/payload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect(char *got, const char *wanted)
{
	assert_string_equal(got, wanted);
	free(got);
}

static void test_event(void **state)
{
	const struct frame frame = {
		.time = 0, .host = SPAN("mx1"), .tag = SPAN("postfix/smtpd"), .pid = 7, .repeat = 1
	};
	const struct event event = { .kind = EVENT_CLIENT,
				     .mta = MTA_POSTFIX,
				     .program = SPAN("smtpd"),
				     .queue_id = SPAN("4F2A3B"),
				     .login = SPAN("b\xff\"\x1b@x"),
				     .uid = -1,
				     .size = -1,
				     .nrcpt = -1,
				     .sender = SPAN("") };

	(void)state;
	expect(payload_event(&frame, &event),
	       "{\"type\":\"event\",\"time\":\"1970-01-01T00:00:00Z\",\"host\":\"mx1\",\"kind\":\"client\","
	       "\"mta\":\"postfix\",\"program\":\"smtpd\",\"pid\":7,\"queue_id\":\"4F2A3B\","
	       "\"login\":\"b\xef\xbf\xbd\\\"\\u001B@x\",\"sender\":\"\"}");
}

static void test_event_numbers(void **state)
{
	const struct frame frame = { .time = 1, .tag = SPAN("exim"), .repeat = 3 };
	const struct event event = { .kind = EVENT_RESULT,
				     .mta = MTA_EXIM,
				     .outcome = OUTCOME_BOUNCED,
				     .phase = PHASE_RCPT,
				     .uid = 0,
				     .size = 12,
				     .nrcpt = 0,
				     .local = true };

	(void)state;
	expect(payload_event(&frame, &event),
	       "{\"type\":\"event\",\"time\":\"1970-01-01T00:00:00.000001Z\",\"kind\":\"result\",\"mta\":\"exim\","
	       "\"program\":\"exim\",\"outcome\":\"bounced\",\"phase\":\"rcpt\",\"uid\":0,\"size\":12,\"nrcpt\":0,"
	       "\"local\":true,\"repeat\":3}");
}

static void test_attempt(void **state)
{
	const struct envelope envelope = { .mta = MTA_POSTFIX,
					   .account_kind = ACCOUNT_LOGIN,
					   .account = SPAN("bob@x"),
					   .queue_id = SPAN("A1"),
					   .sender = SPAN(""),
					   .host = SPAN("mx1"),
					   .customer = SPAN("acme") };
	const struct attempt attempt = { .envelope = &envelope,
					 .queue_ids = { SPAN("A1"), SPAN("B2") },
					 .queue_id_count = 2,
					 .recipient = SPAN("x@y"),
					 .direction = DIRECTION_OUTBOUND,
					 .outcome = OUTCOME_BOUNCED,
					 .meaning = { .class = REPLY_INVALID_RECIPIENT },
					 .dsn = SPAN("5.1.1"),
					 .reply = SPAN("550 no"),
					 .tries = 2 };

	(void)state;
	expect(payload_attempt(&attempt),
	       "{\"type\":\"attempt\",\"time\":\"1970-01-01T00:00:00Z\",\"account\":\"bob@x\",\"queue_id\":\"A1\","
	       "\"queue_ids\":[\"A1\",\"B2\"],\"message_id\":null,\"sender\":\"\",\"recipient\":\"x@y\","
	       "\"original_recipient\":null,\"direction\":\"outbound\",\"outcome\":\"bounced\","
	       "\"class\":\"invalid_recipient\",\"dsn\":\"5.1.1\",\"reply\":\"550 no\",\"provider\":null,"
	       "\"relay\":null,\"relay_ip\":null,\"client_ip\":null,\"helo\":null,\"host\":\"mx1\","
	       "\"mta\":\"postfix\",\"attempts\":2,\"customer\":\"acme\"}");
}

static void test_verdict(void **state)
{
	const struct evidence evidence[] = {
		{ .detector = "invalid_recipients",
		  .decibans = 18.24,
		  .window = "1h",
		  .seen = 41,
		  .of = 96,
		  .expected = 0.02,
		  .text = "41 of 96" },
		{ .detector = "volume", .decibans = 13, .seen = 2.5, .of = -1, .expected = -1, .text = "much" },
	};
	const struct verdict_sample samples[] = { { .queue_id = SPAN("A1"),
						    .recipient = SPAN("x@y"),
						    .reply = SPAN("550"),
						    .class = REPLY_INVALID_RECIPIENT } };
	const struct verdict verdict = { .type = "verdict",
					 .id = "00ff",
					 .time = 0,
					 .account = SPAN("bob@x"),
					 .state = STATE_FLAGGED,
					 .previous = STATE_NORMAL,
					 .score = 31.4,
					 .host = SPAN("mx1"),
					 .position = 9,
					 .evidence = evidence,
					 .evidence_count = 2,
					 .first_bad = USEC_NEVER,
					 .recipients = 96,
					 .leaked = 55,
					 .clients = { SPAN("203.0.113.9") },
					 .client_count = 1,
					 .samples = samples,
					 .sample_count = 1,
					 .late = true };

	(void)state;
	expect(payload_verdict(&verdict),
	       "{\"type\":\"verdict\",\"id\":\"00ff\",\"time\":\"1970-01-01T00:00:00Z\",\"account\":\"bob@x\","
	       "\"state\":\"flagged\",\"previous\":\"normal\",\"score\":31.4,\"host\":\"mx1\",\"position\":9,"
	       "\"evidence\":[{\"detector\":\"invalid_recipients\",\"decibans\":18.2,\"window\":\"1h\",\"seen\":41,"
	       "\"of\":96,\"expected\":0.02,\"text\":\"41 of 96\"},{\"detector\":\"volume\",\"decibans\":13.0,"
	       "\"window\":null,\"seen\":2.5,\"of\":null,\"expected\":null,\"text\":\"much\"}],\"first_bad\":null,"
	       "\"recipients\":96,\"leaked\":55,\"clients\":[\"203.0.113.9\"],\"samples\":[{\"queue_id\":\"A1\","
	       "\"recipient\":\"x@y\",\"class\":\"invalid_recipient\",\"reply\":\"550\"}],"
	       "\"undo\":\"sendwatch release bob@x\",\"late\":true}");
}

/* An address is not released: it is told which one, at whom, and what that said. */
static void test_address(void **state)
{
	struct verdict verdict = { .type = "address",
				   .id = "00ff",
				   .account = SPAN("192.0.2.25 at bl.test"),
				   .state = STATE_FLAGGED,
				   .first_bad = USEC_NEVER,
				   .address = SPAN("192.0.2.25"),
				   .zone = SPAN("bl.test"),
				   .code = SPAN("127.0.0.2"),
				   .words = SPAN("say \"why\"") };

	(void)state;
	expect(payload_verdict(&verdict),
	       "{\"type\":\"address\",\"id\":\"00ff\",\"time\":\"1970-01-01T00:00:00Z\","
	       "\"account\":\"192.0.2.25 at bl.test\",\"state\":\"flagged\",\"previous\":\"normal\",\"score\":0.0,"
	       "\"host\":null,\"position\":0,\"evidence\":[],\"first_bad\":null,\"recipients\":0,\"leaked\":0,"
	       "\"clients\":[],\"samples\":[],\"address\":\"192.0.2.25\",\"zone\":\"bl.test\","
	       "\"code\":\"127.0.0.2\",\"words\":\"say \\\"why\\\"\",\"since\":null}");
	verdict.type = "server";
	char *json = payload_verdict(&verdict);

	assert_null(strstr(json, "undo"));
	assert_null(strstr(json, "zone"));
	free(json);
}

/* What a person copies into a shell is one word, whatever the account is called. */
static void test_undo(void **state)
{
	static const struct {
		const char *account, *wanted;
	} rows[] = {
		{ "bob@example.com", "sendwatch release bob@example.com" },
		{ "script:/home/bob/public_html", "sendwatch release script:/home/bob/public_html" },
		{ "x; rm -rf /", "sendwatch release 'x; rm -rf /'" },
		{ "it's", "sendwatch release 'it'\\''s'" },
		{ "-rf", "sendwatch release -- -rf" },
		{ "$(id)\n", "sendwatch release '$(id)\\x0a'" },
		{ "", "sendwatch release ''" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct verdict verdict = { .account = span_of(rows[i].account) };
		struct text undo = { 0 };

		payload_undo(&verdict, &undo);
		assert_string_equal(undo.at, rows[i].wanted);
		text_free(&undo);
	}
}

static void test_object(void **state)
{
	struct payload *payload = payload_begin("coverage");

	(void)state;
	payload_add_text(payload, "program", SPAN("smtp"));
	payload_add_text(payload, "nothing", (struct span){ NULL, 0 });
	payload_add_count(payload, "lines", 3);
	payload_add_share(payload, "share", 0.99999); /* rounded down: 1 means all */
	payload_add_flag(payload, "good", true);
	payload_add_time(payload, "time", 0);
	expect(payload_end(&payload),
	       "{\"type\":\"coverage\",\"program\":\"smtp\",\"nothing\":null,\"lines\":3,"
	       "\"share\":0.9999,\"good\":true,\"time\":\"1970-01-01T00:00:00Z\"}");
	assert_null(payload);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event),   cmocka_unit_test(test_event_numbers),
		cmocka_unit_test(test_attempt), cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_address), cmocka_unit_test(test_undo),
		cmocka_unit_test(test_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
