/* Signatures against the examples of RFC 4231, and the header as webhooks.md describes it. */
#include "responders/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_rfc4231(void **state)
{
	char hex[SIGN_HEX_SIZE];

	(void)state;
	if (!sign_available())
		skip();
	assert_true(sign_hmac(SPAN("Jefe"), SPAN("what do ya want for nothing?"), hex));
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_true(sign_hmac(
		SPAN("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"),
		SPAN("Hi There"), hex));
	assert_string_equal(hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

/* printf '1793502245.{}' | openssl dgst -sha256 -hmac geheim */
static void test_header(void **state)
{
	char header[SIGN_HEADER_SIZE];

	(void)state;
	if (!sign_available())
		skip();
	assert_true(sign_header(SPAN("geheim"), 1793502245 * USEC_SECOND + 999999, SPAN("{}"), header));
	assert_string_equal(
		header,
		"X-Sendwatch-Signature: t=1793502245,v1=16ffe3732b8dfe926ce72fdc885ae56b79d47ae1ecd7a8595e7647d38db351b8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc4231),
		cmocka_unit_test(test_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
