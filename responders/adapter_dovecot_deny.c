/*
 * A passwd-file that Dovecot asks first, with deny = yes: whoever stands there cannot log in any more, by IMAP,
 * POP3, webmail or through Dovecot's SASL. Sessions that are open are ended by doveadm kick; that it finds none is
 * no failure. SMTP sessions go on: they are the policy service's part.
 */
#define _GNU_SOURCE
#include "responders/adapter.h"
#include "responders/listing.h"
#include "responders/run.h"

#include <stdio.h>

#define DOVEADM "/usr/bin/doveadm"

static bool dovecot_deny_check(const struct adapter_options *options, struct error *error)
{
	return listing_check(options->file, error);
}

static void dovecot_kick(const struct adapter_options *options, const struct adapter_order *order)
{
	const char *argv[6];
	size_t count = 0;
	char key[256];
	const struct run run = { .argv = argv, .timeout = options->timeout };
	struct error error;
	int status = 0;

	snprintf(key, sizeof(key), "%.*s", SPAN_ARGS(order->key));
	argv[count++] = DOVEADM;
	if (options->config != NULL) {
		argv[count++] = "-c";
		argv[count++] = options->config;
	}
	argv[count++] = "kick";
	argv[count++] = key;
	argv[count] = NULL;
	(void)run_program(&run, &status, &error);
}

static bool dovecot_deny_disable(const struct adapter_options *options, struct adapter_order *order,
				 struct error *error)
{
	if (!listing_change(options->file, order->key, SPAN(":"), error))
		return false;
	dovecot_kick(options, order);
	return true;
}

static bool dovecot_deny_release(const struct adapter_options *options, struct adapter_order *order,
				 struct error *error)
{
	return listing_change(options->file, order->key, (struct span){ NULL, 0 }, error);
}

static bool dovecot_deny_asks(const struct adapter_options *options, struct adapter_order *order, bool *is_r,
			      struct error *error)
{
	return listing_has(options->file, order->key, is_r, error);
}

const struct adapter adapter_dovecot_deny = {
	.type = "dovecot_deny",
	.logins = true,
	.rights = RIGHTS_FILES | RIGHTS_PROGRAMS,
	.check = dovecot_deny_check,
	.disable = dovecot_deny_disable,
	.release = dovecot_deny_release,
	.asks = dovecot_deny_asks,
};
