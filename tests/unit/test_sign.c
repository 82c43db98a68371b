/* Signatures against the examples of RFC 4231, the header as webhooks.md describes it, and where there is no libcrypto. */
#define _GNU_SOURCE
#include "hidden.h"

#include "responders/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void nothing_is_signed_without_the_library(void **state)
{
	char hex[SIGN_HEX_SIZE] = "", base64[SIGN_BASE64_SIZE] = "", header[SIGN_HEADER_SIZE] = "";
	struct error error;
	uint64_t size;

	(void)state;
	hidden = "libcrypto";
	assert_false(sign_available(&error));
	assert_non_null(strstr(error.text, "libcrypto"));
	assert_false(sign_hmac(SPAN("Jefe"), SPAN("what?"), hex));
	assert_false(sign_base64(SPAN("what?"), base64));
	assert_false(sign_header(SPAN("geheim"), USEC_SECOND, SPAN("{}"), header));
	assert_false(sign_file("/dev/null", hex, &size, &error));
	assert_non_null(strstr(error.text, "/dev/null: no checksum: "));
	assert_non_null(strstr(error.text, "libcrypto"));
	assert_true(*hex == '\0' && *base64 == '\0' && *header == '\0');
	hidden = NULL;
}

static void test_rfc4231(void **state)
{
	char hex[SIGN_HEX_SIZE];
	struct error error;

	(void)state;
	if (!sign_available(&error))
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
	struct error error;

	(void)state;
	if (!sign_available(&error))
		skip();
	assert_true(sign_header(SPAN("geheim"), 1793502245 * USEC_SECOND + 999999, SPAN("{}"), header));
	assert_string_equal(
		header,
		"X-Sendwatch-Signature: t=1793502245,v1=16ffe3732b8dfe926ce72fdc885ae56b79d47ae1ecd7a8595e7647d38db351b8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_signed_without_the_library),
		cmocka_unit_test(test_rfc4231),
		cmocka_unit_test(test_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
