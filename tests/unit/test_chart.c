/* Pictures: where things stand on the axis, that nothing of strangers is markup, and that extremes are drawn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "commands/chart.h"

#include <stdlib.h>

#define NOON (INT64_C(1795003200) * USEC_SECOND) /* 2026-11-18 12:00:00 */

static void assert_has(const struct text *text, const char *wanted)
{
	if (strstr(text->at, wanted) == NULL)
		fail_msg("lacks %s: %s", wanted, text->at);
}

static void assert_lacks(const struct text *text, const char *unwanted)
{
	if (strstr(text->at, unwanted) != NULL)
		fail_msg("should not hold %s: %s", unwanted, text->at);
}

static void test_steps(void **state)
{
	static const struct {
		usec_t span;
		usec_t step;
		const char *words;
	} rows[] = {
		{ 5 * USEC_SECOND, USEC_SECOND, "12:00:00" }, { 10 * USEC_MINUTE, 2 * USEC_MINUTE, "12:00" },
		{ USEC_HOUR, 10 * USEC_MINUTE, "12:00" },     { 23 * USEC_HOUR, 3 * USEC_HOUR, "12:00" },
		{ 14 * USEC_DAY, 2 * USEC_DAY, "18 Nov" },    { 4000 * USEC_DAY, 365 * USEC_DAY, "18 Nov" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text words = { .at = NULL };
		usec_t step = chart_step(NOON, NOON + rows[i].span, 8);

		assert_int_equal(step, rows[i].step);
		chart_tick_words(&words, NOON, step);
		assert_string_equal(words.at, rows[i].words);
		text_free(&words);
	}
}

static void test_kinds(void **state)
{
	static const struct {
		enum reply_class class;
		enum event_outcome outcome;
		const char *name;
	} rows[] = {
		{ REPLY_DELIVERED, OUTCOME_DELIVERED, "delivered" },
		{ REPLY_INVALID_RECIPIENT, OUTCOME_BOUNCED, "invalid" },
		{ REPLY_CONTENT_SPAM, OUTCOME_BOUNCED, "spam" },
		{ REPLY_CONTENT_MALWARE, OUTCOME_BOUNCED, "spam" },
		{ REPLY_IP_LISTED, OUTCOME_BOUNCED, "blocked" },
		{ REPLY_RATE_LIMITED, OUTCOME_DEFERRED, "blocked" },
		{ REPLY_POLICY, OUTCOME_BOUNCED, "refused" },
		{ REPLY_MAILBOX_FULL, OUTCOME_BOUNCED, "delayed" },
		{ REPLY_UNKNOWN, OUTCOME_DELIVERED, "delivered" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(chart_kind_name(chart_kind_of(rows[i].class, rows[i].outcome)),
				    rows[i].name);
}

static void test_picture(void **state)
{
	const struct chart_bucket buckets[] = {
		{ NOON - USEC_HOUR, { 99 } }, /* before what is drawn */
		{ NOON, { [CHART_DELIVERED] = 10, [CHART_SPAM] = 30 } },
		{ NOON + 30 * USEC_MINUTE, { [CHART_DELIVERED] = 20 } },
	};
	const struct chart_span spans[] = { { NOON, NOON + 30 * USEC_MINUTE },
					    { NOON - USEC_DAY, NOON - USEC_HOUR } };
	const struct chart_mark marks[] = { { NOON + USEC_MINUTE, CHART_DOT, "watch" },
					    { NOON + 2 * USEC_MINUTE, CHART_TRIANGLE, "flagged" } };
	struct text out = { .at = NULL };
	struct chart chart = { .out = &out, .id = "c1", .from = NOON, .until = NOON + USEC_HOUR, .lanes = 1 };

	(void)state;
	chart_open(&chart, SPAN("of <b>&\"'"), SPAN("</desc><script>"));
	chart_bars(&chart, buckets, 3, 30 * USEC_MINUTE);
	chart_lane(&chart, 0, SPAN("a-very-long-name-of-an-account@<i>example"), "new", spans, 2);
	chart_marks(&chart, marks, 2);
	chart_close(&chart);
	assert_has(&out, "<title id=c1-t>of &lt;b&gt;&amp;");
	assert_lacks(&out, "<script>");
	assert_lacks(&out, "<i>");
	assert_has(&out, "18 Nov");
	/* Accepted: 10 and 20 on a scale up to 50, over 120 pixels; one path a kind. */
	assert_has(&out,
		   "<path class=k-delivered d=\"M0 170.0h4992v-24.0h-4992zM5000 170.0h4992v-48.0h-4992z\"/>");
	assert_has(&out, "<path class=k-spam d=\"M0 146.0h4992v-72.0h-4992z\"/>");
	assert_lacks(&out, "k-invalid");
	/* One stretch of two is within. */
	assert_has(&out, "<path class=\"lane new\" d=\"M0 203H5000v8H0z\"/>");
	assert_has(&out, "class=\"mark m-flagged\"");
	text_free(&out);
}

/* Nothing to draw, no time, huge numbers: still a picture. */
static void test_extremes(void **state)
{
	struct chart_bucket bucket = { NOON, { UINT32_MAX, UINT32_MAX, UINT32_MAX } };
	struct text out = { .at = NULL };
	struct chart chart = { .out = &out, .id = "c2", .from = NOON, .until = NOON };
	struct chart_curve curve = { .id = "c3", .values = NULL, .count = 0, .low = -1 };

	(void)state;
	chart_open(&chart, SPAN(""), SPAN(""));
	chart_bars(&chart, NULL, 0, USEC_MINUTE);
	chart_lane(&chart, 0, SPAN(""), "", NULL, 0);
	chart_marks(&chart, NULL, 0);
	chart_close(&chart);
	chart_curve(&out, &curve, SPAN("none"));
	chart = (struct chart){ .out = &out, .id = "c4", .from = 0, .until = NOON + USEC_HOUR };
	chart_open(&chart, SPAN(""), SPAN(""));
	chart_bars(&chart, &bucket, 1, USEC_MINUTE);
	chart_close(&chart);
	assert_lacks(&out, "nan");
	assert_lacks(&out, "inf");
	assert_has(&out, ">20000000000<");
	text_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_picture),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
