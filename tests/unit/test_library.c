/* Libraries that are loaded late: what is there, what is not, and that an error says which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/library.h"

struct calls {
	double (*cosine)(double);
};

static const struct library_function functions[] = { { "cos", offsetof(struct calls, cosine) } };
static const struct library_function strange[] = { { "no_such_function", offsetof(struct calls, cosine) } };

static void the_second_stands_in_for_the_first(void **state)
{
	struct library library = { { "libno-such.so.1", "libm.so.6" }, functions, 1, false };
	struct calls calls = { NULL };
	struct error error;

	(void)state;
	assert_true(library_load(&library, &calls, &error));
	assert_true(calls.cosine(0) == 1);
	/* Once loaded, it is not asked for again. */
	library.files[0] = library.files[1] = "libno-such.so.1";
	assert_true(library_load(&library, &calls, &error));
}

static void what_is_missing_is_named(void **state)
{
	struct library none = { { "libno-such.so.1", "libnor-this.so.1" }, functions, 1, false };
	struct library lacks = { { "libm.so.6", NULL }, strange, 1, false };
	struct calls calls = { NULL };
	struct error error;

	(void)state;
	assert_false(library_load(&none, &calls, &error));
	assert_non_null(strstr(error.text, "libno-such.so.1"));
	assert_false(library_load(&lacks, &calls, &error));
	assert_string_equal(error.text, "libm.so.6 has no no_such_function");
	assert_null(calls.cosine);
	assert_false(none.loaded || lacks.loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_stands_in_for_the_first),
		cmocka_unit_test(what_is_missing_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
