/* How far a shared store has counted: read back as it was saved, or told apart as damaged or of another form. */
#define _GNU_SOURCE
#include "commands/counted.h"

#include "scratch.h"

#define TEXT "open 5 6\nmark 5 1 /var/log/mail.log\n\npositions\n"

static int put(void **state)
{
	struct error error;

	(void)state;
	scratch_make();
	return counted_save(scratch_folder, SPAN(TEXT), &error) ? 0 : -1;
}

static int take_away(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

static void assert_read(enum counted wanted, const char *words)
{
	struct text text = { 0 };

	assert_int_equal(counted_read(scratch_folder, &text), wanted);
	assert_string_equal(text.at == NULL ? "" : text.at, words);
	text_free(&text);
}

static void test_comes_back(void **state)
{
	struct error error;

	(void)state;
	assert_read(COUNTED_KNOWN, TEXT);
	assert_true(counted_save(scratch_folder, SPAN(""), &error));
	assert_read(COUNTED_KNOWN, "");
}

static void test_absent(void **state)
{
	(void)state;
	assert_int_equal(unlink(scratch_path("counted")), 0);
	assert_read(COUNTED_UNKNOWN, "");
}

/* Each byte changed, and cut at each. */
static void test_damaged(void **state)
{
	size_t len;
	char *whole = scratch_read("counted", &len);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		char was = whole[i];
		struct text text = { 0 };

		whole[i] ^= 1;
		scratch_put("counted", whole, len, O_TRUNC);
		whole[i] = was;
		assert_int_not_equal(counted_read(scratch_folder, &text), COUNTED_KNOWN);
		assert_int_equal(text.len, 0);
		scratch_put("counted", whole, i, O_TRUNC);
		assert_read(COUNTED_UNKNOWN, "");
	}
	free(whole);
}

static void test_other_form(void **state)
{
	(void)state;
	scratch_write("counted", "sendwatch counted 4 0123456789abcdef\n" TEXT);
	assert_read(COUNTED_OTHERWISE, "");
	scratch_write("counted", "sendwatch counted x 0123456789abcdef\n" TEXT);
	assert_read(COUNTED_UNKNOWN, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_comes_back, put, take_away),
		cmocka_unit_test_setup_teardown(test_absent, put, take_away),
		cmocka_unit_test_setup_teardown(test_damaged, put, take_away),
		cmocka_unit_test_setup_teardown(test_other_form, put, take_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
