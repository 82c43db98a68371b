/* Who may ask the status server for what, as rows; labels of metrics; what is said to be wrong, from figures. */
#include "commands/metrics.h"
#include "commands/status_access.h"
#include "commands/status_health.h"
#include "commands/status_listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char name_ours[] = "ours.example", area_health[] = "health";
static char *hosts[] = { name_ours }, *areas[] = { area_health };
static const struct setting_list host_list = { hosts, 1 }, area_list = { areas, 1 };
static const struct status_keys keys = { .user = "admin",
					 .password = "correct horse",
					 .token = "0123",
					 .form = "f0f0",
					 .hosts = &host_list,
					 .open = &area_list };

static void status_hosts(void **state)
{
	static const struct {
		const char *host;
		bool ours;
	} rows[] = {
		{ "localhost", true },
		{ "LOCALHOST:80", true },
		{ "127.0.0.1", true },
		{ "127.0.0.1:8025", true },
		{ "[::1]:8025", true },
		{ "[::1]", true },
		{ "192.0.2.1:1", true },
		{ "ours.example", true },
		{ "Ours.Example:443", true },
		{ "evil.example", false },
		{ "ours.example.evil.example", false },
		{ "xours.example", false },
		{ "127.0.0.1.evil.example", false },
		{ "localhost.evil.example:80", false },
		{ "[evil.example]", false },
		{ "[::1", false },
		{ "127.1", false },
		{ "2130706433", false },
		{ "", false },
		{ NULL, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct status_request request = { .host = span_of(rows[i].host) };

		if (status_host_is_ours(&keys, &request) != rows[i].ours)
			fail_msg("%s", rows[i].host);
		request.local = true;
		assert_true(status_host_is_ours(&keys, &request));
	}
}

static void status_knows(void **state)
{
	static const struct {
		const char *user, *password, *authorization;
		bool known;
	} rows[] = {
		{ "admin", "correct horse", NULL, true },
		{ "admin", "correct hors", NULL, false },
		{ "admin", "correct horse ", NULL, false },
		{ "Admin", "correct horse", NULL, false },
		{ NULL, "correct horse", NULL, false },
		{ "admin", NULL, NULL, false },
		{ "admin", "", NULL, false },
		{ NULL, NULL, "Bearer 0123", true },
		{ NULL, NULL, "bearer  0123 ", true },
		{ NULL, NULL, "Bearer 01234", false },
		{ NULL, NULL, "Bearer 0124", false },
		{ NULL, NULL, "Bearer ", false },
		{ NULL, NULL, "Bearer", false },
		{ NULL, NULL, "0123", false },
		{ NULL, NULL, "Basic 0123", false },
	};
	const struct status_keys none = { .user = "admin", .hosts = &host_list, .open = &area_list };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct status_request request = { .user = span_of(rows[i].user),
							.password = span_of(rows[i].password),
							.authorization = span_of(rows[i].authorization) };

		if (status_is_known(&keys, &request) != rows[i].known)
			fail_msg("row %zu", i);
		assert_false(status_is_known(&none, &request));
		assert_true(status_may_see(&keys, &request, "health"));
		assert_int_equal(status_may_see(&keys, &request, "page"), rows[i].known);
	}
}

static void status_changes(void **state)
{
	static const struct {
		const char *origin, *site, *body, *authorization;
		bool password, may;
	} rows[] = {
		{ "http://localhost:80", "same-origin", "verb=x&form=f0f0", NULL, true, true },
		{ "https://localhost:80", NULL, "form=f0f0", NULL, true, true },
		{ NULL, NULL, "form=f0f0", NULL, true, true },
		{ NULL, NULL, "form=f0f0", NULL, false, false },
		{ "http://localhost:81", NULL, "form=f0f0", NULL, true, false },
		{ "http://evil.example", NULL, "form=f0f0", NULL, true, false },
		{ "null", NULL, "form=f0f0", NULL, true, false },
		{ "localhost:80", NULL, "form=f0f0", NULL, true, false },
		{ NULL, "cross-site", "form=f0f0", NULL, true, false },
		{ NULL, "same-site", "form=f0f0", NULL, true, false },
		{ NULL, "none", "form=f0f0", NULL, true, false },
		{ NULL, NULL, "form=f0f1", NULL, true, false },
		{ NULL, NULL, "xform=f0f0", NULL, true, false },
		{ NULL, NULL, "", NULL, true, false },
		{ "http://evil.example", "cross-site", "", "Bearer 0123", false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct status_request request = {
			.host = SPAN("localhost:80"),
			.origin = span_of(rows[i].origin),
			.site = span_of(rows[i].site),
			.body = span_of(rows[i].body),
			.authorization = span_of(rows[i].authorization),
			.user = SPAN("admin"),
			.password = rows[i].password ? SPAN("correct horse") : SPAN("x"),
		};

		if (status_may_change(&keys, &request) != rows[i].may)
			fail_msg("row %zu", i);
	}
}

static void status_values(void **state)
{
	static const struct {
		const char *query, *name, *value; /* NULL: not there */
	} rows[] = {
		{ "name=bob%40example.com", "name", "bob@example.com" },
		{ "a=1&name=x+y&name=z", "name", "x y" },
		{ "name", "name", "" },
		{ "xname=1", "name", NULL },
		{ "", "name", NULL },
		{ "&&name=%4", "name", "%4" },
		{ "name=%zz%", "name", "%zz%" },
		{ "name=a=b", "name", "a=b" },
		{ "name=%3Cscript%3E%26amp;", "name", "<script>&amp;" },
	};
	struct text value = { 0 };
	struct span query;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text_clear(&value);
		assert_int_equal(status_value(span_of(rows[i].query), span_of(rows[i].name), &value),
				 rows[i].value != NULL);
		if (rows[i].value != NULL)
			assert_string_equal(text_span(&value).at, rows[i].value);
	}
	text_free(&value);
	assert_true(span_equal(status_path(SPAN("/a?b?c"), &query), SPAN("/a")));
	assert_true(span_equal(query, SPAN("b?c")));
	assert_true(span_equal(status_path(SPAN("/a"), &query), SPAN("/a")));
	assert_int_equal(query.len, 0);
}

static void status_addresses(void **state)
{
	static const struct {
		const char *text;
		bool good, loopback;
	} rows[] = {
		{ "8025", true, true },
		{ "127.0.0.1:8025", true, true },
		{ "127.9.9.9:1", true, true },
		{ "[::1]:8025", true, true },
		{ "0.0.0.0:8025", true, false },
		{ "[::]:80", true, false },
		{ "192.0.2.1:80", true, false },
		{ "/run/x.sock", true, true },
		{ "unix:/run/x.sock", true, true },
		{ "localhost:80", false, false },
		{ "65536", false, false },
		{ "::1:80", false, false },
		{ "", false, false },
		{ "127.0.0.1:", false, false },
		{ "[::1]", false, false },
	};
	struct listen_address address;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (listen_parse(rows[i].text, &address, &error) != rows[i].good)
			fail_msg("%s", rows[i].text);
		if (rows[i].good)
			assert_int_equal(address.loopback, rows[i].loopback);
	}
}

static void status_labels(void **state)
{
	struct text out = { 0 };

	(void)state;
	metrics_label(&out, SPAN("a\"b\\c\nd\0e\xff\xc3\xa9"));
	assert_string_equal(out.at, "a\\\"b\\\\c\\nd\xef\xbf\xbd"
				    "e\xef\xbf\xbd\xc3\xa9");
	text_free(&out);
}

static bool says(const struct health_report *report, const char *what)
{
	for (size_t i = 0; i < report->count; i++)
		if (strcmp(report->reasons[i].what, what) == 0)
			return true;
	return false;
}

static void status_reports(void **state)
{
	static char log_name[] = "mx1:/var/log/mail.log", denied[] = "permission denied", nothing[] = "";
	struct board_source source = { .name = log_name, .open = true, .trouble = nothing };
	struct board board = { .ready = true, .away = -1, .sources = &source, .source_count = 1 };
	struct desk_pulse pulse = { .phase = DESK_RUNS, .age = USEC_SECOND };
	const usec_t stuck = 30 * USEC_SECOND, lag = USEC_MINUTE;
	struct health_report report = health_report(&board, pulse, stuck, lag);

	(void)state;
	assert_true(report.alive && report.ready && report.count == 0);
	pulse.age = 31 * USEC_SECOND;
	report = health_report(&board, pulse, stuck, lag);
	assert_true(!report.alive && !report.ready && says(&report, "loop"));
	pulse = (struct desk_pulse){ .phase = DESK_STARTS, .age = USEC_HOUR };
	report = health_report(NULL, pulse, stuck, lag);
	assert_true(report.alive && !report.ready && says(&report, "start"));
	pulse = (struct desk_pulse){ .phase = DESK_RUNS };
	assert_false(health_report(NULL, pulse, stuck, lag).ready);
	board.away = 5 * USEC_SECOND;
	report = health_report(&board, pulse, stuck, lag);
	assert_true(report.alive && !report.ready && says(&report, "store"));
	board.away = -1;
	/* Behind only where there is something to read, and for long. */
	board.idle = 2 * USEC_MINUTE;
	assert_true(health_report(&board, pulse, stuck, lag).ready);
	board.behind = 10;
	report = health_report(&board, pulse, stuck, lag);
	assert_true(!report.ready && says(&report, "behind"));
	board.idle = 0;
	source.open = false;
	report = health_report(&board, pulse, stuck, lag);
	assert_true(!report.ready && says(&report, "logs") && !says(&report, "log"));
	source.trouble = denied;
	report = health_report(&board, pulse, stuck, lag);
	assert_true(says(&report, "log") && strstr(report.reasons[1].words, "permission denied") != NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_hosts),     cmocka_unit_test(status_knows),
		cmocka_unit_test(status_changes),   cmocka_unit_test(status_values),
		cmocka_unit_test(status_labels),    cmocka_unit_test(status_reports),
		cmocka_unit_test(status_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
