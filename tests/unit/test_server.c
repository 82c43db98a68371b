/* The log as a whole: weeks of ordinary hours, and what must be told of an hour that is not. */
#include "detectors/server.h"
#include "parsers/parser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define START (USEC_DAY * 20370)

struct said {
	size_t count;
	struct {
		char account[32], text[EVIDENCE_TEXT_SIZE], sample[128];
		enum account_state state;
		usec_t time, since;
	} told[32];
};

static const struct server_options options = {
	.watched = true, .times = 1.5, .spread = 4, .learning = 48, .silence = USEC_HOUR
};

static void hear(void *context, const struct verdict *verdict)
{
	struct said *said = context;

	assert_true(said->count < 32);
	assert_string_equal(verdict->type, "server");
	snprintf(said->told[said->count].account, 32, "%.*s", SPAN_ARGS(verdict->account));
	snprintf(said->told[said->count].text, EVIDENCE_TEXT_SIZE, "%s", verdict->evidence[0].text);
	snprintf(said->told[said->count].sample, 128, "%.*s", verdict->sample_count > 0 ? 120 : 0,
		 verdict->sample_count > 0 ? verdict->samples[0].reply.at : "");
	said->told[said->count].state = verdict->state;
	said->told[said->count].time = verdict->time;
	said->told[said->count].since = verdict->first_bad;
	said->count++;
}

static bool from_ours; /* of the lines that follow */

static void lines(struct server *server, usec_t from, usec_t length, int count, enum event_kind kind,
		  enum event_outcome outcome)
{
	for (int i = 0; i < count; i++) {
		const struct frame frame = { .time = from + i * (length / count),
					     .host = SPAN("mx1"),
					     .text = SPAN("words of the line"),
					     .repeat = 1 };
		const struct event event = { .kind = kind, .outcome = outcome, .internal_client = from_ours };

		server_event(server, &frame, &event);
	}
}

/* By day 600 lines an hour, by night 60; a tenth of the deliveries deferred, some logins failing. */
static void ordinary_hour(struct server *server, usec_t from)
{
	int hour = (int)(from / USEC_HOUR % 24), much = hour >= 8 && hour < 18 ? 10 : 1;

	for (int part = 0; part < 6; part++) {
		usec_t at = from + part * 10 * USEC_MINUTE;

		lines(server, at, 2 * USEC_MINUTE, much * 5 + hour % 3, EVENT_RESULT, OUTCOME_DELIVERED);
		lines(server, at + 2 * USEC_MINUTE, 2 * USEC_MINUTE, much, EVENT_RESULT, OUTCOME_DEFERRED);
		lines(server, at + 4 * USEC_MINUTE, 2 * USEC_MINUTE, much * 3, EVENT_CLIENT, OUTCOME_UNKNOWN);
		lines(server, at + 6 * USEC_MINUTE, 2 * USEC_MINUTE, much * 3, EVENT_END, OUTCOME_UNKNOWN);
		lines(server, at + 8 * USEC_MINUTE, 2 * USEC_MINUTE, 1 + hour % 4, EVENT_LOGIN_FAILED,
		      OUTCOME_UNKNOWN);
	}
}

static usec_t ordinary_hours(struct server *server, usec_t from, int hours)
{
	for (int hour = 0; hour < hours; hour++)
		ordinary_hour(server, from + hour * USEC_HOUR);
	return from + hours * USEC_HOUR;
}

/* What happens on the twentieth day at 03:00, and what must be told, and told to be over. */
static const struct row {
	const char *what;
	enum event_kind kind;
	enum event_outcome outcome;
	int count, hours;
	const char *account; /* NULL: nothing may be told */
	const char *words;
	bool ours; /* the client is one of our own machines */
	bool gone; /* what came went too */
} rows[] = {
	{ "a campaign against passwords", EVENT_LOGIN_FAILED, OUTCOME_UNKNOWN, 900, 3, "server:logins",
	  .words = "logins failed in this hour" },
	{ "some more failing logins", EVENT_LOGIN_FAILED, OUTCOME_UNKNOWN, 90, 3, NULL, .words = NULL },
	{ "refused clients", EVENT_REJECT, OUTCOME_UNKNOWN, 900, 2, "server:rejects",
	  .words = "commands of clients were refused" },
	{ "everything is deferred", EVENT_RESULT, OUTCOME_DEFERRED, 400, 2, "server:deferrals",
	  .words = "deliveries were deferred" },
	{ "a newsletter with as many deferrals as ever", EVENT_RESULT, OUTCOME_DELIVERED, 9000, 2, NULL,
	  .words = NULL },
	{ "backscatter", EVENT_NOTICE, OUTCOME_UNKNOWN, 300, 2, "server:bounces",
	  .words = "bounces were sent" },
	{ "words that no parser knows", EVENT_UNKNOWN, OUTCOME_UNKNOWN, 120, 2, "server:unknown",
	  .words = "no kind that is known" },
	{ "a full disk", EVENT_TROUBLE, OUTCOME_UNKNOWN, 4, 1, "server:trouble", .words = "complaints" },
	{ "a queue that grows", EVENT_CLIENT, OUTCOME_UNKNOWN, 700, 2, "server:queue",
	  .words = "the queue grows", .ours = true },
	{ "much that comes, and goes", EVENT_CLIENT, OUTCOME_UNKNOWN, 700, 2, NULL, .words = NULL,
	  .ours = true, .gone = true },
	{ "an inbound flood", EVENT_CLIENT, OUTCOME_UNKNOWN, 2500, 2, "server:inbound",
	  .words = "messages came in from elsewhere", .gone = true },
	{ "one complaint", EVENT_TROUBLE, OUTCOME_UNKNOWN, 1, 1, NULL, .words = NULL },
};

static void test_each_change_is_told_once_and_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct said said = { 0 };
		struct server *server = server_new(&options, hear, &said);
		usec_t at = ordinary_hours(server, START, 20 * 24 + 3);

		assert_int_equal(said.count, 0);
		from_ours = row->ours;
		for (int hour = 0; hour < row->hours && !row->gone; hour++)
			lines(server, at + hour * USEC_HOUR, USEC_HOUR, row->count, row->kind, row->outcome);
		for (int minute = 0; minute < row->hours * 60 && row->gone; minute++) {
			usec_t now = at + minute * USEC_MINUTE;

			lines(server, now, USEC_MINUTE / 2, row->count / 60, row->kind, row->outcome);
			lines(server, now + USEC_MINUTE / 2, USEC_MINUTE / 2, row->count / 60, EVENT_END,
			      OUTCOME_UNKNOWN);
		}
		from_ours = false;
		if (row->account == NULL) {
			if (said.count != 0)
				fail_msg("%s: %s", row->what, said.told[0].text);
			server_free(&server);
			continue;
		}
		if (said.count != 1 || strcmp(said.told[0].account, row->account) != 0 ||
		    strstr(said.told[0].text, row->words) == NULL)
			fail_msg("%s: told %zu times: %s", row->what, said.count, said.told[0].text);
		assert_int_equal(said.told[0].state, STATE_FLAGGED);
		assert_true(said.told[0].time < at + USEC_HOUR);
		/* A queue is a difference: no line is one. */
		assert_string_equal(said.told[0].sample, row->ours ? "" : "words of the line");
		ordinary_hours(server, at + row->hours * USEC_HOUR, 24);
		assert_int_equal(said.count, 2);
		assert_int_equal(said.told[1].state, STATE_NORMAL);
		server_free(&server);
	}
}

/* So many like ATTEMPT within the hour from FROM on. */
static void attempts(struct server *server, usec_t from, int count, struct attempt *attempt)
{
	for (int n = 0; n < count; n++) {
		attempt->time = from + n * (USEC_HOUR / count);
		server_attempt(server, attempt);
		lines(server, attempt->time, USEC_SECOND, 1, EVENT_IDLE, OUTCOME_UNKNOWN);
	}
}

/* What only attempts tell: whose mail it was, and whom the answer blames. */
static void test_attempts_tell_of_the_server(void **state)
{
	static const struct {
		const char *what;
		enum account_kind kind;
		enum reply_class class;
		enum direction direction;
		int count;
		const char *account, *sample;
	} told[] = {
		{ "a relay that opened", ACCOUNT_HOST, REPLY_DELIVERED, DIRECTION_OUTBOUND, 300,
		  "server:relay",
		  "sender:lists.example.net, 203.0.113.7, to reader@example.org: 550 words of the reply" },
		{ "by the sender's name alone", ACCOUNT_SENDER, REPLY_DELIVERED, DIRECTION_OUTBOUND, 300,
		  "server:relay",
		  "sender:lists.example.net, 203.0.113.7, to reader@example.org: 550 words of the reply" },
		{ "mail for our own people", ACCOUNT_HOST, REPLY_DELIVERED, DIRECTION_INBOUND, 300, NULL,
		  NULL },
		{ "logins", ACCOUNT_LOGIN, REPLY_DELIVERED, DIRECTION_OUTBOUND, 300, NULL, NULL },
		{ "our address is listed", ACCOUNT_LOGIN, REPLY_IP_LISTED, DIRECTION_OUTBOUND, 300,
		  "server:blocked", "550 words of the reply" },
		{ "a provider blocks it", ACCOUNT_LOGIN, REPLY_IP_BLOCKED, DIRECTION_OUTBOUND, 300,
		  "server:blocked", "550 words of the reply" },
		{ "dead addresses", ACCOUNT_LOGIN, REPLY_INVALID_RECIPIENT, DIRECTION_OUTBOUND, 300, NULL,
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		struct said said = { 0 };
		struct server *server = server_new(&options, hear, &said);
		struct envelope envelope = { .account_kind = told[i].kind,
					     .account = SPAN("sender:lists.example.net"),
					     .client_ip = SPAN("203.0.113.7"),
					     .queue_id = SPAN("4F2K3L") };
		struct attempt attempt = { .envelope = &envelope,
					   .direction = told[i].direction,
					   .recipient = SPAN("reader@example.org"),
					   .meaning = { .class = told[i].class },
					   .reply = SPAN("550 words of the reply") };

		attempts(server, ordinary_hours(server, START, 20 * 24 + 3), told[i].count, &attempt);
		if (said.count != (told[i].account != NULL) ||
		    (said.count == 1 && (strcmp(said.told[0].account, told[i].account) != 0 ||
					 strcmp(said.told[0].sample, told[i].sample) != 0)))
			fail_msg("%s: told %zu times: %s %s", told[i].what, said.count, said.told[0].account,
				 said.told[0].text);
		server_free(&server);
	}
}

/* What mail servers say of themselves, as the parsers read it: which of it is told, and which is everyday talk. */
static const struct spoken {
	const char *tag; /* NULL: a line of Exim's own log */
	const char *words;
	int count;
	const char *account; /* NULL: nothing may be told */
} spoken[] = {
	{ "postfix/master",
	  "fatal: open lock file /var/lib/postfix/master.lock: unable to set exclusive lock", 3,
	  "server:trouble" },
	{ "postfix/qmgr", "panic: qmgr_queue_unthrottle: bad queue state", 3, "server:trouble" },
	{ "postfix/cleanup", "fatal: open database /etc/postfix/virtual.db: No such file or directory", 3,
	  "server:trouble" },
	{ "postfix/smtpd", "warning: not enough free space in mail queue: 0 bytes < 1.5*message size limit",
	  3, "server:trouble" },
	{ "postfix/master", "warning: process /usr/lib/postfix/sbin/smtpd pid 812 killed by signal 9", 3,
	  "server:trouble" },
	{ "postfix/smtpd",
	  "warning: cannot get RSA certificate from file \"/etc/ssl/mail.pem\": "
	  "disabling TLS support",
	  3, "server:trouble" },
	{ "postfix/qmgr", "panic: qmgr_queue_unthrottle: bad queue state", 2, NULL },
	/* A person's typing, and a client's manners. */
	{ "postfix/sendmail", "fatal: Recipient addresses must be specified on the command line", 60, NULL },
	{ "postfix/smtpd",
	  "warning: TLS library problem: error:0A000076:SSL routines::no suitable signature "
	  "algorithm:../ssl/t1_lib.c:3331:",
	  60, NULL },
	{ "postfix/smtpd", "SSL_accept error from unknown[203.0.113.9]: lost connection", 60, NULL },
	{ "dovecot", "imap-login: Error: Failed to initialize SSL server context: Can't load SSL certificate",
	  3, "server:trouble" },
	{ "dovecot", "master: Fatal: Failed to start listening", 3, "server:trouble" },
	{ NULL, "no space in spool directory", 3, "server:trouble" },
	{ NULL, "Cannot open main log file \"/var/log/exim4/mainlog\": Permission denied: euid=105 egid=113",
	  3, "server:trouble" },
	{ NULL,
	  "TLS error on connection from client.example [203.0.113.9] (cert/key setup: "
	  "cert=/etc/ssl/mail.pem key=/etc/ssl/mail.key): Error while reading file.",
	  3, "server:trouble" },
	{ NULL,
	  "TLS error on connection from client.example [203.0.113.9] (gnutls_handshake): A packet with "
	  "illegal or unsupported version was received.",
	  60, NULL },
	/* With everybody at once it is not the clients. */
	{ "postfix/smtpd", "SSL_accept error from unknown[203.0.113.9]: -1", 200, "server:tls" },
	{ "postfix/smtp", "SSL_connect error to mx.example[203.0.113.9]:25: -1", 200, "server:tls" },
	{ NULL,
	  "TLS error on connection from client.example [203.0.113.9] (gnutls_handshake): The TLS connection "
	  "was non-properly terminated.",
	  200, "server:tls" },
	/* Of a kind never seen: some are no news, many are. */
	{ "postfix/smtpd", "the frobnicator was recalibrated", 120, "server:unknown" },
	{ "postfix/smtpd", "the frobnicator was recalibrated", 20, NULL },
	{ NULL, "frobnicator recalibrated", 120, "server:unknown" },
	/* Dovecot's other words, and another program's, are of no interest. */
	{ "dovecot", "imap-login: frobnicator recalibrated", 120, NULL },
	{ "kernel", "panic: not syncing", 120, NULL },
};

/* A mailing list's issues come weeks apart, all at once; a relay that opened serves whom nobody has seen. */
static void test_senders_of_old_are_no_open_relay(void **state)
{
	static const struct {
		const char *what, *account;
		int days;
		bool told;
	} issues[] = {
		{ "a list's next issue", "sender:lists.example.net", 7, false },
		{ "a month's issue", "sender:lists.example.net", 31, false },
		{ "it has only just begun", "sender:lists.example.net", 4, true },
		{ "somebody else", "host:203.0.113.9", 31, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(issues) / sizeof(issues[0]); i++) {
		struct said said = { 0 };
		struct server *server = server_new(&options, hear, &said);
		struct envelope envelope = { .account_kind = ACCOUNT_SENDER,
					     .account = SPAN("sender:lists.example.net") };
		struct attempt attempt = { .envelope = &envelope, .direction = DIRECTION_OUTBOUND };
		usec_t at = ordinary_hours(server, START, 10 * 24);

		attempts(server, at, 60, &attempt);
		said.count = 0;
		at = ordinary_hours(server, at + USEC_HOUR, issues[i].days * 24 - 1);
		envelope.account = span_of(issues[i].account);
		attempts(server, at, 300, &attempt);
		if (said.count > 0 && said.told[said.count - 1].state == STATE_FLAGGED ? !issues[i].told
										       : issues[i].told)
			fail_msg("%s: %s", issues[i].what, issues[i].told ? "not told" : said.told[0].text);
		server_free(&server);
	}
}

/* Nobody's mail that goes through to public providers: told on the first day, whoever is behind it. */
static void test_strangers_served_are_an_open_relay(void **state)
{
	static const struct {
		const char *what, *domain;
		enum direction direction;
		int addresses, count;
		bool told;
	} served[] = {
		{ "an open relay", "gmail.com", DIRECTION_INBOUND, 200, 200, true },
		{ "in other countries", "Yahoo.co.uk", DIRECTION_INBOUND, 200, 200, true },
		{ "some of each", "web.de", DIRECTION_INBOUND, 25, 200, true },
		{ "a gateway's customers", "customer.example", DIRECTION_INBOUND, 200, 200, false },
		{ "what was addressed to a customer", "gmail.com", DIRECTION_FORWARDED, 200, 200, false },
		{ "a copy of all mail", "gmail.com", DIRECTION_INBOUND, 2, 400, false },
		{ "few", "gmail.com", DIRECTION_INBOUND, 25, 25, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(served) / sizeof(served[0]); i++) {
		struct said said = { 0 };
		struct server *server = server_new(&options, hear, &said);
		struct envelope envelope = { .account_kind = ACCOUNT_NONE,
					     .sender = SPAN("offer@example.net"),
					     .client_ip = SPAN("203.0.113.7") };
		struct attempt attempt = { .envelope = &envelope,
					   .direction = served[i].direction,
					   .provider = SPAN("somebody"),
					   .reply = SPAN("250 OK") };
		usec_t at = ordinary_hours(server, START, 2);

		for (int n = 0; n < served[i].count; n++) {
			char recipient[64];

			snprintf(recipient, sizeof(recipient), "u%d@%s", n % served[i].addresses,
				 served[i].domain);
			attempt.recipient = span_of(recipient);
			attempt.time = at + n * (USEC_HOUR / 400);
			server_attempt(server, &attempt);
			lines(server, attempt.time, USEC_SECOND, 1, EVENT_IDLE, OUTCOME_UNKNOWN);
		}
		if (said.count != served[i].told)
			fail_msg("%s: told %zu times: %s", served[i].what, said.count, said.told[0].text);
		if (served[i].told) {
			assert_string_equal(said.told[0].account, "server:open_relay");
			assert_non_null(strstr(said.told[0].sample, "offer@example.net, 203.0.113.7, to u"));
		}
		server_free(&server);
	}
}

static void test_what_servers_say_of_themselves(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(spoken) / sizeof(spoken[0]); i++) {
		const struct spoken *row = &spoken[i];
		struct said said = { 0 };
		struct server *server = server_new(&options, hear, &said);
		usec_t at = ordinary_hours(server, START, 20 * 24 + 3);
		struct frame frame = { .tag = span_of(row->tag), .text = span_of(row->words), .repeat = 1 };

		for (int n = 0; n < row->count; n++) {
			struct event event;

			frame.time = at + n * (USEC_HOUR / row->count);
			parser_read(&frame, &event);
			server_event(server, &frame, &event);
		}
		/* The next minute is when the last of them is looked at. */
		lines(server, at + USEC_HOUR - USEC_SECOND, USEC_SECOND, 1, EVENT_IDLE, OUTCOME_UNKNOWN);
		if (said.count != (row->account != NULL) ||
		    (said.count == 1 &&
		     (strcmp(said.told[0].account, row->account) != 0 ||
		      strncmp(said.told[0].sample, row->words, strlen(said.told[0].sample)) != 0)))
			fail_msg("%s: told %zu times: %s %s", row->words, said.count, said.told[0].account,
				 said.told[0].text);
		server_free(&server);
	}
}

static void test_the_first_two_days_are_learned_from(void **state)
{
	struct said said = { 0 };
	struct server *server = server_new(&options, hear, &said);

	(void)state;
	ordinary_hours(server, START, 24);
	lines(server, START + USEC_DAY, USEC_HOUR, 900, EVENT_LOGIN_FAILED, OUTCOME_UNKNOWN);
	assert_int_equal(said.count, 0);
	/* But a mail server that panics is no matter of habit. */
	lines(server, START + USEC_DAY + USEC_HOUR, USEC_HOUR, 5, EVENT_TROUBLE, OUTCOME_UNKNOWN);
	assert_int_equal(said.count, 1);
	server_free(&server);
}

/* Nothing is read from HOUR of the eleventh day on, for so many minutes. */
static const struct silence {
	const char *what;
	int hour, minutes, told;
} silences[] = {
	{ "from midnight until ten: two hours of a working day are among them", 0, 600, 1 },
	{ "a restart by day", 10, 20, 0 },
	{ "just short of the least that is news", 10, 55, 0 },
	{ "two hours by day", 10, 120, 1 },
	{ "an hour by night, when little comes", 2, 65, 0 },
	{ "two days", 10, 2880, 1 },
};

/* The first that is ever read, six minutes of it, as many of them before the hour's turn as you like. */
static void test_an_hours_turn_hides_no_trouble(void **state)
{
	(void)state;
	for (int before = 0; before <= 12; before++) {
		struct said said = { 0 };
		struct server *server = server_new(&options, hear, &said);
		usec_t from = START + USEC_HOUR - before * 30 * USEC_SECOND + 10 * USEC_SECOND;

		lines(server, from, 6 * USEC_MINUTE, 12, EVENT_TROUBLE, OUTCOME_UNKNOWN);
		lines(server, from + 6 * USEC_MINUTE, USEC_MINUTE, 2, EVENT_IDLE, OUTCOME_UNKNOWN);
		if (said.count == 0 || strcmp(said.told[0].account, "server:trouble") != 0)
			fail_msg("not told where %d came before the hour's turn", before);
		server_free(&server);
	}
}

/* The mail server's last words, and no line of anything behind them. */
static void test_what_comes_before_a_silence_is_told(void **state)
{
	struct said said = { 0 };
	struct server *server = server_new(&options, hear, &said);

	(void)state;
	lines(server, START + 59 * USEC_MINUTE, 10 * USEC_SECOND, 4, EVENT_TROUBLE, OUTCOME_UNKNOWN);
	server_time(server, START + 59 * USEC_MINUTE + 20 * USEC_SECOND);
	assert_int_equal(said.count, 0);
	for (int minute = 60; minute < 90; minute++)
		server_time(server, START + minute * USEC_MINUTE);
	assert_int_equal(said.count, 1);
	assert_string_equal(said.told[0].account, "server:trouble");
	assert_true(said.told[0].time == START + USEC_HOUR);
	server_free(&server);
}

static void test_silence_is_told_by_what_should_have_come(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(silences) / sizeof(silences[0]); i++) {
		const struct silence *row = &silences[i];
		struct said said = { 0 };
		struct server *server = server_new(&options, hear, &said);
		usec_t from = ordinary_hours(server, START, 10 * 24 + row->hour), at;

		at = from + row->minutes * USEC_MINUTE;
		ordinary_hour(server, at);
		if (said.count != (size_t)row->told)
			fail_msg("%s: told %zu times: %s", row->what, said.count, said.told[0].text);
		if (said.count == 1) {
			assert_string_equal(said.told[0].account, "server:silence");
			/* Since the last line, which came two minutes or so before the hour was over. */
			assert_true(said.told[0].since > from - 5 * USEC_MINUTE && said.told[0].since < from);
			/* Whoever is told of one is not told of the next that is no longer. */
			ordinary_hour(server, at + USEC_HOUR + row->minutes * USEC_MINUTE);
			assert_int_equal(said.count, 1);
		}
		server_free(&server);
	}
}

static void test_quiet_says_nothing(void **state)
{
	struct said said = { 0 };
	struct server *server = server_new(&options, hear, &said);
	usec_t at = ordinary_hours(server, START, 10 * 24);

	(void)state;
	server_quiet(server, true);
	lines(server, at, USEC_HOUR, 900, EVENT_LOGIN_FAILED, OUTCOME_UNKNOWN);
	assert_int_equal(said.count, 0);
	server_free(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_change_is_told_once_and_ends),
		cmocka_unit_test(test_attempts_tell_of_the_server),
		cmocka_unit_test(test_senders_of_old_are_no_open_relay),
		cmocka_unit_test(test_strangers_served_are_an_open_relay),
		cmocka_unit_test(test_what_servers_say_of_themselves),
		cmocka_unit_test(test_the_first_two_days_are_learned_from),
		cmocka_unit_test(test_an_hours_turn_hides_no_trouble),
		cmocka_unit_test(test_what_comes_before_a_silence_is_told),
		cmocka_unit_test(test_silence_is_told_by_what_should_have_come),
		cmocka_unit_test(test_quiet_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
