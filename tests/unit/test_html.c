/* HTML of strangers' text: rows of what comes in and what must come out, and bytes of every kind that find no way out. */
#include "commands/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct html_row {
	struct span in;
	const char *out;
};

static void html_text_is_escaped(void **state)
{
	static const struct html_row rows[] = {
		{ SPAN_INIT("bob@example.com"), "bob@example.com" },
		{ SPAN_INIT(""), "" },
		{ SPAN_INIT("</script><script>alert(1)</script>"),
		  "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;" },
		{ SPAN_INIT("\" onload=\"x"), "&quot; onload=&quot;x" },
		{ SPAN_INIT("' onload='x"), "&#39; onload=&#39;x" },
		{ SPAN_INIT("&lt;"), "&amp;lt;" },
		{ SPAN_INIT("a\tb\r\nc\x1b[2J\x7f"), "a\\x09b\\x0d\\x0ac\\x1b[2J\\x7f" },
		{ SPAN_INIT("a\0b"), "a\\x00b" },
		{ SPAN_INIT("caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80"),
		  "caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80" },
		{ SPAN_INIT("\xc3(\xff\xc0\xbc"), "\\xc3(\\xff\\xc0\\xbc" },
		{ SPAN_INIT("\xed\xa0\x80"), "\\xed\\xa0\\x80" },
		{ SPAN_INIT("\xc2\x9b"), "\\xc2\\x9b" },
		{ SPAN_INIT("a\xe2\x80\xaegnp.exe"), "a\\u202egnp.exe" },
		{ SPAN_INIT("\xe2\x81\xa6x\xe2\x81\xa9"), "\\u2066x\\u2069" },
		{ SPAN_INIT("bo\xe2\x80\x8b"
			    "b"),
		  "bo\\u200bb" },
		{ SPAN_INIT("\xef\xbb\xbfx\xef\xbf\xbf"), "\\ufeffx\\uffff" },
		{ SPAN_INIT("\xf3\xa0\x80\xa1"), "\\ue0021" },
		{ SPAN_INIT("\xf0\x9f"), "\\xf0\\x9f" },
		{ SPAN_INIT("{{x}} ${y} `z`"), "{{x}} ${y} `z`" },
	};
	struct text out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text_clear(&out);
		html_text(&out, rows[i].in);
		assert_string_equal(text_span(&out).at, rows[i].out);
	}
	text_free(&out);
}

static void html_url_is_encoded(void **state)
{
	static const struct html_row rows[] = {
		{ SPAN_INIT("bob@example.com"), "bob%40example.com" },
		{ SPAN_INIT("a b&c=d#e?f/g"), "a%20b%26c%3Dd%23e%3Ff%2Fg" },
		{ SPAN_INIT("javascript:alert(1)"), "javascript%3Aalert%281%29" },
		{ SPAN_INIT("\"><b>'\r\n\xff"), "%22%3E%3Cb%3E%27%0D%0A%FF" },
		{ SPAN_INIT("a-b_c.d~e"), "a-b_c.d~e" },
	};
	struct text out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text_clear(&out);
		html_url(&out, rows[i].in);
		assert_string_equal(text_span(&out).at, rows[i].out);
	}
	text_free(&out);
}

static void html_places_are_filled(void **state)
{
	struct text out = { 0 };

	(void)state;
	HTML(&out, "<a href=\"x?n=$u\" title=\"$t\">$t</a> $$5 $h", SPAN("a&b"), SPAN("\"q\""), SPAN("<i>"),
	     SPAN("<b>bold</b>"));
	assert_string_equal(text_span(&out).at,
			    "<a href=\"x?n=a%26b\" title=\"&quot;q&quot;\">&lt;i&gt;</a> $5 <b>bold</b>");
	text_clear(&out);
	/* A value that looks like a place stays what it is. */
	HTML(&out, "$t", SPAN("$t$u$h"));
	assert_string_equal(text_span(&out).at, "$t$u$h");
	text_free(&out);
}

static void html_is_cut_between_characters(void **state)
{
	struct text out = { 0 };

	(void)state;
	html_text_head(&out, SPAN("caf\xc3\xa9s"), 4);
	assert_string_equal(text_span(&out).at, "caf\xe2\x80\xa6");
	text_clear(&out);
	html_text_head(&out, SPAN("<<<<"), 4);
	assert_string_equal(text_span(&out).at, "&lt;&lt;&lt;&lt;");
	text_free(&out);
}

/* Whatever three bytes: nothing that ends a text or an attribute, no control, well-formed UTF-8. */
static void html_lets_nothing_out(void **state)
{
	struct text out = { 0 };

	(void)state;
	for (unsigned i = 0; i < 1U << 24; i += 61) {
		const char in[] = { (char)(i >> 16), (char)(i >> 8), (char)i };
		struct span rest;

		text_clear(&out);
		html_text(&out, (struct span){ in, sizeof(in) });
		for (rest = text_span(&out); rest.len > 0;) {
			size_t len = text_utf8_len(rest);

			assert_true(len > 0);
			assert_true((unsigned char)rest.at[0] >= 0x20 && rest.at[0] != 0x7f);
			assert_null(memchr("<>\"'", rest.at[0], 4));
			rest = span_from(rest, len);
		}
	}
	text_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(html_text_is_escaped),   cmocka_unit_test(html_url_is_encoded),
		cmocka_unit_test(html_places_are_filled), cmocka_unit_test(html_is_cut_between_characters),
		cmocka_unit_test(html_lets_nothing_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
