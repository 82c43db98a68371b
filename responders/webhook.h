/*
 * A webhook: the verdict's JSON is POSTed to a URL, with the verdict's id as Idempotency-Key. HTTPS is
 * verified; redirects are not followed. Any 2xx means taken; 400, 413, 415, 422 and 410 that it never will be;
 * everything else is tried again, after the receiver's Retry-After where it names one.
 *
 * Secrets (a URL with a token, an Authorization header) can stand in files of their own, or in systemd's
 * credentials as "credential:NAME". None of them is ever written to a log: errors name the webhook.
 */
#ifndef SENDWATCH_RESPONDERS_WEBHOOK_H
#define SENDWATCH_RESPONDERS_WEBHOOK_H

#include "base/settings.h"
#include "responders/responder.h"

struct webhook_options {
	char *name; /* of [webhook NAME] */
	char *url, *url_file;
	usec_t timeout;
	struct setting_list headers;
	char *headers_file;
	char *ca, *certificate, *key;
	struct setting_list states, accounts, types;
};

extern const struct setting webhook_settings[];

/* Does this verdict pass the filters? */
bool webhook_wants(const struct webhook_options *options, const struct verdict *verdict);

#endif
