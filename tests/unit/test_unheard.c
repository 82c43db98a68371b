/*
 * What counts as a slip of the hand in an account's name.
 */
#define _GNU_SOURCE
#include "scratch.h"

#include "commands/unheard.h"

static void test_slips(void **state)
{
	static const struct {
		const char *a, *b;
		bool slip;
	} rows[] = {
		{ "bob@shop.test", "bob@shop.test", true },
		{ "bob@shop.test", "bab@shop.test", true },
		{ "bob@shop.test", "bo@shop.test", true },
		{ "bob@shop.test", "bobb@shop.test", true },
		{ "bob@shop.test", "obb@shop.test", true },
		{ "bob@shop.test", "bob@shop.tes", true },
		{ "bob@shop.test", "bob@shop.tets", true },
		{ "bob@shop.test", "eve@shop.test", false },
		{ "bob@shop.test", "bab@shap.test", false },
		{ "bob@shop.test", "b@shop.test", false },
		{ "", "a", true },
		{ "", "ab", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(unheard_is_slip(span_of(rows[i].a), span_of(rows[i].b)), rows[i].slip);
		assert_int_equal(unheard_is_slip(span_of(rows[i].b), span_of(rows[i].a)), rows[i].slip);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_slips) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
