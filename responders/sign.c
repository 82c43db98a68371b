/*
 * HMAC-SHA-256 by OpenSSL's libcrypto, which this file alone includes. Built without it, or where it is not installed,
 * nothing can be signed, and a webhook that has a secret refuses to start rather than send without; a report has no
 * checksums then.
 */
#include "responders/sign.h"

#include "base/library.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>

#ifdef HAVE_LIBCRYPTO
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/opensslv.h>

/* The library that the header is of: another one's functions may take other things. */
#define SIGN_WORD(number)     #number
#define SIGN_FILE_OF(version) "libcrypto.so." SIGN_WORD(version)
#ifdef OPENSSL_SHLIB_VERSION
#define SIGN_FILE SIGN_FILE_OF(OPENSSL_SHLIB_VERSION)
#else
#define SIGN_FILE "libcrypto.so." SHLIB_VERSION_NUMBER /* before OpenSSL 3 */
#endif

/* What is used of it, loaded when the first of these is to be called. */
/* clang-format off */
#define SIGN_CALLS(CALL) \
	CALL(EVP_Digest) CALL(EVP_DigestFinal_ex) CALL(EVP_DigestInit_ex) CALL(EVP_DigestUpdate) \
	CALL(EVP_EncodeBlock) CALL(EVP_MD_CTX_free) CALL(EVP_MD_CTX_new) CALL(EVP_sha256) CALL(HMAC)
/* clang-format on */

#define SIGN_POINTER(name) __typeof__(name) *name;
static struct sign_calls {
	SIGN_CALLS(SIGN_POINTER)
} crypto;

#define SIGN_FUNCTION(name) { #name, offsetof(struct sign_calls, name) },
static const struct library_function sign_functions[] = { SIGN_CALLS(SIGN_FUNCTION) };

bool sign_available(struct error *error)
{
	static struct library library = LIBRARY(SIGN_FILE, NULL, sign_functions);

	return library_load(&library, &crypto, error);
}

static void sign_hex(const unsigned char bytes[32], char hex_r[SIGN_HEX_SIZE])
{
	for (unsigned i = 0; i < 32; i++)
		snprintf(hex_r + (size_t)2 * i, 3, "%02x", bytes[i]);
}

bool sign_hmac(struct span secret, struct span text, char hex_r[SIGN_HEX_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	struct error error;

	if (!sign_available(&error) ||
	    crypto.HMAC(crypto.EVP_sha256(), secret.at, (int)secret.len, (const unsigned char *)text.at,
			text.len, digest, &len) == NULL ||
	    len != 32)
		return false;
	sign_hex(digest, hex_r);
	return true;
}

/* What was read up to its end goes into the digest; false where it broke. */
static bool sign_feed(EVP_MD_CTX *digest, FILE *stream, uint64_t *size)
{
	static char block[(size_t)64 * 1024];
	size_t len;

	*size = 0;
	do {
		len = fread(block, 1, sizeof(block), stream);
		if (len > 0 && crypto.EVP_DigestUpdate(digest, block, len) != 1)
			return false;
		*size += len;
	} while (len == sizeof(block));
	return ferror(stream) == 0;
}

bool sign_file(const char *path, char hex_r[SIGN_HEX_SIZE], uint64_t *size_r, struct error *error)
{
	FILE *stream;
	EVP_MD_CTX *digest;
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	uint64_t size = 0;
	struct error why;
	bool good;

	if (!sign_available(&why))
		return error_set(error, "%s: no checksum: %s", path, why.text);
	stream = fopen(path, "rbe");
	digest = crypto.EVP_MD_CTX_new();
	good = stream != NULL && digest != NULL &&
	       crypto.EVP_DigestInit_ex(digest, crypto.EVP_sha256(), NULL) == 1 &&
	       sign_feed(digest, stream, &size) && crypto.EVP_DigestFinal_ex(digest, bytes, &len) == 1 &&
	       len == 32;
	if (good) {
		sign_hex(bytes, hex_r);
		*size_r = size;
	} else {
		error_set(error, "%s: %s", path, strerror(errno));
	}
	crypto.EVP_MD_CTX_free(digest);
	if (stream != NULL)
		fclose(stream);
	return good;
}

bool sign_base64(struct span text, char base64_r[SIGN_BASE64_SIZE])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	struct error error;

	if (!sign_available(&error) ||
	    crypto.EVP_Digest(text.at, text.len, bytes, &len, crypto.EVP_sha256(), NULL) != 1 || len != 32)
		return false;
	crypto.EVP_EncodeBlock((unsigned char *)base64_r, bytes, (int)len);
	return true;
}
#else
bool sign_file(const char *path, char hex_r[SIGN_HEX_SIZE], uint64_t *size_r, struct error *error)
{
	(void)hex_r, (void)size_r;
	return error_set(error, "%s: no checksum: built without libcrypto", path);
}

bool sign_base64(struct span text, char base64_r[SIGN_BASE64_SIZE])
{
	(void)text, (void)base64_r;
	return false;
}

bool sign_available(struct error *error)
{
	return error_set(error, "this program was built without libcrypto");
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
