/*
 * HMAC-SHA-256 by OpenSSL's libcrypto, which this file alone includes. Built without it, nothing can be signed,
 * and a webhook that has a secret refuses to start rather than send without.
 */
#include "responders/sign.h"

#include "base/text.h"

#include <stdio.h>

#ifdef HAVE_LIBCRYPTO
#include <openssl/evp.h>
#include <openssl/hmac.h>

bool sign_available(void)
{
	return true;
}

bool sign_hmac(struct span secret, struct span text, char hex_r[SIGN_HEX_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (HMAC(EVP_sha256(), secret.at, (int)secret.len, (const unsigned char *)text.at, text.len, digest,
		 &len) == NULL ||
	    len != 32)
		return false;
	for (unsigned i = 0; i < len; i++)
		snprintf(hex_r + (size_t)2 * i, 3, "%02x", digest[i]);
	return true;
}
#else
bool sign_available(void)
{
	return false;
}

bool sign_hmac(struct span secret, struct span text, char hex_r[SIGN_HEX_SIZE])
{
	(void)secret, (void)text, (void)hex_r;
	return false;
}
#endif

bool sign_header(struct span secret, usec_t now, struct span body, char header_r[SIGN_HEADER_SIZE])
{
	long long seconds = (long long)(now / USEC_SECOND);
	struct text signed_text = { 0 };
	char hex[SIGN_HEX_SIZE];
	bool good;

	text_add_format(&signed_text, "%lld.", seconds);
	text_add(&signed_text, body);
	good = !signed_text.cut && sign_hmac(secret, text_span(&signed_text), hex);
	text_free(&signed_text);
	if (good)
		snprintf(header_r, SIGN_HEADER_SIZE, "X-Sendwatch-Signature: t=%lld,v1=%s", seconds, hex);
	return good;
}
