/*
 * Blocklists, asked of a real DNS server on the loopback: listings and their end are told once, over restarts
 * too; lists that may not be asked, that answer everything, that are dead, parked or silent are told apart.
 */
#define _GNU_SOURCE
#include "name_server.h"

#include "base/memory.h"
#include "base/save.h"
#include "responders/dnsbl.h"
#include "responders/resolver.h"

#define START clock_from_civil((struct civil){ 2026, 11, 1, 0, 0, 0 })

#define ZEROS_20 "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
#define TESTS    "2.0.0.127 A 127.0.0.2\n2.0.0.0.0.0.f.7.f.f.f.f." ZEROS_20 " A 127.0.0.2\n"

static const char *const zones[] = { "good.test", "own.test",    "forbidden.test", "quota.test", "all.test",
				     "dead.test", "parked.test", "four.test",      NULL };

struct told {
	int listed, cleared, notices;
	char account[128], id[VERDICT_ID_SIZE], text[EVIDENCE_TEXT_SIZE], blamed[EVIDENCE_TEXT_SIZE];
	char code[DNSBL_CODE], words[DNSBL_WORDS], notice[512];
	usec_t first_bad;
};

static void tell_verdict(void *context, const struct verdict *verdict)
{
	struct told *told = context;

	assert_string_equal(verdict->type, "address");
	told->listed += verdict->state == STATE_FLAGGED;
	told->cleared += verdict->state == STATE_NORMAL;
	snprintf(told->account, sizeof(told->account), "%.*s", SPAN_ARGS(verdict->account));
	snprintf(told->id, sizeof(told->id), "%s", verdict->id);
	snprintf(told->text, sizeof(told->text), "%s", verdict->evidence[0].text);
	snprintf(told->code, sizeof(told->code), "%.*s", SPAN_ARGS(verdict->code));
	snprintf(told->words, sizeof(told->words), "%.*s", SPAN_ARGS(verdict->words));
	if (verdict->evidence_count > 1)
		snprintf(told->blamed, sizeof(told->blamed), "%s", verdict->evidence[1].text);
	told->first_bad = verdict->first_bad;
}

static void tell_notice(void *context, const char *id, const char *words)
{
	struct told *told = context;

	assert_true(strlen(id) > 0);
	told->notices++;
	snprintf(told->notice, sizeof(told->notice), "%s", words);
}

static void tell_trouble(void *context, const char *words)
{
	(void)context;
	fail_msg("%s", words);
}

struct asked {
	struct dnsbl_options options;
	struct dnsbl *dnsbl;
	struct told told;
	char *zone, *address, *server;
};

/* One zone, one address; what is known is kept in the folder "state" where KEEP. */
static void open_health(struct asked *asked, const char *zone, const char *address, bool keep,
			const struct health *health)
{
	const struct dnsbl_calls calls = { &asked->told, tell_verdict, tell_notice, tell_trouble };
	struct error error;

	*asked = (struct asked){ .zone = memory_copy(span_of(zone)),
				 .address = memory_copy(span_of(address)),
				 .server = memory_copy(span_of(name_server_address)) };
	asked->options = (struct dnsbl_options){ .enabled = true,
						 .zones = { &asked->zone, 1 },
						 .addresses = { &asked->address, 1 },
						 .servers = { &asked->server, 1 },
						 .every = USEC_HOUR,
						 .timeout = USEC_MINUTE };
	asked->dnsbl = dnsbl_open(&asked->options, keep ? scratch_folder : NULL, health, &calls, &error);
	if (asked->dnsbl == NULL)
		fail_msg("%s", error.text);
}

static void open_one(struct asked *asked, const char *zone, const char *address, bool keep)
{
	open_health(asked, zone, address, keep, NULL);
}

static void close_one(struct asked *asked)
{
	dnsbl_close(&asked->dnsbl);
	free(asked->zone);
	free(asked->address);
	free(asked->server);
}

/* All that is due at NOW, and the answers to it. */
static void settle(struct asked *asked, usec_t now)
{
	for (int tries = 0; tries < 2000; tries++) {
		struct pollfd ready = { .fd = dnsbl_fd(asked->dnsbl), .events = POLLIN };

		dnsbl_step(asked->dnsbl, now);
		if (dnsbl_stats(asked->dnsbl).waiting == 0 && dnsbl_due(asked->dnsbl) > now)
			return;
		(void)poll(&ready, 1,
			   dnsbl_due(asked->dnsbl) == USEC_NEVER || dnsbl_due(asked->dnsbl) > now ? 100 : 0);
	}
	fail_msg("questions without end");
}

static int start(void **state)
{
	(void)state;
	scratch_make();
	name_server_zone("good.test",
			 TESTS "25.2.0.192 A 127.0.0.4\n25.2.0.192 A 127.0.0.2\n"
			       "25.2.0.192 TXT \"see \\027[31m\\010https://good.test/\" \"?ip=192.0.2.25\"\n"
			       "5.2.0.0."
			       "0.0.0.0.0.0.0.0.0.0.0.0."
			       "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2 A 127.0.0.3\n");
	name_server_zone("own.test", TESTS "25.2.0.192 A 127.0.0.2\n25.2.0.192 TXT \"why\"\n");
	name_server_zone("forbidden.test", "* A 127.255.255.254\n");
	name_server_zone("quota.test", TESTS "25.2.0.192 A 127.255.255.255\n");
	name_server_zone("all.test", "* A 127.0.0.2\n");
	name_server_zone("dead.test", "");
	name_server_zone("parked.test", "* A 203.0.113.7\n");
	name_server_zone("four.test", "2.0.0.127 A 127.0.0.2\n");
	if (name_server_program() != NULL && resolver_there())
		name_server_start(zones);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	name_server_stop();
	scratch_remove();
	return 0;
}

static void need_server(void)
{
	if (name_server <= 0)
		skip();
}

static void test_names(void **state)
{
	static const struct {
		const char *address, *name;
	} rows[] = {
		{ "192.0.2.99", "99.2.0.192.bl.test" },
		{ "2001:db8:1:2:3:4:567:89ab",
		  "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bl.test" },
		{ "::ffff:127.0.0.2", "2.0.0.0.0.0.f.7.f.f.f.f." ZEROS_20 ".bl.test" },
	};
	static const struct {
		const char *address;
		bool is_public;
	} seen[] = {
		{ "8.8.8.8", true },      { "100.63.255.255", true },   { "100.64.0.1", false },
		{ "10.1.2.3", false },    { "172.31.255.1", false },    { "172.32.0.1", true },
		{ "192.168.1.1", false }, { "127.0.0.1", false },       { "169.254.1.1", false },
		{ "224.0.0.1", false },   { "255.255.255.255", false }, { "2a01:4f8::1", true },
		{ "fe80::1", false },     { "fd00::1", false },         { "::1", false },
		{ "2001:db8::1", false }, { "2002:a00::1", false },
	};
	char name[DNSBL_NAME], zone[DNSBL_NAME], address[DNSBL_ADDRESS];
	uint8_t bytes[16];
	bool six;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(dnsbl_name(rows[i].address, "bl.test", name));
		assert_string_equal(name, rows[i].name);
	}
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		assert_true(span_to_address(span_of(seen[i].address), bytes));
		if (dnsbl_is_public(bytes) != seen[i].is_public)
			fail_msg("%s is%s public", seen[i].address, seen[i].is_public ? "" : " not");
	}
	assert_true(dnsbl_zone(SPAN(".Zen.Example.ORG."), zone));
	assert_string_equal(zone, "zen.example.org");
	assert_false(dnsbl_zone(SPAN("a b"), zone));
	assert_false(dnsbl_zone(SPAN("."), zone));
	assert_true(dnsbl_address(SPAN("2001:DB8:0:0::1"), address, &six));
	assert_string_equal(address, "2001:db8::1");
	assert_true(six);
}

static void test_listed(void **state)
{
	const struct health_options health_options = {
		.minimum = 20, .refused = 0.3, .pairs = 16, .culprits = 3
	};
	const struct envelope envelope = { .account = SPAN("bob@example.com"), .host = SPAN("mx1") };
	const struct attempt attempt = { .envelope = &envelope,
					 .time = START,
					 .direction = DIRECTION_OUTBOUND,
					 .provider = SPAN("google"),
					 .meaning = { .class = REPLY_CONTENT_SPAM } };
	struct health *health = health_new(&health_options, NULL, NULL);
	struct asked asked;

	(void)state;
	need_server();
	health_attempt(health, &attempt, ATTEMPT_FIRST);
	open_health(&asked, "good.test", "192.0.2.25", false, health);
	settle(&asked, START);
	assert_int_equal(asked.told.listed, 1);
	assert_int_equal(asked.told.notices, 0);
	assert_string_equal(asked.told.account, "192.0.2.25 at good.test");
	assert_string_equal(asked.told.code, "127.0.0.2,127.0.0.4");
	assert_string_equal(asked.told.words, "see \\x1b[31m\\x0ahttps://good.test/?ip=192.0.2.25");
	assert_string_equal(asked.told.text, "listed by good.test (127.0.0.2,127.0.0.4): "
					     "see \\x1b[31m\\x0ahttps://good.test/?ip=192.0.2.25");
	assert_non_null(strstr(asked.told.blamed, "bob@example.com: 1 attempts lately, 1 of them unwanted"));
	assert_true(asked.told.first_bad == START);
	settle(&asked, START + USEC_HOUR / 2); /* nothing is due */
	assert_int_equal(dnsbl_stats(asked.dnsbl).asked, 4);
	settle(&asked, START + USEC_HOUR); /* two test entries and the address; its words are known */
	assert_int_equal(dnsbl_stats(asked.dnsbl).asked, 7);
	assert_int_equal(asked.told.listed, 1);
	close_one(&asked);
	health_free(&health);

	open_one(&asked, "good.test", "2001:db8::25", false);
	settle(&asked, START);
	assert_int_equal(asked.told.listed, 1);
	assert_string_equal(asked.told.code, "127.0.0.3");
	assert_string_equal(asked.told.text, "listed by good.test (127.0.0.3)");
	close_one(&asked);

	open_one(&asked, "good.test", "192.0.2.26", false);
	settle(&asked, START);
	assert_int_equal(asked.told.listed + asked.told.cleared + asked.told.notices, 0);
	assert_true(dnsbl_known(asked.dnsbl)->rows[0].state == DNSBL_CLEAR);
	close_one(&asked);
}

/* The file says what was told: a restart tells nobody, a crash before the telling tells the same. */
static void test_restart_and_end(void **state)
{
	struct asked asked;
	struct text file = { 0 };
	struct error error;
	char id[VERDICT_ID_SIZE];
	size_t at;

	(void)state;
	need_server();
	open_one(&asked, "own.test", "192.0.2.25", true);
	settle(&asked, START);
	assert_int_equal(asked.told.listed, 1);
	snprintf(id, sizeof(id), "%s", asked.told.id);
	close_one(&asked);

	open_one(&asked, "own.test", "192.0.2.25", true);
	settle(&asked, START + USEC_MINUTE);
	assert_int_equal(asked.told.listed, 0);
	assert_int_equal(dnsbl_stats(asked.dnsbl).asked, 0); /* nor is anybody asked before it is time */
	settle(&asked, START + 2 * USEC_HOUR);
	assert_int_equal(asked.told.listed, 0);
	assert_int_equal(dnsbl_stats(asked.dnsbl).asked, 3);
	close_one(&asked);

	assert_true(save_read(scratch_path("blocklists"), 65536, &file, &error));
	at = span_find(text_span(&file), SPAN("listed told"));
	assert_true(at < file.len);
	memcpy(file.at + at, "listed not.", 11);
	assert_true(save_whole(scratch_path("blocklists"), text_span(&file), 0640, &error));
	text_free(&file);
	open_one(&asked, "own.test", "192.0.2.25", true);
	settle(&asked, START + 2 * USEC_HOUR + USEC_MINUTE);
	assert_int_equal(asked.told.listed, 1);
	assert_string_equal(asked.told.id, id);
	close_one(&asked);

	name_server_zone("own.test", TESTS);
	name_server_reload();
	open_one(&asked, "own.test", "192.0.2.25", true);
	for (usec_t hour = 3; asked.told.cleared == 0 && hour < 500; hour++) {
		settle(&asked, START + hour * USEC_HOUR);
		poll(NULL, 0, hour < 100 ? 10 : 200); /* the server reads in its own time */
	}
	assert_int_equal(asked.told.cleared, 1);
	assert_int_equal(asked.told.listed, 0);
	assert_string_equal(asked.told.text, "no longer listed by own.test");
	assert_string_not_equal(asked.told.id, id);
	close_one(&asked);
	open_one(&asked, "own.test", "192.0.2.25", true);
	settle(&asked, START + 600 * USEC_HOUR);
	assert_int_equal(asked.told.cleared, 0);
	close_one(&asked);
}

/* Lists that cannot be believed: told once, as notices; no address is listed by them. */
static void test_faults(void **state)
{
	static const struct {
		const char *zone, *address, *words;
		enum dnsbl_fault fault;
		unsigned asked;
	} rows[] = {
		{ "forbidden.test", "192.0.2.25", "(127.255.255.254: asked through a public resolver)",
		  DNSBL_FORBIDDEN, 1 },
		{ "quota.test", "192.0.2.25", "(127.255.255.255: too many questions)", DNSBL_FORBIDDEN, 3 },
		{ "all.test", "192.0.2.25", "lists 127.0.0.1, which must never be listed", DNSBL_EVERYTHING,
		  1 },
		{ "all.test", "2001:db8::25", "lists ::ffff:127.0.0.1, which must", DNSBL_EVERYTHING, 1 },
		{ "dead.test", "192.0.2.25", "does not list its own test entry 127.0.0.2: it is dead, and",
		  DNSBL_DEAD, 2 },
		{ "parked.test", "192.0.2.25", "answers 203.0.113.7, which is no answer of a blocklist",
		  DNSBL_STRANGE, 1 },
		{ "four.test", "2001:db8::25", "::ffff:127.0.0.2: it is dead or has no IPv6", DNSBL_DEAD, 2 },
	};

	(void)state;
	need_server();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asked asked;
		uint64_t before;

		open_one(&asked, rows[i].zone, rows[i].address, true);
		settle(&asked, START);
		assert_int_equal(asked.told.listed + asked.told.cleared, 0);
		if (asked.told.notices != 1)
			fail_msg("%s: %d notices", rows[i].zone, asked.told.notices);
		if (strstr(asked.told.notice, rows[i].words) == NULL)
			fail_msg("%s: %s", rows[i].zone, asked.told.notice);
		assert_int_equal(dnsbl_known(asked.dnsbl)->sides[0].fault, rows[i].fault);
		before = dnsbl_stats(asked.dnsbl).asked;
		if (before != rows[i].asked)
			fail_msg("%s: %d questions", rows[i].zone, (int)before);
		/* One that does not let us ask is left alone for a day; the others are looked at again. */
		settle(&asked, START + 23 * USEC_HOUR);
		assert_int_equal(dnsbl_stats(asked.dnsbl).asked > before, rows[i].fault != DNSBL_FORBIDDEN);
		settle(&asked, START + 25 * USEC_HOUR);
		assert_true(dnsbl_stats(asked.dnsbl).asked > before);
		assert_int_equal(asked.told.notices, 1);
		close_one(&asked);
		open_one(&asked, rows[i].zone, rows[i].address, true);
		settle(&asked, START + 26 * USEC_HOUR);
		assert_int_equal(asked.told.notices, 0);
		close_one(&asked);
	}
}

/* No answer is no news at first, and never says that an address is listed, or is not. */
static void test_silence(void **state)
{
	char up[32], down[32];
	int fd = name_server_socket(down);
	struct asked asked;

	(void)state;
	need_server();
	memcpy(up, name_server_address, sizeof(up));
	memcpy(name_server_address, down, sizeof(down));
	open_one(&asked, "good.test", "192.0.2.25", false);
	memcpy(name_server_address, up, sizeof(up));
	asked.options.timeout = USEC_SECOND / 10;
	dnsbl_close(&asked.dnsbl);
	asked.dnsbl = dnsbl_open(
		&asked.options, NULL, NULL,
		&(struct dnsbl_calls){ &asked.told, tell_verdict, tell_notice, tell_trouble },
		&(struct error){ "" });
	assert_non_null(asked.dnsbl);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(asked.told.notices, 0);
		settle(&asked, START + round * 5 * USEC_MINUTE);
	}
	assert_int_equal(asked.told.notices, 1);
	assert_non_null(strstr(asked.told.notice, "blocklist good.test: does not answer: "));
	settle(&asked, START + USEC_HOUR);
	assert_int_equal(asked.told.notices, 1);
	assert_int_equal(asked.told.listed, 0);
	assert_true(dnsbl_known(asked.dnsbl)->rows[0].state == DNSBL_UNKNOWN);
	close_one(&asked);
	close(fd);
}

static void refused(struct dnsbl_options options, const char *words)
{
	const struct dnsbl_calls calls = { 0 };
	struct error error = { "" };

	assert_null(dnsbl_open(&options, NULL, NULL, &calls, &error));
	if (strstr(error.text, words) == NULL)
		fail_msg("%s", error.text);
}

static void test_settings(void **state)
{
	char good_zone[] = "bl.test", bad_zone[] = "bl test", good[] = "192.0.2.1",
	     bad[] = "mail.example.com";
	char server[] = "resolver.example.com";
	char *texts[] = { good_zone, bad_zone, good, bad, server };

	(void)state;
	refused((struct dnsbl_options){ .zones = { &texts[1], 1 }, .addresses = { &texts[2], 1 } },
		"[dnsbl] zones: \"bl test\" is no name of DNS");
	refused((struct dnsbl_options){ .zones = { &texts[0], 1 }, .addresses = { &texts[3], 1 } },
		"[dnsbl] addresses: \"mail.example.com\" is no address");
	refused((struct dnsbl_options){ .zones = { &texts[0], 1 },
					.addresses = { &texts[2], 1 },
					.servers = { &texts[4], 1 } },
		resolver_there() ? "servers: \"resolver.example.com\"" : "without c-ares");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),   cmocka_unit_test(test_listed),
		cmocka_unit_test(test_faults),  cmocka_unit_test(test_restart_and_end),
		cmocka_unit_test(test_silence), cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
