/* The owner map in the shapes that panels write it, and names of uids. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "parsers/owners.h"
#include "parsers/users.h"

static const char map_text[] = "# cPanel\n"
			       "example.com: bob\n"
			       "Shop.Example.NET: bob\r\n"
			       "*: nobody\n"
			       "\n"
			       "example.org: carla==root==main==example.org\n"
			       "example.edu\tUniversity Ltd\n"
			       "dave@example.com dave ltd\n"
			       "www-data=webteam\n"
			       "last.example. erin";

static const struct {
	const char *account, *customer;
} rows[] = {
	{ "anna@example.com", "bob" },
	{ "dave@example.com", "dave ltd" },
	{ "x@shop.example.net", "bob" },
	{ "x@example.org", "carla" },
	{ "x@example.edu", "University Ltd" },
	{ "x@last.example", "erin" },
	{ "x@other.example", NULL },
	{ "local:bob", "bob" },
	{ "local:www-data", "webteam" },
	{ "local:mallory", NULL },
	{ "script:/home/bob/public_html/x", "bob" },
	{ "script:/var/www/vhosts/example.org/httpdocs", "carla" },
	{ "script:/srv/x", NULL },
	{ "sender:example.org", "carla" },
	{ "host:192.0.2.7", NULL },
	{ "bob", "bob" },
	{ "*", NULL },
};

static void customers_are_found(void **state)
{
	struct error error;
	struct owners *owners = owners_read_text("map", span_of(map_text), &error);

	(void)state;
	assert_non_null(owners);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span got = owners_of(owners, span_of(rows[i].account));

		if (!span_equal(got, span_of(rows[i].customer)))
			fail_msg("%s belongs to %.*s", rows[i].account, SPAN_ARGS(got));
	}
	assert_null(owners_of(NULL, SPAN("anna@example.com")).at);
	owners_free(&owners);
	assert_null(owners);
}

static void a_line_without_customer_is_refused(void **state)
{
	struct error error = { "" };

	(void)state;
	assert_null(owners_read_text("map", SPAN("example.com: bob\nexample.org:\n"), &error));
	assert_string_equal(error.text, "map:2: a domain, user or address and its customer expected");
	assert_null(owners_read("/nonexistent/map", &error));
	assert_string_equal(error.text, "/nonexistent/map: No such file or directory");
}

static void uids_have_names(void **state)
{
	/* The longest name that is kept, one that is longer, and a second name of a uid. */
	static const char passwd[] =
		"root:x:0:0:root:/root:/bin/sh\nbroken\nweb1:x:6000:6000::/home/web1:/bin/sh\n"
		"a23456789012345678901234567890123456789012345_7:x:6002:\n"
		"a234567890123456789012345678901234567890123456_8:x:6003:\n"
		"second:x:6000:\n";
	char path[] = "/tmp/test_owners.XXXXXX";
	struct error error;
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, passwd, sizeof(passwd) - 1), (int)sizeof(passwd) - 1);
	close(fd);
	struct users *users = users_new(path, &error);

	unlink(path);
	assert_non_null(users);
	assert_true(span_equal(users_name(users, 6000), SPAN("web1")));
	assert_true(span_equal(users_name(users, 0), SPAN("root")));
	assert_true(span_equal(users_name(users, 6001), SPAN("6001")));
	assert_true(
		span_equal(users_name(users, 6002), SPAN("a23456789012345678901234567890123456789012345_7")));
	assert_true(span_equal(users_name(users, 6003), SPAN("6003")));
	users_free(&users);
	users = users_new(NULL, &error);
	assert_true(span_equal(users_name(users, 0), SPAN("root")));
	assert_true(span_equal(users_name(users, 4000000001U), SPAN("4000000001")));
	users_free(&users);
	assert_null(users_new("/nonexistent/passwd", &error));
	assert_null(users_new("/", &error));
	assert_string_equal(error.text, "/: Is a directory");
}

/* A file of another kind has no names at all: uids would stay numbers, and nobody would know why. */
static void what_is_no_passwd_file_is_refused(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} files[] = {
		{ "", true },
		{ "\n\n", true },
		{ "# none\n", false },
		{ "web1,6000\nweb2,6001\n", false },
		{ "Nov 21 10:00:00 mx1 postfix/smtpd[1]: connect from a\n", false },
		{ "web1,6000\nweb1:x:6000:\n", true },
	};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[] = "/tmp/test_owners.XXXXXX";
		int fd = mkstemp(path);
		size_t len = strlen(files[i].text);

		assert_int_equal(write(fd, files[i].text, len), (int)len);
		close(fd);
		struct users *users = users_new(path, &error);

		unlink(path);
		assert_int_equal(users != NULL, files[i].good);
		if (!files[i].good)
			assert_non_null(strstr(error.text, ": no line of it is of the form of passwd"));
		users_free(&users);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(customers_are_found),
		cmocka_unit_test(a_line_without_customer_is_refused),
		cmocka_unit_test(uids_have_names),
		cmocka_unit_test(what_is_no_passwd_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
