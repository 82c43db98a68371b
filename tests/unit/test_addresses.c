/*
 * Who is kept as an attacker, and above all who is not: whatever strangers do at the login, no network that
 * a customer is at home in may be listed.
 */
#include "base/hash.h"
#include "base/memory.h"
#include "responders/addresses.h"
#include "responders/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DAY   USEC_DAY
#define START (clock_from_civil((struct civil){ 2026, 11, 1, 8, 0, 0 }))

static char *no_ranges[] = { (char *)(uintptr_t) "192.0.2.0/24" };
static struct address_options options;
static struct addresses *addresses;
static char told[400];

static void changed(void *context, const struct attacker *attacker, const char *why)
{
	char words[64];

	(void)context;
	network_text(attacker->address, words);
	snprintf(told, sizeof(told), "%s %s", words, why == NULL ? "listed" : why);
}

static int prepare(void **state)
{
	const struct addresses_calls calls = { .changed = changed };
	struct error error;

	(void)state;
	options = (struct address_options){ .enabled = true,
					    .accounts = 10,
					    .recipients = 10,
					    .window = DAY,
					    .keep = 7 * DAY,
					    .learning = 2 * DAY,
					    .shared = 5,
					    .carrier = 20,
					    .most = 100,
					    .protect = { no_ranges, 1 } };
	addresses = addresses_new(&options, &calls, &error);
	told[0] = '\0';
	return addresses == NULL;
}

static int clean(void **state)
{
	(void)state;
	addresses_free(&addresses);
	return 0;
}

static void login(const char *client, const char *account, bool succeeded, usec_t when)
{
	const struct login login = { .time = when,
				     .succeeded = succeeded,
				     .account = span_of(account),
				     .client_ip = span_of(client) };

	addresses_login(addresses, &login);
}

static void tries(const char *client, int from, int count, usec_t when)
{
	char account[64];

	for (int i = from; i < from + count; i++) {
		snprintf(account, sizeof(account), "user%d@domain%d.test", i, i % 7);
		login(client, account, false, when + i * USEC_SECOND);
	}
}

static void sends(const char *client, const char *account, int count, enum reply_class class, usec_t when)
{
	const struct envelope envelope = { .account_kind = ACCOUNT_LOGIN,
					   .account = span_of(account),
					   .client_ip = span_of(client) };
	const struct attempt attempt = { .envelope = &envelope, .time = when, .meaning = { .class = class } };

	for (int i = 0; i < count; i++)
		addresses_attempt(addresses, &attempt);
}

static void judged(const char *account, enum account_state state, usec_t first_bad, usec_t when)
{
	const struct verdict verdict = { .type = "verdict",
					 .account_kind = ACCOUNT_LOGIN,
					 .account = span_of(account),
					 .state = state,
					 .first_bad = first_bad,
					 .time = when };

	addresses_verdict(addresses, &verdict);
}

static const struct attacker *listed(const char *client)
{
	uint8_t address[16];

	assert_true(span_to_address(span_of(client), address));
	network_of(address);
	for (const struct attacker *at = addresses_next(addresses, NULL); at != NULL;
	     at = addresses_next(addresses, at))
		if (memcmp(at->address, address, 16) == 0)
			return at;
	return NULL;
}

/* Somebody was seen long enough ago that what follows may be judged. */
static void long_watched(void)
{
	login("198.51.100.250", "first@start.test", true, START - 3 * DAY);
}

static void test_guessing(void **state)
{
	(void)state;
	long_watched();
	tries("203.0.113.9", 0, 9, START);
	assert_null(listed("203.0.113.9"));
	tries("203.0.113.9", 9, 1, START);
	assert_non_null(listed("203.0.113.9"));
	assert_string_equal(told, "203.0.113.9 listed");
	tries("203.0.113.9", 0, 30, START + USEC_HOUR);
	assert_int_equal(listed("203.0.113.9")->accounts, 30);
	assert_int_equal(listed("203.0.113.9")->tries, 40);
	assert_string_equal(listed("203.0.113.9")->tried[0], "user9@domain2.test");
	assert_true(listed("203.0.113.9")->first == START);
	/* One that goes slowly, an account an hour. */
	for (int i = 0; i < 12; i++)
		tries("203.0.113.10", i, 1, START + i * USEC_HOUR);
	assert_non_null(listed("203.0.113.10"));
	/* A telephone with an old password. */
	for (int i = 0; i < 500; i++)
		login("203.0.113.11", "ann@shop.test", false, START + i * USEC_MINUTE);
	assert_null(listed("203.0.113.11"));
	/* Failures over weeks, with days between them. */
	for (int i = 0; i < 12; i++)
		tries("203.0.113.12", i, 1, START + i * 2 * DAY);
	assert_null(listed("203.0.113.12"));
}

/* An office whose passwords were all changed fails at all its mailboxes. */
static void test_one_domain(void **state)
{
	char account[64];

	(void)state;
	long_watched();
	for (int i = 0; i < 25; i++) {
		snprintf(account, sizeof(account), "user%d@office.test", i);
		login("203.0.113.9", account, false, START + i);
	}
	assert_null(listed("203.0.113.9"));
	for (int i = 25; i < 31; i++) {
		snprintf(account, sizeof(account), "user%d@office.test", i);
		login("203.0.113.9", account, false, START + i);
	}
	assert_non_null(listed("203.0.113.9"));
}

static void test_not_before_it_has_learned(void **state)
{
	(void)state;
	tries("203.0.113.9", 0, 40, START);
	assert_null(listed("203.0.113.9"));
	tries("203.0.113.9", 0, 40, START + DAY);
	assert_null(listed("203.0.113.9"));
	tries("203.0.113.9", 0, 40, START + 2 * DAY);
	assert_non_null(listed("203.0.113.9"));
}

/* The attacker sits behind the same address as customers. */
static void test_shared_address(void **state)
{
	char account[64];

	(void)state;
	long_watched();
	/* Many log in well, some only today. */
	for (int i = 0; i < 5; i++) {
		snprintf(account, sizeof(account), "good%d@d%d.test", i, i);
		login("203.0.113.1", account, true, START - USEC_HOUR + i);
	}
	tries("203.0.113.1", 0, 64, START);
	tries("203.0.113.1", 100, 64, START + USEC_HOUR);
	assert_null(listed("203.0.113.1"));
	/* One alone, who was there yesterday and the day before. */
	login("203.0.113.2", "home@d.test", true, START - 2 * DAY);
	login("203.0.113.2", "home@d.test", true, START - DAY);
	tries("203.0.113.2", 0, 64, START);
	assert_null(listed("203.0.113.2"));
	/* One whose password was found by the guessing speaks for nobody. */
	tries("203.0.113.3", 0, 20, START);
	assert_non_null(listed("203.0.113.3"));
	tries("203.0.113.4", 0, 9, START);
	login("203.0.113.4", "user3@domain3.test", true, START + USEC_MINUTE);
	tries("203.0.113.4", 9, 10, START + USEC_HOUR);
	assert_non_null(listed("203.0.113.4"));
	/* Customers who come to be at home where somebody was listed. */
	login("203.0.113.3", "a@d.test", true, START + USEC_HOUR);
	assert_non_null(listed("203.0.113.3"));
	for (int i = 0; i < 5; i++) {
		snprintf(account, sizeof(account), "good%d@d%d.test", i, i);
		login("203.0.113.3", account, true, START + USEC_HOUR);
	}
	assert_null(listed("203.0.113.3"));
	assert_string_equal(told, "203.0.113.3 many accounts log in from there");
}

/* Customers of a carrier have another address each day, out of the same ones. */
static void test_carrier(void **state)
{
	char account[64], client[32];

	(void)state;
	long_watched();
	for (int i = 0; i < 30; i++) {
		snprintf(account, sizeof(account), "mobile%d@d%d.test", i, i % 9);
		snprintf(client, sizeof(client), "203.0.113.%d", 100 + i);
		login(client, account, true, START - DAY + i);
	}
	tries("203.0.113.7", 0, 40, START);
	assert_null(listed("203.0.113.7"));
	/* Of one customer alone, or with the /24 beside it, it is none. */
	for (int i = 0; i < 30; i++) {
		snprintf(account, sizeof(account), "mobile%d@one.test", i);
		snprintf(client, sizeof(client), "198.51.100.%d", 100 + i);
		login(client, account, true, START - DAY + i);
	}
	tries("198.51.100.7", 0, 40, START);
	assert_non_null(listed("198.51.100.7"));
	tries("203.0.112.7", 0, 40, START);
	assert_non_null(listed("203.0.112.7"));
}

static void test_protected(void **state)
{
	(void)state;
	long_watched();
	tries("192.0.2.9", 0, 40, START);
	tries("127.0.0.1", 0, 40, START);
	tries("127.9.9.9", 0, 40, START);
	tries("::1", 0, 40, START);
	tries("", 0, 40, START);
	tries("not an address", 0, 40, START);
	assert_int_equal(addresses_count(addresses), 0);
	tries("192.0.3.9", 0, 40, START);
	assert_int_equal(addresses_count(addresses), 1);
}

static void test_ranges(void **state)
{
	static const char *const bad[] = { "",         "/24",    "1.2.3.4/33", "1.2.3.4/",
					   "1.2.3/24", "::/129", "x",          "1.2.3.4/2x" };
	static const struct {
		const char *range, *address;
		bool holds;
	} rows[] = {
		{ "203.0.113.0/24", "203.0.113.255", true },
		{ "203.0.113.0/24", "203.0.114.0", false },
		{ "203.0.113.7", "203.0.113.7", true },
		{ "203.0.113.7", "203.0.113.6", false },
		{ "203.0.113.64/26", "203.0.113.127", true },
		{ "203.0.113.64/26", "203.0.113.128", false },
		{ "0.0.0.0/0", "9.9.9.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "2001:db8::9", "2001:db8::1", true },
		{ "2001:db8::9", "2001:db8:0:1::9", false },
		{ "2001:db8::/33", "2001:db8:7fff::", true },
		{ "2001:db8::/33", "2001:db8:8000::", false },
	};
	struct ranges ranges = { NULL, 0 };
	uint8_t address[16];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(ranges_add(&ranges, span_of(bad[i])));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(ranges_add(&ranges, span_of(rows[i].range)));
		assert_true(span_to_address(span_of(rows[i].address), address));
		if (ranges_hold(&ranges, address) != rows[i].holds)
			fail_msg("%s in %s", rows[i].address, rows[i].range);
		ranges_free(&ranges);
	}
}

/* IPv6 is counted and listed by the /64. */
static void test_v6(void **state)
{
	char client[64];

	(void)state;
	long_watched();
	for (int i = 0; i < 10; i++) {
		snprintf(client, sizeof(client), "2001:db8:1:2::%x", i + 1);
		tries(client, i, 1, START);
	}
	assert_non_null(listed("2001:db8:1:2::ffff"));
	assert_string_equal(told, "2001:db8:1:2::/64 listed");
	assert_null(listed("2001:db8:1:3::1"));
}

/* Bob's account is taken; he himself goes on from home, and from a hotel. */
static void test_sent_through(void **state)
{
	(void)state;
	long_watched();
	for (int day = 20; day > 0; day--)
		sends("198.51.100.1", "bob@shop.test", 5, REPLY_DELIVERED, START - day * DAY / 4);
	login("198.51.100.2", "bob@shop.test", true, START - USEC_HOUR);
	sends("198.51.100.2", "bob@shop.test", 2, REPLY_DELIVERED, START);
	sends("203.0.113.1", "bob@shop.test", 20, REPLY_DELIVERED, START + USEC_MINUTE);
	sends("203.0.113.2", "bob@shop.test", 2, REPLY_INVALID_RECIPIENT, START + USEC_MINUTE);
	sends("203.0.113.3", "bob@shop.test", 3, REPLY_DELIVERED, START + USEC_MINUTE);
	sends("203.0.113.4", "other@shop.test", 90, REPLY_INVALID_RECIPIENT, START + USEC_MINUTE);
	sends("198.51.100.1", "bob@shop.test", 30, REPLY_INVALID_RECIPIENT, START + USEC_MINUTE);
	assert_int_equal(addresses_count(addresses), 0);
	judged("bob@shop.test", STATE_WATCH, START, START + 2 * USEC_MINUTE);
	assert_int_equal(addresses_count(addresses), 0);
	judged("bob@shop.test", STATE_FLAGGED, START, START + 2 * USEC_MINUTE);
	assert_non_null(listed("203.0.113.1"));
	assert_non_null(listed("203.0.113.2"));
	assert_null(listed("203.0.113.3")); /* not enough, yet */
	assert_null(listed("203.0.113.4"));
	assert_null(listed("198.51.100.1")); /* home */
	assert_null(listed("198.51.100.2")); /* the hotel */
	sends("203.0.113.3", "bob@shop.test", 7, REPLY_DELIVERED, START + 3 * USEC_MINUTE);
	assert_non_null(listed("203.0.113.3"));
	assert_string_equal(listed("203.0.113.3")->by[0], "bob@shop.test");
	sends("203.0.113.5", "bob@shop.test", 10, REPLY_DELIVERED, START + 4 * USEC_MINUTE);
	assert_non_null(listed("203.0.113.5"));
}

/* Through webmail: the thief's mail comes from where everybody's does. */
static void test_webmail(void **state)
{
	char account[64];

	(void)state;
	long_watched();
	for (int i = 0; i < 8; i++) {
		snprintf(account, sizeof(account), "u%d@d%d.test", i, i);
		sends("198.51.100.80", account, 1, REPLY_DELIVERED, START - USEC_HOUR);
	}
	sends("198.51.100.80", "u3@d3.test", 50, REPLY_CONTENT_SPAM, START);
	judged("u3@d3.test", STATE_DISABLED, START, START + USEC_MINUTE);
	assert_int_equal(addresses_count(addresses), 0);
}

/* Many stolen accounts at one address do not speak for each other once they are known. */
static void test_stolen_together(void **state)
{
	char account[64];

	(void)state;
	long_watched();
	for (int i = 0; i < 7; i++) {
		snprintf(account, sizeof(account), "u%d@d%d.test", i, i);
		sends("203.0.113.8", account, 30, REPLY_CONTENT_SPAM, START);
	}
	for (int i = 0; i < 7; i++) {
		snprintf(account, sizeof(account), "u%d@d%d.test", i, i);
		judged(account, STATE_FLAGGED, START, START + USEC_MINUTE);
		if (i < 2)
			assert_null(listed("203.0.113.8"));
	}
	assert_non_null(listed("203.0.113.8"));
}

static void test_release(void **state)
{
	(void)state;
	long_watched();
	sends("203.0.113.1", "bob@shop.test", 30, REPLY_DELIVERED, START);
	sends("203.0.113.2", "bob@shop.test", 30, REPLY_DELIVERED, START);
	sends("203.0.113.2", "eve@shop.test", 30, REPLY_DELIVERED, START);
	sends("203.0.113.3", "bob@shop.test", 30, REPLY_DELIVERED, START);
	tries("203.0.113.3", 0, 30, START);
	judged("bob@shop.test", STATE_DISABLED, START, START + USEC_MINUTE);
	judged("eve@shop.test", STATE_DISABLED, START, START + USEC_MINUTE);
	assert_int_equal(addresses_count(addresses), 3);
	addresses_release(addresses, SPAN("bob@shop.test"), START + USEC_HOUR);
	assert_null(listed("203.0.113.1"));
	assert_string_equal(told, "203.0.113.1 the account was released");
	assert_non_null(listed("203.0.113.2")); /* eve's */
	assert_non_null(listed("203.0.113.3")); /* it guessed */
	assert_int_equal(listed("203.0.113.3")->reasons, ADDRESS_GUESSED);
	/* He is at home there for a day; after that it is judged like any other. */
	sends("203.0.113.1", "bob@shop.test", 30, REPLY_DELIVERED, START + 2 * USEC_HOUR);
	judged("bob@shop.test", STATE_DISABLED, START + 2 * USEC_HOUR, START + 3 * USEC_HOUR);
	assert_null(listed("203.0.113.1"));
	sends("203.0.113.1", "bob@shop.test", 30, REPLY_DELIVERED, START + 2 * DAY);
	assert_non_null(listed("203.0.113.1"));
}

static void test_ages(void **state)
{
	(void)state;
	long_watched();
	tries("203.0.113.1", 0, 30, START);
	tries("203.0.113.2", 0, 30, START);
	tries("203.0.113.2", 0, 1, START + 5 * DAY); /* too late to count, but still at it */
	addresses_age(addresses, START + 7 * DAY - USEC_SECOND);
	assert_int_equal(addresses_count(addresses), 2);
	addresses_age(addresses, START + 7 * DAY + USEC_MINUTE);
	assert_int_equal(addresses_count(addresses), 1);
	assert_non_null(listed("203.0.113.2"));
}

static void test_bounded(void **state)
{
	char client[64];

	(void)state;
	long_watched();
	for (int i = 0; i < 300; i++) {
		snprintf(client, sizeof(client), "203.0.%d.%d", i / 250, 1 + i % 250);
		tries(client, 0, 12, START + i * USEC_SECOND);
	}
	assert_int_equal(addresses_count(addresses), 100);
	/* Failing from a hundred thousand networks does not make anybody forget who is at home where. */
	login("198.51.100.1", "home@d.test", true, START);
	login("198.51.100.1", "home@d.test", true, START + DAY);
	for (int i = 0; i < 100000; i++) {
		snprintf(client, sizeof(client), "2001:db8:%x:%x::1", i / 1000, i % 1000);
		login(client, "x@y.test", false, START + DAY);
	}
	tries("198.51.100.1", 0, 60, START + 3 * DAY);
	assert_null(listed("198.51.100.1"));
}

static void test_kept(void **state)
{
	const struct addresses_calls calls = { .changed = changed };
	struct text list = { 0 }, known = { 0 };
	struct error error;

	(void)state;
	long_watched();
	login("198.51.100.1", "home@d.test", true, START - 2 * DAY);
	login("198.51.100.1", "home@d.test", true, START - DAY);
	sends("203.0.113.1", "bob@shop.test", 30, REPLY_DELIVERED, START);
	tries("203.0.113.2", 0, 9, START);
	judged("bob@shop.test", STATE_DISABLED, START, START + USEC_MINUTE);
	addresses_pack(addresses, &list, &known);
	addresses_free(&addresses);
	addresses = addresses_new(&options, &calls, &error);
	assert_true(addresses_unpack_list(addresses, text_span(&list)));
	assert_true(addresses_unpack_known(addresses, text_span(&known)));
	assert_non_null(listed("203.0.113.1"));
	tries("198.51.100.1", 0, 60, START);
	assert_null(listed("198.51.100.1"));
	tries("203.0.113.2", 9, 1, START + USEC_HOUR);
	assert_non_null(listed("203.0.113.2"));
	addresses_release(addresses, SPAN("bob@shop.test"), START + USEC_HOUR);
	assert_null(listed("203.0.113.1"));
	/* Cut anywhere, or with anything changed, it is taken whole or not at all, and nothing breaks. */
	for (size_t len = 0; len < list.len; len += 97)
		assert_false(addresses_unpack_list(addresses, (struct span){ list.at, len }));
	for (size_t len = 0; len < known.len; len += 997)
		assert_false(addresses_unpack_known(addresses, (struct span){ known.at, len }));
	text_free(&list);
	text_free(&known);
}

static void test_forms(void **state)
{
	struct text out = { 0 };
	char *json;

	(void)state;
	long_watched();
	tries("203.0.113.1", 0, 10, START);
	tries("2001:db8:1:2::9", 0, 10, START);
	sends("203.0.113.2", "bob\"@shop.test", 10, REPLY_DELIVERED, START);
	judged("bob\"@shop.test", STATE_DISABLED, START, START);
	addresses_form(addresses, FORM_FAIL2BAN, options.keep, START, &out);
	assert_string_equal(out.at, "203.0.113.1\n2001:db8:1:2::/64\n203.0.113.2\n");
	text_clear(&out);
	addresses_form(addresses, FORM_CROWDSEC, options.keep, START, &out);
	assert_string_equal(out.at, "duration,reason,scope,type,value\n"
				    "604809s,sendwatch/guessed,ip,ban,203.0.113.1\n"
				    "604809s,sendwatch/guessed,range,ban,2001:db8:1:2::/64\n"
				    "604800s,sendwatch/sent,ip,ban,203.0.113.2\n");
	text_clear(&out);
	addresses_form(addresses, FORM_NFT, options.keep, START, &out);
	assert_non_null(strstr(out.at,
			       "add element inet sendwatch attackers4 {\n\t203.0.113.1 timeout 604809s,\n"
			       "\t203.0.113.2 timeout 604800s,\n}\n"));
	assert_non_null(
		strstr(out.at, "add element inet sendwatch attackers6 {\n\t2001:db8:1:2::/64 timeout"));
	text_free(&out);
	json = attacker_json(listed("203.0.113.2"), options.keep, START, NULL, NULL);
	assert_string_equal(json,
			    "{\"type\":\"attacker\",\"address\":\"203.0.113.2\",\"guessed\":false,"
			    "\"sent\":true,\"accounts\":0,\"tries\":0,\"first\":\"2026-11-01T08:00:00Z\","
			    "\"last\":\"2026-11-01T08:00:00Z\",\"until\":\"2026-11-08T08:00:00Z\","
			    "\"sent_through\":\"bob\\\"@shop.test\"}");
	free(json);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_guessing),
		TEST(test_one_domain),
		TEST(test_not_before_it_has_learned),
		TEST(test_shared_address),
		TEST(test_carrier),
		TEST(test_protected),
		TEST(test_ranges),
		TEST(test_v6),
		TEST(test_sent_through),
		TEST(test_webmail),
		TEST(test_stolen_together),
		TEST(test_release),
		TEST(test_ages),
		TEST(test_bounded),
		TEST(test_kept),
		TEST(test_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
