/*
 * A plain list of keys, a line each: for Postfix's authorized_submit_users (local users, whose sendmail then
 * exits with 75) and for whatever else takes such a file. It needs no reload: Postfix reads it for every message.
 */
#include "responders/adapter.h"
#include "responders/listing.h"

static bool list_check(const struct adapter_options *options, struct error *error)
{
	return listing_check(options->file, error);
}

static bool list_disable(const struct adapter_options *options, struct adapter_order *order,
			 struct error *error)
{
	return listing_change(options->file, order->key, SPAN(""), error);
}

static bool list_release(const struct adapter_options *options, struct adapter_order *order,
			 struct error *error)
{
	return listing_change(options->file, order->key, (struct span){ NULL, 0 }, error);
}

static bool list_asks(const struct adapter_options *options, struct adapter_order *order, bool *is_r,
		      struct error *error)
{
	return listing_has(options->file, order->key, is_r, error);
}

const struct adapter adapter_list = {
	.type = "list",
	.locals = true,
	.rights = RIGHTS_FILES,
	.check = list_check,
	.disable = list_disable,
	.release = list_release,
	.asks = list_asks,
};
