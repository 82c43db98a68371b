/*
 * A lookup file for Exim's ACLs, looked up by lsearch: "key: suspended". Exim reads it at every RCPT, so that open
 * sessions stop too. Logins and local users stand in the same file.
 */
#include "responders/adapter.h"
#include "responders/listing.h"

static bool exim_list_check(const struct adapter_options *options, struct error *error)
{
	return listing_check(options->file, error);
}

static bool exim_list_disable(const struct adapter_options *options, struct adapter_order *order,
			      struct error *error)
{
	return listing_change(options->file, order->key, SPAN(": suspended"), error);
}

static bool exim_list_release(const struct adapter_options *options, struct adapter_order *order,
			      struct error *error)
{
	return listing_change(options->file, order->key, (struct span){ NULL, 0 }, error);
}

static bool exim_list_asks(const struct adapter_options *options, struct adapter_order *order, bool *is_r,
			   struct error *error)
{
	return listing_has(options->file, order->key, is_r, error);
}

const struct adapter adapter_exim_list = {
	.type = "exim_list",
	.logins = true,
	.locals = true,
	.rights = RIGHTS_FILES,
	.check = exim_list_check,
	.disable = exim_list_disable,
	.release = exim_list_release,
	.asks = exim_list_asks,
};
