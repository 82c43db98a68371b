/*
 * The status page's past, over rotations of the journal: nobody may have looked at the page for several of them.
 */
#define _GNU_SOURCE
#include "scratch.h"

#include "commands/page_past.h"

static void put(const char *name, int from, int count)
{
	char line[128];

	for (int i = from; i < from + count; i++) {
		snprintf(line, sizeof(line),
			 "{\"type\":\"verdict\",\"account\":\"bob@example.com\",\"n\":%d}\n", i);
		scratch_append(name, line);
	}
}

static void rotate(int keep)
{
	char from[32], to[32];

	for (int i = keep - 1; i >= 0; i--) {
		snprintf(from, sizeof(from), i == 0 ? "j" : "j.%d", i);
		snprintf(to, sizeof(to), "j.%d", i + 1);
		(void)rename(scratch_path(from), scratch_path(to));
	}
}

static size_t lines(struct past *past)
{
	static struct payload *entries[200];
	size_t count;

	past_read(past);
	count = past_of(past, SPAN("bob@example.com"), NULL, entries, 200);
	for (size_t i = 0; i < count; i++)
		payload_free(&entries[i]);
	return count;
}

static void test_rotations(void **state)
{
	struct past *past;

	(void)state;
	scratch_make();
	past = past_new(scratch_path("j"));
	assert_int_equal(lines(past), 0);
	put("j", 0, 3);
	rotate(9);
	put("j", 3, 2);
	assert_int_equal(lines(past), 5);
	/* Once, with lines that the old file got before; then three times; then more often than is kept. */
	put("j", 5, 1);
	rotate(9);
	put("j", 6, 2);
	assert_int_equal(lines(past), 8);
	put("j", 8, 1);
	for (int i = 0; i < 3; i++) {
		rotate(9);
		put("j", 10 + i, 2);
	}
	assert_int_equal(lines(past), 15);
	for (int i = 0; i < 12; i++) {
		rotate(9);
		put("j", 20 + i, 1);
	}
	assert_int_equal(lines(past), 25);
	/* A name that is missing for a moment, and a file that is begun anew. */
	rename(scratch_path("j"), scratch_path("j.away"));
	assert_int_equal(lines(past), 25);
	rename(scratch_path("j.away"), scratch_path("j"));
	assert_int_equal(lines(past), 25);
	assert_int_equal(truncate(scratch_path("j"), 0), 0);
	assert_int_equal(lines(past), 25);
	put("j", 40, 1);
	assert_int_equal(lines(past), 26);
	past_free(&past);
	scratch_remove();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rotations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
