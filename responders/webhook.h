/*
 * A webhook: what is told is POSTed to a URL, as it is or in the shape of a template, with its id as
 * Idempotency-Key and, where there is a secret, with a signature. HTTPS is verified; redirects are not followed.
 * Any 2xx means taken; 400, 413, 415, 422 and 410 that it never will be; everything else is tried again, after the
 * receiver's Retry-After where it names one.
 *
 * Secrets (a URL with a token, an Authorization header, a key) can stand in files of their own, or in systemd's
 * credentials as "credential:NAME". None of them is ever written to a log: errors name the webhook.
 */
#ifndef SENDWATCH_RESPONDERS_WEBHOOK_H
#define SENDWATCH_RESPONDERS_WEBHOOK_H

#include "responders/responder.h"
#include "responders/telling.h"

struct webhook_options {
	struct telling telling;
	char *url, *url_file;
	int template;
	char *template_file, *chat, *token_file, *secret_file;
	usec_t timeout;
	struct setting_list headers;
	char *headers_file;
	char *ca, *certificate, *key;
};

extern const struct setting webhook_settings[];

#endif
