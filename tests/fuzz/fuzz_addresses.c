/* What watch saved of networks and attackers, read back: the first byte says which. Kept unless damaged, it is used. */
#include "base/memory.h"
#include "responders/addresses.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct address_options options = { .accounts = 10,
						  .recipients = 10,
						  .window = USEC_DAY,
						  .keep = USEC_DAY,
						  .shared = 5,
						  .carrier = 20,
						  .most = 100 };
	const struct addresses_calls calls = { .changed = NULL };
	const struct span bytes = { (const char *)data + 1, size - 1 };
	struct text list = { 0 }, known = { 0 }, out = { 0 };
	struct login login = { .time = USEC_DAY,
			       .account = SPAN("a@b.test"),
			       .client_ip = SPAN("192.0.2.7") };
	struct addresses *addresses;
	struct error error;

	if (size == 0)
		return 0;
	addresses = addresses_new(&options, &calls, &error);
	if ((data[0] & 1) == 0 ? addresses_unpack_list(addresses, bytes)
			       : addresses_unpack_known(addresses, bytes)) {
		for (int i = 0; i < 4; i++, login.succeeded = !login.succeeded)
			addresses_login(addresses, &login);
		addresses_form(addresses, FORM_NFT, options.keep, USEC_DAY, &out);
		for (const struct attacker *at = addresses_next(addresses, NULL); at != NULL;
		     at = addresses_next(addresses, at))
			free(attacker_json(at, options.keep, USEC_DAY, NULL, NULL));
		addresses_release(addresses, SPAN("a@b.test"), 2 * USEC_DAY);
		addresses_age(addresses, 40 * USEC_DAY);
	}
	addresses_pack(addresses, &list, &known);
	text_free(&list);
	text_free(&known);
	text_free(&out);
	addresses_free(&addresses);
	return 0;
}
