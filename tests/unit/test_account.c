/* Names of accounts: what is folded by setting, and that no login passes for something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "parsers/account.h"

struct row {
	struct account_rules rules;
	const char *login, *account;
};

static const struct row rows[] = {
	{ { .fold_case = true }, "Bob@Example.com", "bob@example.com" },
	{ { .fold_case = false }, "Bob@Example.com", "Bob@Example.com" },
	{ { .fold_tags = true }, "bob+tag@example.com", "bob@example.com" },
	{ { .fold_tags = true }, "+tag@example.com", "+tag@example.com" },
	{ { .fold_tags = true }, "bob+tag", "bob" },
	{ { .fold_tags = true }, "bob+example.com", "bob+example.com" },
	{ { .fold_tags = false }, "bob+tag@example.com", "bob+tag@example.com" },
	{ { .default_domain = { "example.com", 11 } }, "bob", "bob@example.com" },
	{ { .default_domain = { "example.com", 11 }, .fold_tags = true }, "bob+x", "bob@example.com" },
	{ { .default_domain = { "example.com", 11 } }, "bob@example.net", "bob@example.net" },
	{ { .fold_case = true }, "", "" },
	{ { .fold_case = true }, "local:root", "local\\x3aroot" },
	{ { .fold_case = true }, "LOCAL:root", "local\\x3aroot" },
	{ { .fold_case = true }, "script:/home/bob", "script\\x3a/home/bob" },
	{ { .fold_case = true }, "bob smith@example.com", "bob\\x20smith@example.com" },
	{ { .fold_case = true }, "bob\\x20smith", "bob\\x5cx20smith" },
	{ { .fold_case = true }, "bob\n\t\x7f", "bob\\x0a\\x09\\x7f" },
	{ { .fold_case = true }, "DOMAIN\\bob", "domain\\x5cbob" },
	{ { .fold_case = true }, "j\xc3\xbcrgen@example.com", "j\xc3\xbcrgen@example.com" },
	{ { .fold_case = true }, "j\xfcrgen", "j\\xfcrgen" },
	{ { .fold_case = true },
	  "a\xc2\x9b"
	  "b",
	  "a\\xc2\\x9b"
	  "b" },
	{ { .fold_case = true }, "\xed\xa0\x80", "\\xed\\xa0\\x80" },
	{ { .fold_case = true }, "bob,sasl_username=eve", "bob,sasl_username=eve" },
	{ { .fold_case = true }, "a@b@c", "a@b@c" },
};

static void logins_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct account_name name;
		struct span got = account_login(&rows[i].rules, span_of(rows[i].login), &name);

		if (!span_equal(got, span_of(rows[i].account)))
			fail_msg("%s gave %.*s instead of %s", rows[i].login, SPAN_ARGS(got),
				 rows[i].account);
	}
}

/* By whatever rules; every byte at every place of logins that are shorter than, as long as and longer than a block. */
static void a_login_that_is_its_account_is_known(void **state)
{
	const struct account_rules rules[] = {
		{ .fold_case = true, .fold_tags = true, .default_domain = { "example.org", 11 } },
		{ .fold_case = false },
	};
	static const char longest[] = "abcdefghijklmno@example-1.net/89abcdefghijklmnopqrstuvwxyz";
	size_t found = 0;

	(void)state;
	for (size_t len = 0; len < sizeof(longest); len++)
		for (size_t at = 0; at < len; at++)
			for (int byte = 0; byte < 256; byte++) {
				char login[sizeof(longest)];
				struct span text = { login, len };
				bool same = true;

				memcpy(login, longest, len);
				login[at] = (char)byte;
				for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
					struct account_name name;

					same &= span_equal(account_login(&rules[i], text, &name), text);
				}
				/* What has no domain is not asked by one rule alone, and '_' is seldom. */
				if (account_is_login(text) && !same)
					fail_msg("%.*s is not its account", SPAN_ARGS(text));
				if (same && !account_is_login(text) && memchr(login, '@', len) != NULL &&
				    (byte == '-' || byte == '@' || (byte >= 'a' && byte <= 'z') ||
				     (byte >= '.' && byte <= '9')))
					fail_msg("%.*s is not known to be its account", SPAN_ARGS(text));
				found += account_is_login(text);
			}
	assert_true(found > 10000);
}

static void long_logins_stay_apart(void **state)
{
	struct account_rules rules = { .default_domain = SPAN("example.com"), .fold_tags = true };
	struct account_name a, b;
	char login[2000];

	(void)state;
	for (size_t len = 200; len < sizeof(login); len++) {
		memset(login, 'a', len);
		struct span first = account_login(&rules, (struct span){ login, len }, &a);

		login[len - 1] = 'b';
		struct span second = account_login(&rules, (struct span){ login, len }, &b);

		assert_true(first.len <= ACCOUNT_LONGEST);
		assert_false(span_equal(first, second));
	}
}

static void kinds_have_prefixes(void **state)
{
	struct account_name name;

	(void)state;
	assert_true(span_equal(account_local(SPAN("www-data"), &name), SPAN("local:www-data")));
	assert_true(span_equal(account_local(SPAN("www data"), &name), SPAN("local:www\\x20data")));
	assert_true(span_equal(account_script(SPAN("/home/bob/a:b"), &name), SPAN("script:/home/bob/a:b")));
	assert_true(span_equal(account_host(SPAN("2001:DB8::1"), &name), SPAN("host:2001:db8::1")));
	assert_true(span_equal(account_sender(SPAN("x@y@Example.COM"), &name), SPAN("sender:example.com")));
	assert_int_equal(account_sender(SPAN(""), &name).len, 0);
	assert_int_equal(account_sender(SPAN("root"), &name).len, 0);
}

/* What a person copies from a verdict is a name already, and is not escaped once more. */
static void names_that_were_told_are_known(void **state)
{
	static const struct {
		const char *text;
		bool name, escaped;
	} typed[] = {
		{ "bob@example.com", true, false },
		{ "jo\\x20ann@example.com", true, true },
		{ "local\\x3aroot", true, true },
		{ "long\\~0123456789abcdef", true, true },
		{ "long\\~0123456789abcde", true, false },
		{ "long\\~0123456789abcdef0", true, false },
		{ "DOMAIN\\user", true, false },
		{ "a\\x2", true, false },
		{ "a\\x2G", true, false },
		{ "a\\x20b\\c", true, false },
		{ "a\\", true, false },
		{ "two words", false, false },
		{ "line\n", false, false },
		{ "bell\a", false, false },
		{ "", false, false },
	};
	struct account_name name;

	(void)state;
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
		if (account_is_name(span_of(typed[i].text)) != typed[i].name ||
		    account_is_escaped(span_of(typed[i].text)) != typed[i].escaped)
			fail_msg("%s", typed[i].text);
	/* Every name of ours is one. */
	assert_true(account_is_escaped(account_login(&(struct account_rules){ 0 }, SPAN("a b"), &name)));
	memset(name.at, 'x', sizeof(name.at));
	assert_true(account_is_name((struct span){ name.at, ACCOUNT_LONGEST }));
	assert_false(account_is_name((struct span){ name.at, ACCOUNT_LONGEST + 1 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logins_are_named),
		cmocka_unit_test(a_login_that_is_its_account_is_known),
		cmocka_unit_test(long_logins_stay_apart),
		cmocka_unit_test(names_that_were_told_are_known),
		cmocka_unit_test(kinds_have_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
