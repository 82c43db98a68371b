/*
 * Signatures of what we send: HMAC-SHA-256 with a secret that the receiver shares, over the time of sending
 * and the body, so that neither can be changed and an old message cannot be sent again later.
 */
#ifndef SENDWATCH_RESPONDERS_SIGN_H
#define SENDWATCH_RESPONDERS_SIGN_H

#include "base/clock.h"
#include "base/error.h"
#include "base/span.h"

#define SIGN_HEX_SIZE    65
#define SIGN_HEADER_SIZE 128

/* Can anything be signed? ERROR says which library is missing, when the program was built or now. */
bool sign_available(struct error *error);

/* HMAC-SHA-256 of TEXT in hexadecimal. False where it cannot be made. */
bool sign_hmac(struct span secret, struct span text, char hex_r[SIGN_HEX_SIZE]);

/*
 * "X-Sendwatch-Signature: t=SECONDS,v1=HEX", where HEX signs "SECONDS.BODY". False, and nothing written,
 * where it cannot be made.
 */
bool sign_header(struct span secret, usec_t now, struct span body, char header_r[SIGN_HEADER_SIZE]);

/* SHA-256 of a whole file, in hexadecimal, and its size. */
bool sign_file(const char *path, char hex_r[SIGN_HEX_SIZE], uint64_t *size_r, struct error *error);

/* SHA-256 of TEXT in base64, as a Content-Security-Policy names what may run. */
#define SIGN_BASE64_SIZE 45
bool sign_base64(struct span text, char base64_r[SIGN_BASE64_SIZE]);

#endif
