/*
 * The health of our own addresses: a provider that begins to refuse is told once, with the account that
 * caused it first; what it always refused is no news; it is told again when the mail is taken again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "detectors/health.h"

#define START clock_from_civil((struct civil){ 2026, 11, 1, 0, 0, 0 })

struct told {
	int begun, ended;
	char account[200], blamed[EVIDENCE_TEXT_SIZE], text[EVIDENCE_TEXT_SIZE], id[VERDICT_ID_SIZE];
	usec_t first_bad;
};

static void tell(void *context, const struct verdict *verdict)
{
	struct told *told = context;

	assert_string_equal(verdict->type, "address");
	told->begun += verdict->state == STATE_FLAGGED;
	told->ended += verdict->state == STATE_NORMAL;
	if (verdict->state != STATE_FLAGGED)
		return;
	assert_true(verdict->evidence_count >= 2);
	snprintf(told->account, sizeof(told->account), "%.*s", SPAN_ARGS(verdict->account));
	snprintf(told->text, sizeof(told->text), "%s", verdict->evidence[0].text);
	snprintf(told->blamed, sizeof(told->blamed), "%s", verdict->evidence[1].text);
	snprintf(told->id, sizeof(told->id), "%s", verdict->id);
	told->first_bad = verdict->first_bad;
}

static struct health *make(struct told *told)
{
	const struct health_options options = { .minimum = 20, .refused = 0.3, .pairs = 16, .culprits = 3 };

	*told = (struct told){ 0 };
	return health_new(&options, tell, told);
}

static void put(struct health *health, usec_t time, const char *account, const char *provider,
		enum reply_class class)
{
	const struct envelope envelope = { .account = span_of(account), .host = SPAN("mx1") };
	const struct attempt attempt = {
		.envelope = &envelope,
		.time = time,
		.queue_ids = { SPAN("4F2K3L") },
		.queue_id_count = 1,
		.recipient = SPAN("x@example.org"),
		.direction = DIRECTION_OUTBOUND,
		.provider = span_of(provider),
		.relay_ip = SPAN("198.51.100.1"),
		.meaning = { .class = class },
		.reply = class == REPLY_IP_BLOCKED
				 ? SPAN("550 refused by 198.51.100.1: messages from [192.0.2.25] are blocked.")
				 : SPAN("250 ok"),
	};

	health_attempt(health, &attempt, ATTEMPT_FIRST);
	health_attempt(health, &attempt, ATTEMPT_DONE);
}

/* A day of honest mail, then spam by one account, then hours in which everybody is refused. */
static void test_listed(void **state)
{
	struct told told;
	struct health *health = make(&told);
	static const char *const honest[] = { "a@example.com", "b@example.com", "c@example.com" };
	usec_t time = START;
	size_t count;

	(void)state;
	for (int i = 0; i < 24 * 30; i++, time += 2 * USEC_MINUTE)
		put(health, time, honest[i % 3], "google",
		    i % 50 == 0 ? REPLY_RATE_LIMITED : REPLY_DELIVERED);
	assert_int_equal(told.begun, 0);
	for (int i = 0; i < 100; i++, time += 10 * USEC_SECOND)
		put(health, time, "bad@example.com", "google",
		    i % 2 == 0 ? REPLY_CONTENT_SPAM : REPLY_INVALID_RECIPIENT);
	usec_t listed = time;

	for (int i = 0; i < 4 * 30; i++, time += 2 * USEC_MINUTE)
		put(health, time, honest[i % 3], "google", REPLY_IP_BLOCKED);
	assert_int_equal(told.begun, 1);
	assert_int_equal(told.ended, 0);
	assert_string_equal(told.account, "192.0.2.25 at google");
	assert_non_null(strstr(told.blamed, "bad@example.com"));
	assert_true(told.first_bad == listed);
	for (int i = 0; i < 4 * 30; i++, time += 2 * USEC_MINUTE)
		put(health, time, honest[i % 3], "google", REPLY_DELIVERED);
	assert_int_equal(told.begun, 1);
	assert_int_equal(told.ended, 1);

	struct health_row *rows = health_rows(health, &count);

	assert_int_equal(count, 1);
	assert_string_equal(rows[0].provider, "google");
	assert_string_equal(rows[0].named, "192.0.2.25");
	assert_int_equal(rows[0].classes[REPLY_IP_BLOCKED], 120);
	assert_true(rows[0].since == USEC_NEVER);
	free(rows);
	health_free(&health);
}

/* A provider that refuses a third of our mail all the time is told of once, at its beginning, or not at all. */
static void test_usual(void **state)
{
	struct told told;
	struct health *health = make(&told);
	usec_t time = START;

	(void)state;
	for (int i = 0; i < 10000; i++, time += USEC_MINUTE)
		put(health, time, "a@example.com", "strict.example",
		    i % 4 == 0 ? REPLY_IP_LISTED : REPLY_DELIVERED);
	assert_int_equal(told.begun, 0);
	for (int i = 0; i < 10000; i++, time += USEC_MINUTE)
		put(health, time, "a@example.com", "strict.example",
		    i % 3 == 0 ? REPLY_IP_LISTED : REPLY_DELIVERED);
	assert_int_equal(told.begun, 0);
	health_free(&health);
}

/* One line by a clock that was far ahead: what follows at the right time is told of as soon as without it. */
static void test_clock_set_right(void **state)
{
	static const usec_t ahead[] = { 2 * USEC_HOUR, USEC_DAY, 20 * USEC_DAY };
	struct told told;

	(void)state;
	for (size_t n = 0; n < sizeof(ahead) / sizeof(ahead[0]); n++) {
		struct health *health = make(&told);
		usec_t time = START;

		for (int i = 0; i < 1000; i++, time += USEC_MINUTE) {
			put(health, time, "a@example.com", "google", REPLY_DELIVERED);
			if (i == 300)
				put(health, time + ahead[n], "a@example.com", "google", REPLY_DELIVERED);
		}
		usec_t listed = time;

		for (int i = 0; i < 20; i++, time += USEC_MINUTE)
			put(health, time, "a@example.com", "google", REPLY_IP_BLOCKED);
		assert_int_equal(told.begun, 1);
		assert_true(told.first_bad == listed);
		health_free(&health);
	}
}

/* The same attempts give the same verdict's id; few attempts give none; providers are many, pairs are bounded. */
static void test_bounds(void **state)
{
	struct told told, again;
	struct health *first = make(&told), *second = make(&again);
	size_t count;

	(void)state;
	for (int i = 0; i < 19; i++)
		put(first, START + i * USEC_SECOND, "a@example.com", "google", REPLY_IP_BLOCKED);
	assert_int_equal(told.begun, 0);
	put(first, START + 19 * USEC_SECOND, "a@example.com", "google", REPLY_IP_BLOCKED);
	assert_int_equal(told.begun, 1);
	for (int i = 0; i < 20; i++)
		put(second, START + i * USEC_SECOND, "a@example.com", "google", REPLY_IP_BLOCKED);
	assert_string_equal(told.id, again.id);
	for (int i = 0; i < 100; i++) {
		char provider[32], account[32];

		snprintf(provider, sizeof(provider), "p%d.example", i);
		snprintf(account, sizeof(account), "a%d@example.com", i);
		put(first, START + i * USEC_SECOND, account, provider, REPLY_DELIVERED);
		put(first, START + i * USEC_SECOND, account, "google", REPLY_DELIVERED);
	}
	free(health_rows(first, &count));
	assert_int_equal(count, 16);
	health_free(&first);
	health_free(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listed),
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_clock_set_right),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
