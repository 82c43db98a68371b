/* The names of rotated logs: to which log they belong, of what style they are, and which is the older. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "collector/rotation.h"

static const struct {
	const char *name, *stem;
	enum rotation_style style;
	uint64_t rank;
	bool packed;
} rows[] = {
	{ "mail.log", "mail.log", ROTATION_CURRENT, 0, false },
	{ "mail.log.1", "mail.log", ROTATION_NUMBER, 1, false },
	{ "mail.log.12.gz", "mail.log", ROTATION_NUMBER, 12, true },
	{ "mainlog.01", "mainlog", ROTATION_NUMBER, 1, false },
	{ "mail.log.old", "mail.log", ROTATION_NUMBER, 1, false },
	{ "mail.log-20261101", "mail.log", ROTATION_DATE, 20261101000000, false },
	{ "mail.log-20261101.xz", "mail.log", ROTATION_DATE, 20261101000000, true },
	{ "maillog.20261121-163203.gz", "maillog", ROTATION_DATE, 20261121163203, true },
	{ "exim_mainlog-2026-11-01.zst", "exim_mainlog", ROTATION_DATE, 20261101000000, true },
	{ "mail-20261101.log", "mail.log", ROTATION_DATE, 20261101000000, false },
	{ "mail.2.log.bz2", "mail.log", ROTATION_NUMBER, 2, true },
	{ "mail.log-1795285805", "mail.log", ROTATION_DATE, 1795285805, false },
	{ "mail.log-20261121-1795285805", "mail.log", ROTATION_DATE, 1795285805, false },
	{ "mail.log-2026110107", "mail.log", ROTATION_DATE, 20261101070000, false },
	{ "mx1.example.com", "mx1.example.com", ROTATION_CURRENT, 0, false },
	{ "mail.log.99999", "mail.log.99999", ROTATION_CURRENT, 0, false },
	{ "mail.log-20261301", "mail.log-20261301", ROTATION_CURRENT, 0, false },
	{ ".gz", ".gz", ROTATION_CURRENT, 0, false },
	{ "1", "1", ROTATION_CURRENT, 0, false },
	{ "-20261101", "-20261101", ROTATION_CURRENT, 0, false },
	{ "", "", ROTATION_CURRENT, 0, false },
};

static void names_say_log_style_and_age(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rotation rotation = rotation_of(span_of(rows[i].name));

		if (rotation.style != rows[i].style || rotation.rank != rows[i].rank ||
		    rotation.packed != rows[i].packed || strcmp(rotation.stem, rows[i].stem) != 0)
			fail_msg("%s: log %s, style %d, rank %llu, packed %d", rows[i].name, rotation.stem,
				 (int)rotation.style, (unsigned long long)rotation.rank,
				 (int)rotation.packed);
	}
}

static int names_compare(const char *a, const char *b)
{
	struct rotation one = rotation_of(span_of(a)), other = rotation_of(span_of(b));

	return rotation_compare(&one, &other);
}

static void the_older_comes_first(void **state)
{
	(void)state;
	assert_true(names_compare("mail.log.10", "mail.log.9.gz") < 0);
	assert_true(names_compare("mail.log.1", "mail.log") < 0);
	assert_true(names_compare("mail.log", "mail.log-20261101") > 0);
	assert_true(names_compare("mail.log-20261101", "mail.log-20261102.gz") < 0);
	assert_true(names_compare("mail.log.20261101-120000", "mail.log.20261101-110000") > 0);
	assert_true(names_compare("mail.log.2", "mail.log.2.gz") == 0);
	assert_true(names_compare("mail.log.2", "mail.log-20261101") == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_say_log_style_and_age),
		cmocka_unit_test(the_older_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
